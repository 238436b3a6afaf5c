"""The gunicorn server of an application: one worker process by default, with threads for requests."""

import gc
import logging
from collections.abc import Callable
from typing import Any, Final

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.http.errors import NoMoreData, ParseException

from shared.process.program import shorten_thread_switching
from shared.values.json_types import Json
from shared.web.app import start_sampler, stop_tracing
from shared.web.problems import Problem, answer_http_exception
from shared.web.server.connection_shares import ConnectionShares
from shared.web.server.gunicorn_worker import ApiWorker
from shared.web.server.lanes import REQUESTS, THREADS
from shared.web.server.limits import KEEP_ALIVE_S, ConnectionLimits, allow_connections
from shared.web.server.multiprocess_metrics import shared_metrics
from shared.web.server.refusal import status_of

# Within the 10 s that a supervisor gives after SIGTERM.
GRACEFUL_TIMEOUT_S: Final = 6


class _Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's log in the format of the program's own lines."""

    def _set_handler(self, log: logging.Logger, *_: Any, **__: Any) -> None:
        log.propagate = True


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, app: Flask, options: Json) -> None:
        self._app = app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app


def _answer_broken_bodies(app: Flask) -> None:
    """Answer a body that is not HTTP or ends too soon, which only the route that reads it notices."""
    app.register_error_handler(ParseException, lambda error: answer_http_exception(Problem(status_of(error))))
    app.register_error_handler(NoMoreData, lambda _: answer_http_exception(Problem(400)))


def _start_worker(app: Flask) -> None:
    """Run in each worker after the fork."""
    shorten_thread_switching()
    start_sampler(app)


def serve(make_app: Callable[[], Flask], bind: str, workers: int, limits: ConnectionLimits) -> None:
    """Answer requests at `HOST:PORT` until SIGTERM or SIGINT, then finish the requests in progress.

    Does not return: gunicorn ends the process. The application is created before the fork, so that wrong settings end
    the program at once. Connections and threads start in the workers.
    """
    limits = allow_connections(limits)
    ApiWorker.limits, ApiWorker.shares = limits, ConnectionShares()
    with shared_metrics() as hooks:
        app = make_app()
        _answer_broken_bodies(app)
        # Memory that workers inherit stays shared only as long as the garbage collector does not write to it.
        gc.collect()
        gc.freeze()
        options = {
            "bind": bind,
            "workers": workers,
            "worker_class": ApiWorker,
            "threads": THREADS[REQUESTS],
            "graceful_timeout": GRACEFUL_TIMEOUT_S,
            "timeout": 30,  # seconds after which a worker whose event loop is stuck is killed and replaced
            # The worker itself limits them, and makes way for new ones instead of leaving them waiting.
            "worker_connections": limits.connections + 2 * THREADS[REQUESTS],
            "keepalive": KEEP_ALIVE_S,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "logger_class": _Log,
            **hooks,
            "post_worker_init": lambda _worker: _start_worker(app),
            "child_exit": lambda _arbiter, worker: worker.leave(),
            "worker_exit": lambda _arbiter, _worker: stop_tracing(app),
            "proc_name": "jiangbu",
        }
        _Server(app, options).run()
