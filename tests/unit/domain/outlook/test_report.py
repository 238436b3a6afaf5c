"""The outlook of an exchange's year: exact totals, the same day last year, tiers of the policy, what lies ahead."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from services.incentive.domain.event_rules import ExchangeFacts
from services.incentive.domain.facts import Bucket, TradeSum
from services.incentive.domain.outlook.report import exchange_outlook
from services.incentive.domain.status import exchange_status
from shared.values.money import parse_yuan
from tests.support.incentive.totals import OPERATED, POLICY, bucket, served

TODAY = date(2026, 7, 15)
LEFT = 169
SOLD = (1.0, 1.1, 0.9, 1.2, 0.8, 1.0, 1.1, 0.9, 1.0, 1.2, 0.8, 1.0)


def year_of(year: int, yuan: int, until: int = 12, day: int = 10) -> list[Bucket]:
    months = range(1, until + 1)
    return [bucket(f"{year}-{month:02d}-{day}", f"{yuan * SOLD[month - 1]:.2f}", 3) for month in months]


def outlook(*years: list[Bucket], today: date = TODAY, year: int = 2026, policy: Any = POLICY) -> Any:
    totals = {one[0].start.year if one[0].start.month > 1 else one[0].end.year: [one] for one in years}
    facts = ExchangeFacts({number: [served(number, *one) for one in many] for number, many in totals.items()}, OPERATED)
    found = exchange_outlook("kmdex", year, facts, policy, today)
    assert found["total"] == exchange_status("kmdex", year, facts, policy, [])["total"]
    return found


BEFORE, NOW = year_of(2025, 30_000_000), year_of(2026, 40_000_000, 7)


def test_tiers_are_those_of_the_policy_with_the_average_a_day_needed() -> None:
    found = outlook(BEFORE, NOW)
    assert found["total"] == found["by_today"] == f"{40_000_000 * 7.1:.2f}"
    assert found["days_left"] == LEFT
    for tier, terms in zip(found["tiers"], POLICY.exchange_tiers.tiers, strict=True):
        assert parse_yuan(tier["over"]) == terms.over_fen
        assert tier["reached"] == (parse_yuan(found["total"]) > terms.over_fen)
        missing_fen = parse_yuan(tier["missing"])
        if tier["reached"]:
            assert (missing_fen, tier["per_day"], tier["expected"]) == (0, None, None)
        else:
            assert 0 <= parse_yuan(tier["per_day"]) * LEFT - missing_fen < LEFT
    steps = POLICY.exchange_tiers
    other = replace(POLICY, exchange_tiers=replace(steps, tiers=(replace(steps.tiers[0], over_fen=40_000_000_000),)))
    (tier,) = outlook(BEFORE, NOW, policy=other)["tiers"]
    assert tier["missing"] == "116000000.01"
    assert tier["expected"]["earliest"] < tier["expected"]["on"] == "2026-10-11" < tier["expected"]["latest"]


def test_estimates_are_whole_ten_thousands_and_lead_to_the_forecast() -> None:
    found = outlook(BEFORE, NOW)
    forecast, last = found["forecast"], found["months"][-1]["expected"]
    assert {name: forecast[name] for name in last} == last
    low, amount, high = (parse_yuan(forecast[name]) for name in ("low", "amount", "high"))
    assert low < amount < high
    expected = [month["expected"] for month in found["months"] if month["expected"]]
    assert [month["until"] for month in found["months"] if not month["is_over"]] == [
        *("2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30", "2026-12-31")
    ]
    assert len(expected) == 6
    assert all(parse_yuan(fen) % 1_000_000 == 0 for one in expected for fen in one.values())
    assert [one["year"] for one in forecast["errors"]] == [2025]
    assert forecast["mean_error"] == forecast["errors"][0]["error"]
    assert (forecast["from"], forecast["until"], forecast["tried"]) == ("2026-01-01", "2026-06-30", 8)


def test_the_same_day_last_year_is_exact_after_the_months_last_trade_and_else_by_its_days() -> None:
    exact = outlook(BEFORE, NOW)["last_year"]
    assert exact == {
        "year": 2025,
        "on": "2025-07-15",
        "by_then": f"{30_000_000 * 7.1:.2f}",
        "is_estimate": False,
        "total": f"{30_000_000 * 12:.2f}",
    }
    # 15 of July's 31 days.
    by_days = outlook(year_of(2025, 31_000_000, day=20), NOW)["last_year"]
    assert (by_days["by_then"], by_days["is_estimate"]) == (f"{31_000_000 * 6 + 15 * 1_100_000:.2f}", True)
    assert outlook(BEFORE, year_of(2024, 1000), today=date(2024, 2, 29), year=2024)["last_year"] is None
    assert outlook(year_of(2027, 1000), year_of(2028, 1000), today=date(2028, 2, 29), year=2028)["last_year"]["on"] == (
        "2027-02-28"
    )


def test_what_lies_ahead_of_today_counts_and_is_left_out_of_the_forecast() -> None:
    plain = outlook(BEFORE, NOW)
    july = replace(bucket("2026-07-30", "44000000", 5), ahead=TradeSum(400_000_000, 2))
    ahead = outlook(BEFORE, [*NOW[:6], july, bucket("2026-11-10", "50000000", 1)])
    assert ahead["ahead"] == {"amount": "54000000.00", "trades": 3}
    assert parse_yuan(ahead["total"]) - parse_yuan(ahead["by_today"]) == 5_400_000_000
    assert "ahead" not in plain
    assert (
        ahead["forecast"]["amount"]
        == outlook(BEFORE, [*NOW[:6], bucket("2026-07-10", "40000000")])["forecast"]["amount"]
    )
    # Future-dated ones whose day has come are ahead no longer.
    passed = replace(bucket("2026-07-12", "44000000", 5), ahead=TradeSum(400_000_000, 2))
    assert "ahead" not in outlook(BEFORE, [*NOW[:6], passed])


@pytest.mark.parametrize(
    ("years", "today", "code"),
    [
        ((BEFORE, year_of(2026, 1000)), date(2027, 3, 1), "year_over"),
        ((BEFORE, NOW), date(2025, 12, 31), "not_begun"),
        ((NOW,), date(2026, 3, 1), "too_few_months"),
        ((NOW,), TODAY, "no_past_year"),
    ],
)
def test_too_little_to_go_by_is_said_and_nothing_is_expected(years: Any, today: date, code: str) -> None:
    found = outlook(*years, today=today)
    assert found["forecast"] is None
    assert found["why_not"]["code"] == code
    assert all(month["expected"] is None for month in found["months"])
    assert all(tier["expected"] is None for tier in found["tiers"])
    assert found["days_left"] == {"year_over": 0, "not_begun": 365, "too_few_months": 305, "no_past_year": LEFT}[code]


def test_on_the_last_day_the_forecast_is_the_total() -> None:
    found = outlook(BEFORE, year_of(2026, 40_000_000), today=date(2026, 12, 31))
    assert found["forecast"]["low"] == found["forecast"]["high"] == found["total"]
    assert [tier["per_day"] for tier in found["tiers"]] == [None, None, None]
