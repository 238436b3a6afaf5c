"""Work in a thread beside what a consumer program reads: until it is told to stop, and with no fault of it lost."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def background_thread(
    work: Callable[[], None], name: str, stop: threading.Event, ends_within_s: float
) -> Iterator[None]:
    """Have `work` done in a thread of this name; it has to end soon once `stop` is set, as it is at the end.

    What it raises is a fault of ours: it sets `stop`, and is raised at the end, for which nobody waits longer than
    `ends_within_s`, and not at all where the caller itself fails.
    """
    faults: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread, which raises it
            faults.append(error)
            stop.set()

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
    thread.join(ends_within_s)
    if faults:
        raise faults[0]
