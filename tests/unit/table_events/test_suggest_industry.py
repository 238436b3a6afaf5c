"""The column of industries is found in tables that have products, and left out where they have none."""

from __future__ import annotations

from shared.events.documents import INDUSTRIES
from shared.events.industry_names import INDUSTRY_NAMES, industry_of
from shared.table_events.suggest import suggest


def test_the_column_is_suggested_with_the_other_columns_of_a_product() -> None:
    headings = ["挂牌编号", "产品编号", "产品名称", "产品类型", "所属行业", "卖方代码", "卖方", "挂牌时间"]
    assert suggest("listing", [headings]).members["product.industry"] == "所属行业"
    assert "product.industry" not in suggest("trade", [["合同编号", "行业", "金额"]]).members


def test_every_section_is_read_by_its_name() -> None:
    assert [industry_of(name) for name, _ in INDUSTRY_NAMES.values()] == list(INDUSTRIES)
    assert [industry_of(letter) for letter in INDUSTRIES] == list(INDUSTRIES)
