"""Reader of workbooks (XLSX): the cells of their only sheet, as the texts that a CSV file of it would have.

A workbook is a zip of XML. Its sizes, tags and rows are bounded before openpyxl parses it: within the bounds, that
takes at most 12 s and 150 MB.
"""

import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Context, Decimal
from itertools import pairwise
from typing import Final

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from shared.language import LocalizedError
from shared.table_files.table_error import TableError

_MOST_BYTES: Final = 16 << 20  # of all parts, unpacked: a payment list of 10,000 rows takes 5 MB
_MOST_PARTS: Final = 500
_MOST_TAGS: Final = 1_500_000  # of a sheet or of the shared texts
_MOST_OTHER_TAGS: Final = 100_000  # of another part: each style becomes an object
_MOST_ROW_BYTES: Final = 1 << 20
_MOST_COLUMNS: Final = 256
_MOST_LINES: Final = 1_048_576
_SHOWN: Final = 10  # cells that an error names
_LARGE_PARTS: Final = ("xl/worksheets/", "xl/sharedStrings")
_ROW: Final = re.compile(rb"<(?:\w+:)?row\b")
_DOCTYPES: Final = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
_ZEROS: Final = re.compile("0+")
# A double keeps 15 digits. More are an artefact of arithmetic, such as 0.30000000000000004.
_KEPT_DIGITS: Final = Context(prec=15)
_KEEPS_FEN_BELOW: Final = 10**13
_KEEPS_UNITS_BELOW: Final = 10**15


class UnreadableCellError(ValueError):
    """A cell has no value that was typed; the message says why (中文 / English)."""


def typed_value(cell: Cell | MergedCell) -> str | int | float | datetime:
    """Return the value that was typed into a cell, a truth value as Excel shows it; an empty text for none.

    Raises UnreadableCellError.
    """
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        raise UnreadableCellError("是公式：请复制后“选择性粘贴”为数值 / is a formula: paste it as a value")
    if cell.data_type == "e":
        raise UnreadableCellError(f"是错误值 / is an error value: {value}")
    if isinstance(value, bool):
        return str(value).upper()
    return value if isinstance(value, int | float | datetime) else str(value)


def workbook_rows(content: bytes) -> list[tuple[int, list[str]]]:
    """The rows of the only visible sheet with content, hidden rows too, each with its number. Raises TableError."""
    with open_workbook(content) as book:
        return _only_sheet(book)


@contextmanager
def open_workbook(content: bytes) -> Iterator[Workbook]:
    """Open a workbook whose size is bounded, to be read. Raises TableError, also for what is found damaged within."""
    book = None
    try:
        _check_size(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about styles and extensions that are not read
            book = load_workbook(io.BytesIO(content), read_only=True)
            yield book
    except (TableError, LocalizedError):
        raise
    except Exception as error:  # of any class, raised by openpyxl and zipfile for a damaged file
        said = "不是完好的 XLSX 工作簿 / not an intact XLSX workbook"
        raise TableError(f"{said} ({type(error).__name__})") from error
    finally:
        if book is not None:
            book.close()


def _check_size(content: bytes) -> None:
    """Refuse a workbook whose parts are too large when they are unpacked, or that declares XML entities."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = packed.infolist()
        # A part that is larger than the directory says is cut there, and fails its checksum.
        if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_BYTES:
            raise _too_large()
        for part in parts:
            _check_part(part.filename, packed.read(part))


def _check_part(name: str, xml: bytes) -> None:
    if any(doctype in xml for doctype in _DOCTYPES):
        raise TableError("工作簿含有 XML 文档类型声明 / the workbook has an XML document type declaration")
    starts = [found.start() for found in _ROW.finditer(xml)] + [len(xml)]
    longest = max((end - start for start, end in pairwise(starts)), default=0)
    most_tags = _MOST_TAGS if name.startswith(_LARGE_PARTS) else _MOST_OTHER_TAGS
    if xml.count(b"<") > most_tags or longest > _MOST_ROW_BYTES:
        raise _too_large()


def _too_large() -> TableError:
    return TableError("工作簿过大，请分几次发送 / the workbook is too large: send it in parts")


def _only_sheet(book: Workbook) -> list[tuple[int, list[str]]]:
    """The rows of the only visible sheet that is not empty."""
    found = {
        sheet.title: rows
        for sheet in book.worksheets
        if sheet.sheet_state == "visible" and (rows := _sheet_rows(sheet))
    }
    if len(found) > 1:
        names = "、".join(found)
        raise TableError(f"有内容的工作表不止一张，请只留一张 / more than one sheet has content, keep one: {names}")
    return next(iter(found.values()), [])


def _sheet_rows(sheet: ReadOnlyWorksheet) -> list[tuple[int, list[str]]]:
    """The rows that are not blank. Raises TableError with the cells that cannot be read."""
    sheet.reset_dimensions()  # some programs state wrong ones
    rows: list[tuple[int, list[str]]] = []
    faults: list[str] = []
    for line, row in enumerate(sheet.rows, 1):
        if line > _MOST_LINES or len(row) > _MOST_COLUMNS:
            raise _too_large()
        cells = _row_texts(line, row, faults)
        if any(cells):
            rows.append((line, cells))
        if len(faults) >= _SHOWN:
            break
    if faults:
        raise TableError("; ".join(faults))
    return rows


def _row_texts(line: int, row: Sequence[Cell | MergedCell], faults: list[str]) -> list[str]:
    cells = []
    for column, cell in enumerate(row, 1):
        try:
            cells.append(_text(cell))
        except UnreadableCellError as error:
            faults.append(f"{get_column_letter(column)}{line} {error}")
    return cells


def _text(cell: Cell | MergedCell) -> str:
    value = typed_value(cell)
    if isinstance(value, int | float):
        return _number_text(value, cell.number_format)
    if isinstance(value, datetime):
        is_day = value.time() == value.time().min
        return value.date().isoformat() if is_day else value.isoformat(" ")
    return value


def _number_text(value: float, number_format: str) -> str:
    """The decimal that was typed, without an artefact of binary fractions; with the zeros in front of `00000`."""
    number = Decimal(repr(value))
    kept = _KEPT_DIGITS.plus(number)
    if not abs(number) < (_KEEPS_FEN_BELOW if kept != number else _KEEPS_UNITS_BELOW):
        said = "超过 15 位的数字，请改为文本 / is a number of more than 15 digits, enter it as text"
        raise UnreadableCellError(said)
    if kept != kept.to_integral_value():
        return f"{kept.normalize():f}"
    whole = str(int(kept))
    return whole.zfill(len(number_format)) if _ZEROS.fullmatch(number_format) else whole
