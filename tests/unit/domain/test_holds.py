"""Holds and eligibility, by example."""

from datetime import UTC, datetime, timedelta

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.holds import (
    Period,
    Verification,
    YearAct,
    holds,
    is_year_closed,
)
from services.incentive.domain.subjects.eligibility import day_of_eligibility, eligibility
from services.incentive.policy.loader import load_policy
from services.incentive.verifier.acts import RecordedActs, expected_holds, period_of
from services.incentive.verifier.history import AwardHistory
from services.incentive.verifier.policy import PolicyValues
from services.incentive.verifier.values import Json, Span, instant, yuan
from shared.settings import POLICY_FILE
from shared.values.times import format_time, year_start

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
INSTANT = Period(NOW, NOW + timedelta(microseconds=1))
POLICY = load_policy(POLICY_FILE)
NOT_HELD = POLICY.with_alternative("general.open_years")
TREE = yaml.load(POLICY_FILE.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 - strings only
GENERAL = TREE["general"]


def values_with(**readings: str) -> PolicyValues:
    """Return the verifier's policy under other readings of clauses."""
    chosen = {clause: {**GENERAL[clause], "reading": reading} for clause, reading in readings.items()}
    return PolicyValues({**TREE, "general": {**GENERAL, **chosen}})


DAYS = {"day_of_application": "present", "application": "application", "day_earned": "day_earned"}
READINGS = (
    (POLICY, {}),
    (NOT_HELD, {"open_years": "not_held"}),
)
VALUES = {
    (place, day): values_with(**readings, eligibility_day=day)
    for place, (_, readings) in enumerate(READINGS)
    for day in DAYS
}


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
        ({"is_over_budget": True}, ("budget",)),
        ({"suspensions": [Period(NOW - DAY, NOW)]}, ()),
        ({"suspensions": [Period(NOW - DAY, None)]}, ("rule_suspended",)),
        ({"is_year_open": True}, ("period_open",)),
        (
            {
                "status": "failed",
                "is_over_budget": True,
                "suspensions": [INSTANT],
                "is_year_open": True,
                "lacks_assessment": True,
                "by_hand": ["objection", "manual"],
            },
            ("eligibility", "budget", "rule_suspended", "period_open", "assessment", "manual", "objection"),
        ),
    ],
)
def test_holds(changes: dict, expected: tuple[str, ...]) -> None:
    of_none = {
        "status": "verified",
        "is_over_budget": False,
        "earned": INSTANT,
        "suspensions": (),
        "is_year_open": False,
        "lacks_assessment": False,
        "by_hand": (),
    }
    assert holds(**{**of_none, **changes}) == expected


@pytest.mark.parametrize(
    ("rule", "is_held"),
    [
        ("annual_listed_trading", True),
        ("exchange_tiers", True),
        ("first_purchase", False),
        ("revenue_growth", False),
    ],
)
def test_a_total_of_an_open_year_is_held(rule: str, is_held: bool) -> None:
    assert NOT_HELD is not None
    assert POLICY.holds_while_open(rule) is is_held
    assert not NOT_HELD.holds_while_open(rule)


CLOSES_AT = POLICY.closes_at(2026)


@pytest.mark.parametrize(
    ("acts", "is_closed"),
    [
        ([], (False, True)),
        ([YearAct(CLOSES_AT - DAY, closes=True)], (True, True)),
        ([YearAct(CLOSES_AT - 2 * DAY, closes=True), YearAct(CLOSES_AT - DAY, closes=False)], (False, True)),
        ([YearAct(CLOSES_AT, closes=False)], (False, False)),
        ([YearAct(CLOSES_AT, closes=False), YearAct(CLOSES_AT, closes=True)], (False, True)),
    ],
)
def test_a_year_is_closed_by_its_day_or_the_last_act_after_it(
    acts: list[YearAct], is_closed: tuple[bool, bool]
) -> None:
    before = CLOSES_AT - timedelta(microseconds=1)
    seen = [is_year_closed([one for one in acts if one.at <= at], CLOSES_AT, at) for at in (before, CLOSES_AT)]
    assert tuple(seen) == is_closed


RULES = ("first_purchase", "compute_voucher", "data_services", "exchange_tiers", "annual_listed_trading")
WHOSE = "uscc:91530100MA6K123456"
OFFSETS = st.sampled_from([None, -2, -1, 0, 1])


@given(st.data())
def test_what_verifies_extracts_comes_to_the_same_holds(data: st.DataObject) -> None:
    """The verifier computes the same holds from the same records."""
    draw = data.draw

    def period() -> Period:
        start, end = draw(OFFSETS), draw(OFFSETS)
        return Period(*(None if one is None else NOW + one * DAY for one in (start, end)))

    year = draw(st.sampled_from([2025, 2026]))
    place = draw(st.sampled_from(range(len(READINGS))))
    policy = READINGS[place][0]
    assert policy is not None
    ceiling_fen = draw(st.sampled_from([0, 1]))
    rule, is_over, is_assessed = draw(st.sampled_from(RULES)), draw(st.booleans()), draw(st.booleans())
    verified = [Verification(draw(st.sampled_from(["verified", "failed"])), period()) for _ in range(draw(COUNTS))]
    suspended, placed = [period() for _ in range(draw(COUNTS))], draw(st.sets(st.sampled_from(["manual", "objection"])))
    closed_at = policy.closes_at(year)
    acted = draw(st.lists(st.sampled_from([NOW - DAY, closed_at, NOW]).filter(NOW.__ge__), max_size=2))
    year_acts = [YearAct(at, closes=draw(st.booleans())) for at in sorted(acted)]
    day, applied_at = draw(st.sampled_from(list(DAYS))), draw(st.sampled_from([None, NOW - DAY, NOW]))
    earned = Period(year_start(year), year_start(year + 1))
    expected = holds(
        status=eligibility(verified, NOW, day_of_eligibility(DAYS[day], applied_at, earned, NOW)),
        is_over_budget=is_over,
        earned=earned,
        suspensions=suspended,
        is_year_open=ceiling_fen > 0
        and policy.holds_while_open(rule)
        and not is_year_closed(year_acts, policy.closes_at(year), NOW),
        lacks_assessment=ceiling_fen > 0 and rule == "data_services" and not is_assessed,
        by_hand=placed,
    )
    acts = RecordedActs()
    for kind in placed:
        acts.held.add(kind, "award", kind)
    acts.suspended = {str(number): (rule, span_of(one)) for number, one in enumerate(suspended)}
    acts.eligible[WHOSE] = [(one.status, span_of(one.valid)) for one in verified]
    acts.year_acts = {year: [(instant(format_time(one.at)), one.closes) for one in year_acts]}
    scheme, code = WHOSE.split(":")
    award = {
        "award_id": "award",
        "evidence": [{"fact": "declared/bureau/x", "generation": 1, "seq": 1}],
        "rule": rule,
        "subject": {"id_scheme": scheme, "id": code},
        "year": year,
        "ceiling": yuan(ceiling_fen),
    }
    now_us = instant(format_time(NOW))
    history = AwardHistory()
    history.applied_us = None if applied_at is None else instant(format_time(applied_at))
    over, facts = {"award"} if is_over else set(), Declared({"assessed": "1.00"} if is_assessed else {})
    assert tuple(expected_holds(award, history, over, acts, facts, VALUES[place, day], now_us)) == expected


class Declared:
    """Facts with one declaration and without one that earns the award: it is earned over its year."""

    def __init__(self, value: Json) -> None:
        self._value = value

    def value_of(self, fact: str) -> Json:
        del fact
        return self._value

    def of(self, about: str) -> list[Json]:
        del about
        return []


COUNTS = st.integers(0, 3)


def span_of(period: Period) -> Span:
    start, end = (None if one is None else format_time(one) for one in period)
    return period_of({"from": start, "until": end})
