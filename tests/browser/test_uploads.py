"""A clerk sends a messy workbook in the browser: few clicks the first time, fewer the next, and nothing twice."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.site import DESKTOP, PHONE, Site, check_accessible, check_fits
from tests.support.incentive.whole_set import served
from tests.support.table_files.upload_set import BUYER, EXCHANGE, SELLER, UploadSet, upload_set
from tests.support.table_files.workbooks import xlsx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from openpyxl import Workbook
    from playwright.sync_api import Browser, Locator, Page

    from tests.support.engines.session import FreshDatabase

HEADINGS: list[list[Any]] = [
    ["虚构交易所成交台账（单位：万元）"],
    ["合同编号", "状态", "交易方式", "卖方", None, "买方", None, "成交金额", "成交日期", "经办"],
    [None, None, None, "代码", "名称", "代码", "名称"],
]
FIRST_CLICKS, NEXT_CLICKS = 12, 6  # at most, sign-in and dialogs of files included


def row(number: str, amount: Any, *, sellers: bool = True, way: str = "协议") -> list[Any]:
    seller = [SELLER, "虚构供方"] if sellers else [None, None]
    return [number, "已成交", way, *seller, BUYER, "虚构需方", amount, date(2026, 3, 1), "张某"]


def workbook(*rows: list[Any]) -> bytes:
    def merge(book: Workbook) -> None:
        ranges = ["A1:J1", "D2:E2", "F2:G2", *(f"{column}2:{column}3" for column in "ABCHIJ"), "D4:D5", "E4:E5"]
        for cells in ranges:
            book.worksheets[0].merge_cells(cells)

    total = ["合　计", *[None] * 6, "=SUM(H4:H6)"]
    return xlsx([*HEADINGS, *rows, total], change=merge)


@pytest.fixture
def made(browser: Browser, postgres: FreshDatabase, kafka: str, tmp_path: Path) -> Iterator[UploadSet]:
    with upload_set(postgres, kafka, tmp_path) as found:
        yield found


class Clerk:
    """A clerk of the exchange, whose clicks are counted."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder, self.clicks = page, folder, 1  # of signing in

    def click(self, what: Locator) -> None:
        self.clicks += 1
        with self.page.expect_navigation():
            what.click()

    def choose(self, label: str, value: str) -> None:
        self.clicks += 2  # opens the list, and takes one of it
        self.page.get_by_label(label, exact=True).select_option(label=value)

    def upload(self, content: bytes) -> None:
        file = self.folder / "trades.xlsx"
        file.write_bytes(content)
        self.click(self.page.get_by_role("link", name="报送", exact=True).first)
        self.clicks += 2  # opens the dialog, and takes the file
        self.page.locator("#table").set_input_files(file)
        self.click(self.page.get_by_role("button", name="上传"))

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=re.compile(name))


def test_a_messy_workbook_is_sent_once_and_its_corrections_after_it(
    browser: Browser, made: UploadSet, tmp_path: Path, pictures: Path
) -> None:
    first = workbook(row("Ｔ－１", 1200.5), row("T-2", "0.000001", sellers=False, way="面谈"), row("T-3", 0.0000001))
    with served(made.app) as url, Site(browser, url, None).open(f"exchange:{EXCHANGE}") as page:  # type: ignore[arg-type]
        clerk = Clerk(page, tmp_path)
        clerk.upload(first)
        take_pictures(page, "upload-mapping", pictures)
        clerk.choose("面谈", "协议")
        clerk.click(clerk.button("保存对应关系"))
        take_pictures(page, "upload-verdicts", pictures)
        assert "whole fen" in page.locator("#verdicts").locator("..").inner_text() or "整分" in page.content()
        clerk.click(clerk.button("确认发送 2 行，共 12,005,000.01 元"))
        assert "已发送，等待登记 2" in page.locator("main").inner_text()
        values = [json.loads(value) for _, value in made.published()]
        assert [(one["id"], one["data"]["amount"]) for one in values] == [
            (f"{EXCHANGE}-trade-T-1-1", "12005000.00"),
            (f"{EXCHANGE}-trade-T-2-1", "0.01"),
        ]
        assert values[1]["data"]["provider"] == {"id": SELLER, "name": "虚构供方"}
        made.handle()
        page.reload()
        assert "已登记 2" in page.locator("main").inner_text()
        take_pictures(page, "upload-receipt", pictures)
        assert clerk.clicks <= FIRST_CLICKS

        before = clerk.clicks
        clerk.upload(workbook(row("T-1", 1200.5), row("T-2", "0.000002", sellers=False, way="面谈"), row("T-3", 0.5)))
        assert "更正版本 1：金额" in page.locator("main").inner_text()
        take_pictures(page, "upload-correction", pictures)
        clerk.click(clerk.button("确认发送 2 行，共 5,000.02 元"))
        assert "已发送，等待登记 2" in page.locator("main").inner_text()
        assert clerk.clicks - before <= NEXT_CLICKS
        ids = [json.loads(value)["id"] for _, value in made.published()]
        assert sorted(ids[2:]) == [f"{EXCHANGE}-trade-T-2-2", f"{EXCHANGE}-trade-T-3-1"]

        clerk.upload(first)  # again, before and after the register has handled it
        assert "没有需要发送的行" in page.locator("main").inner_text()
        made.handle()
        page.reload()
        assert "没有需要发送的行" in page.locator("main").inner_text()
        assert "现为版本 2" in page.locator("main").inner_text()
        page.goto("/uploads")
        take_pictures(page, "uploads", pictures)
    assert len(made.published()) == 4


def take_pictures(page: Page, name: str, pictures: Path) -> None:
    """Take pictures on both screens; the page fits and is accessible."""
    sizes: dict[str, Any] = {"-phone": PHONE, "": DESKTOP}
    for suffix, size in sizes.items():
        page.set_viewport_size(size)
        check_accessible(page, page.url)
        check_fits(page, page.url)
        page.screenshot(path=pictures / f"{name}{suffix}.png", full_page=True)
