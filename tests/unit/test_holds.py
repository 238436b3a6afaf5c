"""Holds, eligibility and budgets, by example."""

from datetime import UTC, datetime, timedelta

import pytest

from services.incentive import budget
from services.incentive.budget import Pool, Posted, budget_json, rooms
from services.incentive.holds import Period, Room, Verification, eligibility, holds
from services.incentive.policy import load_policy
from shared.settings import POLICY_FILE

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
INSTANT = Period(NOW, NOW + timedelta(microseconds=1))
POLICY = load_policy(POLICY_FILE)


@pytest.mark.parametrize(
    ("period", "is_within"),
    [
        (Period(None, None), True),
        (Period(NOW, None), True),
        (Period(None, NOW), False),
        (Period(NOW - DAY, NOW), False),
        (Period(NOW - DAY, NOW + timedelta(microseconds=1)), True),
        (Period(NOW + timedelta(microseconds=1), None), False),
    ],
)
def test_periods_are_half_open(period: Period, is_within: bool) -> None:
    assert (NOW in period) is is_within
    assert period.overlaps(INSTANT) is is_within
    assert INSTANT.overlaps(period) is is_within


@pytest.mark.parametrize(
    ("recorded", "status"),
    [
        ([], "unverified"),
        ([Verification("verified", Period(None, NOW))], "unverified"),
        ([Verification("verified", Period(NOW, None))], "verified"),
        ([Verification("verified", Period(NOW, None)), Verification("failed", Period(None, None))], "failed"),
        ([Verification("verified", Period(NOW, None)), Verification("failed", Period(None, NOW))], "verified"),
    ],
)
def test_the_last_record_that_is_valid_counts(recorded: list[Verification], status: str) -> None:
    assert eligibility(recorded, NOW) == status


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ()),
        ({"status": "failed"}, ("eligibility",)),
        ({"status": "unverified"}, ("eligibility",)),
        ({"rooms": [Room(100)]}, ()),
        ({"rooms": [Room(100), Room(99)]}, ("budget",)),
        ({"rooms": [Room(-1)], "to_approve_fen": 0}, ()),
        ({"suspensions": [Period(NOW - DAY, NOW)]}, ()),
        ({"suspensions": [Period(NOW - DAY, None)]}, ("rule_suspended",)),
        (
            {"status": "failed", "rooms": [Room(0)], "suspensions": [INSTANT], "by_hand": ["objection", "manual"]},
            ("eligibility", "budget", "rule_suspended", "manual", "objection"),
        ),
    ],
)
def test_holds(changes: dict, expected: tuple[str, ...]) -> None:
    of_none = {
        "status": "verified",
        "to_approve_fen": 100,
        "rooms": (),
        "earned": INSTANT,
        "suspensions": (),
        "by_hand": (),
    }
    assert holds(**{**of_none, **changes}) == expected


def test_a_reward_must_fit_the_budget_of_the_year_and_the_pool_of_its_article(monkeypatch: pytest.MonkeyPatch) -> None:
    posted = [Posted("first_listing", 500, 300, 100), Posted("first_purchase", 50, 0, 0)]
    whole = POLICY.budget_fen - 450
    assert rooms(POLICY, "first_listing", posted) == (Room(whole),)
    monkeypatch.setattr(budget, "pools_of", lambda _policy: (Pool("(四) 1", 1000, ("first_listing",)),))
    assert rooms(POLICY, "first_listing", posted) == (Room(whole), Room(600))
    assert rooms(POLICY, "first_purchase", posted) == (Room(whole),)
    told = budget_json(2026, POLICY, POLICY.budget_fen, posted)
    assert told["pools"] == [{"article": "(四) 1", "budget": "10.00", "approved": "5.00"}]
    assert (told["approved"], told["paid"], told["returned"]) == ("5.50", "3.00", "1.00")
    assert (told["available"], told["exceeded"]) == ("99999995.50", False)
    assert budget_json(2026, POLICY, POLICY.budget_fen + 1, posted)["exceeded"]
