"""The pace of a provider's year, and when it reaches the threshold at this pace. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from services.incentive.domain.event_readings import counted_buckets, counted_period, missing_to_reach
from services.incentive.domain.event_rules import annual_base
from services.incentive.domain.facts import ProviderTotal, merge_buckets
from services.incentive.policy.terms import Policy
from shared.values.times import day_start

_MONTHS: Final = 3  # calendar months that the pace is taken from, the present one included
_DAYS_LEAST: Final = 30
_TRADES_LEAST: Final = 3


class Forecast(NamedTuple):
    """The day on which a total reaches its threshold, None if not within the year.

    At the pace of `amount_fen` from `from_on` to `until_on`, both included.
    """

    on: date | None
    amount_fen: int
    from_on: date
    until_on: date


def forecast(year: int, totals: Sequence[ProviderTotal], policy: Policy, today: date) -> Forecast | None:
    """When the year's listed trading reaches the threshold, at the pace of the last three months of the year.

    None if it is another year or the threshold is reached, and where there is too little to go by: less than 30 days,
    fewer than three trades, or trades in a single month. Facts have whole months, so the first day is that of a month.
    """
    terms = policy.annual_listed_trading
    period = counted_period(year, terms, policy.in_force)
    missing_fen = missing_to_reach(annual_base(totals, policy.in_force, policy).within_fen, terms)
    from_on = max(_months_before(today, _MONTHS - 1), date(year, 1, 1), period.start_on)
    days = (today - from_on).days + 1
    if today.year != year or missing_fen == 0 or days < _DAYS_LEAST:
        return None
    start, end = day_start(from_on), day_start(today + timedelta(days=1))
    shares = (share for fact in totals for share in fact.by_exchange.values())
    recent = [
        one for one in merge_buckets(counted_buckets(share, terms) for share in shares) if start <= one.start < end
    ]
    amount_fen = sum(one.amount_fen - one.ahead.amount_fen for one in recent)
    trades = sum(one.trades - one.ahead.trades for one in recent)
    if amount_fen <= 0 or trades < _TRADES_LEAST or len(recent) == 1:
        return None
    on = today + timedelta(days=-(-missing_fen * days // amount_fen))
    return Forecast(on if on.year == year and on < period.end_on else None, amount_fen, from_on, today)


def _months_before(day: date, months: int) -> date:
    """The first day of the month so many months before that of a day."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
