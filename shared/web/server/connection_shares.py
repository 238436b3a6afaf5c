"""How many connections each worker process of an API holds, in memory that all of them share.

Clients keep their connections, so who took most of them has most of the work, on one processor, while the others rest.
The kernel wakes all workers for a new connection and lets the first have it. Here who holds more leaves it to others.
"""

from __future__ import annotations

import mmap
import select
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import socket

# For a worker that is busy to come and take a connection; after that, whoever sees it takes it.
_LEAVE_FOR_S: Final = 0.01
_LOOK_EVERY_S: Final = 0.001
_PLACES_MOST: Final = 512
_COUNT_BYTES: Final = 8


class ConnectionShares:
    """To be made before the fork. Places of workers are numbered from 1; at 0 stands who has none yet."""

    def __init__(self) -> None:
        self._held = memoryview(mmap.mmap(-1, _PLACES_MOST * _COUNT_BYTES)).cast("q")

    def held(self, place: int) -> int:
        return self._held[place]

    def hold(self, place: int, count: int) -> None:
        self._held[place] = count

    def leave(self, listener: socket.socket, place: int, workers: int) -> None:
        """Give workers that hold fewer connections a moment to take the one that waits."""
        watch = select.poll()
        watch.register(listener, select.POLLIN)
        end_s = time.monotonic() + _LEAVE_FOR_S
        while self._is_above_others(place, workers) and watch.poll(0) and time.monotonic() < end_s:
            time.sleep(_LOOK_EVERY_S)

    def _is_above_others(self, place: int, workers: int) -> bool:
        return self._held[place] > min(self._held[1 : workers + 1])
