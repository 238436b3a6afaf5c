"""Balancing of connections between the worker processes of an API, by counts in shared memory.

The kernel wakes all workers for a new connection and the first one takes it. Clients keep their connections alive, so
one worker can end up with most of the load on a single CPU. Here a worker that holds more connections than another
waits a moment, so that the other can accept first.
"""

import mmap
import select
import socket
import time
from array import array
from typing import Final

_YIELD_S: Final = 0.01  # time for a busy worker to accept; after that, any worker takes the connection
_POLL_EVERY_S: Final = 0.001
_MAX_PLACES: Final = 512
_NO_WORKER: Final = 2**63 - 1


class ConnectionShares:
    """Open connections of each worker that accepts new ones. Create it before the fork. Workers have places from 1."""

    def __init__(self) -> None:
        self._held = memoryview(mmap.mmap(-1, _MAX_PLACES * array("q").itemsize)).cast("q")
        self._held[:] = array("q", [_NO_WORKER] * _MAX_PLACES)

    def hold(self, place: int, count: int) -> None:
        self._held[place] = count

    def leave(self, place: int) -> None:
        """Stop the other workers from waiting for this one, which accepts no more connections."""
        self._held[place] = _NO_WORKER

    def yield_to_others(self, listener: socket.socket, place: int) -> None:
        """Give workers with fewer connections a moment to accept the waiting one."""
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        end_s = time.monotonic() + _YIELD_S
        while self._held[place] > min(self._held) and poll.poll(0) and time.monotonic() < end_s:
            time.sleep(_POLL_EVERY_S)
