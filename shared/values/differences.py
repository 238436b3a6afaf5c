"""Differences between stored and recomputed data."""

from __future__ import annotations

from typing import NamedTuple

from shared.language import say


class Difference(NamedTuple):
    """One stored value that differs from its recomputation; `stored` and `expected` are text, None for a missing one.

    `what` locates it: a table or topic and its key.
    """

    what: str
    stored: str | None
    expected: str | None

    def line(self) -> str:
        nothing = say("无", "none")
        stored, expected = (value if value is not None else nothing for value in (self.stored, self.expected))
        return f"{self.what}: " + say(f"现为 {stored}；应为 {expected}", f"stored {stored}; expected {expected}")
