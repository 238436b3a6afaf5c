"""Writer of workbooks (XLSX) in constant memory; the same rows give the same bytes."""

import re
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import IO, Final

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

SHEET_ROWS: Final = 1_048_576
_TEXT_MOST: Final = 32_767  # characters of a cell
_EXACT_DIGITS: Final = 15  # a number keeps no more
NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_MADE: Final = datetime(1980, 1, 1)  # noqa: DTZ001 - the date of every file
_MONEY: Final = "#,##0.00"

Row = Sequence[str | int | None]


class _Sheet(Worksheet):  # type: ignore[misc] # the library has no types
    """A sheet with a fast path for text that needs no escaping.

    The library scans each text several times, a sixth of the time of a workbook. It overrides private methods: if the
    first two are renamed one day, workbooks are the same and slower.
    """

    def _escape_control_characters(self, data: str) -> object:
        if data.isprintable() and "_x" not in data:
            return data
        return super()._escape_control_characters(data)

    def _escape_attributes(self, attribute: object) -> object:
        if isinstance(attribute, str) and not attribute.isalnum():
            return super()._escape_attributes(attribute)
        return attribute

    def _xml_rich_inline_string(self, string: str, attributes: object) -> None:
        # The library writes text that looks like its own rich-text markup unescaped.
        self._xml_inline_string(string, False, attributes)


def write_workbook(
    name: str,
    headings: Sequence[str],
    rows: Iterable[Row],
    amounts: Collection[int],
    stream: IO[bytes],
    sheet_rows: int = SHEET_ROWS,
) -> None:
    """Write sheets `<name> 1`, `<name> 2`, ..., each with the headings and as many rows as fit.

    `amounts` are columns of numbers with two decimals, written as numbers if a cell keeps them exactly. Other texts are
    text, never formulas or links, and are cut at the length limit of a cell.
    """
    with tempfile.TemporaryDirectory(prefix="jiangbu-") as folder:
        # In constant memory each row is written to a file in `folder` when the next begins.
        book = xlsxwriter.Workbook(stream, {"constant_memory": True, "tmpdir": folder})
        with closing(book):
            book.set_properties({"created": _MADE})
            money = book.add_format({"num_format": _MONEY})
            for number, row in enumerate(_with_headings(headings, rows, sheet_rows)):
                sheet_number, row_number = divmod(number, sheet_rows)
                if row_number == 0:
                    sheet = book.add_worksheet(f"{name} {sheet_number + 1}", _Sheet)
                for column, cell in enumerate(row):
                    if cell is None:
                        continue
                    if isinstance(cell, int):
                        sheet.write_number(row_number, column, cell)
                    elif column in amounts and _is_kept_whole(cell):
                        sheet.write_number(row_number, column, float(cell), money)
                    else:
                        sheet.write_string(row_number, column, cell[:_TEXT_MOST])


def _with_headings(headings: Sequence[str], rows: Iterable[Row], sheet_rows: int) -> Iterator[Row]:
    """Insert the headings at the top of each sheet."""
    yield headings
    for number, row in enumerate(rows):
        if number and number % (sheet_rows - 1) == 0:
            yield headings
        yield row


def _is_kept_whole(cell: str) -> bool:
    if NUMBER.fullmatch(cell) is None:
        return False
    return len(cell) <= _EXACT_DIGITS or sum(map(str.isdigit, cell)) <= _EXACT_DIGITS
