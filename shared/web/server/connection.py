"""A client connection: its state in the event loop, and what the answering thread reads from and writes to."""

import errno
import mmap
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from math import inf
from typing import Any, BinaryIO, Final

from gunicorn.http.errors import NoMoreData

from shared.web.server.answer_buffer import AnswerBuffer, UnsentBytes
from shared.web.server.limits import PROGRESS_BYTES
from shared.web.server.request_buffer import RequestBuffer

# Unsent bytes that the kernel may hold: with few of them, a slow reader's progress is visible.
_KERNEL_UNSENT_BYTES: Final = 1 << 17


class State(Enum):
    """`READING` a request, `ANSWERING` by a thread, `SENDING` the rest, `LINGERING` until the client closes."""

    READING = auto()
    ANSWERING = auto()
    SENDING = auto()
    LINGERING = auto()


class Connection:
    """A connection. `client` and `server` are addresses as sockets name them; the event loop closes it at `deadline_s`.

    `since_s`: when it began to wait. `is_kept`: the client may send another request. `has_unread`: the body was not
    received to its end. `rest`: what the client sent after the request.
    """

    def __init__(
        self,
        sock: socket.socket,
        client: Any,
        server: Any,
        unsent: UnsentBytes,
        send_later: Callable[["Connection"], None],
    ) -> None:
        sock.setblocking(False)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _KERNEL_UNSENT_BYTES)
        self.socket = sock
        self.client = client
        self.server = server
        self.state = State.READING
        self.watched = 0
        self.deadline_s = inf
        self.since_s = time.monotonic()
        self.answers = 0
        self.is_kept = self.has_unread = False
        self.lane = ""
        self.request = RequestBuffer()
        self.rest = b""
        self.answer = AnswerBuffer(sock, unsent, lambda: send_later(self))
        self.sock = AnswerSocket(self.answer)  # gunicorn's name
        self._moved_bytes = 0

    def note_progress(self, sent_bytes: int, stall_s: float) -> None:
        """Extend the deadline if `PROGRESS_BYTES` of the answer were sent since the last time."""
        self._moved_bytes += sent_bytes
        if self._moved_bytes >= PROGRESS_BYTES or self.deadline_s == inf:
            self._moved_bytes, self.deadline_s = 0, time.monotonic() + stall_s

    def answer_briefly(self, answer: bytes) -> None:
        """Send as much of an answer as the client takes at once."""
        with suppress(OSError):
            self.socket.send(answer)

    def shut_down(self, how: int) -> None:
        with suppress(OSError):
            self.socket.shutdown(how)

    def close(self) -> None:
        self.socket.close()


class AnswerSocket:
    """The socket that gunicorn writes an answer to; it never blocks on a client that does not read a normal answer."""

    def __init__(self, answer: AnswerBuffer) -> None:
        self._answer = answer

    def sendall(self, data: bytes) -> None:
        self._answer.write(data)

    def sendfile(self, file: BinaryIO, offset: int, count: int) -> None:
        """Send a part of a file, from the kernel's cache: it takes no memory, however slowly the client reads."""
        content = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        self._answer.write(memoryview(content)[offset : offset + count])

    def send(self, data: bytes) -> int:
        """Send nothing: gunicorn uses it for `100 Continue` alone, which the event loop has sent."""
        return len(data)

    def shutdown(self, _how: int) -> None:
        """Refuse: gunicorn would wait for the client; the event loop closes the connection."""
        raise OSError(errno.ENOTCONN, "closed by the event loop")

    def close(self) -> None:
        """Leave it to the event loop."""


class RequestSource:
    """The input of gunicorn's parser: the bytes received so far and, for a large request, the rest from the socket.

    It waits at most `stall_s` for each `PROGRESS_BYTES`. A request that ends too soon raises NoMoreData: gunicorn would
    take it for complete.
    """

    def __init__(self, received: bytes, sock: socket.socket | None, stall_s: float) -> None:
        self._received = received
        self._socket = sock
        self._stall_s = self._left_s = stall_s
        self._moved_bytes = 0

    def recv(self, size: int) -> bytes:
        """Return up to `size` bytes, at least one."""
        if self._received:
            piece, self._received = self._received[:size], self._received[size:]
            return piece
        data = b"" if self._socket is None else self._receive(self._socket, size)
        if not data:
            raise NoMoreData
        self._moved_bytes += len(data)
        if self._moved_bytes >= PROGRESS_BYTES:
            self._moved_bytes, self._left_s = 0, self._stall_s
        return data

    def _receive(self, sock: socket.socket, size: int) -> bytes:
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        began_s = time.monotonic()
        if self._left_s <= 0 or not poll.poll(self._left_s * 1000):
            return b""
        self._left_s -= time.monotonic() - began_s
        return sock.recv(size)
