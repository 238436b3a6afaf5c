"""A mapped row says exactly what was in its cells, in messy tables too, or it is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.documents import Trade
from shared.table_events.cells import Cell, read_table
from shared.table_events.convert import Converted, RowError, RowEvent, TotalRow, convert
from shared.table_events.mapping import FEN_PER_UNIT, ColumnSource, MappingFile, Unit, check_mapping
from shared.values.parties import complete_uscc
from tests.support.table_files.workbooks import xlsx

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openpyxl import Workbook

SELLER, BUYER = complete_uscc("91530100MAXGAAA01"), complete_uscc("91530100MAXXAAA02")
HEADINGS = ["合同编号", "卖方代码", "卖方", "买方代码", "买方", "金额", "成交时间"]
MOST = 10_000_000_000_00  # fen


def trades(unit: Unit = "元", **more: Any) -> MappingFile:
    """The mapping of tables with HEADINGS."""
    members: dict[str, str | ColumnSource] = {
        "trade_no": "合同编号",
        "status": ColumnSource(constant="completed"),
        "mode": ColumnSource(constant="negotiated"),
        "provider.id": "卖方代码",
        "provider.name": "卖方",
        "buyer.id": "买方代码",
        "buyer.name": "买方",
        "amount": ColumnSource(column="金额", unit=unit),
        "currency": ColumnSource(constant="CNY"),
        "completed_at": "成交时间",
    }
    return MappingFile(kind="trade", members=members, **more)


def row(number: str = "T1", amount: Any = "5", at: str = "2026-03-01 10:00") -> list[Any]:
    return [number, SELLER, "虚构供方", BUYER, "虚构需方", amount, at]


def converted(rows: Sequence[Sequence[Cell]], mapping: MappingFile) -> list[Converted]:
    return list(convert(rows, check_mapping("mapping", mapping), "kmdex"))


def amount_of(found: Converted) -> int:
    assert isinstance(found, RowEvent), found
    assert isinstance(found.document, Trade)
    return found.document.amount_fen


def written(fen: int, unit: Unit, *, commas: bool, wide: bool, zeros: int) -> str:
    """An amount as people write it: all its decimals, then further zeros."""
    number = Decimal(fen) / FEN_PER_UNIT[unit]
    text = f"{number:,f}" if commas else f"{number:f}"
    if zeros:
        text += ("" if "." in text else ".") + "0" * zeros
    return text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}) if wide else text


@given(
    st.integers(1, MOST),
    st.sampled_from(list(FEN_PER_UNIT)),
    st.booleans(),
    st.booleans(),
    st.integers(0, 3),
)
def test_an_amount_in_any_unit_is_the_same_fen(fen: int, unit: Unit, commas: bool, wide: bool, zeros: int) -> None:
    text = written(fen, unit, commas=commas, wide=wide, zeros=zeros)
    (found,) = converted([HEADINGS, row(amount=text)], trades(unit))
    assert amount_of(found) == fen


@given(st.integers(0, MOST), st.sampled_from(list(FEN_PER_UNIT)), st.integers(1, 10**12 - 1))
def test_what_is_not_whole_fen_is_refused(fen: int, unit: Unit, rest: int) -> None:
    number = (Decimal(fen) + Decimal(rest).scaleb(-12)) / FEN_PER_UNIT[unit]
    (found,) = converted([HEADINGS, row(amount=f"{number:f}")], trades(unit))
    assert isinstance(found, RowError)
    assert found.columns == ["金额"]


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs")), min_size=1, max_size=20))
def test_names_stay_as_they_were_written(name: str) -> None:
    (found,) = converted([HEADINGS, [*row()[:2], name, *row()[3:]]], trades())
    assert isinstance(found, RowEvent), found
    assert found.document.provider.name == name.strip()


MESSY: Sequence[Sequence[Any]] = [
    ["虚构交易所成交台账（单位：万元）"],
    ["合同", "卖方", None, "买方", None, "金额", "成交时间"],
    ["编号", "代码", "名称", "代码", "名称"],
    ["Ｔ－１", SELLER, "虚构供方", BUYER, "虚构需方", 1200.5, "２０２６年３月１日 10:00"],
    ["T-2", None, None, BUYER, "虚构需方", "0.000001", "2026-03-02 11:00:00"],
    ["合　计", None, None, None, None, "=SUM(F4:F5)"],
]


def merging(*ranges: str) -> Callable[[Workbook], None]:
    def merge(book: Workbook) -> None:
        for cells in ranges:
            book.worksheets[0].merge_cells(cells)

    return merge


def test_a_messy_workbook_is_read_as_people_read_it() -> None:
    plain = trades("万元")
    headings = {
        "合同编号": "编号",
        "卖方代码": "卖方 代码",
        "卖方": "卖方 名称",
        "买方代码": "买方 代码",
        "买方": "买方 名称",
    }
    members = {
        path: headings.get(source, source) if isinstance(source, str) else source
        for path, source in plain.members.items()
    }
    file = MappingFile(kind="trade", members=members, header_row=3, totals=["合计"])
    content = xlsx(MESSY, change=merging("A1:G1", "B2:C2", "D2:E2", "F2:F3", "G2:G3", "B4:B5", "C4:C5"))
    first, second, total = converted(read_table(content, None, 100), file)
    assert (amount_of(first), amount_of(second), total) == (12005000 * 100, 1, TotalRow(6))
    assert isinstance(first, RowEvent)
    assert isinstance(second, RowEvent)
    assert (first.values["trade_no"], first.values["completed_at"]) == ("T-1", "2026-03-01T10:00:00.000000+08:00")
    assert second.values["provider"] == {"id": SELLER, "name": "虚构供方"}


def test_an_amount_merged_over_rows_is_refused_in_each() -> None:
    content = xlsx([HEADINGS, row("T1"), row("T2", None), row("T3")], change=merging("F2:F3"))
    first, second, third = converted(read_table(content, None, 100), trades())
    for found in (first, second):
        assert isinstance(found, RowError)
        assert "merged over several rows" in found.message
    assert amount_of(third) == 500


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encoding_of_a_csv_file_is_recognized(encoding: str) -> None:
    content = "\r\n".join(",".join(map(str, cells)) for cells in (HEADINGS, row())).encode(encoding)
    (found,) = converted(read_table(content, None, 100), trades())
    assert amount_of(found) == 500
