"""Rows of a table to events, one a row, by a mapping; what comes out is what intake accepts.

The same table gives the same bytes: an event's id is made of exchange, kind, number and revision, and its time is that
of the document. A row is counted as spreadsheets count it: the headings are row 1.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import tee
from pathlib import Path

import msgspec

from exchange_kit.records import Json, event_of
from exchange_kit.tables.cells import Cell, is_blank
from exchange_kit.tables.mapping import CellError, Mapping, read_cell
from exchange_kit.validate import judge
from shared.events.decode import FieldError


class Fault(msgspec.Struct, frozen=True):
    """What is wrong in which row; `columns` are the headings it is about, none if it is about the row."""

    row: int
    columns: list[str]
    message: str


def read_csv(file: Path, encoding: str) -> Iterator[list[str]]:
    """The rows of a CSV file. ValueError says in one line what cannot be read."""
    try:
        with file.open(encoding=encoding, newline="") as text:
            yield from csv.reader(text, strict=True)
    except UnicodeDecodeError as error:
        said = "可在映射文件中写 encoding: gb18030 / the mapping may say so"
        raise ValueError(f"{file}: 不是 / is not {encoding} ({said})") from error
    except csv.Error as error:
        raise ValueError(f"{file}: 不是 CSV / is not CSV: {error}") from error


def convert(rows: Iterable[Sequence[Cell]], mapping: Mapping, exchange: str) -> Iterator[bytes | Fault]:
    """A line for each row that intake would accept, a fault or more for each other; duplicates give lines too.

    `rows` begins with the headings. A heading that is missing or there twice ends it with a fault for row 1.
    """
    numbered = enumerate(rows, start=1)
    _, first = next(numbered, (1, ()))
    headings = [cell.strip() if isinstance(cell, str) else "" for cell in first]
    wanted = sorted({source.column for source in mapping.sources.values() if source.column is not None})
    wrong = [heading for heading in wanted if headings.count(heading) != 1]
    if wrong:
        said = "须有且只有一列有此标题 / exactly one column must have this heading"
        yield from (Fault(1, [heading], said) for heading in wrong)
        return
    found, again = tee(_read_rows(numbered, headings, mapping, exchange))
    # One verdict a line, each taken before the next row is read.
    verdicts = judge((line for _, line in again if isinstance(line, bytes)), exchange)
    for row, line in found:
        if isinstance(line, Fault):
            yield line
            continue
        verdict = next(verdicts).verdict
        if verdict.refused:
            yield from (_located(row, error, mapping) for error in verdict.errors)
        else:
            yield line


def _read_rows(
    rows: Iterable[tuple[int, Sequence[Cell]]], headings: list[str], mapping: Mapping, exchange: str
) -> Iterator[tuple[int, bytes | Fault]]:
    for row, cells in rows:
        if all(map(is_blank, cells)):
            continue
        # A row of another length is shifted somewhere, mostly by a comma that is not quoted.
        if len(cells) < len(headings) or not all(map(is_blank, cells[len(headings) :])):
            said = f"有 {len(cells)} 格，标题有 {len(headings)} 格 / {len(cells)} cells under {len(headings)} headings"
            yield row, Fault(row, [], said)
            continue
        document, faults = _read_document(dict(zip(headings, cells, strict=False)), mapping)
        if faults:
            yield from ((row, Fault(row, columns, message)) for columns, message in faults)
        else:
            yield row, event_of(mapping.kind, exchange, document) + b"\n"


def _read_document(cells: dict[str, Cell], mapping: Mapping) -> tuple[Json, list[tuple[list[str], str]]]:
    """The document of a row, without members of which nothing is said, and what could not be read in which column."""
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


def _located(row: int, error: FieldError, mapping: Mapping) -> Fault:
    return Fault(row, mapping.columns_of(error.field), f"{error.field}: {error.message}")
