"""Progress of a verification: the step and the number of lines, on stderr."""

from __future__ import annotations

import sys
import time

SHOWN_EVERY_S = 0.5
ASKED_EVERY = 1000  # lines


class VerificationProgress:
    """Writes at most one line in half a second; on a terminal over the line before."""

    def __init__(self, is_shown: bool = False) -> None:
        self._is_shown = is_shown
        self._is_terminal = is_shown and sys.stderr.isatty()
        self._shown_s = 0.0

    def at(self, step: str, number: int, unit: str = "") -> None:
        """Show that a step has come to a line, or to a number of units."""
        if not self._is_shown or (number % ASKED_EVERY and not unit):
            return
        now_s = time.monotonic()
        if now_s - self._shown_s >= SHOWN_EVERY_S:
            self._shown_s = now_s
            self._write(f"{step} {number:,} {unit}".rstrip())

    def end(self) -> None:
        """Clear the line."""
        if self._is_terminal:
            self._write("")

    def _write(self, text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{text}" if self._is_terminal else f"{text}\n")
        sys.stderr.flush()
