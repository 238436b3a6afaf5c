"""The steps of an explanation from a ceiling to its payable, where other grants are deducted."""

from services.incentive.domain.awards import Award
from services.incentive.domain.explanations.payable import DeductedGrant, payable_steps
from services.incentive.policy.loader import load_policy
from shared.settings import POLICY_FILE

POLICY = load_policy(POLICY_FILE)
GRANTS = [
    DeductedGrant("虚构技改奖补", "昆虚工信〔2026〕1号", 100_000_00),
    DeductedGrant("虚构旧奖补", None, 50_000_00),
]


def voucher(payable_fen: int, suppressed_by: str | None = None) -> Award:
    """A compute voucher of 400,000 yuan, over its limit of 300,000 a year."""
    return Award(
        award_id="compute_voucher/uscc:A/2026/V", about="uscc:A", rule="compute_voucher", article="(十四)",
        policy_id="p", policy_revision=2, subject="uscc:A", subject_name="甲", exchange=None, year=2026,
        base_fen=1_333_333_34, rate=None, cap_fen=None, ceiling_fen=400_000_00, payable_fen=payable_fen,
        suppressed_by=suppressed_by, flags=(), evidence=(),
    )  # fmt: skip


def test_grants_are_named_with_what_is_deducted_after_the_limit():
    limit, granted = payable_steps(voucher(150_000_00), (), POLICY, deducted=GRANTS)
    assert (limit["step"], limit["value"]) == ("limit", "300000.00")
    assert "余300,000.00元" in limit["text"]["zh"]
    assert (granted["step"], granted["value"]) == ("grant", "150000.00")
    assert granted["text"] == {
        "zh": "扣减市级其他政策的奖补：虚构技改奖补（昆虚工信〔2026〕1号）100,000.00元、虚构旧奖补50,000.00元，"
        "余150,000.00元。",
        "en": "Less other municipal grants (100,000.00 yuan, 50,000.00 yuan), 150,000.00 yuan are left.",
    }


def test_a_grant_that_leaves_nothing_says_so():
    used_up = [DeductedGrant("虚构技改奖补", "昆虚工信〔2026〕1号", 300_000_00)]
    limit, granted = payable_steps(voucher(0, "other_grant/1"), (), POLICY, deducted=used_up)
    assert (limit["value"], granted["step"], granted["value"]) == ("300000.00", "grant", "0.00")
    assert granted["text"]["zh"].endswith("扣减后无余额。")
    assert granted["text"]["en"] == "Nothing is left after other municipal grants (300,000.00 yuan)."


def test_without_a_limit_the_grant_is_the_only_step():
    all_payable = voucher(400_000_00 - 150_000_00)
    (granted,) = payable_steps(all_payable, (), POLICY, deducted=GRANTS)
    assert (granted["step"], granted["value"]) == ("grant", "250000.00")


def test_who_may_not_see_the_grants_learns_only_that_there_are_some():
    (granted,) = payable_steps(voucher(0, "other_grant/1"), (), POLICY)
    assert (granted["step"], granted["value"]) == ("grant", "0.00")
    assert "虚构" not in granted["text"]["zh"]
