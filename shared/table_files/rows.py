"""Reader of tables: the rows of a CSV file or of a workbook (XLSX), as texts. The content says which of both it is."""

import csv
import io
from collections.abc import Iterator
from typing import Final, NamedTuple

from shared.table_files.table_error import TableError
from shared.table_files.workbook import workbook_rows
from shared.values.file_types import XLSX

CSV_TYPE: Final = "text/csv"
XLSX_TYPE: Final = XLSX.media_type
_ZIP: Final = b"PK\x03\x04"
_COMPOUND: Final = b"\xd0\xcf\x11\xe0"  # XLS, and encrypted XLSX
_BYTE_ORDER_MARK: Final = "\ufeff"


class TableRow(NamedTuple):
    """A row that is not blank, without the blank cells at its end. `line` is its number in the file, from 1."""

    line: int
    cells: list[str]


def is_workbook(content: bytes) -> bool:
    """Return True for a workbook (XLSX), False for CSV. Raises TableError for XLS and encrypted workbooks."""
    if content.startswith(_COMPOUND):
        said = "不支持 XLS 或加密的工作簿，请另存为 XLSX / XLS and encrypted workbooks are not read: save it as XLSX"
        raise TableError(said)
    return content.startswith(_ZIP)


def table_media_type(content: bytes) -> str:
    """Return the media type of a table by its first bytes."""
    return XLSX_TYPE if content.startswith(_ZIP) else CSV_TYPE


def table_rows(content: bytes) -> Iterator[TableRow]:
    """Yield the rows of a table that are not blank. Raises TableError."""
    found = workbook_rows(content) if is_workbook(content) else _csv_rows(content)
    for line, cells in found:
        while cells and not cells[-1].strip():
            cells.pop()
        if cells:
            yield TableRow(line, cells)


def _csv_rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(csv_text(content), newline=""), strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise TableError(f"第 {reader.line_num} 行不是 CSV / line {reader.line_num} is not CSV: {error}") from error


def csv_text(content: bytes) -> str:
    """Decode a CSV file: UTF-8 or GB 18030. Raises TableError."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return content.decode(encoding).removeprefix(_BYTE_ORDER_MARK)
        except UnicodeDecodeError:
            continue
    raise TableError("CSV 须为 UTF-8 或 GB 18030 / CSV must be UTF-8 or GB 18030")
