"""Workbook cells become exactly what was typed, or are rejected with row and column."""

import json
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from exchange_kit.__main__ import main
from shared.table_events.cells import NumberCell, read_xlsx
from shared.values.parties import complete_uscc

SELLER, BUYER = complete_uscc("91530100MAXGAAA01"), complete_uscc("91530100MAXXAAA02")
MAPPING = """
kind: trade
members:
  trade_no: 合同编号
  revision: {column: 版本, default: 1}
  status: {column: 状态, values: {"1": completed, 已取消: cancelled}}
  mode: {constant: auction}
  provider.id: 卖方代码
  provider.name: 卖方
  buyer.id: 买方代码
  buyer.name: 买方
  amount: 金额（元）
  currency: {constant: CNY}
  completed_at: {column: 成交时间, format: "%Y/%m/%d %H:%M"}
"""
ROW: dict[str, Any] = {
    "合同编号": "T1",
    "版本": None,
    "状态": 1,
    "卖方代码": SELLER,
    "卖方": "虚构供方",
    "买方代码": BUYER,
    "买方": "虚构需方",
    "金额（元）": 5000000.1,
    "成交时间": datetime(2026, 3, 1, 0, 30, 5),  # noqa: DTZ001 - workbooks have no time zone
}


def workbook(file: Path, *rows: dict[str, Any], formats: dict[str, str] | None = None) -> Path:
    """Write a workbook whose first sheet has the headings, the rows, and the number formats by heading."""
    book = Workbook()
    sheet = book.worksheets[0]
    for column, heading in enumerate(ROW, start=1):
        sheet.cell(1, column, heading)
        for number, row in enumerate(rows, start=2):
            cell = sheet.cell(number, column, row[heading])
            if formats and heading in formats:
                cell.number_format = formats[heading]
    book.save(file)
    return file


def rewritten(file: Path, old: str, new: str) -> Path:
    """Replace XML in the sheet of the workbook by XML that openpyxl does not write."""
    result = file.with_name("rewritten.xlsx")
    with zipfile.ZipFile(file) as found, zipfile.ZipFile(result, "w") as written:
        for name in found.namelist():
            content = found.read(name).decode()
            if name.endswith("sheet1.xml"):
                assert old in content
                content = content.replace(old, new)
            written.writestr(name, content)
    return result


def run(folder: Path, file: Path, mapping: str = MAPPING) -> tuple[Any, Path]:
    mapped, output = folder / "mapping.yaml", folder / "trades.ndjson"
    mapped.write_text(mapping, encoding="utf-8")
    arguments = ["from-xlsx", str(file), "--mapping", str(mapped), "--exchange", "kmdex", "-o", str(output)]
    return CliRunner().invoke(main, arguments, catch_exceptions=False), output


def test_a_row_is_an_event_that_validate_accepts(tmp_path: Path) -> None:
    blank = dict.fromkeys(ROW)
    other = ROW | {
        "合同编号": 20260002,
        "版本": 2,
        "状态": "已取消",
        "金额（元）": "1,200.50",
        "成交时间": "2026/3/4 16:20",
    }
    result, output = run(tmp_path, workbook(tmp_path / "trades.xlsx", ROW, blank, other))
    assert result.exit_code == 0, result.output
    first, second = (json.loads(line)["data"] for line in output.read_bytes().splitlines())
    assert (first["trade_no"], first["revision"], first["status"]) == ("T1", 1, "completed")
    assert (first["amount"], first["completed_at"]) == ("5000000.1", "2026-03-01T00:30:05.000000+08:00")
    assert (second["trade_no"], second["revision"], second["status"]) == ("20260002", 2, "cancelled")
    assert (second["amount"], second["completed_at"]) == ("1200.50", "2026-03-04T16:20:00.000000+08:00")


def test_rows_are_counted_as_the_workbook_counts_them(tmp_path: Path) -> None:
    blank = dict.fromkeys(ROW)
    result, _ = run(tmp_path, workbook(tmp_path / "trades.xlsx", ROW, blank, blank, ROW | {"状态": 3}))
    assert result.output.startswith('row 5 "状态": status: must be one of 1, 已取消')


@pytest.mark.parametrize(
    ("changes", "formats", "said"),
    [
        ({"金额（元）": "=2*3"}, {}, ' "金额（元）": amount: is a formula'),
        ({"金额（元）": "#REF!"}, {}, ' "金额（元）": amount: is an error value: #REF!'),
        ({"金额（元）": 1e-05}, {}, "not '0.00001'"),
        ({"金额（元）": 1e22}, {}, ' "金额（元）": amount: must be at most 10000000000.00'),
        ({"金额（元）": -5}, {}, "not '-5'"),
        ({"金额（元）": True}, {}, "not 'TRUE'"),
        ({"版本": 1.5}, {}, ' "版本": revision: must be an integer'),
        ({"合同编号": 123}, {"合同编号": "00000"}, ' "合同编号": trade_no: is the number'),
        ({"合同编号": 2026.1}, {}, ' "合同编号": trade_no: is the number'),
        ({"买方代码": 915301001234567000}, {}, ' "买方代码": buyer.id: is the number'),
        ({"买方": date(2026, 3, 1)}, {}, ' "买方": buyer.name: is a date'),
        ({"成交时间": date(2026, 3, 1)}, {}, ' "成交时间": completed_at: is a date without a time'),
        ({"成交时间": 46082.5}, {}, ' "成交时间": completed_at: is a number'),
        ({"成交时间": time(10, 0)}, {}, ' "成交时间": completed_at: must be a time'),
        ({"成交时间": None}, {}, ' "成交时间": completed_at: is required'),
    ],
)
def test_what_is_not_exact_is_refused(
    tmp_path: Path, changes: dict[str, Any], formats: dict[str, str], said: str
) -> None:
    file = workbook(tmp_path / "trades.xlsx", ROW | changes, formats=formats)
    result, output = run(tmp_path, file)
    assert result.exit_code == 1
    assert said in result.output
    assert result.output.count("row ") == 1
    assert not output.exists()


def test_a_date_is_midnight_if_the_mapping_says_so(tmp_path: Path) -> None:
    file = workbook(tmp_path / "trades.xlsx", ROW | {"成交时间": date(2026, 3, 1)})
    result, output = run(tmp_path, file, MAPPING.replace("%Y/%m/%d %H:%M", "%Y-%m-%d"))
    assert result.exit_code == 0, result.output
    assert json.loads(output.read_bytes())["data"]["completed_at"] == "2026-03-01T00:00:00.000000+08:00"


@given(fen=st.lists(st.integers(1, 10**12), min_size=1, max_size=40))
def test_amounts_are_read_exactly(fen: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "amounts.xlsx"
    book = Workbook()
    for amount in fen:
        book.worksheets[0].append([amount / 100])  # the nearest double, as programs write it
    book.save(file)
    for amount, (cell,) in zip(fen, read_xlsx(file, None), strict=True):
        assert isinstance(cell, NumberCell)
        whole, _, decimals = cell.text.partition(".")
        assert int(whole) * 100 + int(decimals.ljust(2, "0")) == amount
        assert len(decimals) <= 2


def test_the_sheet_is_named_where_there_are_several(tmp_path: Path) -> None:
    file = workbook(tmp_path / "trades.xlsx", ROW)
    book = Workbook()
    book.worksheets[0].append(list(ROW))
    book.worksheets[0].append(list(ROW.values()))
    book.worksheets[0].title = "成交"
    book.create_sheet("说明")
    book.save(file)
    result, _ = run(tmp_path, file)
    assert result.exit_code == 1
    assert "one of the sheets: 成交、说明" in result.output
    assert run(tmp_path, file, "sheet: 成交" + MAPPING)[0].exit_code == 0
    book["说明"].sheet_state = "hidden"
    book.save(file)
    assert run(tmp_path, file)[0].exit_code == 0


def test_digits_that_nobody_typed_are_refused(tmp_path: Path) -> None:
    """The value of 0.1 + 0.2 as a spreadsheet stores it is refused."""
    file = rewritten(
        workbook(tmp_path / "trades.xlsx", ROW | {"金额（元）": 0.3}), "<v>0.3<", "<v>0.30000000000000004<"
    )
    result, _ = run(tmp_path, file)
    assert ' "金额（元）": amount: must be yuan with at most two decimals' in result.output
    assert "not '0.30000000000000004'" in result.output


def test_a_wrong_extent_hides_no_row(tmp_path: Path) -> None:
    """Some programs always write that a sheet has one cell."""
    file = workbook(tmp_path / "trades.xlsx", ROW, ROW | {"合同编号": "T2"})
    result, output = run(tmp_path, rewritten(file, '<dimension ref="A1:I3"', '<dimension ref="A1"'))
    assert result.exit_code == 0, result.output
    assert len(output.read_bytes().splitlines()) == 2


def test_what_is_no_workbook_is_reported(tmp_path: Path) -> None:
    for name, content in (("a.xlsx", b"no zip"), ("a.xls", b"\xd0\xcf\x11\xe0")):
        (tmp_path / name).write_bytes(content)
        result, _ = run(tmp_path, tmp_path / name)
        assert result.exit_code == 1
        assert "not an XLSX file, or has a password" in result.output
    empty = tmp_path / "b.xlsx"
    with zipfile.ZipFile(empty, "w") as written:
        written.writestr("hello.txt", "")
    assert "not an XLSX file" in run(tmp_path, empty)[0].output
