"""Documents of lists: the words and rows of a public notice, the frozen bytes inside, and released templates."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, datetime

import pytest

from services.incentive.documents.pdf import TEMPLATES, Attachment, render_pdf
from services.incentive.domain.notices.official_list import (
    Issuer,
    ListedAward,
    NoticePeriod,
    frozen,
    public_notice_list,
)
from services.incentive.policy.loader import load_policy
from shared.settings import POLICY_FILE
from shared.values.times import SHANGHAI
from tests.support.incentive.ledger import subject
from tests.support.incentive.pdf_files import attachments, embedded_fonts, page_count, text_of
from tests.support.paths import ROOT

POLICY = load_policy(POLICY_FILE)
OTHER = POLICY.with_alternative("general.public_notice")
FROZEN = ROOT / "tests" / "unit" / "documents" / "frozen"
RELEASED_TEMPLATES = {
    "decision_list-1.typ": "69d559dbb4c0c6311e994403525b52b200c6584c3462a1c131f92c50c6dfa8e6",
    "public_notice-1.typ": "87525c7b07532600a2b3444ceb4f39780d1b7e561b851fcf336008c2c12d32fc",
}
MADE = datetime(2026, 9, 29, 9, tzinfo=SHANGHAI)
PERIOD = NoticePeriod(date(2026, 9, 29), date(2026, 10, 10), "市级行政中心公示栏")
OVER_NEW_YEAR = NoticePeriod(date(2050, 12, 29), date(2051, 1, 10), "门户网站")
ISSUER = Issuer("昆明市数据局", "奖补经办处室")


def rows(number: int) -> list[ListedAward]:
    return [
        ListedAward(
            f"first_purchase/{subject(one)}", subject(one), f"虚构公司{one}", "first_purchase", "(四) 2", 2026,
            f"item-{one}" if one == 1 else None, 20000000 + one, 5000000 if one == 2 else 0,
        )
        for one in range(1, number + 1)
    ]  # fmt: skip


def text(number: int = 2, period: NoticePeriod = PERIOD, issuer: Issuer = ISSUER, policy=POLICY) -> str:
    content = public_notice_list(rows(number), period, policy, issuer, MADE)
    return text_of(render_pdf(content["template"], content, MADE)).replace(" ", "")


def test_it_says_by_whom_where_and_for_how_long_names_are_posted() -> None:
    said = text()
    for expected in (
        "奖补资金公示",
        "昆政发〔2025〕14号",
        "共2项，合计400,000.03元",
        "2026年9月29日至2026年10月10日（不少于5个工作日，首日和末日均计入",
        "公示地点：市级行政中心公示栏。",
        "受理：奖补经办处室。",
        "虚构公司1",
        subject(1).partition(":")[2],
        "事项：item-1",
        "200,000.01",
        "其中已核定50,000.00",
        "昆明市数据局2026年9月29日",
    ):
        assert expected.replace(" ", "") in said.replace("\n", ""), expected
    assert "尚未公布" not in said


def test_it_says_what_a_reading_or_an_unannounced_calendar_changes() -> None:
    assert OTHER is not None
    assert "张贴当日不计入" in text(policy=OTHER)
    assert "2050年12月29日至2051年1月4日的放假调休安排尚未公布，按星期计算" in text(period=OVER_NEW_YEAR).replace(
        "\n", ""
    )
    assert "受理" not in text(issuer=Issuer(None, None))


@pytest.mark.parametrize("number", [1, 60])
def test_a_long_list_repeats_its_heading_and_keeps_the_bytes_that_it_was_made_of(number: int) -> None:
    content = public_notice_list(rows(number), PERIOD, POLICY, ISSUER, MADE)
    _, written = frozen(content)
    document = render_pdf(
        content["template"], content, MADE, Attachment("list.json", "application/json", written.decode())
    )
    assert attachments(document) == {"list.json": written}
    assert all(embedded_fonts(document).values())
    assert text_of(document).count("奖励事项") == page_count(document)
    assert (page_count(document) == 1) == (number == 1)


@pytest.mark.parametrize("name", ["public_notice-1", "decision_list-1.approve", "decision_list-1.pay"])
def test_frozen_lists_render_for_ever_as_they_did(name: str) -> None:
    """The files were written when the template was released, and are never written again."""
    content = json.loads((FROZEN / f"{name}.json").read_bytes())
    rendered = text_of(render_pdf(content["template"], content, MADE))
    assert re.sub(r"\s", "", rendered) == (FROZEN / f"{name}.txt").read_text("utf-8")


def test_released_templates_of_lists_are_unchanged() -> None:
    files = [*TEMPLATES.glob("public_notice-*"), *TEMPLATES.glob("decision_list-*")]
    assert {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files} == RELEASED_TEMPLATES
