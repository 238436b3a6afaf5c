"""Workbooks that people would send."""

import io
from collections.abc import Callable, Sequence
from typing import Any

from openpyxl import Workbook


def xlsx(*sheets: Sequence[Sequence[Any]], change: Callable[[Workbook], None] | None = None) -> bytes:
    """A workbook with these sheets, each with these rows from its first line."""
    book, out = Workbook(), io.BytesIO()
    book.remove(book.worksheets[0])
    for rows in sheets:
        sheet = book.create_sheet()
        for line, row in enumerate(rows, 1):
            for column, value in enumerate(row, 1):
                sheet.cell(line, column, value)
    if change is not None:
        change(book)
    book.save(out)
    return out.getvalue()
