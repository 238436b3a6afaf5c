"""Exponential backoff."""

import random
import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)


class Backoff:
    """Delays that double from `first_s` to `longest_s`, in seconds. Setting `stop` ends a wait at once."""

    def __init__(self, stop: threading.Event, first_s: float = 1.0, longest_s: float = 5.0) -> None:
        self._stop = stop
        self._first_s = first_s
        self._longest_s = longest_s
        self.next_s = first_s

    def wait(self) -> None:
        """Wait for about `next_s`. The jitter keeps workers that failed together from retrying together."""
        self._stop.wait(self.next_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
        self.next_s = min(self.next_s * 2, self._longest_s)

    def retry(
        self, work: Callable[[], None], why_retry: Callable[[Exception], str | None], event: str, **fields: object
    ) -> bool:
        """Run `work` until it succeeds or `stop` is set; return True if it succeeded.

        `why_retry` gives the reason for the log line, or None for an error to raise. `event` and `fields` are its rest.
        """
        while not self._stop.is_set():
            try:
                work()
            except Exception as error:
                reason = why_retry(error)
                if reason is None:
                    raise
                log.warning(event, reason=reason, pause_s=self.next_s, **fields)
                self.wait()
            else:
                return True
        return False

    def reset(self) -> None:
        """Start from `first_s` again after a success."""
        self.next_s = self._first_s
