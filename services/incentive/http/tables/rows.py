"""Reader of sent tables: columns by their headings, Chinese or English, in any order; cells as people write them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Final, TypeVar

from flask import request

from services.incentive.commands.declare import InputFault
from shared.table_files.rows import CSV_TYPE, XLSX_TYPE, TableRow, table_rows
from shared.table_files.table_error import TableError
from shared.values.json_types import Json
from shared.web.problems import FieldFault, Problem
from shared.web.query import BINARY, TEXT

MOST_ROWS: Final = 1_000
_HEADINGS_WITHIN: Final = 10  # rows
_DAY: Final = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_AMOUNT: Final = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]{1,2}))?")
_DOCUMENT: Final = re.compile(r"(.+?)\s+([0-9a-fA-F]{64})")
MadeRow = TypeVar("MadeRow")


def table_body(example: str) -> Json:
    """Return the body of an OpenAPI operation that takes a table, with an example as CSV."""
    return {
        "required": True,
        "content": {CSV_TYPE: {"schema": TEXT, "example": example}, XLSX_TYPE: {"schema": BINARY}},
    }


def sent_table() -> bytes:
    """Return the table in the body of the request, whose content says the format. Problem 415 for other types."""
    if request.mimetype not in (CSV_TYPE, XLSX_TYPE):
        types = f"{CSV_TYPE}, {XLSX_TYPE}"
        raise Problem(415, f"内容类型须为 {types} 之一 / the content type must be one of {types}")
    return request.get_data()


def refuse_faulty_rows(result: Json) -> None:
    """Raise Problem 422 with each fault by line and column, if a row of an answered table has one."""
    refuse_faults((row["line"], fault["field"], fault["message"]) for row in result["rows"] for fault in row["errors"])


def refuse_faults(faults: Iterable[tuple[int, str, str]]) -> None:
    """Raise Problem 422 with each fault, given as line, field and message, if there is one."""
    found = [FieldFault(f"{line}.{field}", message) for line, field, message in faults]
    if found:
        raise Problem(422, errors=found)


def read_rows(
    content: bytes,
    known: Mapping[str, tuple[str, ...]],
    required: Sequence[str],
    make: Callable[[int, list[str], list[str]], MadeRow],
    most: int = MOST_ROWS,
) -> list[MadeRow]:
    """Make each row of a table from its line, columns and cells. `known` are the headings of each column."""
    found = table_rows(content)
    columns = _columns(found, known, required)
    rows = [make(row.line, columns, row.cells) for row in islice(found, most + 1)]
    if not rows:
        raise TableError("没有数据行 / there are no rows")
    if len(rows) > most:
        raise TableError(f"一次最多 {most} 行 / at most {most} rows at once")
    return rows


def _columns(rows: Iterator[TableRow], known: Mapping[str, tuple[str, ...]], required: Sequence[str]) -> list[str]:
    """The columns by the first row that has a known heading; titles above it are skipped."""
    headings = {name for names in known.values() for name in names}
    first: list[str] = []
    for row in islice(rows, _HEADINGS_WITHIN):
        if any(not headings.isdisjoint(_words(cell)) for cell in row.cells):
            return read_headings(row.cells, known, required)
        first = first or row.cells
    return read_headings(first, known, required)


def _words(heading: str) -> list[str]:
    return [heading.strip(), *heading.split()]


def read_headings(headings: Sequence[str], known: Mapping[str, tuple[str, ...]], required: Sequence[str]) -> list[str]:
    """Return the columns by their headings; a heading with both words, such as "奖项 rule", is known by either."""
    by_heading = {heading: column for column, names in known.items() for heading in names}
    columns: list[str] = []
    for number, heading in enumerate(headings, 1):
        if not heading.strip():
            said = f"第 {number} 列没有标题，合并的标题请拆开 / column {number} has no heading: split merged headings"
            raise TableError(said)
        column = next((by_heading[word] for word in _words(heading) if word in by_heading), None)
        if column is None:
            listed = ", ".join(" ".join((names[0], names[-1])) for names in known.values())
            raise TableError(f"没有此列 / no such column: {heading!r} ({listed})")
        if column in columns:
            raise TableError(f"重复的列 / repeated column: {heading!r}")
        columns.append(column)
    missing = [" ".join((known[name][0], name)) for name in required if name not in columns]
    if missing:
        raise TableError(f"缺少列 / columns are missing: {', '.join(missing)}")
    return columns


def too_many_cells(cells: Sequence[str], columns: Sequence[str]) -> InputFault:
    """The fault of a row with more cells than the table has headings."""
    said = f"有 {len(cells)} 格，标题只有 {len(columns)} 列 / has {len(cells)} cells for {len(columns)} headings"
    return InputFault("", said)


def subject_of_cell(cell: str) -> str:
    """Convert a unified social credit code to the subject; a cell that names a scheme stays as it is."""
    return cell if ":" in cell else f"uscc:{cell}"


def day_of_cell(cell: str) -> str:
    """Convert 2026/3/1 to 2026-03-01; anything else is left for the schema to refuse."""
    match = _DAY.fullmatch(cell)
    try:
        return cell if match is None else date(*map(int, match.groups())).isoformat()
    except ValueError:
        return cell


def amount_of_cell(cell: str) -> str:
    """Convert 200,000 and 200000.5 to 200000.00 and 200000.50; anything else is left for the schema to refuse."""
    match = _AMOUNT.fullmatch(cell)
    return cell if match is None else f"{match[1].replace(',', '')}.{(match[2] or '').ljust(2, '0')}"


def documents_of_cell(cell: str, faults: list[InputFault]) -> Iterator[dict[str, str]]:
    """Read `name sha256`, several separated by semicolons."""
    for part in filter(None, (piece.strip() for piece in re.split("[;；]", cell))):
        match = _DOCUMENT.fullmatch(part)
        if match is None:
            said = "须为“名称 SHA-256”，多个以分号分隔 / must be name and SHA-256, several separated by semicolons"
            faults.append(InputFault("documents", said))
            return
        yield {"name": match[1], "sha256": match[2].lower()}
