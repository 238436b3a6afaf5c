"""gunicorn's worker, with problem+json for what gunicorn answers itself (too long, or no HTTP), and its share alone."""

import json
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker

from shared.web.problems import PROBLEM_TYPE, problem_body
from shared.web.server.connection_shares import ConnectionShares

_UNKNOWN_PATH: Final = "/"


class ProblemWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A thread worker whose own error answers are as everywhere, and that takes connections as the others do."""

    place = 0  # among the workers; `counted_together` gives it
    _shares = ConnectionShares()

    @property
    def nr_conns(self) -> int:
        """Connections that are open; gunicorn counts here."""
        return self._shares.held(self.place)

    @nr_conns.setter
    def nr_conns(self, count: int) -> None:
        self._shares.hold(self.place, count)

    def init_process(self) -> None:
        """Begin, perhaps in the place of one that died and held connections."""
        self.nr_conns = 0
        super().init_process()

    def accept(self, listener: Any) -> None:
        """Take a connection, if none of the others should and does."""
        self._shares.leave(listener, self.place, self.cfg.workers)
        super().accept(listener)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Log the error and answer it."""
        super().handle_error(req, _Answering(client), addr, exc)


class _Answering:
    """The client's socket; gunicorn writes a whole answer in HTML to it, of which the status alone is kept."""

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
