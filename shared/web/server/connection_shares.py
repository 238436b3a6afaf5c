"""Balancing of connections between the worker processes of an API, by counts in shared memory.

The kernel wakes all workers for a new connection and the first one takes it. Clients keep their connections alive, so
one worker can end up with most of the load on a single CPU. Here a worker that holds more connections than another
waits a moment, so that the other can accept first.
"""

import mmap
import select
import socket
import time
from typing import Final

_YIELD_S: Final = 0.01  # time for a busy worker to accept; after that, any worker takes the connection
_POLL_EVERY_S: Final = 0.001
_MAX_PLACES: Final = 512
_COUNT_BYTES: Final = 8


class ConnectionShares:
    """Open connections of each worker. Create it before the fork. Workers have places from 1; 0 means none yet."""

    def __init__(self) -> None:
        self._held = memoryview(mmap.mmap(-1, _MAX_PLACES * _COUNT_BYTES)).cast("q")

    def held(self, place: int) -> int:
        return self._held[place]

    def hold(self, place: int, count: int) -> None:
        self._held[place] = count

    def yield_to_others(self, listener: socket.socket, place: int, workers: int) -> None:
        """Give workers with fewer connections a moment to accept the waiting one."""
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        end_s = time.monotonic() + _YIELD_S
        while self._is_above_minimum(place, workers) and poll.poll(0) and time.monotonic() < end_s:
            time.sleep(_POLL_EVERY_S)

    def _is_above_minimum(self, place: int, workers: int) -> bool:
        return self._held[place] > min(self._held[1 : workers + 1])
