"""Rows in an order that the caller chooses: parts of them by keyset, all of them through a cursor, or their number.

An order is a sequence of keys that ends in those that identify a row, so that no two rows have the same position, and
the descending order is the ascending one backwards.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar, Final, Generic, NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection

from shared.postgres.query import fetch, fetch_value, stream_chunks
from shared.values.json_types import Json
from shared.values.money import parse_yuan

Value = str | int | datetime
Row = TypeVar("Row", bound=tuple[object, ...])
Item = TypeVar("Item")

ROWS_AT_ONCE: Final = 500
# A page of large rows ends early at this size: 500 records of the maximum size would be 130 MB.
PAGE_MOST_BYTES: Final = 4 << 20


class Key(NamedTuple):
    """A value to sort by: its type (str, int or datetime), its SQL over the columns of the rows, and how to read it.

    Neither is ever null.
    """

    kind: type
    sql: str
    of: Callable[[Any], Value]


Sorts = Mapping[str, Sequence[Key]]  # the keys of each order by its name; the first is the default


def column(name: str, kind: type, sql: str | None = None) -> Key:
    """A key that is a column, and a field of the rows; `sql` is an expression with the same value."""
    return Key(kind, f'"{name}"' if sql is None else sql, attrgetter(name))


def text_field(name: str) -> Key:
    """A key that is a field of items in memory; null comes first, as it does for the others."""
    return Key(str, "", lambda item: item[name] or "")


def number_field(name: str) -> Key:
    return Key(int, "", lambda item: -1 if item[name] is None else item[name])


def amount_field(name: str) -> Key:
    """An amount in yuan, at least 0, sorted as a number."""
    return Key(int, "", lambda item: -1 if item[name] is None else parse_yuan(item[name]))


class Seek(NamedTuple):
    """Up to `limit` rows in an order, after the row that has these values of the keys (None: from the first)."""

    keys: Sequence[Key]
    limit: int
    after: tuple[Value, ...] | None = None
    descends: bool = False

    def position(self, row: object) -> tuple[Any, ...]:
        return tuple(key.of(row) for key in self.keys)

    @property
    def order_by(self) -> str:
        direction = " DESC" if self.descends else ""
        return f"ORDER BY {', '.join(f'{key.sql}{direction}' for key in self.keys)}"

    @property
    def where(self) -> str:
        """The WHERE clause of the rows that follow."""
        if self.after is None:
            return ""
        values = ", ".join(f"%(after_{number})s" for number in range(len(self.keys)))
        return f"WHERE ({', '.join(key.sql for key in self.keys)}) {'<' if self.descends else '>'} ({values})"

    @property
    def parameters(self) -> dict[str, object]:
        return {f"after_{number}": value for number, value in enumerate(self.after or ())}


class ListPart(NamedTuple, Generic[Item]):
    """Rows in order, and whether more follow them."""

    rows: Sequence[Item]
    has_more: bool


class SortedRows(Protocol[Item]):
    """The rows of a list that its filters leave, in a snapshot; `further` are fields of its answer beside the items."""

    @property
    def further(self) -> Json: ...

    def part(self, seek: Seek) -> ListPart[Item]:
        """The rows that a page shows."""

    def chunks(self, seek: Seek) -> Iterator[Sequence[Item]]:
        """All rows in this order, without all being in memory."""

    def count(self, seek: Seek) -> int:
        """The number of all rows; those that must be read to be counted are read in this order."""

    def render(self, rows: Sequence[Item]) -> Iterable[Json]:
        """The items that the rows are shown as."""


@dataclass
class SqlRows(Generic[Row]):
    """The rows of a SELECT without ORDER BY; `render` shows some of them."""

    connection: Connection
    select: str
    row_type: type[Row]
    parameters: Mapping[str, object]
    render: Callable[[Sequence[Row]], Iterable[Json]]
    further: Json = field(default_factory=dict)

    rows_at_once: ClassVar[int] = ROWS_AT_ONCE

    def part(self, seek: Seek) -> ListPart[Row]:
        """The rows after a position."""
        statement = f"SELECT * FROM ({self.select}) found {seek.where} {seek.order_by} LIMIT %(fetched)s"
        rows = fetch(self.connection, statement, self.row_type, **self._from(seek))
        return ListPart(rows[: seek.limit], len(rows) > seek.limit)

    def chunks(self, seek: Seek) -> Iterator[Sequence[Row]]:
        """All rows through a cursor of the database."""
        statement = f"SELECT * FROM ({self.select}) found {seek.order_by}"
        return stream_chunks(self.connection, statement, self.row_type, self.rows_at_once, **self.parameters)

    def count(self, seek: Seek) -> int:  # noqa: ARG002 - PostgreSQL counts in any order
        statement = f"SELECT count(*) FROM ({self.select}) counted"
        return fetch_value(self.connection, statement, int, **self.parameters)

    def _from(self, seek: Seek) -> dict[str, object]:
        return {**self.parameters, **seek.parameters, "fetched": seek.limit + 1}


@dataclass
class LargeRows(SqlRows[Row]):
    """Rows with a column of bytes, `value`: a page ends early once they are `PAGE_MOST_BYTES`."""

    value: str = "value"

    rows_at_once: ClassVar[int] = 16

    def part(self, seek: Seek) -> ListPart[Row]:
        # Fetch one row beyond those that fit, which shows that there are more; the first is returned whatever its size.
        size = f"coalesce(octet_length({self.value}), 0)"
        statement = f"""
            SELECT * FROM (
                SELECT *, row_number() OVER so_far AS place_here, CAST(sum({size}) OVER so_far AS bigint) AS size_so_far
                FROM ({self.select}) found {seek.where} WINDOW so_far AS ({seek.order_by})
                {seek.order_by} LIMIT %(fetched)s) sized
            WHERE size_so_far - {size} <= %(most)s OR place_here <= 2 {seek.order_by}
        """
        rows = fetch(self.connection, statement, tuple[Any, ...], **self._from(seek), most=PAGE_MOST_BYTES)
        fitting = sum(size_so_far <= PAGE_MOST_BYTES for *_, size_so_far in rows)
        limit = min(seek.limit, max(1, fitting))
        return ListPart([self.row_type(*row[:-2]) for row in rows[:limit]], len(rows) > limit)


class ChosenRows(Generic[Item]):
    """Those rows of others that `choose` leaves of each part: a filter that is computed for many rows at once."""

    def __init__(self, rows: SortedRows[Item], choose: Callable[[Sequence[Item]], Sequence[Item]]) -> None:
        self._rows = rows
        self._choose = choose
        self.further = rows.further
        self.render = rows.render

    def part(self, seek: Seek) -> ListPart[Item]:
        chosen: list[Item] = []
        after, has_more = seek.after, True
        while has_more and len(chosen) <= seek.limit:
            part = self._rows.part(seek._replace(after=after, limit=ROWS_AT_ONCE))
            chosen += self._choose(part.rows)
            has_more = part.has_more
            after = seek.position(part.rows[-1]) if part.rows else None
        return ListPart(chosen[: seek.limit], len(chosen) > seek.limit)

    def chunks(self, seek: Seek) -> Iterator[Sequence[Item]]:
        return map(self._choose, self._rows.chunks(seek))

    def count(self, seek: Seek) -> int:
        return sum(map(len, self.chunks(seek)))


class RowsInMemory(Generic[Item]):
    """Rows of a short list, which was read whole or computed."""

    def __init__(self, rows: Sequence[Item], render: Callable[[Item], Json], further: Json | None = None) -> None:
        self._rows = rows
        self._render = render
        self.further = further or {}

    def part(self, seek: Seek) -> ListPart[Item]:
        rest = [row for row in self._sorted(seek) if _is_beyond(seek, row)]
        return ListPart(rest[: seek.limit], len(rest) > seek.limit)

    def chunks(self, seek: Seek) -> Iterator[Sequence[Item]]:
        rows = self._sorted(seek)
        return (rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE))

    def count(self, seek: Seek) -> int:  # noqa: ARG002 - they were read
        return len(self._rows)

    def render(self, rows: Sequence[Item]) -> Iterable[Json]:
        return map(self._render, rows)

    def _sorted(self, seek: Seek) -> list[Item]:
        return sorted(self._rows, key=seek.position, reverse=seek.descends)


def first_rows(found: SortedRows[Item], sorts: Sorts, limit: int) -> Sequence[Item]:
    """The first rows in the default order, at most `limit`."""
    return found.part(Seek(next(iter(sorts.values())), limit)).rows


def _is_beyond(seek: Seek, row: object) -> bool:
    if seek.after is None:
        return True
    position = seek.position(row)
    return position < seek.after if seek.descends else position > seek.after
