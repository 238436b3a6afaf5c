"""Reader of tables in CSV: columns by their headings, Chinese or English, in any order; cells as people write them."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, TypeVar

from flask import request

from services.incentive.commands.declare import InputFault
from shared.values.json_types import Json
from shared.web.csv_list import CSV
from shared.web.problems import FieldFault, Problem
from shared.web.query import TEXT

MOST_ROWS: Final = 1_000
TABLE_BODY: Final = {"required": True, "content": {CSV: {"schema": TEXT}}}  # of the OpenAPI operation
_DAY: Final = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_DOCUMENT: Final = re.compile(r"(.+?)\s+([0-9a-fA-F]{64})")
MadeRow = TypeVar("MadeRow")


class TableError(ValueError):
    """The file is not a table of the expected columns; the message says why."""


def sent_table() -> bytes:
    """Return the table in the body of the request. Problem 415 if the body is not CSV."""
    if request.mimetype != CSV:
        raise Problem(415, f"内容类型须为 {CSV} / the content type must be {CSV}")
    return request.get_data()


def refuse_faulty_rows(result: Json) -> None:
    """Raise Problem 422 with each fault by line and column, if a row of an answered table has one."""
    faults = [(row["line"], fault) for row in result["rows"] for fault in row["errors"]]
    if faults:
        raise Problem(422, errors=[FieldFault(f"{line}.{fault['field']}", fault["message"]) for line, fault in faults])


def read_rows(
    content: bytes,
    known: Mapping[str, tuple[str, ...]],
    required: Sequence[str],
    make: Callable[[int, list[str], list[str]], MadeRow],
    most: int = MOST_ROWS,
) -> list[MadeRow]:
    """Make each row of a table from its line, columns and cells. `known` are the headings of each column."""
    reader = csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    try:
        columns = read_headings(next(reader, []), known, required)
        rows = [make(reader.line_num, columns, cells) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise TableError(f"第 {reader.line_num} 行不是 CSV / line {reader.line_num} is not CSV: {error}") from error
    if not rows:
        raise TableError("没有数据行 / there are no rows")
    if len(rows) > most:
        raise TableError(f"一次最多 {most} 行 / at most {most} rows at once")
    return rows


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError("须为 UTF-8 或 GB 18030 / must be UTF-8 or GB 18030")


def read_headings(headings: Sequence[str], known: Mapping[str, tuple[str, ...]], required: Sequence[str]) -> list[str]:
    """Return the columns by their headings; a heading with both words, such as "奖项 rule", is known by either."""
    by_heading = {heading: column for column, names in known.items() for heading in names}
    columns: list[str] = []
    for heading in headings:
        words = [heading.strip(), *heading.split()]
        column = next((by_heading[word] for word in words if word in by_heading), None)
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


def documents_of_cell(cell: str, faults: list[InputFault]) -> Iterator[dict[str, str]]:
    """Read `name sha256`, several separated by semicolons."""
    for part in filter(None, (piece.strip() for piece in re.split("[;；]", cell))):
        match = _DOCUMENT.fullmatch(part)
        if match is None:
            said = "须为“名称 SHA-256”，多个以分号分隔 / must be name and SHA-256, several separated by semicolons"
            faults.append(InputFault("documents", said))
            return
        yield {"name": match[1], "sha256": match[2].lower()}
