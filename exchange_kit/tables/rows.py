"""The rows of a table: of a CSV file, or of a workbook (XLSX) cell by cell as stored.

A workbook stores numbers as doubles. Python prints a double as the shortest decimal that equals it, which is the typed
number up to 15 digits; more digits become visible and are rejected where they do not belong.
"""

import csv
import warnings
import zipfile
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec
from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell as StoredCell
from openpyxl.cell import MergedCell
from openpyxl.styles.numbers import is_datetime
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from shared.language import LocalizedError

_EXACT: Final = 10**15
_PLAIN_FORMATS: Final = ("General", "0", "@")


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


Cell = str | NumberCell | Moment | Unreadable  # text in CSV and of text cells


def is_blank(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip()


def read_csv(file: Path, encoding: str) -> Iterator[list[str]]:
    """Yield the rows of a CSV file. TableFileError."""
    try:
        with file.open(encoding=encoding, newline="") as text:
            yield from csv.reader(text, strict=True)
    except UnicodeDecodeError as error:
        raise TableFileError(
            f"{file}: 不是 {encoding} 编码（可在映射文件中写 encoding: gb18030）",
            f"{file}: not encoded in {encoding} (the mapping may set encoding: gb18030)",
        ) from error
    except csv.Error as error:
        raise TableFileError(f"{file}: 不是 CSV：{error}", f"{file}: not CSV: {error}") from error


def read_xlsx(file: Path, sheet: str | None) -> Iterator[list[Cell]]:
    """Yield the rows of a sheet, hidden ones too, each at least as long as the first. TableFileError.

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
        found = _sheet_of(file, book, sheet)
        # Some programs store wrong dimensions.
        found.reset_dimensions()
        width = 0
        for row in found.rows:
            cells = [_read(cell) for cell in row]
            width = width or len(cells)
            yield cells + [""] * (width - len(cells))
    finally:
        book.close()


def _sheet_of(file: Path, book: Workbook, name: str | None) -> ReadOnlyWorksheet:
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


def _read(cell: StoredCell | MergedCell) -> Cell:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return Unreadable("是公式：请复制后“选择性粘贴”为数值 / is a formula: paste it as a value")
    if cell.data_type == "e":
        return Unreadable(f"是错误值 / is an error value: {value}")
    if isinstance(value, datetime):
        return Moment(value, is_datetime(cell.number_format) != "date")
    if isinstance(value, bool):
        return str(value).upper()
    return _read_number(value, cell.number_format) if isinstance(value, int | float) else str(value)


def _read_number(value: float, number_format: str) -> NumberCell:
    number = Decimal(repr(value))
    whole = number == number.to_integral_value()
    text = str(int(number)) if whole else f"{number:f}"
    return NumberCell(text, whole and abs(number) < _EXACT and number_format in _PLAIN_FORMATS)
