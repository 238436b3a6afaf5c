"""Faults of many lines or rows, grouped: the first of each kind is shown at once, the others are counted."""

from collections.abc import Callable, Hashable
from typing import Final

import click

from shared.language import say

_NAMED_MOST: Final = 5
_KINDS_MOST: Final = 1000


class GroupedFaults:
    """Print the first fault of each kind, and at the end which lines or rows have the same."""

    def __init__(self) -> None:
        self._first: dict[Hashable, int] = {}
        self._more: dict[Hashable, list[int]] = {}
        self._counts: dict[Hashable, int] = {}

    def add(self, number: int, kind: Hashable, text: Callable[[], str]) -> None:
        """Take the fault of a line or row. Beyond a thousand kinds each fault is printed."""
        if kind in self._first:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            if len(more := self._more.setdefault(kind, [])) < _NAMED_MOST:
                more.append(number)
            return
        if len(self._first) < _KINDS_MOST:
            self._first[kind] = number
        click.echo(text())

    def report_more(self) -> None:
        """Print how many lines or rows have the same fault as one that was shown, and the first of them."""
        for kind, count in self._counts.items():
            named = ", ".join(map(str, self._more[kind])) + (", ..." if count > _NAMED_MOST else "")
            first = self._first[kind]
            click.echo(
                say(f"与 {first} 相同的还有 {count} 处：{named}", f"the same as {first} in {count} more: {named}")
            )
