"""Tables and dictionaries in a temporary SQLite database, for what may not fit in memory."""

from __future__ import annotations

import marshal
import pickle
import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Callable, Generic, TypeVar

CACHE_KB, SORTING_KB = 65_536, 16_384  # of a database, and at most as much again while it sorts
ROWS_KEPT = 1000  # rows of a table that are not written yet
VALUES_KEPT = 4000  # values of a dictionary that are not written yet
SORTED_IN_MEMORY = 1000  # rows

Stored = TypeVar("Stored")


def packed(value: Any) -> bytes:
    """Encode text, numbers, tuples, lists, sets and dictionaries of these."""
    return marshal.dumps(value)


def unpacked(data: bytes) -> Any:
    return marshal.loads(data)  # noqa: S302 - written by this process


def packed_object(value: object) -> bytes:
    """Encode an object of a class of this program."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def unpacked_object(data: bytes) -> Any:
    return pickle.loads(data)  # noqa: S301 - written by this process


class DiskStore:
    """A temporary database without a name; SQLite keeps it in the folder for temporary files until it is given up."""

    def __init__(self, cache_kb: int = CACHE_KB) -> None:
        # One thread uses it; the garbage collector closes it in any.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._database.close)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "temp_store = FILE", f"cache_size = -{cache_kb}"):
            self.run(f"PRAGMA {setting}")
        self.run("BEGIN")
        self._tables = 0

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        return self._database.execute(statement, parameters)

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self._database.executemany(statement, rows)

    def new_table(self, columns: str, options: str = "") -> str:
        """Create a table and return its name."""
        self._tables += 1
        name = f"t{self._tables}"
        self.run(f"CREATE TABLE {name} ({columns}) {options}")
        return name


class DiskTable:
    """Rows in the order in which they were added (`rowid`), looked up by `keys`: lists of columns."""

    def __init__(self, store: DiskStore, columns: str, *keys: str) -> None:
        self._store, self._keys = store, keys
        self.name = store.new_table(columns)
        places = ", ".join("?" * (columns.count(",") + 1))
        self._insert = f"INSERT INTO {self.name} VALUES ({places})"
        self._new: list[tuple[Any, ...]] = []
        self._is_indexed = False

    def add(self, *row: Any) -> None:
        self._new.append(row)
        if len(self._new) >= ROWS_KEPT:
            self._write()

    def _write(self) -> None:
        self._store.run_many(self._insert, self._new)
        self._new.clear()

    def settle(self) -> None:
        """Write and index all rows."""
        if self._new:
            self._write()
        if not self._is_indexed:
            for number, columns in enumerate(self._keys):
                self._store.run(f"CREATE INDEX {self.name}_{number} ON {self.name} ({columns})")
            self._is_indexed = True

    def rows(self, columns: str, rest: str = "", *parameters: Any) -> Iterator[tuple[Any, ...]]:
        """Select columns; `rest` is what follows the name of the table in the statement."""
        self.settle()
        return iter(self._store.run(f"SELECT {columns} FROM {self.name} {rest}", parameters))

    def row(self, columns: str, rest: str = "", *parameters: Any) -> tuple[Any, ...] | None:
        """The first of these rows; None if there is none."""
        return next(self.rows(columns, rest, *parameters), None)

    def update(self, rest: str) -> None:
        self._store.run(f"UPDATE {self.name} {rest}")


class DiskDict(Generic[Stored]):
    """Values by text. A value that is changed in place must be set again.

    The values are what `packed` takes, unless other functions are given.
    """

    def __init__(
        self,
        store: DiskStore,
        dumps: Callable[[Stored], bytes] = packed,
        loads: Callable[[bytes], Stored] = unpacked,
    ) -> None:
        self._store, self._dumps, self._loads = store, dumps, loads
        self._name = store.new_table("key TEXT PRIMARY KEY, value BLOB", "WITHOUT ROWID")
        self._find = f"SELECT value FROM {self._name} WHERE key = ?"
        self._new: dict[str, Stored] = {}
        self._is_written = False

    def get(self, key: str) -> Stored | None:
        found = self._new.get(key)
        if found is None and self._is_written:
            row = self._store.run(self._find, (key,)).fetchone()
            found = None if row is None else self._loads(row[0])
        return found

    def __setitem__(self, key: str, value: Stored) -> None:
        self._new[key] = value
        if len(self._new) >= VALUES_KEPT:
            self._write()

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def __len__(self) -> int:
        self._write()
        count: int = self._store.run(f"SELECT count(*) FROM {self._name}").fetchone()[0]
        return count

    def pop(self, key: str) -> Stored | None:
        found = self.get(key)
        self._new.pop(key, None)
        if found is not None and self._is_written:
            self._store.run(f"DELETE FROM {self._name} WHERE key = ?", (key,))
        return found

    def keys(self) -> Iterator[str]:
        """The keys, in order of code points."""
        self._write()
        return (key for (key,) in self._store.run(f"SELECT key FROM {self._name} ORDER BY key"))

    def items(self) -> Iterator[tuple[str, Stored]]:
        """Each key and its value, in order of keys by code points."""
        self._write()
        for key, value in self._store.run(f"SELECT key, value FROM {self._name} ORDER BY key"):
            yield key, self._loads(value)

    def _write(self) -> None:
        rows = ((key, self._dumps(value)) for key, value in sorted(self._new.items(), key=lambda pair: pair[0]))
        self._store.run_many(f"INSERT OR REPLACE INTO {self._name} VALUES (?, ?)", rows)
        self._is_written = self._is_written or bool(self._new)
        self._new.clear()


def sorted_on_disk(rows: Iterable[tuple[Any, ...]], columns: int) -> Iterator[tuple[Any, ...]]:
    """Yield rows of numbers, text and bytes in order of their columns; few are sorted in memory."""
    coming = iter(rows)
    few = list(islice(coming, SORTED_IN_MEMORY))
    if len(few) < SORTED_IN_MEMORY:
        yield from sorted(few)
        return
    names = ", ".join(f"c{number}" for number in range(columns))
    store = DiskStore(SORTING_KB)  # its own, so that it can be given up while others are read
    name = store.new_table(names)
    store.run_many(f"INSERT INTO {name} VALUES ({', '.join('?' * columns)})", chain(few, coming))
    yield from store.run(f"SELECT * FROM {name} ORDER BY {names}")
