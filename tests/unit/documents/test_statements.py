"""Statements as PDF and HTML: what a court reads, on one page, and the same for ever from the same bytes."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from services.incentive.documents import decision_1
from services.incentive.documents.decision_2 import page_of
from services.incentive.documents.pdf import TEMPLATES
from services.incentive.documents.statements import statement_html, statement_pdf
from services.incentive.policy.statement_terms import KINDS
from tests.support.incentive.pdf_files import attachments, embedded_fonts, page_count, text_of
from tests.support.incentive.statements import FACT, OBJECTIONS, SHA256, frozen, statement
from tests.support.paths import ROOT

FROZEN = ROOT / "tests/unit/documents/frozen"
TITLES = {
    "publish": "奖补资金拟兑现公示告知书",
    "approve": "奖补资金核定决定书",
    "reject": "不予奖补决定书",
    "revoke": "撤销奖补资金核定决定书",
    "notify_return": "奖补资金追缴告知书",
    "return": "奖补资金追缴决定书",
}
# Statements that name a template must be rendered by it as they were signed: a change is a new version of the template.
RELEASED_TEMPLATES = {
    "decision-1.css": "9e8e48d0fbf330c2acbe8c706267aee5fd9334eeca2bd8fae7aa87965692e016",
    "decision-1.html": "79b2fd7769fde8aa8b8b33925bcdf9746162f02bf5066ad378ea4e939d884d1e",
    "decision-1.typ": "3b95447af1c653779f63306d0d6472d2d09959d99f22a731d293c6a73ff1347b",
    "official-1.typ": "e5be467919cc0ca2013f7fa777180eb5ba46310a9f7a5f2bf90ea9678414f7ba",
}


def plain(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("kind", KINDS)
def test_a_court_can_read_it_on_one_page(kind: str) -> None:
    found = statement(kind)
    sha256, content = frozen(found)
    document = statement_pdf(content, sha256)
    text = plain(text_of(document))
    assert page_count(document) == 1
    assert all(embedded_fonts(document).values())
    assert attachments(document) == {"statement.json": content}
    amount = "200,000.00" if kind == "publish" else "0.00" if kind == "reject" else "123,456.78"
    for part in (
        "昆明市数据局",
        TITLES[kind],
        "昆数奖补〔2026〕1号",
        "昆明虚构数据有限公司（统一社会信用代码91530100MA60000012）",
        "（四）2",
        "首单为交易T1",
        f"{amount}元",
        found["amount_in_words"],
        FACT["fact"],
        f"会议纪要.pdf（SHA-256{SHA256}）",
        "核定人：核定岗",
        "（盖章）",
        "2026年6月10日",
        "送达回证",
        sha256,
    ):
        assert plain(part) in text, part
    is_notice = kind in ("publish", "notify_return")
    assert ("联系方式昆明市数据局奖补经办处室" in text) is is_notice
    assert ("60日内依法向昆明市人民政府申请行政复议（行政复议法第20条）" in text) is not is_notice
    assert ("6个月内依法向有管辖权的人民法院提起行政诉讼" in text) is not is_notice


@pytest.mark.parametrize("name", [*(f"decision-1.{kind}" for kind in KINDS), "decision-2.reject"])
def test_frozen_bytes_render_for_ever_as_they_did(name: str) -> None:
    """The files were written when the template was released, and are never written again."""
    content = (FROZEN / f"{name}.json").read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    assert statement_html(content, sha256)[0] == (FROZEN / f"{name}.html").read_text("utf-8")
    assert plain(text_of(statement_pdf(content, sha256))) == (FROZEN / f"{name}.txt").read_text("utf-8")


def test_released_templates_are_unchanged() -> None:
    files = [*TEMPLATES.glob("decision-*"), *TEMPLATES.glob("official-*")]
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    assert found == RELEASED_TEMPLATES


def test_html_says_what_the_pdf_says() -> None:
    sha256, content = frozen(statement("approve"))
    page, policy = statement_html(content, sha256)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    text = plain(text_of(statement_pdf(content, sha256)))
    for part in page_of(statement("approve"))["parts"]:
        for line in (part["heading"], *part["lines"]):
            assert line in page
            assert plain(line) in text


def test_names_cannot_become_markup() -> None:
    found = statement("approve", subject={"id_scheme": "uscc", "id": "X", "name": "<b>甲</b> #panic()"})
    sha256, content = frozen(found)
    assert "&lt;b&gt;甲&lt;/b&gt; #panic()" in statement_html(content, sha256)[0]
    assert "<b>甲</b>#panic()" in plain(text_of(statement_pdf(content, sha256)))


def test_a_long_statement_goes_on_on_a_second_page() -> None:
    found = statement("reject") | {"reason": "经复核，交易已撤销。" * 150}
    sha256, content = frozen(found)
    document = statement_pdf(content, sha256)
    assert page_count(document) == 2
    assert "第1页，共2页" in plain(text_of(document))


def test_what_was_found_of_the_subject_is_said() -> None:
    record = {"documents": [{"name": "资格审查表.pdf", "sha256": SHA256}]}
    found = statement("approve", holds=["budget"]) | {"eligibility": {"status": "verified", "record": record}}
    lines = [line for part in page_of(found)["parts"] for line in part["lines"]]
    assert "你单位经审核符合适用条件（资格审查表.pdf）。" in lines
    assert "暂缓事由：超出年度预算。" in lines
    assert "在市政府门户网站公示自2026年6月1日至2026年6月5日，首日和末日均计入。" in lines


def test_an_objection_is_said_with_its_answer() -> None:
    lines = [line for part in page_of(statement("approve", objections=OBJECTIONS))["parts"] for line in part["lines"]]
    assert (
        "异议（虚构乙公司提出，2026年6月1日收到）：同一合同已享受补助（异议书.pdf）。"
        "2026年6月4日处理：不成立。合同编号不同（复核意见.pdf）。"
    ) in lines
    assert "异议（2026年6月3日登记）：金额有误。尚未处理。" in lines


def test_template_1_says_when_an_objection_was_registered_and_its_outcome() -> None:
    found = statement("approve") | {"objections": OBJECTIONS}
    lines = [line for part in decision_1.page_of(found)["parts"] for line in part["lines"]]
    assert "异议（2026年6月2日登记）：不成立。" in lines
    assert "异议（2026年6月3日登记）：尚未处理。" in lines


def test_a_condition_that_is_not_met_is_named() -> None:
    criteria = {
        "good_credit": {"met": False, "basis": "信用中国"},
        "sound_accounts": {"met": True, "basis": "审计报告"},
    }
    found = statement("reject") | {
        "eligibility": {
            "status": "failed",
            "record": {"criteria": criteria, "reason": "被列入失信名单。", "documents": []},
        }
    }
    lines = [line for part in page_of(found)["parts"] for line in part["lines"]]
    assert "你单位经审核不符合适用条件。" in lines
    assert "不符合的条件：信用状况良好。被列入失信名单。" in lines


def test_a_return_gives_the_ground_and_reason_of_its_notice() -> None:
    def reasons(notice: dict[str, str | None]) -> list[str]:
        found = page_of(statement("return") | {"notice": notice, "ground": None, "reason": "逾期未退。"})
        return next(one["lines"] for one in found["parts"] if "理由" in one["heading"])

    days = {"from": "2026-07-01", "until": "2026-07-07", "where": None}
    assert reasons({**days, "ground": "error", "reason": "重复申领。"}) == [
        "事由：办理差错。",
        "重复申领。",
        "逾期未退。",
    ]
    assert reasons(days) == ["逾期未退。"]  # as an earlier version froze it


def test_of_an_earlier_notice_the_last_day_alone_is_known() -> None:
    def said(notice: dict[str, str | None] | None) -> list[str]:
        return next(one["lines"] for one in page_of(statement("approve") | {"notice": notice})["parts"][2:])

    assert said({"from": None, "until": "2026-06-05", "where": None}) == ["公示至2026年6月5日，当日计入。"]
    assert said(None) == ["未公示。"]
