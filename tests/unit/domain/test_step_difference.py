"""What of earlier steps is deducted from the ceiling of a later one (晋级补差)."""

from __future__ import annotations

import msgspec
import pytest

from services.incentive.domain.step_difference import earned_of_steps
from services.incentive.policy.loader import load_policy
from shared.settings import POLICY_FILE

POLICY = load_policy(POLICY_FILE)
# The steps of two subjects, in the order of their facts, in fen.
STEPS = [("a", 300), ("b", 200), ("a", 100)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [("ceilings", 600), ("payables", 500), ("approved", 500)],
    ids=["each ceiling is a difference", "whole steps: the greatest of each subject", "whole steps, by approvals"],
)
def test_earlier_steps_are_deducted_once(steps: str, expected: int) -> None:
    assert earned_of_steps(STEPS, msgspec.structs.replace(POLICY, steps=steps)) == expected


@pytest.mark.parametrize("steps", ["ceilings", "payables", "approved"])
def test_without_an_amount_nothing_is_deducted(steps: str) -> None:
    policy = msgspec.structs.replace(POLICY, steps=steps)
    assert earned_of_steps([], policy) == earned_of_steps([("a", 0)], policy) == 0
