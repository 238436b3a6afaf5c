"""Rows of tables become events that intake accepts, or errors with row, column and expectation."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from exchange_kit.__main__ import main
from shared.table_events.cells import TableFileError
from shared.table_events.mapping import load_mapping
from shared.values.parties import complete_uscc
from tests.support.paths import ROOT

SELLER, BUYER = complete_uscc("91530100MAXGAAA01"), complete_uscc("91530100MAXXAAA02")
MAPPING = """
kind: trade
encoding: gb18030
members:
  trade_no: 合同编号
  revision: {column: 版本, default: 1}
  status: {column: 状态, values: {已完成: completed, 已取消: cancelled}}
  mode: {constant: auction}
  product.no: 产品编号
  product.name: 产品名称
  product.kind: {column: 产品编号, values: {D1: dataset}}
  provider.id: 卖方代码
  provider.name: 卖方
  buyer.id: 买方代码
  buyer.name: 买方
  amount: 金额（元）
  currency: {constant: CNY}
  completed_at: {column: 成交时间, format: "%Y/%m/%d %H:%M"}
"""
HEADINGS = "合同编号,版本,状态,产品编号,产品名称,卖方代码,卖方,买方代码,买方,金额（元）,成交时间"
ROW = {
    "合同编号": "T1",
    "版本": "",
    "状态": "已完成",
    "产品编号": "",
    "产品名称": "",
    "卖方代码": SELLER,
    "卖方": "虚构供方",
    "买方代码": BUYER,
    "买方": "虚构需方",
    "金额（元）": '"5,000,000.10"',
    "成交时间": "2026/3/1 00:30",
}


def row(**changes: str) -> str:
    return ",".join((ROW | changes).values())


def run(folder: Path, *rows: str, mapping: str = MAPPING) -> tuple[Any, Path]:
    table, mapped, output = folder / "trades.csv", folder / "mapping.yaml", folder / "trades.ndjson"
    table.write_bytes("\r\n".join([HEADINGS, *rows]).encode("gb18030"))
    mapped.write_text(mapping, encoding="utf-8")
    arguments = ["from-csv", str(table), "--mapping", str(mapped), "--exchange", "kmdex", "-o", str(output)]
    return CliRunner().invoke(main, arguments, catch_exceptions=False), output


def test_a_row_is_an_event_that_validate_accepts(tmp_path: Path) -> None:
    product = {"产品编号": "D1", "产品名称": '"气象, 虚构"'}
    result, output = run(tmp_path, row(), "", row(合同编号="T2", 版本="3", 状态="已取消", **product))
    assert result.exit_code == 0, result.output
    first, second = map(json.loads, output.read_bytes().splitlines())
    assert first == {
        "specversion": "1.0",
        "id": "kmdex-trade-T1-1",
        "source": "/exchanges/kmdex",
        "type": "cn.kunming.data-exchange.trade.v1",
        "time": "2026-03-01T00:30:00.000000+08:00",
        "data": {
            "trade_no": "T1",
            "revision": 1,
            "status": "completed",
            "mode": "auction",
            "provider": {"id": SELLER, "name": "虚构供方"},
            "buyer": {"id": BUYER, "name": "虚构需方"},
            "amount": "5000000.10",
            "currency": "CNY",
            "completed_at": "2026-03-01T00:30:00.000000+08:00",
        },
    }
    assert (second["data"]["revision"], second["data"]["status"]) == (3, "cancelled")
    assert second["data"]["product"] == {"no": "D1", "name": "气象, 虚构", "kind": "dataset"}
    checked = CliRunner().invoke(main, ["validate", str(output), "--exchange", "kmdex"])
    assert checked.exit_code == 0
    once = output.read_bytes()
    run(tmp_path, row(), "", row(合同编号="T2", 版本="3", 状态="已取消", **product))
    assert output.read_bytes() == once


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"状态": "完成"}, 'row 3 "状态": status: must be one of 已完成, 已取消'),
        ({"金额（元）": "0"}, 'row 3 "金额（元）": amount: must be over 0'),
        ({"金额（元）": "1.005"}, 'row 3 "金额（元）": amount: must be yuan'),
        ({"金额（元）": '"5,00"'}, 'row 3 "金额（元）": amount: must be yuan'),
        ({"金额（元）": "5E6"}, 'row 3 "金额（元）": amount: must be yuan'),
        ({"金额（元）": ""}, 'row 3 "金额（元）": amount: is required'),
        ({"成交时间": "2026-03-01"}, 'row 3 "成交时间": completed_at: must be a time such as 2026/03/01 10:00'),
        ({"成交时间": ""}, 'row 3 "成交时间": completed_at: is required'),
        ({"版本": "1.0"}, 'row 3 "版本": revision: must be an integer'),
        ({"买方代码": "91"}, 'row 3 "买方代码": buyer.id: not a valid unified social credit code'),
        ({"买方代码": SELLER}, 'row 3 "买方代码" "买方": buyer: provider and buyer must not be the same entity'),
        (
            {"合同编号": "T1", "金额（元）": "7"},
            'row 3 "版本": revision: this revision is registered with other content',
        ),
        ({"买方": "虚构,需方"}, "row 3: 12 cells under 11 headings"),
    ],
)
def test_a_fault_says_row_column_and_what_is_expected(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    result, output = run(tmp_path, row(), row(**{"合同编号": "T2"} | changes), row(合同编号="T3"))
    assert result.exit_code == 1
    assert said in result.output
    assert result.output.count("row ") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mapping.yaml", "trades.csv"]
    assert not output.exists()


def test_the_example_of_the_docs_is_accepted(tmp_path: Path) -> None:
    docs = ROOT / "docs"
    output = tmp_path / "trades.ndjson"
    arguments = ["--mapping", str(docs / "example-trades.mapping.yaml"), "--exchange", "kmdex", "-o", str(output)]
    result = CliRunner().invoke(main, ["from-csv", str(docs / "example-trades.csv"), *arguments])
    assert result.exit_code == 0, result.output
    assert [json.loads(line)["id"] for line in output.read_bytes().splitlines()] == [
        "kmdex-trade-T2026-0001-1",
        "kmdex-trade-T2026-0003-1",
        "kmdex-trade-T2026-0003-2",
    ]


@pytest.mark.parametrize(
    "written",
    ["I", "信息传输、软件和信息技术服务业", '"信息传输，软件和信息技术服务业"', "信息传输软件和信息技术服务业"],
)
def test_an_industry_is_a_letter_or_the_name_of_a_section(tmp_path: Path, written: str) -> None:
    mapping = MAPPING + "  product.industry: 产品名称\n"
    result, output = run(tmp_path, row(产品编号="D1", 产品名称=written), mapping=mapping)
    assert result.exit_code == 0, result.output
    assert json.loads(output.read_bytes())["data"]["product"]["industry"] == "I"


@pytest.mark.parametrize("written", ["U", "i", "软件业", "39"])
def test_another_industry_is_a_fault_of_its_column(tmp_path: Path, written: str) -> None:
    mapping = MAPPING + "  product.industry: 产品名称\n"
    result, _ = run(tmp_path, row(产品编号="D1", 产品名称=written), mapping=mapping)
    assert result.exit_code == 1
    assert 'row 2 "产品名称": product.industry: must be one of A, B' in result.output


def test_a_missing_heading_is_reported(tmp_path: Path) -> None:
    result, _ = run(tmp_path, row(), mapping=MAPPING.replace("金额（元）", "总价"))
    assert result.exit_code == 1
    assert 'row 1 "总价": exactly one column must have this heading' in result.output


def test_a_wrong_encoding_is_reported(tmp_path: Path) -> None:
    result, _ = run(tmp_path, row(), mapping=MAPPING.replace("encoding: gb18030\n", ""))
    assert result.exit_code == 1
    assert "encoding: gb18030" in result.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: sale\nmembers: {}", "kind"),
        ("kind: trade\nmembers: {price: 价}", "members.price"),
        ("kind: trade\nmembers: {amount: {column: 价, constant: 1}}", "members.amount"),
        ("kind: trade\nmembers: {amount: {colum: 价}}", "colum"),
        ("kind: trade\nencoding: none\nmembers: {}", "none"),
        ("kind: [", "mapping file"),
    ],
)
def test_a_wrong_mapping_is_reported(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(TableFileError, match=said):
        load_mapping(file)
