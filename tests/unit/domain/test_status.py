"""The status of a subject or exchange in a year, from given facts: amounts, thresholds, and their visibility."""

from datetime import date
from typing import Any

import msgspec
import pytest

from services.incentive.domain.event_rules import ExchangeFacts, SubjectFacts
from services.incentive.domain.facts import Declaration, ExchangeTotal, FirstListing, Listed
from services.incentive.domain.status import exchange_status, operated_exchanges, subject_status
from services.incentive.policy.terms import Interval
from shared.values.times import parse_time
from tests.support.cases import uscc
from tests.support.incentive.declarations import declared
from tests.support.incentive.totals import OPERATED, P1, POLICY, bucket, provided, served

OPERATOR = f"uscc:{uscc('OP1')}"


def entries(
    facts: SubjectFacts,
    *,
    year: int = 2026,
    awards: tuple[str, ...] = (),
    visible: set[str] | None = None,
    policy=POLICY,
) -> dict[str, Any]:
    """Return the status entries of P1 by rule."""
    found = subject_status(P1.subject, year, facts, {}, policy, awards, visible)
    return {entry["rule"]: entry for entry in found["rules"]}


def operated(*totals: ExchangeTotal, year: int = 2026, awards: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Return the entries of the operator of kmdex and dcdex under (六) 2, with these totals of kmdex."""
    by_exchange = {"kmdex": {total.year: [total] for total in totals}}
    facts = {
        exchange: ExchangeFacts(by_exchange.get(exchange, {}), OPERATED)
        for exchange in operated_exchanges(OPERATOR, year, OPERATED, POLICY)
    }
    found = subject_status(OPERATOR, year, SubjectFacts(), facts, POLICY, awards)
    return [entry for entry in found["rules"] if entry["rule"] == "exchange_tiers"]


def listed(exchange: str) -> SubjectFacts:
    first = Listed(exchange, "L1", 1, parse_time("2026-03-01T10:00:00+08:00"))
    return SubjectFacts(first_listing=(FirstListing(P1, first, generation=1, seq=7, register="r1"),))


def total(**by_exchange: str) -> SubjectFacts:
    shares = {exchange: [bucket("2026-03-01", yuan)] for exchange, yuan in by_exchange.items()}
    return SubjectFacts(totals={2026: [provided(2026, shares)]})


def test_each_rule_has_the_award_of_its_own() -> None:
    award_id = f"annual_listed_trading/{P1.subject}/2026"
    found = entries(total(kmdex="10000000"), awards=(award_id,))
    assert {rule: entry["award"] for rule, entry in found.items()} == {
        "first_listing": None,
        "first_purchase": None,
        "annual_listed_trading": award_id,
    }
    one, other = operated(awards=("exchange_tiers/kmdex/2026",))
    assert (one["award"], other["award"]) == (None, "exchange_tiers/kmdex/2026")


@pytest.mark.parametrize(("exchange", "measure"), [("kmdex", "0.00"), ("dcdex", None)])
def test_a_first_listing_is_shown_to_its_exchange(exchange: str, measure: str | None) -> None:
    assert entries(listed(exchange), visible={"kmdex"})["first_listing"]["measure"] == measure
    assert entries(listed(exchange))["first_listing"]["measure"] == "0.00"


def test_a_year_is_shown_to_an_exchange_if_all_that_counts_is_its_own() -> None:
    seen = entries(total(kmdex="9000000"), visible={"kmdex"})["annual_listed_trading"]
    assert (seen["measure"], seen["threshold"], seen["missing"]) == ("9000000.00", "10000000.00", "1000000.00")
    for hidden in (total(dcdex="9000000"), total(kmdex="1", dcdex="9000000")):
        found = entries(hidden, visible={"kmdex"})["annual_listed_trading"]
        assert (found["measure"], found["threshold"], found["missing"]) == (None, "10000000.00", None)


@pytest.mark.parametrize(
    ("start", "end", "year", "is_within"),
    [
        ("2025-10-15", "2028-10-16", 2024, False),
        ("2025-10-15", "2028-10-16", 2025, True),
        ("2025-10-15", "2028-10-16", 2028, True),
        ("2025-10-15", "2028-10-16", 2029, False),
        ("2026-01-01", "2027-01-01", 2025, False),
        ("2026-01-01", "2027-01-01", 2026, True),
        ("2026-01-01", "2027-01-01", 2027, False),
        ("2026-01-15", "2027-01-01", 2025, False),
        ("2026-12-31", "2027-01-02", 2026, True),
        ("2026-12-31", "2027-01-02", 2027, True),
    ],
)
def test_a_threshold_is_reported_for_the_years_that_the_policy_touches(
    start: str, end: str, year: int, is_within: bool
) -> None:
    span = Interval(date.fromisoformat(start), date.fromisoformat(end))
    policy = msgspec.structs.replace(POLICY, in_force=span)
    found = entries(SubjectFacts(), year=year, policy=policy)["annual_listed_trading"]
    assert (found["measure"], found["threshold"]) == ("0.00", "10000000.00" if is_within else None)


def test_tiers_have_no_threshold_once_all_are_passed_or_the_policy_is_over() -> None:
    passed = operated(served(2026, bucket("2026-03-01", "1000000000.01")))[1]
    assert (passed["measure"], passed["threshold"], passed["missing"]) == ("1000000000.01", None, None)
    over = operated(served(2030, bucket("2030-03-01", "5")), year=2030)[1]
    assert (over["measure"], over["threshold"], over["missing"]) == ("0.00", None, None)


DECLARED = (
    declared("revenue_growth", "R", "2026-01-31", revenue="100000000.00"),
    declared("mutual_recognition", "dcdex", "2026-02-01", exchange="dcdex"),
    declared("mutual_recognition", "kmdex", "2026-03-01", exchange="kmdex"),
    declared("ai_model", "M", "2026-06-01"),
    declared("ai_model", "N", "2027-06-01"),
)


def declared_entries(declarations: tuple[Declaration, ...], visible: set[str] | None = None) -> list[dict[str, Any]]:
    """Return the entries that follow those of the event-driven rules."""
    facts = SubjectFacts(declared=declarations)
    awards = (DECLARED[0].award_id, DECLARED[4].award_id)
    found = subject_status(P1.subject, 2026, facts, {}, POLICY, awards, visible)
    return found["rules"][3:]


def test_what_was_declared_of_the_year_stands_there_in_the_order_of_the_policy_file() -> None:
    found = declared_entries(DECLARED)
    order = list(POLICY.rule_order)
    assert [entry["rule"] for entry in found] == sorted((one.rule for one in DECLARED[:4]), key=order.index)
    revenue = next(entry for entry in found if entry["rule"] == "revenue_growth")
    assert revenue == {
        "rule": "revenue_growth",
        "article": POLICY.terms("revenue_growth").article,
        "measure": "100000000.00",
        "threshold": "500000000.00",
        "missing": "400000000.00",
        "award": DECLARED[0].award_id,
    }
    model = next(entry for entry in found if entry["rule"] == "ai_model")
    assert (model["measure"], model["threshold"], model["missing"], model["award"]) == ("0.00", None, None, None)


def test_an_exchange_sees_what_was_declared_of_its_operator_alone() -> None:
    assert [entry["rule"] for entry in declared_entries(DECLARED, {"kmdex"})] == ["mutual_recognition"]
    assert declared_entries((DECLARED[0], DECLARED[1]), {"kmdex"}) == []


def test_a_tier_is_reached_over_its_threshold_and_months_are_in_order() -> None:
    facts = ExchangeFacts(
        {
            2026: [
                served(2026, bucket("2026-04-01", "99999999.99")),
                served(2026, bucket("2026-03-01", "0.01"), register="r2"),
            ]
        },
        OPERATED,
    )
    found = exchange_status("kmdex", 2026, facts, POLICY, [])
    assert found["total"] == "100000000.00"
    assert (found["tiers"][0]["reached"], found["tiers"][0]["missing"]) == (False, "0.01")
    assert [month["month"] for month in found["months"]] == ["2026-03", "2026-04"]
