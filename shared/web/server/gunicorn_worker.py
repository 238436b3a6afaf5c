"""A gunicorn worker whose event loop reads requests and sends answers; threads only compute answers.

gunicorn's own thread worker gives a connection to a thread at its first byte: a few clients that send half a request,
or do not read the answer, hold all threads for as long as they like.
"""

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from gunicorn.http import get_parser
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.workers.gthread import ThreadWorker

from shared.telemetry.masking import reason_of
from shared.web.server.connection import Connection, RequestSource
from shared.web.server.connection_shares import ConnectionShares
from shared.web.server.connections import Connections
from shared.web.server.lanes import Lanes, lane_of
from shared.web.server.limits import QUEUED_MOST_S, ConnectionLimits
from shared.web.server.refusal import refusal, status_of

if TYPE_CHECKING:
    from concurrent.futures import Future

_log = structlog.get_logger(__name__)


class ApiWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's thread worker with connections of our own, shared out evenly between the worker processes."""

    limits: ConnectionLimits  # set by `serve`
    place = 0  # number among the workers; set by `shared_metrics`
    shares: ConnectionShares  # set by `serve`

    def leave(self) -> None:
        """Let the other workers accept all connections; also called by the arbiter for a worker that has died."""
        self.shares.leave(self.place)

    def get_thread_pool(self) -> Lanes:
        return Lanes()

    def run(self) -> None:
        """Run gunicorn's loop, which calls the methods below."""
        self._connections = Connections(self.poller, self.limits, self._begin, self.method_queue.defer)
        self._count()
        super().run()

    def accept(self, listener: Any) -> None:
        """Accept a connection unless a less busy worker does."""
        self.shares.yield_to_others(listener, self.place)
        self._connections.accept(listener.sock)
        self._count()

    def murder_keepalived(self, force: bool = False) -> None:
        """Close connections of all kinds whose deadline has passed, or all connections."""
        self._connections.close_overdue(force=force)
        self._count()

    def _count(self) -> None:
        """Note the number of open connections, for gunicorn and for the other workers."""
        self.nr_conns = len(self._connections)
        if self.alive:
            self.shares.hold(self.place, self.nr_conns)

    def _cap_keepalive(self, deadline: float) -> None:
        """Begin to stop: gunicorn calls this once when it accepts no more connections."""
        self.leave()
        self._connections.keep_until(deadline)

    def _begin(self, connection: Connection, is_large: bool) -> int:
        lane = lane_of(connection.request.path, is_large=is_large)
        if self.tpool.is_full(lane):
            return 503
        connection.lane, connection.has_unread = lane, is_large
        future = self.tpool.submit(lane, partial(self.handle, connection))
        future.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, connection, done))
        return 0

    def finish_request(self, conn: Connection, fs: "Future[bool]") -> None:
        """Go on with a connection in the event loop, after its thread has ended."""
        self.tpool.done(conn.lane)
        conn.is_kept = not fs.cancelled() and fs.exception() is None and fs.result() and self.alive
        self._connections.finished(conn)
        self._count()

    def handle(self, conn: Connection) -> bool:
        """Answer a request, in a thread; return True if the connection may be kept."""
        if time.monotonic() - conn.since_s > QUEUED_MOST_S:
            conn.answer.write(refusal(503))
            return False
        received, conn.rest = conn.request.take()
        source = RequestSource(received, conn.socket if conn.has_unread else None, self.limits.stall_s)
        try:
            return self._answer(conn, next(get_parser(self.cfg, source, conn.client)))
        except (NoMoreData, StopIteration, OSError):
            # The client has gone, or is too slow.
            return False
        except Exception as error:  # noqa: BLE001 - logged and answered
            self.handle_error(None, conn.sock, conn.client, error)
            return False

    def _answer(self, conn: Connection, request: Any) -> bool:
        if conn.has_unread:
            request.force_close()
        return bool(self.handle_request(request, conn)) and not conn.has_unread

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer what is not HTTP by a problem; any other error is ours. gunicorn would log addresses and page text."""
        del req, addr
        if isinstance(exc, ParseException):
            status = status_of(exc)
            _log.warning("invalid request", error=type(exc).__name__, status=status)
        else:
            status = 500
            _log.error("request failed in the server", error=reason_of(exc), exc_info=exc)
        client.sendall(refusal(status))
