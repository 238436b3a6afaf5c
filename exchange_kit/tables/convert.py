"""Convert rows of a table to events by a mapping; only events that intake accepts are output.

The same table gives the same bytes: an event's id consists of exchange, kind, number and revision, and its time is the
document's. Rows are numbered as in spreadsheets: the headings are row 1.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import tee

import msgspec

from exchange_kit.records import event_of
from exchange_kit.tables.mapping import CellError, Mapping, read_cell
from exchange_kit.tables.rows import Cell, is_blank
from exchange_kit.validate import judge
from shared.values.json_types import Json


class RowError(msgspec.Struct, frozen=True):
    """An error in a row; `columns` are the headings concerned, none if the whole row is."""

    row: int
    columns: list[str]
    message: str


def convert(rows: Iterable[Sequence[Cell]], mapping: Mapping, exchange: str) -> Iterator[bytes | RowError]:
    """Yield an event line for each row that intake would accept (duplicates too), else the errors of the row.

    `rows` begins with the headings. A missing or repeated heading is an error of row 1, and nothing else is yielded.
    """
    numbered = enumerate(rows, start=1)
    _, first = next(numbered, (1, ()))
    headings = [cell.strip() if isinstance(cell, str) else "" for cell in first]
    wanted = sorted({source.column for source in mapping.sources.values() if source.column is not None})
    wrong = [heading for heading in wanted if headings.count(heading) != 1]
    if wrong:
        message = "须有且只有一列有此标题 / exactly one column must have this heading"
        yield from (RowError(1, [heading], message) for heading in wrong)
        return
    found, again = tee(_read_rows(numbered, headings, mapping, exchange))
    # One verdict a line, consumed before the next row is read.
    verdicts = judge((line for _, line in again if isinstance(line, bytes)), exchange)
    for row, line in found:
        if isinstance(line, RowError):
            yield line
            continue
        verdict = next(verdicts).verdict
        if verdict.refused:
            for error in verdict.errors:
                yield RowError(row, mapping.columns_of(error.field), f"{error.field}: {error.message}")
        else:
            yield line


def _read_rows(
    rows: Iterable[tuple[int, Sequence[Cell]]], headings: list[str], mapping: Mapping, exchange: str
) -> Iterator[tuple[int, bytes | RowError]]:
    for row, cells in rows:
        if all(map(is_blank, cells)):
            continue
        # A row of another length is shifted, mostly by an unquoted comma.
        if len(cells) < len(headings) or not all(map(is_blank, cells[len(headings) :])):
            has, needs = len(cells), len(headings)
            yield row, RowError(row, [], f"有 {has} 格，标题有 {needs} 格 / {has} cells under {needs} headings")
            continue
        document, faults = _read_document(dict(zip(headings, cells, strict=False)), mapping)
        if faults:
            yield from ((row, RowError(row, columns, message)) for columns, message in faults)
        else:
            yield row, event_of(mapping.kind, exchange, document) + b"\n"


def _read_document(cells: dict[str, Cell], mapping: Mapping) -> tuple[Json, list[tuple[list[str], str]]]:
    """Return the document of a row without empty fields, and the errors by columns."""
    document: Json = {}
    faults = []
    for path, source in mapping.sources.items():
        cell = None if source.column is None else cells[source.column]
        try:
            value = read_cell(mapping.known[path], source, cell)
        except CellError as error:
            faults.append(([source.column] if source.column else [], f"{path}: {error}"))
            continue
        if value is not None:
            outer, _, inner = path.rpartition(".")
            (document.setdefault(outer, {}) if outer else document)[inner] = value
    return document, faults
