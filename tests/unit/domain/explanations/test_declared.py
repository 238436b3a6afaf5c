"""Explanations of declared rewards: the declaration, each step to the ceiling, and the reason for a zero amount."""

import pytest
from hypothesis import given

from services.incentive.domain.declared_rules import WHY_NOTHING, declared_outcomes
from services.incentive.domain.explanations.declared import explain_declared
from shared.values.money import format_yuan
from tests.support.incentive.declarations import POLICY, assessed, declared, histories

CEILINGS = POLICY.with_alternative("general.limits")  # limits cut ceilings


def explained(*declarations, of: int = -1, policy=POLICY):
    account = explain_declared(declarations[of].award_id, declarations, policy)
    return account, [(step["step"], step["value"]) for step in account.steps]


def test_a_rate_and_what_a_limit_left():
    vouchers = [
        declared("compute_voucher", "V-1", "2026-01-01", settled="900000.00"),
        declared("compute_voucher", "V-2", "2026-02-01", settled="200000.03"),
    ]
    assert explained(*vouchers)[1] == [("base", "200000.03"), ("rate", "60000.00")]
    account, steps = explained(*vouchers, policy=CEILINGS)
    assert steps == [("base", "200000.03"), ("rate", "60000.00"), ("limit", "30000.00")]
    assert account.reason.zh == "事项V-2（2026年2月1日取得），合同最终结算金额：200,000.03元。"
    assert account.reason.en == "V-2 of 2026-02-01, settled amount of the contract: 200,000.03 yuan."
    assert account.steps[-1]["text"] == {
        "zh": "算力券同一主体每年至多300,000.00元，尚余30,000.00元，得30,000.00元。",
        "en": "Compute vouchers, for each subject and year, at most 300,000.00 yuan; 30,000.00 yuan are left:"
        " 30,000.00 yuan.",
    }
    assert account.next is None


def test_steps_by_difference_and_the_next_one():
    years = [
        declared("revenue_growth", "R-1", "2026-12-31", revenue="100000000.00"),
        declared("revenue_growth", "R-2", "2027-12-31", revenue="600000000.00"),
    ]
    account, steps = explained(*years)
    assert steps == [("base", "600000000.00"), ("cap", "300000.00"), ("difference", "100000.00")]
    assert account.next == {"threshold": "1000000000.00", "missing": "400000000.00"}


def test_a_grade_is_recognized_by_its_name():
    account, steps = explained(declared("contest", "P", "2026-05-01", prize="national_second"))
    assert steps == [("base", "0.00"), ("cap", "80000.00")]
    assert "奖次：全国二等奖" in account.reason.zh


@pytest.mark.parametrize(
    ("why", "declarations"),
    [
        ("recorded", [("international_communications", "X", "2026-01-01", {})]),
        ("not_in_force", [("data_assets", "X", "2025-10-14", {})]),
        ("not_measured", [("contest", "X", "2026-01-01", {"prize": "fourth"})]),
        ("not_measured", [("loan_interest", "X", "2026-01-01", {"loan": "much"})]),
        ("over_at_most", [("computing_centre", "X", "2026-01-01", {"pue": "1.26"})]),
        ("below_steps", [("revenue_growth", "X", "2026-01-01", {"revenue": "99999999.99"})]),
        ("below_minimum", [("compute_voucher", "X", "2026-01-01", {"settled": "1.00"})]),
        ("not_the_first", [("startup_park", "A", "2026-01-01", {}), ("startup_park", "X", "2026-01-02", {})]),
        (
            "no_higher_step",
            [
                ("cluster_recognition", "X", "2026-01-01", {"level": "nation"}),
                ("cluster_recognition", "X", "2027-01-02", {"level": "city"}),
            ],
        ),
        (
            "over_years",
            [
                ("loan_interest", "A", "2025-12-01", {"loan": "100.00"}),
                ("loan_interest", "X", "2028-01-02", {"loan": "100.00"}),
            ],
        ),
        ("limit_used_up", [("ai_model", item, "2026-01-01", {}) for item in "ABCX"]),
    ],
)
def test_why_it_is_nothing(why, declarations):
    declarations = [declared(rule, item, day, **measure) for rule, item, day, measure in declarations]
    account, _ = explained(*declarations, policy=CEILINGS)
    assert WHY_NOTHING[why].zh in account.reason.zh
    assert WHY_NOTHING[why].en[1:] in account.reason.en
    if len(declarations) > 1 and why != "over_years":
        assert declarations[0].item in account.reason.zh


def test_what_the_bureau_assessed():
    scenario = assessed(declared("ai_scenario", "A-1", "2026-01-01"), 60_000_000)
    account, steps = explained(scenario)
    assert steps == [("base", "0.00"), ("cap", "1000000.00"), ("cap", "600000.00")]
    assert account.steps[-1]["text"] == {
        "zh": "评定金额600,000.00元，取其低者，得600,000.00元。",
        "en": "The bureau assessed 600,000.00 yuan; the lesser counts: 600,000.00 yuan.",
    }


def test_what_was_taken_back():
    account, steps = explained(declared("startup_park", "X", "2026-01-01", withdrawn=True))
    assert (steps, account.next) == ([], None)
    assert "已撤回" in account.reason.zh


@given(histories())
def test_the_last_step_is_the_ceiling(declarations):
    for outcome in declared_outcomes(declarations, POLICY, POLICY.in_force):
        account = explain_declared(outcome.declaration.award_id, declarations, POLICY)
        if outcome.why is None:
            assert account.steps[-1]["value"] == format_yuan(outcome.ceiling_fen)
