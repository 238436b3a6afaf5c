"""Rows on the disk of this machine: results that may not fit in memory, read back in order.

A program keeps here what it computes. Temporary tables would need a server that takes writes, and a standby takes none.
"""

import sqlite3
import weakref
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final, Generic, TypeVar

Row = TypeVar("Row", bound=tuple[Any, ...])
Left = TypeVar("Left")
Right = TypeVar("Right")
Item = TypeVar("Item")

_KEPT_IN_MEMORY: Final = 1000  # rows before they are written


class DiskRows(Generic[Row]):
    """Rows of integers, text and bytes in a temporary file, which is removed with this object.

    Iterating yields them in order of their columns, text in code point order, and equal rows once.
    """

    def __init__(self, columns: int, make: Callable[[tuple[Any, ...]], Row] | None = None) -> None:
        # The empty name is a temporary file; SQLite writes to it what exceeds a cache of 2 MB. The thread that gives up
        # the rows may be another one.
        self._file = sqlite3.connect("", check_same_thread=False)
        weakref.finalize(self, self._file.close)
        names = [f"c{number}" for number in range(columns)]
        self._file.execute(f"CREATE TABLE kept ({', '.join(names)})")
        self._insert = f"INSERT INTO kept VALUES ({', '.join('?' * columns)})"
        self._select = f"SELECT * FROM kept ORDER BY {', '.join(names)}"
        self._make = make
        self._new: list[Row] = []

    def add(self, row: Row) -> None:
        self._new.append(row)
        if len(self._new) == _KEPT_IN_MEMORY:
            self._write()

    def extend(self, rows: Iterable[Row]) -> None:
        self._write()
        self._file.executemany(self._insert, rows)

    def _write(self) -> None:
        self._file.executemany(self._insert, self._new)
        self._new.clear()

    def __iter__(self) -> Iterator[Row]:
        self._write()
        before: tuple[Any, ...] | None = None
        for row in self._file.execute(self._select):
            if row != before:
                before = row
                yield row if self._make is None else self._make(row)

    def chunks(self, size: int) -> Iterator[list[Row]]:
        """The same rows in lists of up to `size`."""
        return in_chunks(self, size)


def in_chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Items in lists of up to `size`, so that few are in memory."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def full_join(
    left: Iterable[Left],
    right: Iterable[Right],
    left_key: Callable[[Left], Any],
    right_key: Callable[[Right], Any],
) -> Iterator[tuple[Any, Left | None, Right | None]]:
    """Merge two streams that are in order of unique keys: each key with its row in both; None if one has none."""
    lefts, rights = ((left_key(row), row) for row in left), ((right_key(row), row) for row in right)
    one, other = next(lefts, None), next(rights, None)
    while one is not None or other is not None:
        key = min(pair[0] for pair in (one, other) if pair is not None)
        found = wanted = None
        if one is not None and one[0] == key:
            found, one = one[1], next(lefts, None)
        if other is not None and other[0] == key:
            wanted, other = other[1], next(rights, None)
        yield key, found, wanted
