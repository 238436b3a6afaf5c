"""CSV and XLSX give the same rows; cells are what was typed or are refused by name; hostile files are refused."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.datavalidation import DataValidation

from shared.table_files.rows import CSV_TYPE, XLSX_TYPE, TableRow, table_media_type, table_rows
from shared.table_files.table_error import TableError
from tests.support.table_files.workbooks import xlsx

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl import Workbook

# Characters that both formats keep: a workbook escapes control characters as _x000D_, and has one kind of line end.
TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co"), exclude_characters="_=\ufeff"), max_size=8)
SHEET = "xl/worksheets/sheet1.xml"


def repacked(content: bytes, **parts: bytes) -> bytes:
    """The workbook with other XML in its sheet or shared texts (`sheet`, `texts`), or with a further part (`more`)."""
    names = {"sheet": SHEET, "texts": "xl/sharedStrings.xml", "more": "xl/more.xml"}
    changed = {names[part]: xml for part, xml in parts.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as found, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        for name in found.namelist():
            written.writestr(name, changed.pop(name, found.read(name)))
        for name, xml in changed.items():
            written.writestr(name, xml)
    return out.getvalue()


def sheet_xml(rows: str) -> bytes:
    head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return f"{head}{rows}</sheetData></worksheet>".encode()


def csv_text(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def cells(content: bytes) -> list[list[str]]:
    return [row.cells for row in table_rows(content)]


@given(
    st.lists(st.lists(TEXTS, min_size=1, max_size=4), max_size=5), st.sampled_from(["utf-8", "utf-8-sig", "gb18030"])
)
def test_both_formats_give_the_same_rows(rows: list[list[str]], encoding: str) -> None:
    read = list(table_rows(csv_text(rows).encode(encoding)))
    assert read == list(table_rows(xlsx(rows)))
    assert [row.line for row in read] == [line for line, row in enumerate(rows, 1) if any(map(str.strip, row))]


@given(st.integers(0, 10**15 - 1))
def test_an_amount_is_read_to_the_fen(fen: int) -> None:
    """A number cell stores a double; up to 15 digits nothing of it shows."""
    ((found,),) = cells(xlsx([[fen / 100]]))
    yuan, _, decimals = found.partition(".")
    assert int(yuan + decimals.ljust(2, "0")) == fen


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (200000, "General", "200000"),
        (200000.0, "#,##0.00", "200000"),
        (0.1 + 0.2, "General", "0.3"),
        (1234567890123.45, "0.00", "1234567890123.45"),
        (1e-7, "General", "0.0000001"),
        (-0.0, "General", "0"),
        (123, "00000", "00123"),
        (1.5, "00", "1.5"),
        (999999999999999, "0", "999999999999999"),
        (True, "General", "TRUE"),
        (date(2026, 3, 1), "yyyy/m/d", "2026-03-01"),
        (datetime(2026, 3, 1), "yyyy-mm-dd hh:mm", "2026-03-01"),  # noqa: DTZ001 - as workbooks have them
        (datetime(2026, 3, 1, 8, 30), "yyyy-mm-dd hh:mm", "2026-03-01 08:30:00"),  # noqa: DTZ001
        (time(8, 30), "hh:mm", "08:30:00"),
        ("00123", "@", "00123"),
    ],
)
def test_a_cell_is_what_was_typed(value: Any, number_format: str, text: str) -> None:
    def change(book: Workbook) -> None:
        book.worksheets[0].cell(1, 1).number_format = number_format

    assert cells(xlsx([[value]], change=change)) == [[text]]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("=1+1", "A3 是公式"),
        ("#REF!", "A3 是错误值"),
        (915301001234567000, "A3 超过 15 位的数字"),
        (12345678901234.56, "A3 超过 15 位的数字"),
        (1e300, "A3 超过 15 位的数字"),
    ],
)
def test_a_cell_without_a_typed_value_is_refused_by_name(value: Any, said: str) -> None:
    with pytest.raises(TableError, match=re.escape(said)):
        cells(xlsx([["a"], [], [value]]))
    with pytest.raises(TableError, match=f"{re.escape(said)}.*; B4 "):
        cells(xlsx([["a"], [], [value], [1, value]]))


def test_lines_are_counted_as_the_sheet_counts_them_and_blank_ones_skipped() -> None:
    rows = [[None], ["a", None, " "], [], [None, "b"], [" "], []]
    assert list(table_rows(xlsx(rows))) == [TableRow(2, ["a"]), TableRow(4, ["", "b"])]
    sparse = repacked(xlsx([["x"]]), sheet=sheet_xml('<row r="9"><c r="B9"><v>7</v></c></row><row r="900000"/>'))
    assert list(table_rows(sparse)) == [TableRow(9, ["", "7"])]


def test_one_visible_sheet_is_read() -> None:
    def hide(book: Workbook) -> None:
        book.worksheets[1].sheet_state = "hidden"

    assert cells(xlsx([], [["a"]], [[None]])) == [["a"]]
    assert cells(xlsx([["a"]], [["b"]], change=hide)) == [["a"]]
    assert cells(xlsx([], [])) == []
    with pytest.raises(TableError, match="keep one: Sheet、Sheet1"):
        cells(xlsx([["a"]], [["b"]]))


def test_what_else_a_workbook_has_is_not_read() -> None:
    """Wrong dimensions, merged cells, validations that openpyxl warns of, and extensions."""

    def change(book: Workbook) -> None:
        sheet = book.worksheets[0]
        sheet.merge_cells("A2:B2")
        sheet.add_data_validation(DataValidation(type="list", formula1='"a,b"'))

    content = xlsx([["a", "b"], ["c", "d"]], change=change)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        xml = packed.read(SHEET).decode()
    extended = xml.replace('ref="A1:B2"', 'ref="A1"').replace(
        "</worksheet>", '<extLst><ext uri="{X}"/></extLst></worksheet>'
    )
    assert extended != xml
    assert cells(repacked(content, sheet=extended.encode())) == [["a", "b"], ["c"]]


def test_the_content_says_the_format() -> None:
    assert table_media_type(xlsx([["a"]])) == XLSX_TYPE
    assert table_media_type(b"a,b\n") == CSV_TYPE
    assert cells("a,b\r\n".encode("utf-16")[2:]) != [["a", "b"]]  # it is neither UTF-8 nor GB 18030


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as XLSX"),
        (b"PK\x03\x04", "not an intact XLSX"),
        (xlsx([["a"]])[:-60], "not an intact XLSX"),
        (repacked(xlsx([["a"]]), sheet=b"<worksheet>"), "not an intact XLSX"),
        (
            repacked(xlsx([["a"]]), sheet=sheet_xml('<row r="1"><c r="A1" t="s"><v>7</v></c></row>')),
            "not an intact XLSX",
        ),
        (repacked(xlsx([["a"]]), sheet=sheet_xml('<row r="1"><c r="A1"><v>nan</v></c></row>')), "not an intact XLSX"),
        (b"\xff\xfea\x00", "CSV must be UTF-8"),
        (b'a\n"b\n', "is not CSV"),
    ],
)
def test_a_damaged_file_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(TableError, match=said):
        cells(content)


def bomb(size: int) -> bytes:
    return repacked(xlsx([["a"]]), more=b"0" * size)


@pytest.mark.parametrize(
    "content",
    [
        bomb(64 << 20),
        repacked(xlsx([["a"]]), sheet=sheet_xml('<row r="1"><c r="IX1"><v>1</v></c></row>')),
        repacked(xlsx([["a"]]), sheet=sheet_xml('<row r="99999999999"><c r="A1"><v>1</v></c></row>')),
        repacked(xlsx([["a"]]), sheet=sheet_xml(f'<row r="1">{"<c/>" * 300_000}</row>')),
        repacked(xlsx([["a"]]), texts=b"<sst>" + b"<si/>" * 1_600_000),
        repacked(xlsx([["a"]]), more=b"<xf/>" * 110_000),
    ],
    ids=["bytes", "columns", "lines", "cells of a row", "texts", "styles"],
)
def test_a_bomb_is_refused(content: bytes) -> None:
    assert len(content) < 1 << 20
    with pytest.raises(TableError, match="too large"):
        cells(content)


def test_a_bomb_is_refused_by_the_sizes_of_its_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> bytes:
        raise AssertionError("a part was unpacked")

    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as packed:
        for number in range(501):
            packed.writestr(f"{number}", b"")
    bombs = bomb(64 << 20), many.getvalue()
    monkeypatch.setattr(zipfile.ZipFile, "read", read)
    for content in bombs:
        with pytest.raises(TableError, match="too large"):
            cells(content)


def test_a_part_larger_than_the_directory_says_is_not_unpacked_whole() -> None:
    content = bytearray(bomb(32 << 20))
    at = content.rfind(b"PK\x01\x02")
    assert int.from_bytes(content[at + 24 : at + 28], "little") == 32 << 20
    content[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    with pytest.raises(TableError, match="not an intact XLSX"):
        cells(bytes(content))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(encoding: str) -> None:
    xml = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY e "eeee">]>{sheet_xml("").decode()}'
    with pytest.raises(TableError, match="document type"):
        cells(repacked(xlsx([["a"]]), sheet=xml.encode(encoding)))


def test_a_payment_list_of_10_000_rows_is_read() -> None:
    row = [
        "compute_voucher/uscc:91530100MA6000001X/2026/HT-2026-000123",
        "(十四) 1",
        *["虚构的科技有限公司"] * 3,
        200000.5,
    ]
    content = xlsx([[*row, str(number), date(2026, 3, 1), f"凭证 {number}"] for number in range(10_000)])
    found = cells(content)
    assert len(found) == 10_000
    assert found[-1] == [*row[:-1], "200000.5", "9999", "2026-03-01", "凭证 9999"]
