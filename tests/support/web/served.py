"""A service's API as a process, and connections to it."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import yaml

from tests.support.until import until
from tests.support.web.keys import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Start = Callable[..., subprocess.Popen[str]]
START_WITHIN_S = 120.0


@contextlib.contextmanager
def starting(folder: Path, module: str = "services.listing", log_file: Path | None = None) -> Iterator[Start]:
    """Yield `start(port, ...)`: run `listing serve`; without database and broker it is alive all the same.

    Its log goes to the file, or, if it is short, to a pipe.
    """
    keys = folder / "keys.yaml"
    roles = ("auditor", "service", "exchange:kmdex")
    keys.write_text(yaml.safe_dump([{"name": role, "role": role, "sha256": KEYS[role]} for role in roles]), "utf-8")
    started: list[subprocess.Popen[str]] = []

    def start(port: int, *options: str, **settings: str) -> subprocess.Popen[str]:
        environment = os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
            "DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:1/nothing",
            "API_KEYS_FILE": str(keys),
            "TMPDIR": str(folder),
            **settings,
        }
        command = [sys.executable, "-m", module, "serve", "--bind", f"127.0.0.1:{port}", *options]
        log = subprocess.PIPE if log_file is None else os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        started.append(subprocess.Popen(command, env=environment, stderr=log, text=True))
        if log_file is not None:
            os.close(log)
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def connect(port: int) -> http.client.HTTPConnection:
    """Return a kept-alive connection that has received one answer."""

    def connected() -> http.client.HTTPConnection | None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/healthz")
            assert connection.getresponse().read() == b'{"status":"alive"}\n'
        except (OSError, http.client.HTTPException):
            connection.close()
            return None
        return connection

    return until(connected, START_WITHIN_S)
