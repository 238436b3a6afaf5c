"""Workbooks of extracts, read back by another library."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from services.incentive.extract.xlsx import write_workbook


def written(rows: list[list[Any]], sheet_rows: int = 1000) -> bytes:
    stream = io.BytesIO()
    write_workbook("表", ("甲 a", "金额 amount"), iter(rows), {1}, stream, sheet_rows)
    return stream.getvalue()


def read(content: bytes) -> list[list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [[tuple(cell.value for cell in row) for row in sheet.iter_rows()] for sheet in book.worksheets]


HEADINGS = ("甲 a", "金额 amount")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "a & <b>",
        " kept ",
        "一\n二",
        "\u0001",
        "_x0041_",
        "_x",
        "a\rb",
        "'",
        "１",
        "]]>",
        "\ufffe",
        "<r>a</r>",
        "<r>&</r>",
    ],
)
def test_text_stays_what_it_is(text: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(written([[text, None]])))
    cell = book.worksheets[0]["A2"]
    told = openpyxl.utils.escape.unescape(cell.value)
    assert (told, cell.data_type) == (text, "s")


def test_amounts_are_numbers_as_far_as_a_cell_keeps_them_whole() -> None:
    rows = [["1.00", "1234567890123.45"], [7, "-0.05"], ["x", "12345678901234.56"], ["x", "y"]]
    assert read(written(rows)) == [
        [HEADINGS, ("1.00", 1234567890123.45), (7, -0.05), ("x", "12345678901234.56"), ("x", "y")]
    ]
    sheet = openpyxl.load_workbook(io.BytesIO(written(rows))).worksheets[0]
    assert (sheet["B2"].number_format, sheet["A3"].number_format) == ("#,##0.00", "General")


@pytest.mark.parametrize(("count", "sizes"), [(0, [1]), (2, [3]), (3, [4]), (4, [4, 2]), (6, [4, 4]), (7, [4, 4, 2])])
def test_a_full_sheet_is_followed_by_another(count: int, sizes: list[int]) -> None:
    sheets = read(written([[f"r{n}", "1.00"] for n in range(count)], sheet_rows=4))
    assert [len(sheet) for sheet in sheets] == sizes
    assert all(sheet[0] == HEADINGS for sheet in sheets)
    assert [row[0] for sheet in sheets for row in sheet[1:]] == [f"r{n}" for n in range(count)]


def test_many_rows_and_a_text_that_is_too_long() -> None:
    rows = [[f"r{n}", "1.00"] for n in range(1234)] + [["x" * 40_000, None]]
    (sheet,) = read(written(rows, sheet_rows=10_000))
    assert [row[0] for row in sheet[1:-1]] == [f"r{n}" for n in range(1234)]
    assert len(sheet[-1][0]) == 32_767
    assert written(rows) == written(rows)
