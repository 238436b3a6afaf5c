"""How the year of an exchange goes on, as the API and the pages show it. Pure: from facts, not the ledger."""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

import msgspec

from services.incentive.domain.event_readings import exceeds, missing_to_exceed
from services.incentive.domain.event_rules import ExchangeFacts
from services.incentive.domain.outlook.course import ahead_of, buckets_of, by_day, month_ends, months_of, same_day
from services.incentive.domain.outlook.forecast import (
    MONTHS_LEAST,
    PROBABILITY,
    Backtest,
    DailyPace,
    Estimate,
    Months,
    backtest,
    crossing,
    estimate,
    pace_before,
)
from services.incentive.policy.terms import Policy, Texts, Tier
from shared.values.json_types import Json
from shared.values.money import format_yuan

STEP_FEN: Final = 1_000_000  # estimates are shown in 万元

NO_FORECAST: Final[Mapping[str, Texts]] = {
    "year_over": Texts("年度已结束，以实际合计为准。", "The year is over: the total is known."),
    "not_begun": Texts("年度尚未开始。", "The year has not begun."),
    "too_few_months": Texts(
        f"有成交的完整月份不足 {MONTHS_LEAST} 个（首个有成交的月份不计），不作推算。",
        f"There are fewer than {MONTHS_LEAST} whole months with trades, the very first one not counted: no forecast.",
    ),
    "no_past_year": Texts(
        "没有可以对照的以往年度，无从说明误差，不作推算。",
        "No past year can be compared, so the error of a forecast is unknown: no forecast.",
    ),
}


class _Basis(NamedTuple):
    """The basis of a forecast: the total by the end of a day, the days left after it, a pace and its past errors."""

    on: date
    days_left: int
    by_today_fen: int
    pace: DailyPace
    tried: Backtest

    def after(self, days: int) -> Estimate:
        return estimate(self.pace, self.by_today_fen, days)


def exchange_outlook(exchange: str, year: int, facts: ExchangeFacts, policy: Policy, today: date) -> Json:
    """The course of an exchange's year against the tiers, and its forecast or the reason why there is none.

    Totals are exact, as in the exchange's status; estimates are rounded to 万元, the range outwards.
    """
    on = min(today, date(year, 12, 31))
    days_left = (date(year, 12, 31) - max(on, date(year - 1, 12, 31))).days
    buckets, months = buckets_of(facts, year), months_of(facts)
    ahead = ahead_of(buckets, on)
    total_fen = sum(bucket.amount_fen for bucket in buckets)
    basis = _basis(year, on, days_left, total_fen - ahead.amount_fen, months, today)
    found, why_not = (None, basis) if isinstance(basis, str) else (basis, None)
    return {
        "exchange": exchange,
        "name": facts.exchanges.get(exchange).name,
        "year": year,
        "on": on.isoformat(),
        "days_left": days_left,
        "total": format_yuan(total_fen),
        "by_today": format_yuan(total_fen - ahead.amount_fen),
        **({"ahead": {"amount": format_yuan(ahead.amount_fen), "trades": ahead.trades}} if ahead.trades else {}),
        "last_year": _last_year(facts, year, on),
        "months": _months(year, on, months, found),
        "tiers": [_tier(tier, total_fen, policy, days_left, found) for tier in policy.exchange_tiers.tiers],
        "forecast": None if found is None else _forecast(found),
        "why_not": None if why_not is None else _coded(why_not),
    }


def rounded_estimate(found: Estimate) -> Json:
    """An estimate in yuan, rounded to 万元: the amount to the nearest, the range outwards."""
    low_fen, high_fen = found.low_fen // STEP_FEN * STEP_FEN, -(-found.high_fen // STEP_FEN) * STEP_FEN
    amounts = {"amount": _nearest(found.amount_fen), "low": low_fen, "high": high_fen}
    return {name: format_yuan(fen) for name, fen in amounts.items()}


def _basis(year: int, on: date, days_left: int, by_today_fen: int, months: Months, today: date) -> _Basis | str:
    """The basis of the forecast, or the code of the reason why there is none."""
    if today.year != year:
        return "year_over" if today.year > year else "not_begun"
    pace = pace_before(on, months)
    if pace is None:
        return "too_few_months"
    tried = backtest(year, on.month, months)
    return "no_past_year" if tried is None else _Basis(on, days_left, by_today_fen, pace, tried)


def _last_year(facts: ExchangeFacts, year: int, on: date) -> Json | None:
    """The year before by the end of the same day, None for a year without trades."""
    buckets = buckets_of(facts, year - 1)
    if not buckets:
        return None
    then = by_day(buckets, same_day(on, year - 1))
    by_then_fen = _nearest(then.total_fen) if then.is_estimate else then.total_fen
    return {
        "year": year - 1,
        "on": then.on.isoformat(),
        "by_then": format_yuan(by_then_fen),
        "is_estimate": then.is_estimate,
        "total": format_yuan(sum(bucket.amount_fen for bucket in buckets)),
    }


def _months(year: int, on: date, months: Months, basis: _Basis | None) -> list[Json]:
    """Totals by the end of each month: registered, of the year before, and expected where the month is not over."""
    before = month_ends(months, year - 1)
    return [
        {
            "until": point.on.isoformat(),
            "is_over": point.on <= on,
            "total": format_yuan(point.total_fen),
            "last_year": format_yuan(earlier.total_fen),
            "expected": None
            if basis is None or point.on <= on
            else rounded_estimate(basis.after((point.on - on).days)),
        }
        for point, earlier in zip(month_ends(months, year), before, strict=True)
    ]


def _tier(tier: Tier, total_fen: int, policy: Policy, days_left: int, basis: _Basis | None) -> Json:
    """A tier: what the registered total lacks, by the day too, and the days on which it is expected to be passed."""
    terms = policy.exchange_tiers
    missing_fen = missing_to_exceed(total_fen, tier, terms)
    expected = None
    if basis is not None and missing_fen:
        needed_fen = basis.by_today_fen + missing_to_exceed(basis.by_today_fen, tier, terms)
        days = crossing(basis.pace, basis.by_today_fen, needed_fen, basis.on, basis.days_left)
        expected = {name: None if day is None else day.isoformat() for name, day in days._asdict().items()}
    return {
        "over": format_yuan(tier.over_fen),
        "reward": format_yuan(tier.amount_fen),
        "reached": exceeds(total_fen, tier, terms),
        "missing": format_yuan(missing_fen),
        "per_day": format_yuan(-(-missing_fen // days_left)) if missing_fen and days_left else None,
        "expected": expected,
    }


def _forecast(basis: _Basis) -> Json:
    pace, tried = basis.pace, basis.tried
    return {
        **rounded_estimate(basis.after(basis.days_left)),
        "probability": PROBABILITY,
        "per_day": format_yuan(pace.amount_fen // pace.days),
        "from": pace.from_on.isoformat(),
        "until": pace.until_on.isoformat(),
        "mean_error": _share(tried.mean_error),
        "errors": [{"year": year, "error": _share(error)} for year, error in tried.errors.items()],
        "tried": tried.made,
        "within": tried.within,
    }


def _nearest(fen: int) -> int:
    return (fen + STEP_FEN // 2) // STEP_FEN * STEP_FEN


def _share(error: float) -> str:
    return f"{error:.3f}"


def _coded(code: str) -> Json:
    return {"code": code, "text": msgspec.structs.asdict(NO_FORECAST[code])}
