"""Run a background thread next to the consumer loop; re-raise its exception on exit."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def background_thread(
    work: Callable[[], None], name: str, stop: threading.Event, join_timeout_s: float
) -> Iterator[None]:
    """Run `work` in a thread until the block ends; `work` must return soon after `stop` is set.

    An exception in `work` is a bug: it sets `stop` and is re-raised when the block ends, unless the block itself
    failed. The exit waits at most `join_timeout_s` for the thread.
    """
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - re-raised in the caller's thread
            errors.append(error)
            stop.set()

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
    thread.join(join_timeout_s)
    if errors:
        raise errors[0]
