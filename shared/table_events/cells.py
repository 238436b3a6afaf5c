"""The rows of a table: of a CSV file, or of a workbook (XLSX) cell by cell as stored.

A workbook stores numbers as doubles. Python prints a double as the shortest decimal that equals it, which is the typed
number up to 15 digits; more digits become visible and are rejected where they do not belong.
"""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec
from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell as StoredCell
from openpyxl.cell import MergedCell
from openpyxl.styles.numbers import is_datetime
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from shared.language import LocalizedError
from shared.table_files.rows import csv_text, is_workbook
from shared.table_files.workbook import UnreadableCellError, open_workbook, typed_value

_EXACT: Final = 10**15
_PLAIN_FORMATS: Final = ("General", "0", "@")
_MERGED: Final = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*\bref=\"([A-Z]+)([0-9]+):[A-Z]+([0-9]+)\"")
_MOST_MERGED: Final = 100_000  # rows of merged cells


class TableFileError(LocalizedError):
    """A table or its mapping cannot be read."""


class NumberCell(msgspec.Struct, frozen=True):
    """A number as an exact plain decimal. `shown`: it is displayed exactly so, and may therefore be an identifier.

    A workbook may store 123 for a displayed 00123, and does not store a 16th digit.
    """

    text: str
    shown: bool


class Moment(msgspec.Struct, frozen=True):
    """A date, or an instant without an offset."""

    at: datetime
    has_time: bool


class Unreadable(msgspec.Struct, frozen=True):
    """An unreadable cell; the message says why (中文 / English)."""

    message: str


class Merged(msgspec.Struct, frozen=True):
    """A cell of a column in which several rows are merged: the value that all of them show."""

    cell: "str | NumberCell | Moment | Unreadable"
    is_first: bool


Cell = str | NumberCell | Moment | Unreadable | Merged  # text in CSV and of text cells


def is_blank(cell: Cell) -> bool:
    """Return True for a cell without content of its own."""
    if isinstance(cell, Merged):
        return not cell.is_first or is_blank(cell.cell)
    return isinstance(cell, str) and not cell.strip()


def shown_cell(cell: Cell) -> "str | NumberCell | Moment | Unreadable":
    """Return the cell that is shown: of merged cells, their value."""
    return cell.cell if isinstance(cell, Merged) else cell


def read_table(content: bytes, sheet: str | None, most: int) -> list[list[Cell]]:
    """Read the first rows, at most `most`, of a file that somebody sent: CSV (UTF-8 or GB 18030) or bounded XLSX.

    Raises TableError or TableFileError.
    """
    if is_workbook(content):
        with open_workbook(content) as book:
            return list(islice(_sheet_rows(_sheet_of("XLSX", book, sheet)), most))
    return list(islice(_csv_rows("CSV", io.StringIO(csv_text(content), newline="")), most))


def sheet_names(content: bytes) -> list[str]:
    """Return the names of the visible sheets; none of a CSV file. Raises TableError."""
    if not is_workbook(content):
        return []
    with open_workbook(content) as book:
        return [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]


def read_csv(file: Path, encoding: str) -> Iterator[list[Cell]]:
    """Yield the rows of a CSV file. TableFileError."""
    try:
        with file.open(encoding=encoding, newline="") as text:
            yield from _csv_rows(str(file), text)
    except UnicodeDecodeError as error:
        raise TableFileError(
            f"{file}: 不是 {encoding} 编码（可在映射文件中写 encoding: gb18030）",
            f"{file}: not encoded in {encoding} (the mapping may set encoding: gb18030)",
        ) from error


def _csv_rows(name: str, text: Iterable[str]) -> Iterator[list[Cell]]:
    try:
        for row in csv.reader(text, strict=True):
            yield [*row]
    except csv.Error as error:
        raise TableFileError(f"{name}: 不是 CSV：{error}", f"{name}: not CSV: {error}") from error


def read_xlsx(file: Path, sheet: str | None) -> Iterator[list[Cell]]:
    """Yield the rows of a sheet, hidden ones too, each at least as long as those before. TableFileError.

    Without a name, the only visible sheet is read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about unsupported styles and extensions
            book = load_workbook(file, read_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise TableFileError(
            f"{file}: 不是 XLSX 文件，或有密码", f"{file}: not an XLSX file, or has a password"
        ) from error
    try:
        yield from _sheet_rows(_sheet_of(str(file), book, sheet))
    finally:
        book.close()


def _sheet_rows(sheet: ReadOnlyWorksheet) -> Iterator[list[Cell]]:
    """Yield the rows of a sheet; a value of merged rows stands in each of them."""
    merged = _merged_rows(sheet)
    shown: dict[int, Merged] = {}  # by column
    # Some programs store wrong dimensions.
    sheet.reset_dimensions()
    width = 0
    for line, row in enumerate(sheet.rows, 1):
        read = [_read(cell) for cell in row]
        width = max(width, len(read))
        read += [""] * (width - len(read))
        cells: list[Cell] = [*read]
        for column, (first, last) in merged.get(line, {}).items():
            cells += [""] * (column - len(cells))
            if line == first:
                shown[column] = Merged(read[column - 1] if column <= len(read) else "", is_first=True)
            cells[column - 1] = shown[column]
            if line < last:
                shown[column] = Merged(shown[column].cell, is_first=False)
        yield cells


def _merged_rows(sheet: ReadOnlyWorksheet) -> dict[int, dict[int, tuple[int, int]]]:
    """Return by row and column the first and last row of merged cells that have several rows.

    Only the first of their columns is returned, which has the value.
    """
    found: dict[int, dict[int, tuple[int, int]]] = {}
    with sheet._get_source() as source:  # type: ignore[attr-defined]  # noqa: SLF001 - offered nowhere else
        refs = _MERGED.findall(source.read())
    bounds = [(column_index_from_string(ref[0].decode()), int(ref[1]), int(ref[2])) for ref in refs]
    if sum(last - first for _, first, last in bounds) > _MOST_MERGED:
        raise TableFileError("合并的单元格过多，请取消合并", "too many merged cells: unmerge them")
    for column, first, last in bounds:
        for line in range(first, last + 1) if last > first else ():
            found.setdefault(line, {})[column] = (first, last)
    return found


def _sheet_of(file: str, book: Workbook, name: str | None) -> ReadOnlyWorksheet:
    shown = {sheet.title: sheet for sheet in book.worksheets if sheet.sheet_state == "visible"}
    if name is None and len(shown) == 1:
        return next(iter(shown.values()))
    if name is not None and name in book.sheetnames:
        return book[name]
    names = "、".join(shown)
    raise TableFileError(
        f"{file}: 请在映射文件中写 sheet: 表名：{names}",
        f"{file}: the mapping must name one of the sheets: {names}",
    )


def _read(cell: StoredCell | MergedCell) -> str | NumberCell | Moment | Unreadable:
    try:
        value = typed_value(cell)
    except UnreadableCellError as error:
        return Unreadable(str(error))
    if isinstance(value, datetime):
        return Moment(value, is_datetime(cell.number_format) != "date")
    return _read_number(value, cell.number_format) if isinstance(value, int | float) else value


def _read_number(value: float, number_format: str) -> NumberCell:
    number = Decimal(repr(value))
    whole = number == number.to_integral_value()
    text = str(int(number)) if whole else f"{number:f}"
    return NumberCell(text, whole and abs(number) < _EXACT and number_format in _PLAIN_FORMATS)
