"""Explanations of payables: the texts of highest only, of limits and of what is set aside."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.awards import Award, award_of
from services.incentive.domain.explanations.payable import Rival, payable_steps
from services.incentive.domain.payables.highest_only import PayableInputs, with_payables
from services.incentive.policy.loader import load_policy
from shared.settings import POLICY_FILE
from shared.values.money import format_yuan
from shared.values.parties import Party
from tests.support.incentive.chinese import faults_in

POLICY = load_policy(POLICY_FILE)
WAN = 1_000_000  # fen of 10,000 yuan
PARTY = Party("uscc", "91530100MA6000001X", "虚构实体")
SUBJECT = PARTY.subject


def award(award_id: str, wan: int, **fields) -> Award:
    """An award of so many 万元, by its award_id."""
    rule, *rest = award_id.split("/")
    year = next((int(part) for part in rest if part.isdigit() and len(part) == 4), 2026)
    made = award_of(POLICY, POLICY.terms(rule), PARTY, award_id, exchange=None, year=year, evidence=())
    return msgspec.structs.replace(made, ceiling_fen=wan * WAN, **fields)


def declared(rule: str, item: str, wan: int) -> Award:
    return award(f"{rule}/{SUBJECT}/2026/{item}", wan)


def tier(exchange: str, year: int, wan: int, cap: int) -> Award:
    return award(f"exchange_tiers/{exchange}/{year}", wan, cap_fen=cap * WAN)


def texts(*awards: Award, inputs: PayableInputs | None = None, policy=POLICY) -> dict[str, list[tuple[str, str, str]]]:
    """The steps of each award, (step, value, Chinese text), by award_id."""
    inputs = inputs or PayableInputs()
    settled = with_payables(awards, policy, inputs)
    found = {}
    for one in settled:
        rivals = [Rival(x.award_id, x.ceiling_fen, x.suppressed_by) for x in settled if x.year == one.year]
        steps = payable_steps(one, rivals, policy, set_aside="rejected" if one.award_id in inputs.set_aside else None)
        for step in steps:
            assert faults_in(step["text"]["zh"]) == [], step
            assert step["text"]["en"]
        assert one.payable_fen == one.ceiling_fen or steps[-1]["value"] == format_yuan(one.payable_fen)
        found[one.award_id] = [(step["step"], step["value"], step["text"]["zh"]) for step in steps]
    return found


PURCHASE = award(f"first_purchase/{SUBJECT}", 20)
NATIONAL, INDUSTRY = declared("standards", "S-1", 20), declared("standards", "S-2", 10)


def test_items_of_the_higher_kind_add_up():
    found = texts(PURCHASE, NATIONAL, INDUSTRY)
    assert found[PURCHASE.award_id] == [
        (
            "suppression",
            "0.00",
            "就高不重复：同一主体同一年度的标准制定奖励（事项S-1，200,000.00元）所属的一类合计较高，本项不予兑现。",
        )
    ]
    assert found[NATIONAL.award_id] == [
        (
            "suppression",
            "200000.00",
            "就高不重复：本项所属的一类合计较高，同一主体同一年度的首单购买奖励不予兑现。",
        )
    ]
    assert found[INDUSTRY.award_id] == []


def test_the_higher_of_two_and_the_first_of_two_equals():
    listing = award(f"first_listing/{SUBJECT}", 2)
    found = texts(PURCHASE, listing)
    assert found[PURCHASE.award_id][0][2] == "就高不重复：本项较高，同一主体同一年度的首次挂牌奖励不予兑现。"
    assert found[listing.award_id][0][2] == (
        "就高不重复：同一主体同一年度的首单购买奖励（200,000.00元）更高，本项不予兑现。"
    )
    equal = award(f"first_listing/{SUBJECT}", 20)
    found = texts(PURCHASE, equal)
    assert found[equal.award_id][0][2] == (
        "就高不重复：金额相等而本项排序在前，同一主体同一年度的首单购买奖励不予兑现。"
    )
    assert found[PURCHASE.award_id][0][2] == (
        "就高不重复：同一主体同一年度的首次挂牌奖励（200,000.00元）金额相等而排序在前，本项不予兑现。"
    )


def test_a_kind_that_its_limit_lowers_loses_to_one_with_a_lower_ceiling():
    """One overseas voucher with a ceiling of 900,000, of which 500,000 are payable, next to a facility's 5,000,000."""
    voucher = declared("compute_voucher_overseas", "V-1", 90)
    scenario = declared("ai_scenario", "A-1", 60)
    found = texts(voucher, scenario)
    assert found[scenario.award_id][0][2] == (
        "就高不重复：本项所属的一类合计较高，同一主体同一年度的跨境出海算力券（事项V-1）不予兑现。"
    )
    assert "所属的一类合计较高，本项不予兑现。" in found[voucher.award_id][0][2]


def test_a_limit_over_several_items():
    found = texts(declared("compute_voucher", "V-1", 9), declared("compute_voucher", "V-2", 25))
    assert found[f"compute_voucher/{SUBJECT}/2026/V-1"] == []
    assert found[f"compute_voucher/{SUBJECT}/2026/V-2"] == [
        ("limit", "210000.00", "限额：算力券同一主体每年至多300,000.00元，余210,000.00元。")
    ]


def test_the_ladder_of_an_operator():
    first, second = tier("kmdex", 2026, 100, 100), tier("dcdex", 2027, 300, 300)
    found = texts(first, second, tier("aadex", 2028, 300, 300))
    assert found[second.award_id] == [
        ("limit", "2000000.00", "同一运营主体的晋级奖励合计不超过已达到的最高一档，余2,000,000.00元。")
    ]
    assert found["exchange_tiers/aadex/2028"] == [
        (
            "limit",
            "0.00",
            "同一运营主体的晋级奖励合计不超过已达到的最高一档，交易场所晋级奖励（交易场所dcdex）已用完。",
        )
    ]


def test_a_reader_who_may_see_no_grants_learns_that_one_reduces_an_award():
    for one, step in ((PURCHASE, "grant"), (tier("kmdex", 2026, 300, 300), "grant"), (NATIONAL, "limit")):
        reduced = msgspec.structs.replace(one, payable_fen=5 * WAN)
        (found,) = payable_steps(reduced, (), POLICY, deducted=None)
        assert (found["step"], found["value"]) == (step, "50000.00")
        assert "市级其他政策的奖补" in found["text"]["zh"]
        assert "最高一档" not in found["text"]["zh"]


AWARDS = [
    PURCHASE,
    award(f"first_listing/{SUBJECT}", 2),
    award(f"annual_listed_trading/{SUBJECT}/2026", 30),
    NATIONAL,
    INDUSTRY,
    declared("compute_voucher", "V-1", 9),
    declared("compute_voucher_overseas", "V-2", 90),
    declared("ai_model", "M-1", 20),
    declared("ai_scenario", "A-1", 60),
    declared("talent_living_allowance", "P-1", 5),
    tier("kmdex", 2026, 100, 100),
    tier("dcdex", 2026, 300, 300),
    tier("kmdex", 2027, 200, 300),
]


@given(st.data())
def test_what_is_less_than_the_ceiling_is_explained_down_to_the_payable(data: st.DataObject):
    """`texts` checks for each award that the last step is its payable, and the punctuation of every text."""
    awards = data.draw(st.lists(st.sampled_from(AWARDS), min_size=1, unique_by=lambda one: one.award_id))
    aside = data.draw(st.sets(st.sampled_from([one.award_id for one in awards])))
    standing = {one.award_id: one.ceiling_fen // 2 for one in awards if data.draw(st.booleans())}
    policy = data.draw(st.sampled_from([POLICY, POLICY.with_alternative("general.highest_only")]))
    found = texts(*awards, inputs=PayableInputs(set_aside=frozenset(aside), standing_fen=standing), policy=policy)
    assert found.keys() == {one.award_id for one in awards}


@pytest.mark.parametrize("standing", [0, 5])
def test_what_is_set_aside_keeps_what_stands(standing: int):
    inputs = PayableInputs(set_aside=frozenset({NATIONAL.award_id}), standing_fen={NATIONAL.award_id: standing * WAN})
    (step,) = texts(NATIONAL, inputs=inputs)[NATIONAL.award_id]
    assert step[:2] == ("limit", format_yuan(standing * WAN))
    assert step[2] == (
        "本项未予通过，可兑现的只有已核定未追缴的50,000.00元。" if standing else "本项未予通过，不予兑现。"
    )
