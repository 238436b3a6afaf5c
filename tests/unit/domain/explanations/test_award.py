"""Explanations of awards and statuses, and the parts hidden from a reader with restricted access."""

import json
import re
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.awards import Award
from services.incentive.domain.event_rules import ExchangeFacts
from services.incentive.domain.explanations.award import ExplainedAward, explanation
from services.incentive.domain.explanations.payable import Rival
from services.incentive.domain.explanations.wording import REASONS, reason_label
from services.incentive.domain.facts import Listed
from services.incentive.domain.payables.highest_only import PayableInputs, with_payables
from services.incentive.domain.status import exchange_status, operated_exchanges, subject_status
from services.incentive.policy.loader import load_policy
from shared.events.decode import Accepted, decode
from shared.settings import POLICY_FILE
from shared.whitelist import load_whitelist
from tests.support.cases import EXCHANGES_FILE, award_id, read_event, uscc
from tests.support.incentive.facts_in_memory import Documents, KnownFacts, earned_awards, facts_of

POLICY = load_policy(POLICY_FILE)
EXCHANGES = load_whitelist(EXCHANGES_FILE)
P1, B1 = f"uscc:{uscc('P1')}", f"uscc:{uscc('B1')}"


class World:
    """A history of case events, its facts and its awards."""

    def __init__(self, *events) -> None:
        documents = Documents()
        for found in events:
            event = read_event(found)
            outcome = decode(event.kind, event.exchange, json.dumps(event.document).encode(), [])
            assert isinstance(outcome, Accepted)
            documents.accept(event.exchange, outcome.document)
        facts = facts_of(documents, EXCHANGES)
        self.known = KnownFacts(facts)
        awards = with_payables(earned_awards(facts, EXCHANGES, POLICY), POLICY, PayableInputs())
        self.awards = {one.award_id: one for one in awards}

    def state(self, short: str, *, partial: bool = False) -> ExplainedAward:
        return self.state_of(self.awards[award_id(short)], partial=partial)

    def state_of(self, one: Award, *, partial: bool = False) -> ExplainedAward:
        group = [x for x in self.awards.values() if (x.subject, x.year) == (one.subject, one.year)]
        rivals = tuple(Rival(x.award_id, x.ceiling_fen, x.suppressed_by) for x in group)
        return ExplainedAward(one, partial=partial, rivals=rivals)

    def first_listing(self, party: str) -> Listed:
        (fact,) = self.known.of(f"uscc:{uscc(party)}").first_listing
        assert fact.first is not None
        return fact.first

    def explain(self, short: str, visible=None, *, partial: bool = False):
        return self.explain_state(self.state(short, partial=partial), visible)

    def explain_state(self, state: ExplainedAward, visible=None):
        award = state.award
        if award.rule == "exchange_tiers":
            facts = ExchangeFacts(self.known.exchanges.get(award.award_id.split("/")[1], {}), EXCHANGES)
            return explanation(state, facts, POLICY, visible)
        return explanation(state, self.known.of(award.subject), POLICY, visible)

    def status(self, subject: str, year: int, visible=None):
        awards = {one.award_id for one in self.awards.values() if (one.subject, one.year) == (subject, year)}
        exchanges = {
            one: self.known.exchanges.get(one, {}) for one in operated_exchanges(subject, year, EXCHANGES, POLICY)
        }
        operated = {one: ExchangeFacts(totals, EXCHANGES) for one, totals in exchanges.items()}
        answer = subject_status(subject, year, self.known.of(subject), operated, POLICY, awards, visible)
        return {entry["rule"]: entry for entry in answer["rules"]}


def no_longer_earned(one: Award) -> ExplainedAward:
    return ExplainedAward(msgspec.structs.replace(one, ceiling_fen=0, payable_fen=0, suppressed_by=None, flags=()))


def values(explained) -> dict[str, str]:
    return {step["step"]: step["value"] for step in explained["steps"]}


OLD = {"trade": ["T0", "P9", "B1", "1", "2020-02-01"]}
LISTING = {"listing": ["L1", "P1", "2020-01-05"]}


def test_every_reason_of_the_contract_has_words_in_both_languages():
    reasons = {"later", "cancelled", "annulled", "mirrored", "mode", "unmatched", "not_on_whitelist", "not_in_force"}
    assert set(REASONS) == reasons
    assert all(texts.zh and texts.en for texts in REASONS.values())
    assert reason_label("new").zh == "new"


def test_first_purchase():
    explained = World({"trade": ["T1", "P1", "B1", "5000000", "2026-03-01", {"refunded": "1000000.01"}]}).explain(
        "first_purchase/B1"
    )
    assert list(explained) == [
        "award_id", "article", "text", "steps", "counted", "not_counted", "suppressed_by", "next", "evidence",
    ]  # fmt: skip
    assert explained["article"] == "(四) 2"
    assert [step["step"] for step in explained["steps"]] == ["base", "refund", "rate", "cap", "rounding"]
    assert values(explained) == {
        "base": "5000000.00",
        "refund": "3999999.99",
        "rate": "199999.9995",
        "cap": "199999.9995",
        "rounding": "199999.99",
    }
    assert explained["counted"] == [{"exchange": "kmdex", "amount": "3999999.99", "trades": 1}]
    assert (explained["not_counted"], explained["next"], explained["suppressed_by"]) == ([], None, None)
    assert explained["evidence"] == [
        {"fact": f"facts.first-purchase.v1/r1/{B1}", "generation": 1, "seq": 1, "exchanges": ["kmdex"]}
    ]
    for text in (explained["text"]["zh"], explained["text"]["en"]):
        for figure in ("T1", "5,000,000.00", "1,000,000.01", "3,999,999.99", "5%", "200,000.00", "199,999.99"):
            assert figure in text


def test_a_predecessor_that_no_longer_counts_is_named_to_those_who_may_see_it():
    first, second = (
        World({"listing": [number, "P1", day, {"exchange": exchange}]}).first_listing("P1")
        for number, day, exchange in (("L0", "2026-01-04", "dcdex"), ("L1", "2026-01-05", "kmdex"))
    )
    world = World({"listing": ["L1", "P1", "2026-01-05"]})
    state = msgspec.structs.replace(world.state("first_listing/P1"), earlier=(second, first, second))
    explained = world.explain_state(state)["text"]
    gone = "此前计为首次挂牌的挂牌L0（交易场所dcdex，2026年1月4日）已不再计入（作废、更正，或不在名录期内）。"
    assert f"{gone}首次挂牌为挂牌L1（交易场所kmdex，2026年1月5日）。" in explained["zh"]
    assert "L0 on dcdex, 2026-01-04, the first listing until then, no longer counts" in explained["en"]
    assert "L0" not in str(world.explain_state(state, {"kmdex"}))
    # So is one that is annulled, whether or not it ever was the first.
    annulled = {"listing": ["L0", "P1", "2026-01-04", {"exchange": "dcdex", "status": "annulled"}]}
    world = World(annulled, {"listing": ["L1", "P1", "2026-01-05"]})
    explained = world.explain("first_listing/P1")["text"]
    assert "更早的挂牌L0（交易场所dcdex，2026年1月4日）已作废，不计为首次。首次挂牌为挂牌L1" in explained["zh"]
    assert "L0 on dcdex, 2026-01-04, came earlier and is annulled. The first listing is L1" in explained["en"]
    assert "L0" not in str(world.explain("first_listing/P1", {"kmdex"}))
    # A later document that was overtaken by an earlier one, and one that was corrected, are not gone.
    moved = msgspec.structs.replace(second, listed_at=first.listed_at)
    for earlier in ((msgspec.structs.replace(first, listed_at=second.listed_at + timedelta(days=1)),), (moved,)):
        state = msgspec.structs.replace(state, earlier=earlier)
        assert "此前" not in world.explain_state(state)["text"]["zh"]


def test_the_head_names_document_article_subject_and_year_and_what_is_provisional():
    world = World({"listing": ["L1", "P1", "2026-01-05"]})
    state = world.state("first_listing/P1")
    explained = world.explain_state(msgspec.structs.replace(state, is_closed=False))["text"]
    name, code = state.award.subject_name, uscc("P1")
    assert explained["zh"].startswith(f"昆政发〔2025〕14号（四）1“首次挂牌奖励”，{name}（{code}），2026年度：")
    assert explained["en"].startswith(f"(四) 1 first listing, {code}, 2026: ")
    assert explained["zh"].endswith("2026年度尚未结账，以上为暂定。")
    assert "provisional" in explained["en"]
    assert "暂定" not in world.explain_state(state)["text"]["zh"]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A few listings and trades of one provider on two exchanges, before and under the policy, some refunded."""
    events = [{"listing": [f"L{place}", "P1", "2020-01-05", {"exchange": place}]} for place in ("kmdex", "dcdex")]
    for number in range(draw(st.integers(1, 5))):
        amount = draw(st.sampled_from([19, 333333, 5000000, 12345678, 150000000, 700000000]))
        place = draw(st.sampled_from(["kmdex", "dcdex"]))
        more = {"exchange": place, "listing_no": f"L{place}", "refunded": str(draw(st.integers(0, amount)))}
        day = draw(st.sampled_from(["2025-03-01", "2025-11-01", "2026-03-01", "2027-03-01", "2028-11-01"]))
        events.append({"trade": [f"T{number}", "P1", draw(st.sampled_from(["B1", "B2"])), str(amount), day, more]})
    return World(*events)


@given(worlds())
def test_the_steps_lead_from_base_to_payable_to_the_fen_in_chinese_as_officials_write_it(world: World):
    for one in world.awards.values():
        state = world.state_of(one)
        explained = world.explain_state(state)
        base, payable = Decimal(explained["steps"][0]["value"]), Decimal(state.award.payable_fen) / 100
        assert follow(explained["steps"], state.award) == payable
        assert Decimal(explained["steps"][-1]["value"]) == payable
        net = {step["step"]: Decimal(step["value"]) for step in explained["steps"]}.get("refund", base)
        assert net == Decimal(one.base_fen) / 100
        for text in (explained["text"]["zh"], *(step["text"]["zh"] for step in explained["steps"])):
            written = text.replace(one.subject_name, "")
            assert not re.search(r"(?<!\d),|,(?!\d{3})|[;:?!()\"]|\d-\d| ", written), text


def follow(steps, award: Award) -> Decimal:
    """Do what each step says, from the base on, and check the value that it states; return the last one."""
    value = Decimal(steps[0]["value"])
    for before, step in pairwise(steps):
        stated = Decimal(step["value"])
        match step["step"]:
            case "refund":
                assert 0 <= stated < value
            case "rate":
                assert stated == value * award.rate
            case "cap" if before["step"] in ("rate", "rounding"):
                assert stated == min(value, Decimal(award.cap_fen) / 100)
            case "cap":
                assert stated == Decimal(award.cap_fen) / 100
            case "rounding":
                assert stated == value.quantize(Decimal("0.01"), ROUND_DOWN)
            case "difference":
                assert 0 < stated < value
            case "suppression":
                assert stated in (0, value)
            case other:
                raise AssertionError(other)
        value = stated
    return value


def test_the_cap_is_reported_when_it_applies():
    explained = World({"trade": ["T1", "P1", "B1", "50000000", "2026-03-01"]}).explain("first_purchase/B1")
    assert values(explained) == {
        "base": "50000000.00",
        "rate": "2500000.00",
        "cap": "200000.00",
        "rounding": "200000.00",
    }
    assert "按封顶计" in explained["text"]["zh"]
    assert "it applies" in explained["text"]["en"]


def test_the_other_reading_of_the_last_day_is_reported_where_it_matters():
    on, before = (
        World({"listing": ["L1", "P1", day]}).explain("first_listing/P1") for day in ("2028-10-15", "2028-10-14")
    )
    assert "G1" in on["text"]["zh"]
    assert "G1" in on["text"]["en"]
    assert "G1" not in before["text"]["zh"] + before["text"]["en"]


def test_first_listing():
    explained = World({"listing": ["L1", "P1", "2026-01-05"]}).explain("first_listing/P1")
    assert (explained["article"], values(explained)) == ("(四) 1", {"base": "0.00", "cap": "20000.00"})
    assert explained["counted"] == [{"exchange": "kmdex", "amount": "0.00", "trades": 0}]


def test_a_suppressed_award_says_what_it_lost_against():
    world = World(
        OLD,
        {"listing": ["L1", "P1", "2026-01-05"]},
        {"trade": ["T1", "P1", "B1", "15000000", "2026-03-01", {"listing_no": "L1"}]},
    )
    lost, won = world.explain("first_listing/P1"), world.explain("annual_listed_trading/P1/2026")
    annual = f"annual_listed_trading/{P1}/2026"
    assert (lost["suppressed_by"], values(lost)["suppression"]) == (annual, "0.00")
    assert "年度挂牌交易奖励（300,000.00元）更高" in lost["text"]["zh"]
    assert "annual listed trading (300,000.00 yuan) in the same subject and year is higher" in lost["text"]["en"]
    assert (won["suppressed_by"], values(won)["suppression"]) == (None, "300000.00")
    assert "同一主体同一年度的首次挂牌奖励不予兑现" in won["text"]["zh"]


def test_annual_says_what_does_not_count_and_why():
    listed = {"listing_no": "L1"}
    world = World(
        OLD,
        LISTING,
        {"listing": ["L1", "P1", "2020-01-05", {"exchange": "dcdex"}]},
        {"trade": ["T1", "P1", "B1", "7000000", "2025-11-01", listed]},
        {"trade": ["T2", "P1", "B1", "5000000", "2025-11-01", {**listed, "exchange": "dcdex"}]},
        {"trade": ["T3", "P1", "B1", "300", "2025-10-14", listed]},
        {"trade": ["T4", "P1", "B1", "40", "2025-11-02", {"listing_no": "L9"}]},
        {"trade": ["T5", "P1", "B1", "5", "2025-11-02"]},
        {"trade": ["T6", "P1", "B1", "6", "2025-11-02", {**listed, "status": "cancelled"}]},
        {"trade": ["T7", "P1", "B1", "7", "2025-11-02", {**listed, "origin_exchange": "outside"}]},
    )
    explained = world.explain("annual_listed_trading/P1/2025")
    assert values(explained) == {
        "base": "12000000.00",
        "rate": "240000.00",
        "cap": "240000.00",
        "rounding": "240000.00",
    }
    assert explained["counted"] == [
        {"exchange": "dcdex", "amount": "5000000.00", "trades": 1},
        {"exchange": "kmdex", "amount": "7000000.00", "trades": 1},
    ]
    assert {part["reason"]: (part["amount"], part["trades"]) for part in explained["not_counted"]} == {
        "not_in_force": ("300.00", 1),
        "unmatched": ("40.00", 1),
        "mode": ("5.00", 1),
        "cancelled": ("6.00", 1),
        "mirrored": ("7.00", 1),
    }
    for reason in ("unmatched", "mode", "cancelled", "mirrored", "not_in_force"):
        assert REASONS[reason].zh in explained["text"]["zh"]
        assert REASONS[reason].en in explained["text"]["en"]


def test_a_total_says_its_amount_its_refunds_and_its_net():
    listed = {"listing_no": "L1"}
    world = World(
        OLD,
        LISTING,
        {"trade": ["T0", "P1", "B1", "9", "2025-10-14", {**listed, "refunded": "5"}]},
        {"trade": ["T1", "P1", "B1", "7000000", "2025-11-01", {**listed, "refunded": "500000.01"}]},
        {"trade": ["T2", "P1", "B1", "5000000", "2025-12-02", listed]},
        {"trade": ["T3", "P1", "B1", "80", "2025-12-03", {"listing_no": "L9", "refunded": "70"}]},
    )
    explained = world.explain("annual_listed_trading/P1/2025")
    assert values(explained) == {
        "base": "12000000.00",
        "refund": "11499999.99",
        "rate": "229999.9998",
        "cap": "229999.9998",
        "rounding": "229999.99",
    }
    assert explained["counted"] == [{"exchange": "kmdex", "amount": "11499999.99", "trades": 2}]
    assert (
        "2025年计入的挂牌交易2笔，金额合计12,000,000.00元（最近一笔完成于2025年12月2日）。"
        "减去退款500,000.01元，净额11,499,999.99元。达到门槛10,000,000.00元。11,499,999.99元×2%"
    ) in explained["text"]["zh"]
    assert (
        "Listed trades that count in 2025: 2, 12,000,000.00 yuan in all (the last one completed on 2025-12-02). "
        "Less 500,000.01 yuan refunded: 11,499,999.99 yuan net. It reaches the threshold of 10,000,000.00 yuan. "
    ) in explained["text"]["en"]


def test_a_tier_says_the_amount_the_refunds_and_the_net_up_to_the_last_instant_in_force():
    world = World(
        {"trade": ["T1", "P1", "B1", "90000000", "2025-03-01", {"refunded": "1000000"}]},
        {"trade": ["T2", "P1", "B1", "20000000", "2025-11-01", {"refunded": "500000"}]},
        {"trade": ["T3", "P1", "B1", "700000000", "2028-03-01", {"refunded": "1"}]},
        {"trade": ["T4", "P1", "B1", "7", "2028-11-01", {"refunded": "3"}]},
    )
    first, last = world.explain("exchange_tiers/kmdex/2025"), world.explain("exchange_tiers/kmdex/2028")
    assert values(first) == {"base": "110000000.00", "refund": "108500000.00", "cap": "1000000.00"}
    assert (
        "：交易场所kmdex在2025年完成的交易2笔，金额合计110,000,000.00元（最近一笔完成于2025年11月1日）。"
        "减去退款1,500,000.00元，净额108,500,000.00元（政策施行前89,000,000.00元）。"
        "首次超过100,000,000.00元。该档奖励至多1,000,000.00元。"
    ) in first["text"]["zh"]
    assert values(last)["refund"] == "699999999.00"
    # A register of an earlier version does not name refunds: the net is all that can be said.
    totals = world.known.exchanges["kmdex"]
    for year, facts in totals.items():
        totals[year] = [
            msgspec.structs.replace(
                fact, buckets=tuple(msgspec.structs.replace(one, refunded_fen=0) for one in fact.buckets)
            )
            for fact in facts
        ]
    earlier = world.explain("exchange_tiers/kmdex/2025")
    assert values(earlier) == {"base": "108500000.00", "cap": "1000000.00"}
    assert "交易2笔，扣除退款后合计108,500,000.00元（政策施行前89,000,000.00元）" in earlier["text"]["zh"]


@pytest.mark.parametrize("partial", [True, False])
def test_a_reader_who_may_not_see_all_sees_no_sum_of_others(partial: bool):
    listed = {"listing_no": "L1"}
    world = World(
        OLD,
        LISTING,
        {"listing": ["L1", "P1", "2020-01-05", {"exchange": "dcdex"}]},
        {"trade": ["T1", "P1", "B1", "7654321", "2026-03-01", listed]},
        {"trade": ["T2", "P1", "B1", "5123456", "2026-03-01", {**listed, "exchange": "dcdex"}]},
        {"trade": ["T3", "P1", "B1", "1234", "2026-03-01", {"listing_no": "L9", "exchange": "dcdex"}]},
    )
    explained = world.explain("annual_listed_trading/P1/2026", {"kmdex"}, partial=partial)
    assert explained["counted"] == [{"exchange": "kmdex", "amount": "7654321.00", "trades": 1}]
    assert (explained["not_counted"], explained["steps"], explained["next"], explained["suppressed_by"]) == (
        [],
        [],
        None,
        None,
    )
    assert [one["exchanges"] for one in explained["evidence"]] == [["kmdex"]]
    text = json.dumps(explained, ensure_ascii=False)
    for hidden in ("dcdex", "5123456", "5,123,456", "12777777", "12,777,777", "1234.00", "1,234.00"):
        assert hidden not in text


def test_what_does_not_count_at_others_is_left_out_of_a_wholly_visible_award():
    world = World(
        OLD,
        LISTING,
        {"trade": ["T1", "P1", "B1", "15000000", "2026-03-01", {"listing_no": "L1"}]},
        {"trade": ["T3", "P1", "B1", "1234", "2026-03-01", {"listing_no": "L9", "exchange": "dcdex"}]},
    )
    explained = world.explain("annual_listed_trading/P1/2026", {"kmdex"})
    assert values(explained)["rounding"] == "300000.00"
    assert "dcdex" not in json.dumps(explained, ensure_ascii=False)


def test_an_award_that_is_no_longer_earned_says_why_and_what_is_missing():
    trade = ["T1", "P1", "B1", "12000000", "2026-03-01", {"listing_no": "L1"}]
    had = World(OLD, LISTING, {"trade": trade}).awards[award_id("annual_listed_trading/P1/2026")]
    refunded = [*trade[:5], {"listing_no": "L1", "revision": "2", "refunded": "2000000.01"}]
    explained = World(OLD, LISTING, {"trade": refunded}).explain_state(no_longer_earned(had))
    assert values(explained) == {"base": "12000000.00", "refund": "9999999.99"}
    assert explained["next"] == {"threshold": "10000000.00", "missing": "0.01"}
    assert "未达到门槛10,000,000.00元。距下一门槛" in explained["text"]["zh"]
    assert "0.01" in explained["text"]["zh"]


def test_a_first_that_history_took_says_so_and_hides_others():
    had = World({"listing": ["L1", "P1", "2026-01-05"]}).awards[award_id("first_listing/P1")]
    world = World(
        {"listing": ["L1", "P1", "2026-01-05"]},
        {"listing": ["L0", "P1", "2025-10-14", {"exchange": "dcdex"}]},
    )
    explained = world.explain_state(no_longer_earned(had))
    assert explained["not_counted"] == [{"exchange": "dcdex", "reason": "not_in_force", "amount": "0.00", "trades": 0}]
    assert "L0" in explained["text"]["zh"]
    hidden = json.dumps(world.explain_state(no_longer_earned(had), {"kmdex"}), ensure_ascii=False)
    assert "dcdex" not in hidden
    assert "L0" not in hidden
    annulled = World({"listing": ["L1", "P1", "2026-01-05", {"revision": "2", "status": "annulled"}]})
    assert annulled.explain_state(no_longer_earned(had))["steps"] == []


def test_tiers_show_running_total_difference_and_the_next_step():
    world = World(
        OLD,
        {"trade": ["T1", "P1", "B1", "200000000", "2026-03-01"]},
        {"trade": ["T2", "P1", "B1", "600000000", "2027-03-01"]},
    )
    explained = world.explain("exchange_tiers/kmdex/2027", {"kmdex"})
    assert values(explained) == {"base": "600000000.00", "cap": "3000000.00", "difference": "2000000.00"}
    assert explained["next"] == {"threshold": "1000000000.00", "missing": "400000000.01"}
    assert explained["counted"] == [{"exchange": "kmdex", "amount": "600000000.00", "trades": 1}]
    assert "1,000,000.00" in explained["text"]["zh"]


def test_tiers_show_what_came_before_and_after_the_policy():
    world = World(
        {"trade": ["T1", "P1", "B1", "90000000", "2025-03-01"]},
        {"trade": ["T2", "P1", "B1", "20000000", "2025-11-01"]},
        {"trade": ["T3", "P1", "B1", "500000001", "2028-03-01"]},
        {"trade": ["T4", "P1", "B1", "7", "2028-11-01"]},
    )
    first, last = world.explain("exchange_tiers/kmdex/2025"), world.explain("exchange_tiers/kmdex/2028")
    assert "90,000,000.00" in first["text"]["zh"]
    assert first["counted"] == [{"exchange": "kmdex", "amount": "110000000.00", "trades": 2}]
    assert last["not_counted"] == [{"exchange": "kmdex", "reason": "not_in_force", "amount": "7.00", "trades": 1}]
    assert values(last)["base"] == "500000001.00"


def test_subject_status():
    world = World(
        {"listing": ["L1", "P1", "2026-01-05"]},
        {"trade": ["T1", "P1", "B1", "9000000", "2026-03-01", {"listing_no": "L1"}]},
        {"trade": ["T2", "P2", "P1", "100", "2027-03-01"]},
    )
    status = world.status(P1, 2026)
    assert list(status) == ["first_listing", "first_purchase", "annual_listed_trading"]
    assert status["first_listing"] == {
        "rule": "first_listing", "article": "(四) 1", "measure": "0.00", "threshold": None, "missing": None,
        "award": f"first_listing/{P1}",
    }  # fmt: skip
    assert (status["first_purchase"]["measure"], status["first_purchase"]["award"]) == (None, None)
    assert status["annual_listed_trading"] == {
        "rule": "annual_listed_trading", "article": "(四) 3", "measure": "9000000.00", "threshold": "10000000.00",
        "missing": "1000000.00", "award": None,
    }  # fmt: skip
    assert world.status(P1, 2027)["first_purchase"]["award"] == f"first_purchase/{P1}"
    assert world.status(P1, 2024)["annual_listed_trading"]["threshold"] is None


def test_subject_status_hides_what_rests_on_others():
    world = World(
        LISTING,
        {"listing": ["L1", "P1", "2020-01-05", {"exchange": "dcdex"}]},
        {"trade": ["T1", "P1", "B1", "11000000", "2026-03-01", {"listing_no": "L1"}]},
        {"trade": ["T2", "P1", "B1", "1", "2026-03-02", {"listing_no": "L1", "exchange": "dcdex"}]},
    )
    annual = world.status(P1, 2026, {"kmdex"})["annual_listed_trading"]
    assert (annual["measure"], annual["missing"]) == (None, None)
    assert world.status(P1, 2026)["annual_listed_trading"]["missing"] == "0.00"
    assert world.status(B1, 2026, {"dcdex"})["first_purchase"]["measure"] is None
    assert world.status(B1, 2026, {"kmdex"})["first_purchase"]["measure"] == "11000000.00"


def test_an_operator_s_status_has_its_exchange():
    world = World({"trade": ["T1", "P1", "B1", "100000000", "2026-03-01"]})
    operator = f"uscc:{uscc('OP1')}"
    tiers = world.status(operator, 2026)["exchange_tiers"]
    assert (tiers["measure"], tiers["threshold"], tiers["missing"], tiers["award"]) == (
        "100000000.00", "100000000.00", "0.01", None,
    )  # fmt: skip
    assert world.status(operator, 2027)["exchange_tiers"]["measure"] == "0.00"
    assert "exchange_tiers" not in world.status(operator, 2026, {"dcdex"})
    assert "exchange_tiers" not in world.status(P1, 2026)


def test_exchange_status_is_of_the_whole_calendar_year():
    world = World(
        {"trade": ["T1", "P1", "B1", "90000000", "2025-10-14"]},
        {"trade": ["T2", "P1", "B1", "20000000", "2025-10-16"]},
        {"trade": ["T3", "P1", "B1", "5", "2025-12-31T23:59:59+08:00"]},
        {"trade": ["T4", "P1", "B1", "7", "2025-12-31", {"status": "cancelled"}]},
    )
    facts = ExchangeFacts(world.known.exchanges["kmdex"], EXCHANGES)
    assert exchange_status("kmdex", 2025, facts, POLICY, ["exchange_tiers/kmdex/2025"]) == {
        "exchange": "kmdex",
        "name": EXCHANGES.get("kmdex").name,
        "operator": f"uscc:{uscc('OP1')}",
        "year": 2025,
        "total": "110000005.00",
        "trades": 3,
        "months": [
            {"month": "2025-10", "amount": "110000000.00", "trades": 2},
            {"month": "2025-12", "amount": "5.00", "trades": 1},
        ],
        "by_kind": [{"kind": None, "amount": "110000005.00", "trades": 3}],
        "by_industry": [{"industry": None, "amount": "110000005.00", "trades": 3}],
        "tiers": [
            {"over": "100000000.00", "reward": "1000000.00", "reached": True, "missing": "0.00"},
            {"over": "500000000.00", "reward": "3000000.00", "reached": False, "missing": "389999995.01"},
            {"over": "1000000000.00", "reward": "5000000.00", "reached": False, "missing": "889999995.01"},
        ],
        "awards": ["exchange_tiers/kmdex/2025"],
    }
    empty = exchange_status("kmdex", 2030, facts, POLICY, [])
    assert (empty["total"], empty["trades"], empty["months"]) == ("0.00", 0, [])
    with pytest.raises(KeyError):
        exchange_status("unknown", 2025, facts, POLICY, [])
