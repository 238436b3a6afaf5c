"""Threads that answer requests, in lanes: what is slow in one lane leaves the threads of the others free."""

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")

REQUESTS: Final = "requests"
STREAMS: Final = "streams"
OPEN: Final = "open"
# Threads by lane. A stream or a large body holds its thread as long as the client takes; each has a connection to
# PostgreSQL, so all of them together fit into the pool.
THREADS: Final = {REQUESTS: 8, STREAMS: 4, OPEN: 2, "healthz": 1, "readyz": 4, "metrics": 2}
# Requests that may wait for a thread, by lane; more are refused.
_WAITING_MOST: Final = 256
# Routes that need no key, and whose answers everybody gets.
_OPEN: Final = re.compile(r"/(docs|static)(/.*)?|/openapi\.json")
_OWN_LANES: Final = {"/healthz": "healthz", "/readyz": "readyz", "/metrics": "metrics"}
# Routes whose answer or body has no bound.
_STREAMS: Final = re.compile(r"/v1/(evidence|entries|quarantine/events)|(/v1)?/extracts/[^/]+/download")


def lane_of(path: str, *, is_large: bool) -> str:
    """Return the lane of a request; `is_large`: its body is not in memory yet."""
    if is_large or _STREAMS.fullmatch(path):
        return STREAMS
    return _OWN_LANES.get(path) or (OPEN if _OPEN.fullmatch(path) else REQUESTS)


class Lanes:
    """A pool of threads for each lane. The event loop alone calls it."""

    def __init__(self) -> None:
        self._pools = {lane: ThreadPoolExecutor(threads, f"http-{lane}") for lane, threads in THREADS.items()}
        self._under_way: Counter[str] = Counter()

    def is_full(self, lane: str) -> bool:
        return self._under_way[lane] >= THREADS[lane] + _WAITING_MOST

    def submit(self, lane: str, do: Callable[[], T]) -> "Future[T]":
        """Run `do` in a thread of the lane; `done` must follow."""
        self._under_way[lane] += 1
        return self._pools[lane].submit(do)

    def done(self, lane: str) -> None:
        self._under_way[lane] -= 1

    def shutdown(self, *, wait: bool) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=wait)
