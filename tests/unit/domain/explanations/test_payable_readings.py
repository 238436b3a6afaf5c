"""Explanations of payables by readings other than those in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from services.incentive.domain.declared_rules import declared_awards
from services.incentive.domain.explanations.declared import explain_declared
from services.incentive.domain.explanations.payable import Rival, payable_steps
from services.incentive.domain.payables.highest_only import PayableInputs, with_payables
from tests.support.incentive.declarations import PARTY, POLICY, declared

if TYPE_CHECKING:
    from services.incentive.domain.facts import Declaration
    from shared.values.json_types import Json


def explained(history: list[Declaration], award_id: str, **readings: str) -> list[Json]:
    """The steps from an award's ceiling to its payable."""
    policy = msgspec.structs.replace(POLICY, **readings)
    days = {one.award_id: one.earned_on for one in history}
    awards = with_payables(declared_awards(PARTY, history, policy), policy, PayableInputs(days=days))
    rivals = [Rival(one.award_id, one.ceiling_fen, one.suppressed_by) for one in awards]
    return payable_steps(next(one for one in awards if one.award_id == award_id), rivals, policy)


PARK = declared("startup_park", "P", "2026-03-01")
SCENARIO = declared("ai_scenario", "S", "2027-03-01")


def test_an_award_of_another_year_suppresses_over_the_whole_life() -> None:
    assert explained([PARK, SCENARIO], PARK.award_id) == []
    (lost,) = explained([PARK, SCENARIO], PARK.award_id, highest_only_scope="whole_life")
    assert lost["step"] == "suppression"
    assert "同一主体各年度的“人工智能+”应用场景奖励" in lost["text"]["zh"]
    assert "(S, 1,000,000.00 yuan) of the same subject in any year is higher" in lost["text"]["en"]
    (won,) = explained([PARK, SCENARIO], SCENARIO.award_id, highest_only_scope="whole_life")
    assert "同一主体各年度的数字经济科创园奖励" in won["text"]["zh"]


STEP = declared("revenue_growth", "R26", "2026-03-01", revenue="100000000")
NEXT = declared("revenue_growth", "R27", "2027-03-01", revenue="500000000")


def test_a_step_says_what_is_deducted_from_its_payable() -> None:
    assert explained([STEP, NEXT], NEXT.award_id) == []
    (step,) = explained([STEP, NEXT], NEXT.award_id, steps="payables")
    assert (step["step"], step["value"]) == ("difference", "100000.00")
    assert step["text"]["zh"] == "晋级补差：减去其他各档可兑现的金额，得100,000.00元。"
    assert step["text"]["en"] == "Step-up difference: less what is payable of other steps, 100,000.00 yuan."


@pytest.mark.parametrize(
    ("rounding", "value", "zh"),
    [
        ("half_up_to_the_fen", "10000.01", "四舍五入到分"),
        ("down_to_the_yuan", "10000.00", "舍去不足一元的部分"),
        ("down_to_the_fen_once_at_the_end", "10000.00", "舍去不足一分的部分"),
    ],
)
def test_a_rate_says_how_it_is_rounded(rounding: str, value: str, zh: str) -> None:
    voucher = declared("compute_voucher", "V", "2026-03-01", settled="33333.35")
    policy = msgspec.structs.replace(POLICY, rounding=rounding)
    (rate,) = [one for one in explain_declared(voucher.award_id, [voucher], policy).steps if one["step"] == "rate"]
    assert (rate["value"], zh in rate["text"]["zh"]) == (value, True)
