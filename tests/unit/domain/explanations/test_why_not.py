"""Why a rule gives nothing: a code and the facts behind it, as far as the reader may see."""

import json
from typing import Any

import pytest

from services.incentive.domain.declared_rules import WHY_NOTHING
from services.incentive.domain.event_rules import ExchangeFacts, SubjectFacts
from services.incentive.domain.explanations.why_not import CODES, DECLARED_CODES, Asked, KnownOfSubject, why_nothing
from services.incentive.domain.status import operated_exchanges
from services.incentive.policy.loader import load_policy
from shared.events.decode import Accepted, decode
from shared.settings import POLICY_FILE
from shared.whitelist import load_whitelist
from tests.support.cases import EXCHANGES_FILE, read_event, uscc
from tests.support.incentive.declarations import PARTY, declared
from tests.support.incentive.facts_in_memory import Documents, KnownFacts, facts_of

POLICY = load_policy(POLICY_FILE)
EXCHANGES = load_whitelist(EXCHANGES_FILE)
L1 = {"listing": ["L1", "P1", "2020-01-05"]}
AT_DCDEX = {"exchange": "dcdex"}
Found = list[dict[str, Any]]


def why(*events: Any, rule: str, of: str = "P1", year: int = 2026, visible: set[str] | None = None) -> Found:
    """Explain a rule to a reader after a history of case events."""
    documents = Documents()
    for found in events:
        event = read_event(found)
        outcome = decode(event.kind, event.exchange, json.dumps(event.document).encode(), [])
        assert isinstance(outcome, Accepted)
        documents.accept(event.exchange, outcome.document)
    facts = KnownFacts(facts_of(documents, EXCHANGES))
    subject = f"uscc:{uscc(of)}"
    operated = operated_exchanges(subject, year, EXCHANGES, POLICY)
    known = KnownOfSubject(
        facts.of(subject), {one: ExchangeFacts(facts.exchanges.get(one, {}), EXCHANGES) for one in operated}
    )
    return why_nothing(Asked(rule, subject, year, is_closed=True), known, POLICY, visible)


def said(items: Found) -> tuple[str, str]:
    """Return the code and the Chinese text of one explanation."""
    (item,) = items
    text = item["why_not"]["text"]
    assert item["text"]["zh"].endswith(text["zh"])
    assert item["text"]["en"].endswith(text["en"])
    assert text["en"]
    assert item["award_id"] is None
    return item["why_not"]["code"], text["zh"]


def test_every_code_has_a_label_and_every_reason_of_a_declaration_a_code():
    assert all(text.zh and text.en for text in CODES.values())
    assert set(DECLARED_CODES) == set(WHY_NOTHING) - {"not_in_force"}
    assert set(DECLARED_CODES.values()) <= set(CODES)


@pytest.mark.parametrize(
    ("events", "year", "code", "text"),
    [
        ([], 2026, "no_document", "目前没有计为该主体首次挂牌的记录"),
        ([{"listing": ["L1", "P1", "2026-01-05", {"origin_exchange": "x"}]}], 2026, "no_document", "互认"),
        ([{"listing": ["L1", "P1", "2026-01-05"]}], 2025, "no_document", "首次为挂牌L1（交易场所kmdex，2026年1月5日）"),
        ([{"listing": ["L1", "P1", "2026-01-05"]}], 2027, "not_first", "一次性奖励属于2026年度，2027年的不是首次。"),
        ([{"listing": ["L1", "P1", "2025-10-14"]}], 2026, "before_policy", "早于政策施行日2025年10月15日。虽不予奖励"),
        ([{"listing": ["L1", "P1", "2028-10-16"]}], 2028, "after_policy", "晚于政策有效期末日2028年10月15日。"),
    ],
)
def test_a_first_listing(events: list[Any], year: int, code: str, text: str):
    found = said(why(*events, rule="first_listing", year=year))
    assert found[0] == code
    assert text in found[1]


@pytest.mark.parametrize(
    ("amount", "refunded", "code", "text"),
    [
        ("5000", "5000", "refunded", "其金额5,000.00元已全额退款。"),
        ("0.19", "0", "too_small", "净额0.19元按5%计算不足一分。"),
    ],
)
def test_a_first_purchase_of_which_nothing_is_left(amount: str, refunded: str, code: str, text: str):
    trade = {"trade": ["T1", "P1", "B1", amount, "2026-03-01", {"refunded": refunded}]}
    found = said(why(trade, rule="first_purchase", of="B1"))
    assert found[0] == code
    assert found[1].endswith(text)


def test_a_first_on_another_exchange_is_to_a_reader_like_none():
    trade = {"trade": ["T1", "P1", "B1", "5000", "2026-03-01", AT_DCDEX]}
    hidden = why(trade, rule="first_purchase", of="B1", year=2027, visible={"kmdex"})
    assert hidden == why(rule="first_purchase", of="B1", year=2027, visible={"kmdex"})
    assert said(hidden)[0] == "no_document"
    assert said(why(trade, rule="first_purchase", of="B1", year=2027))[0] == "not_first"


LISTED = {"listing_no": "L1"}


@pytest.mark.parametrize(
    ("trades", "year", "code", "text"),
    [
        ([], 2026, "no_document", "2026年没有计入的挂牌交易。"),
        ([("2026-03-01", LISTED)], 2026, "below_threshold", "距下一门槛10,000,000.00元还差3,000,000.00元。"),
        (
            [("2026-03-01", {**LISTED, "origin_exchange": "x"})],
            2026,
            "mirrored",
            "未计入（金额已扣除退款）：1笔共7,000,000.00元，互认自其他交易场所。",
        ),
        ([("2026-03-01", {})], 2026, "not_counted", "未计入（金额已扣除退款）：1笔共7,000,000.00元，不是挂牌交易。"),
        ([("2026-03-01", {}), ("2026-03-02", {"listing_no": "L9"})], 2026, "not_counted", "没有相符的挂牌；"),
        ([("2025-10-14", LISTED)], 2025, "before_policy", "不在政策有效期内。"),
        ([("2028-10-16", LISTED)], 2028, "after_policy", "不在政策有效期内。"),
        ([("2024-10-14", LISTED)], 2024, "before_policy", "2024年全年不在政策有效期内"),
        ([("2029-10-14", LISTED)], 2029, "after_policy", "2029年全年不在政策有效期内"),
    ],
)
def test_a_year_of_listed_trades(trades: list[Any], year: int, code: str, text: str):
    events = [{"trade": [f"T{n}", "P1", "B1", "7000000", day, more]} for n, (day, more) in enumerate(trades)]
    items = why(L1, *events, rule="annual_listed_trading", year=year)
    found = said(items)
    assert found[0] == code
    assert text in found[1]
    assert (items[0]["next"] is not None) == (code == "below_threshold")


def test_of_a_total_over_exchanges_a_reader_sees_its_own_part():
    events = [
        L1,
        {"listing": ["L1", "P1", "2020-01-05", AT_DCDEX]},
        {"trade": ["T1", "P1", "B1", "7000000", "2026-03-01", LISTED]},
        {"trade": ["T2", "P1", "B1", "1234567", "2026-03-01", {**LISTED, **AT_DCDEX}]},
    ]
    items = why(*events, rule="annual_listed_trading", visible={"kmdex"})
    code, text = said(items)
    assert code == "below_threshold"
    assert "计入7,000,000.00元" in text
    assert (items[0]["next"], items[0]["steps"]) == (None, [])
    shown = json.dumps(items, ensure_ascii=False)
    for hidden in ("dcdex", "1,234,567", "1234567", "8,234,567", "1,765,433"):
        assert hidden not in shown
    # If all trades are on other exchanges, nothing says so.
    elsewhere = why(*events[1:2], events[3], rule="annual_listed_trading", visible={"kmdex"})
    assert elsewhere == why(rule="annual_listed_trading", visible={"kmdex"})


@pytest.mark.parametrize(
    ("trades", "year", "code", "text"),
    [
        ([], 2026, "no_document", "交易场所kmdex在2026年没有计入的交易。"),
        ([("1亿", "2026-03-01")], 2026, "below_threshold", "距下一门槛100,000,000.00元还差0.01元。"),
        (
            [("13000万", "2024-02-01"), ("14000万", "2026-03-01")],
            2026,
            "passed_before",
            "超过100,000,000.00元一档已于2024年越过（当年合计130,000,000.00元）。",
        ),
        (
            [("13000万", "2025-02-01"), ("1000万", "2025-11-01")],
            2025,
            "passed_before",
            "超过100,000,000.00元一档在政策施行日2025年10月15日之前已越过（当时累计130,000,000.00元）。",
        ),
        ([("2亿", "2029-03-01")], 2029, "after_policy", "2029年全年不在政策有效期内"),
    ],
)
def test_an_operator(trades: list[Any], year: int, code: str, text: str):
    events = [{"trade": [f"T{n}", "P1", "B1", amount, day]} for n, (amount, day) in enumerate(trades)]
    found = said(why(*events, rule="exchange_tiers", of="OP1", year=year))
    assert found[0] == code
    assert text in found[1]


def test_one_who_operates_nothing_or_nothing_that_the_reader_may_see():
    assert said(why(rule="exchange_tiers"))[0] == "not_operator"
    assert said(why(rule="mutual_recognition"))[0] == "not_operator"
    assert said(why(rule="mutual_recognition", of="OP1"))[0] == "not_declared"
    hidden = why(rule="exchange_tiers", of="OP1", visible={"dcdex"})
    assert said(hidden) == said(why(rule="exchange_tiers", visible={"dcdex"}))


@pytest.mark.parametrize(
    ("rule", "year", "visible", "declarations", "code", "text"),
    [
        ("startup_park", 2026, None, [], "not_declared", "该主体2026年没有申报。"),
        (
            "startup_park",
            2027,
            None,
            [("A", "2026-01-01", {})],
            "not_declared",
            "其他年度已申报：事项A（2026年1月1日取得）。",
        ),
        ("startup_park", 2026, {"kmdex"}, [("A", "2026-01-01", {})], "not_declared", "没有您可见的申报。"),
        (
            "startup_park",
            2026,
            None,
            [("A", "2026-01-01", {}), ("X", "2026-01-02", {})],
            "not_first",
            "只奖励一次，已有更早的一项：事项A（2026年1月1日取得）。",
        ),
        ("data_assets", 2025, None, [("X", "2025-10-14", {})], "before_policy", "早于政策施行日2025年10月15日。"),
        ("computing_centre", 2026, None, [("X", "2026-01-01", {"pue": "1.26"})], "over_at_most", "高于政策的上限值"),
        (
            "revenue_growth",
            2026,
            None,
            [("X", "2026-01-01", {"revenue": "99999999.99"})],
            "below_threshold",
            "距下一门槛100,000,000.00元还差0.01元。",
        ),
        ("international_communications", 2026, None, [("X", "2026-01-01", {})], "recorded", "该条款没有金额"),
    ],
)
def test_a_declared_rule(rule: str, year: int, visible: set[str] | None, declarations: Any, code: str, text: str):
    made = tuple(declared(rule, item, day, **measure) for item, day, measure in declarations)
    awards = frozenset(one.award_id for one in made[:-1])
    asked = Asked(rule, PARTY.subject, year, is_closed=True)
    found = said(why_nothing(asked, known_of(made, awards), POLICY, visible))
    assert found[0] == code
    assert text in found[1]


def known_of(declarations: Any, awards: frozenset[str] = frozenset()) -> KnownOfSubject:
    return KnownOfSubject(SubjectFacts(declared=declarations), awards=awards, name="虚构实体")


def test_a_withdrawn_declaration_is_named_with_its_day():
    one = declared("startup_park", "X", "2026-01-01", withdrawn=True)
    asked = Asked("startup_park", PARTY.subject, 2026, is_closed=False)
    items = why_nothing(asked, known_of((one,)), POLICY)
    assert items[0]["why_not"] == {
        "code": "withdrawn",
        "text": {
            "zh": "事项X（2026年1月1日取得）的申报已于2026年6月1日撤回。",
            "en": "The declaration of X of 2026-01-01 was withdrawn on 2026-06-01.",
        },
    }
    assert items[0]["text"]["zh"].endswith("2026年度尚未结账，以上为暂定。")
    assert "“" in items[0]["text"]["zh"]


def test_others_earn_nothing_and_what_the_reader_may_not_know_is_one_answer():
    asked = Asked("first_purchase", "overseas:X-1", 2026, is_closed=True)
    assert said(why_nothing(asked, known_of(()), POLICY))[0] == "not_an_enterprise"
    asked = Asked("first_purchase", PARTY.subject, 2026, is_closed=True)
    assert said(why_nothing(asked, None, POLICY, {"kmdex"}))[0] == "no_document"


def test_what_has_an_award_is_not_explained_again():
    one = declared("startup_park", "X", "2026-01-01")
    for rule, award_id in (
        ("startup_park", one.award_id),
        ("first_purchase", f"first_purchase/{PARTY.subject}"),
        ("annual_listed_trading", f"annual_listed_trading/{PARTY.subject}/2026"),
    ):
        asked = Asked(rule, PARTY.subject, 2026, is_closed=True)
        assert why_nothing(asked, known_of((one,), frozenset({award_id})), POLICY) == []
