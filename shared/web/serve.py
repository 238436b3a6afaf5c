"""gunicorn around an application: one process (its memory counts on one machine), threads for the requests."""

import gc
from collections.abc import Callable
from typing import Any, Final

from flask import Flask
from gunicorn.app.base import BaseApplication

from shared.web.app import start_sampler
from shared.web.worker import ProblemWorker

THREADS: Final = 8
# Within the 10 s that a supervisor gives after SIGTERM.
GRACEFUL_TIMEOUT_S: Final = 6


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self._app = app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app


def serve(make_app: Callable[[], Flask], bind: str, threads: int = THREADS) -> None:
    """Answer requests at `HOST:PORT` until SIGTERM or SIGINT; requests in work are finished first.

    Does not return: gunicorn ends the process. The application is made before the fork, so that wrong settings end the
    program at once; connections and threads begin in the worker.
    """
    app = make_app()
    # What the worker inherits stays shared memory only as long as the garbage collector does not write to it.
    gc.collect()
    gc.freeze()
    options = {
        "bind": bind,
        "workers": 1,
        "worker_class": ProblemWorker,
        "threads": threads,
        "graceful_timeout": GRACEFUL_TIMEOUT_S,
        # A worker that does not even turn its loop for so long is killed and started again.
        "timeout": 30,
        # Kept-alive connections must not be in the way of stopping.
        "keepalive": 5,
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "warning",
        "post_worker_init": lambda _worker: start_sampler(app),
        "proc_name": "jiangbu",
    }
    _Server(app, options).run()
