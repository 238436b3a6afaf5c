"""The bytes of an answer that the client has not read yet: the event loop sends them, and no thread waits."""

import mmap
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from shared.web.server.limits import UNSENT_MOST_BYTES

_SENT_AT_ONCE: Final = 1 << 18


class UnsentBytes:
    """The unsent bytes of all connections of a process. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def add(self, count: int) -> None:
        with self._lock:
            self.count += count


class AnswerBuffer:
    """The answer of one connection. A thread calls `write`, the event loop everything else.

    `call_loop` has the event loop send what is left, from any thread.
    """

    def __init__(self, sock: socket.socket, unsent: UnsentBytes, call_loop: Callable[[], None]) -> None:
        self._sock = sock
        self._all_unsent = unsent
        self._call_loop = call_loop
        self._changed = threading.Condition()
        self._pieces: deque[memoryview] = deque()
        self._error: OSError | None = None
        self._unsent = 0

    @property
    def is_sent(self) -> bool:
        """True if nothing is left to send."""
        return not self._pieces

    @property
    def takes_memory(self) -> bool:
        return self._unsent > 0

    def write(self, data: bytes | memoryview) -> None:
        """Send the bytes, or keep them for the event loop; wait only while `UNSENT_MOST_BYTES` are kept. OSError.

        A view of a mapped file takes no memory and is not counted.
        """
        with self._changed:
            self._raise()
            was_empty = not self._pieces
            rest = memoryview(data)
            if was_empty:
                rest = rest[self._send(rest) :]
            if not rest:
                return
            self._pieces.append(rest)
            self._count(_memory(rest))
            if was_empty:
                self._call_loop()
            while self._unsent > UNSENT_MOST_BYTES and self._error is None:
                self._changed.wait()
            self._raise()

    def flush(self) -> int:
        """Send what the kernel takes; return how many bytes it took. OSError."""
        with self._changed:
            sent = 0
            while self._pieces and sent < _SENT_AT_ONCE:
                piece = self._pieces.popleft()
                count = self._send(piece)
                sent += count
                rest = piece[count:]
                self._count(_memory(rest) - _memory(piece))
                if rest:
                    self._pieces.appendleft(rest)
                    break
            self._changed.notify_all()
            return sent

    def give_up(self, reason: str) -> None:
        """Drop what is left; the thread that writes gets an OSError."""
        with self._changed:
            self._error = ConnectionAbortedError(reason)
            self._pieces.clear()
            self._count(-self._unsent)
            self._changed.notify_all()

    def _send(self, data: memoryview) -> int:
        try:
            return self._sock.send(data)
        except BlockingIOError:
            return 0

    def _count(self, change: int) -> None:
        self._unsent += change
        self._all_unsent.add(change)

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error


def _memory(piece: memoryview) -> int:
    return 0 if isinstance(piece.obj, mmap.mmap) else len(piece)
