"""A gunicorn thread worker: errors as problem+json, and connections balanced between worker processes."""

import json
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker

from shared.web.problems import PROBLEM_TYPE, problem_body
from shared.web.server.connection_shares import ConnectionShares

_UNKNOWN_PATH: Final = "/"


class ProblemWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Answers gunicorn's own errors (request too long, not HTTP) as problems and takes a fair share of connections."""

    place = 0  # number among the workers; set by `shared_metrics`
    _shares = ConnectionShares()

    @property
    def nr_conns(self) -> int:
        """Open connections; gunicorn counts them in this attribute."""
        return self._shares.held(self.place)

    @nr_conns.setter
    def nr_conns(self, count: int) -> None:
        self._shares.hold(self.place, count)

    def init_process(self) -> None:
        """Start with no connections, also after a worker that died while holding some."""
        self.nr_conns = 0
        super().init_process()

    def accept(self, listener: Any) -> None:
        """Accept a connection unless a less busy worker does."""
        self._shares.yield_to_others(listener, self.place, self.cfg.workers)
        super().accept(listener)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        super().handle_error(req, _ProblemSocket(client), addr, exc)


class _ProblemSocket:
    """A client socket that replaces gunicorn's HTML error by a problem of the same status."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def sendall(self, answer: bytes) -> None:
        status = int(answer.split(b" ", 2)[1])
        body = problem_body(status, None, (), _UNKNOWN_PATH)
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        head = f"HTTP/1.1 {status} {body['title']}\r\nConnection: close\r\nContent-Type: {PROBLEM_TYPE}\r\n"
        self._client.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode("ascii") + content)
