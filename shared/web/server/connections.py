"""The connections of a worker process in its event loop: deadlines, limits, reading requests and sending answers."""

import errno
import selectors
import socket
import time
from collections.abc import Callable
from math import inf
from typing import Final

from shared.web.server.answer_buffer import UnsentBytes
from shared.web.server.connection import Connection, State
from shared.web.server.limits import ALL_UNSENT_MOST_BYTES, KEEP_ALIVE_S, LINGER_S, ConnectionLimits
from shared.web.server.refusal import refusal
from shared.web.server.request_buffer import Part

_RECEIVED_AT_ONCE: Final = 1 << 16
_OVERDUE_EVERY_S: Final = 0.5
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

# `begin(connection, is_large)`: have a thread answer; `finished` must follow. Returns the status of a refusal, or 0.
Begin = Callable[[Connection, bool], int]


class Connections:
    """All open connections. Only the event loop calls it; `call_loop(do, ...)` runs `do` there, from any thread."""

    def __init__(
        self, poller: selectors.BaseSelector, limits: ConnectionLimits, begin: Begin, call_loop: Callable[..., None]
    ) -> None:
        self._poller = poller
        self._limits = limits
        self._begin = begin
        self._call_loop = call_loop
        self._unsent = UnsentBytes()
        self._open: dict[Connection, None] = {}  # in the order in which they came
        self._keep_until_s = inf
        self._overdue_at_s = 0.0

    def __len__(self) -> int:
        return len(self._open)

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection; the stalest one makes way if there are too many."""
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._make_way()
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        if len(self._open) >= self._limits.connections and not self._make_way():
            sock.close()
            return
        connection = Connection(sock, client, listener.getsockname(), self._unsent, self._send_later)
        self._open[connection] = None
        connection.deadline_s = time.monotonic() + self._limits.head_s
        self._watch(connection, selectors.EVENT_READ)

    def finished(self, connection: Connection) -> None:
        """Go on with a connection whose thread has ended."""
        if connection not in self._open:
            connection.close()
        elif not connection.answer.is_sent:
            connection.state = State.SENDING
        else:
            self._answered(connection)

    def close_overdue(self, *, force: bool = False) -> None:
        """Close connections whose deadline has passed, or all."""
        now_s = time.monotonic()
        if now_s < self._overdue_at_s and not force:
            return
        self._overdue_at_s = now_s + _OVERDUE_EVERY_S
        for connection in [one for one in self._open if force or one.deadline_s <= now_s]:
            if connection.state is State.READING and len(connection.request) and not force:
                connection.answer_briefly(refusal(408))
            self._drop(connection)

    def keep_until(self, deadline_s: float) -> None:
        """Close connections without a request by then."""
        self._keep_until_s = deadline_s
        for connection in self._open:
            if connection.state is State.READING:
                connection.deadline_s = min(connection.deadline_s, deadline_s)

    # Event masks of the poller

    def _on_event(self, connection: Connection) -> None:
        if connection not in self._open:
            return  # closed by an event of the same moment
        try:
            if connection.watched == selectors.EVENT_WRITE:
                self._send(connection)
            else:
                self._receive(connection)
        except OSError:
            self._drop(connection)

    def _receive(self, connection: Connection) -> None:
        try:
            data = connection.socket.recv(_RECEIVED_AT_ONCE)
        except BlockingIOError:
            return
        if not data:
            self._drop(connection)
        elif connection.state is State.READING:
            self._add(connection, data)

    def _add(self, connection: Connection, data: bytes) -> None:
        if not len(connection.request) and connection.answers:
            connection.deadline_s = min(time.monotonic() + self._limits.head_s, self._keep_until_s)
        had_head = connection.request.has_head
        part = connection.request.add(data)
        if part is Part.TOO_LARGE:
            self._refuse(connection, 431)
        elif part in (Part.WHOLE, Part.LARGE):
            self._take(connection, is_large=part is Part.LARGE)
        elif part is Part.BODY and not had_head:
            connection.deadline_s = time.monotonic() + self._limits.stall_s
            if connection.request.expects_continue:
                connection.answer.write(_CONTINUE)

    def _take(self, connection: Connection, *, is_large: bool) -> None:
        self._watch(connection, 0)
        if is_large and connection.request.expects_continue:
            connection.answer.write(_CONTINUE)
        connection.state, connection.deadline_s = State.ANSWERING, inf
        connection.since_s = time.monotonic()
        status = self._begin(connection, is_large)
        if status:
            self._refuse(connection, status)

    def _refuse(self, connection: Connection, status: int) -> None:
        """Answer a request that no thread takes, and close the connection."""
        connection.is_kept, connection.has_unread = False, True
        connection.answer.write(refusal(status))
        self.finished(connection)

    def _send_later(self, connection: Connection) -> None:
        """Have the event loop send what is left of an answer. Any thread."""
        self._call_loop(self._watch_to_send, connection)

    def _watch_to_send(self, connection: Connection) -> None:
        if connection not in self._open or connection.answer.is_sent:
            return
        connection.note_progress(0, self._limits.stall_s)
        self._watch(connection, selectors.EVENT_WRITE)
        while self._unsent.count > ALL_UNSENT_MOST_BYTES:
            unread = [one for one in self._open if one.answer.takes_memory]
            if not unread:
                return  # a thread has just given up
            self._drop(min(unread, key=lambda one: one.deadline_s))

    def _send(self, connection: Connection) -> None:
        connection.note_progress(connection.answer.flush(), self._limits.stall_s)
        if not connection.answer.is_sent:
            return
        self._watch(connection, 0)
        connection.deadline_s = inf
        if connection.state is State.SENDING:
            self._answered(connection)

    def _answered(self, connection: Connection) -> None:
        connection.answers += 1
        if connection.is_kept:
            now_s = time.monotonic()
            connection.state, connection.since_s = State.READING, now_s
            connection.deadline_s = min(now_s + KEEP_ALIVE_S, self._keep_until_s)
            self._watch(connection, selectors.EVENT_READ)
            rest, connection.rest = connection.rest, b""
            if rest:
                self._add(connection, rest)
        elif connection.has_unread:
            # Closed at once, the client's kernel would discard the answer.
            connection.state, connection.deadline_s = State.LINGERING, time.monotonic() + LINGER_S
            connection.shut_down(socket.SHUT_WR)
            self._watch(connection, selectors.EVENT_READ)
        else:
            self._drop(connection)

    # Limits

    def _make_way(self) -> bool:
        """Drop the connection that has waited longest for a request or a reader; False if all are being answered."""
        waiting = [one for one in self._open if one.state is not State.ANSWERING]
        if not waiting:
            return False
        # A client that has had an answer is less likely to be an attacker.
        self._drop(min(waiting, key=lambda one: (one.answers > 0, one.since_s)))
        return True

    def _drop(self, connection: Connection) -> None:
        """Close a connection; one that a thread has is closed when the thread ends, which is soon."""
        self._watch(connection, 0)
        self._open.pop(connection, None)
        connection.answer.give_up("the client is too slow or has gone")
        if connection.state is State.ANSWERING:
            connection.shut_down(socket.SHUT_RDWR)
        else:
            connection.close()

    def _watch(self, connection: Connection, events: int) -> None:
        if connection.watched == events:
            return
        if connection.watched:
            self._poller.unregister(connection.socket)
        if events:
            self._poller.register(connection.socket, events, lambda _: self._on_event(connection))
        connection.watched = events
