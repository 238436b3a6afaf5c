"""Convert rows of a table to events by a mapping; only events that intake accepts are given as such.

The same table gives the same bytes: an event's id consists of exchange, kind, number and revision, and its time is the
document's. Rows are numbered as in spreadsheets.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, tee

import msgspec

from shared.events.decode import FieldError
from shared.events.documents import Document
from shared.events.records import event_of
from shared.events.validate import DUPLICATE, judge
from shared.table_events.cells import Cell, is_blank, shown_cell
from shared.table_events.mapping import CellError, Mapping, half_width, read_field
from shared.values.json_types import Json


class RowEvent(msgspec.Struct, frozen=True):
    """A row that intake would accept: its event line, and the document in it; `is_repeated` after an equal row."""

    row: int
    line: bytes
    values: Json
    document: Document
    is_repeated: bool


class RowError(msgspec.Struct, frozen=True):
    """An error in a row; `columns` are the headings concerned, none if the whole row is."""

    row: int
    columns: list[str]
    message: str


class TotalRow(msgspec.Struct, frozen=True):
    """A row that sums up others, and is no document."""

    row: int


Converted = RowEvent | RowError | TotalRow


def headings_of(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Return the headings in the last of the rows; one that repeats begins with the group above it, `卖方 名称`."""
    own = [_heading(cell) for cell in rows[-1]] if rows else []
    above = [_heading(cell) for cell in rows[-2]] if len(rows) > 1 else []
    groups: list[str] = []
    for group in above:
        groups.append(group or (groups[-1] if groups else ""))
    return [
        f"{groups[place]} {name}" if name and own.count(name) > 1 and place < len(groups) and groups[place] else name
        for place, name in enumerate(own)
    ]


def _heading(cell: Cell) -> str:
    shown = shown_cell(cell)
    return " ".join(shown.split()) if isinstance(shown, str) else ""


def convert(rows: Iterable[Sequence[Cell]], mapping: Mapping, exchange: str) -> Iterator[Converted]:
    """Yield the event of each row that intake would accept (duplicates too), the errors of others, and total rows.

    A missing or repeated heading is an error of the row with the headings, and nothing else is yielded.
    """
    numbered = enumerate(rows, start=1)
    header_row = mapping.file.header_row
    headings = headings_of([cells for _, cells in islice(numbered, header_row)])
    wanted = sorted({source.column for source in mapping.sources.values() if source.column is not None})
    wrong = [heading for heading in wanted if headings.count(heading) != 1]
    if wrong:
        message = "须有且只有一列有此标题 / exactly one column must have this heading"
        yield from (RowError(header_row, [heading], message) for heading in wrong)
        return
    found, again = tee(_read_rows(numbered, headings, mapping, exchange))
    # One verdict a line, consumed before the next row is read.
    verdicts = judge((one[1] for one in again if isinstance(one, tuple)), exchange)
    for one in found:
        if isinstance(one, tuple):
            row, line, values = one
            verdict, _, document = next(verdicts)
            if document is None or verdict.refused:
                yield from _refused(row, verdict.errors, mapping)
            else:
                yield RowEvent(row, line, values, document, verdict.outcome == DUPLICATE)
        else:
            yield one


def _refused(row: int, errors: list[FieldError], mapping: Mapping) -> Iterator[RowError]:
    for error in errors:
        yield RowError(row, mapping.columns_of(error.field), f"{error.field}: {error.message}")


def _read_rows(
    rows: Iterable[tuple[int, Sequence[Cell]]], headings: list[str], mapping: Mapping, exchange: str
) -> Iterator[tuple[int, bytes, Json] | RowError | TotalRow]:
    for row, cells in rows:
        if all(map(is_blank, cells)):
            continue
        if any(_is_total(cell, mapping.file.totals) for cell in cells):
            yield TotalRow(row)
            continue
        # A row of another length is shifted, mostly by an unquoted comma.
        if len(cells) < len(headings) or not all(map(is_blank, cells[len(headings) :])):
            has, needs = len(cells), len(headings)
            yield RowError(row, [], f"有 {has} 格，标题有 {needs} 格 / {has} cells under {needs} headings")
            continue
        document, faults = _read_document(dict(zip(headings, cells, strict=False)), mapping)
        if faults:
            yield from (RowError(row, columns, message) for columns, message in faults)
        else:
            yield row, event_of(mapping.kind, exchange, document) + b"\n", document


def _is_total(cell: Cell, totals: Sequence[str]) -> bool:
    """Return True for a cell that is one of the words, however it is spaced: `合  计：`."""
    shown = shown_cell(cell)
    return bool(totals) and isinstance(shown, str) and "".join(half_width(shown).split()).rstrip(":") in totals


def _read_document(cells: dict[str, Cell], mapping: Mapping) -> tuple[Json, list[tuple[list[str], str]]]:
    """Return the document of a row without empty fields, and the errors by columns."""
    document: Json = {}
    faults = []
    for path, source in mapping.sources.items():
        cell = None if source.column is None else cells[source.column]
        try:
            value = read_field(mapping, path, cell)
        except CellError as error:
            faults.append(([source.column] if source.column else [], f"{path}: {error}"))
            continue
        if value is not None:
            outer, _, inner = path.rpartition(".")
            (document.setdefault(outer, {}) if outer else document)[inner] = value
    return document, faults
