"""The readings of (四) 3 and (六) 2 that a policy file chooses by name: a function for each value. Pure."""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from services.incentive.domain.facts import Bucket, Share, merge_buckets
from services.incentive.policy.terms import Interval, Tier, Tiers, YearlyAtRate
from shared.whitelist import Exchange, Operator, Whitelist

_BEFORE_ALL: Final = date(1900, 1, 1)  # documents begin with the year 2000


class PeriodSplit(NamedTuple):
    """A year's amount and number of trades before, within and after a period."""

    before_fen: int = 0
    before_trades: int = 0
    within_fen: int = 0
    within_trades: int = 0
    after_fen: int = 0
    after_trades: int = 0


def touches(period: Interval, year: int) -> bool:
    """Return True if a calendar year has a day within the period."""
    return period.start_on < date(year + 1, 1, 1) and date(year, 1, 1) < period.end_on


# --- (四) 3: how a total reaches its threshold, which trades count, and of which days ---------------------------------

REACHING: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "at_least_means_ge": operator.ge,
    "at_least_means_gt": operator.gt,
}


def reaches(base_fen: int, terms: YearlyAtRate) -> bool:
    """Return True if a total reaches (达到) the threshold."""
    return REACHING[terms.reading("reaching")](base_fen, terms.at_least_fen)


def missing_to_reach(base_fen: int, terms: YearlyAtRate) -> int:
    """The amount that a total lacks to reach the threshold; 0 once it does."""
    needed_fen = terms.at_least_fen if reaches(terms.at_least_fen, terms) else terms.at_least_fen + 1
    return max(0, needed_fen - base_fen)


MATCHING: Final[Mapping[str, Callable[[Share], Sequence[Bucket]]]] = {
    "listing_of_the_same_provider_before_the_trade": lambda share: share.counted,
    "mode_as_the_exchange_states": lambda share: merge_buckets((share.counted, share.unmatched)),
}


def counted_buckets(share: Share, terms: YearlyAtRate) -> Sequence[Bucket]:
    """The trades of an exchange's share that count, with or without the listing that they name."""
    return MATCHING[terms.reading("matching")](share)


PART_YEARS: Final[Mapping[str, Callable[[Interval, Interval], Interval]]] = {
    "part_of_the_year_in_force": lambda in_force, _: in_force,
    "whole_calendar_year": lambda _, calendar_year: calendar_year,
}


def counted_period(year: int, terms: YearlyAtRate, in_force: Interval) -> Interval:
    """The days whose trades count in a year; none of a year without a day in force."""
    if not touches(in_force, year):
        return in_force
    return PART_YEARS[terms.reading("part_years")](in_force, Interval(date(year, 1, 1), date(year + 1, 1, 1)))


# --- (六) 2: how a total exceeds a threshold, and what happened before the policy -------------------------------------

EXCEEDING: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "over_means_gt": operator.gt,
    "over_means_ge": operator.ge,
}


def exceeds(total_fen: int, tier: Tier, terms: Tiers) -> bool:
    """Return True if a total exceeds (超过) the threshold of a tier."""
    return EXCEEDING[terms.reading("exceeding")](total_fen, tier.over_fen)


def missing_to_exceed(total_fen: int, tier: Tier, terms: Tiers) -> int:
    """The amount that a total lacks to exceed the threshold of a tier; 0 once it does."""
    needed_fen = tier.over_fen if exceeds(tier.over_fen, tier, terms) else tier.over_fen + 1
    return max(0, needed_fen - total_fen)


class RunningTotal(NamedTuple):
    """A year's running total at the last instant in force, in fen.

    `before_fen` is its part before the policy, `barred_fen` the total whose tiers earn nothing in the year,
    `total_fen` the total whose tiers earn nothing in later years.
    """

    before_fen: int
    base_fen: int
    barred_fen: int
    total_fen: int


def _by_a_trade_in_force(parts: PeriodSplit, *, is_touched: bool) -> RunningTotal:
    """A tier passed before the policy earns nothing, neither in its year nor later."""
    del is_touched
    base_fen = parts.before_fen + parts.within_fen
    return RunningTotal(parts.before_fen, base_fen, parts.before_fen, base_fen + parts.after_fen)


def _in_force_alone(parts: PeriodSplit, *, is_touched: bool) -> RunningTotal:
    """Trades before the policy neither count nor pass a tier."""
    del is_touched
    return RunningTotal(0, parts.within_fen, 0, parts.within_fen + parts.after_fen)


def _whatever_the_day(parts: PeriodSplit, *, is_touched: bool) -> RunningTotal:
    """A tier passed before the policy earns in the year that the policy begins in, but not later."""
    found = _by_a_trade_in_force(parts, is_touched=is_touched)
    return found._replace(barred_fen=0 if is_touched else found.base_fen)


PASSING: Final[Mapping[str, Callable[..., RunningTotal]]] = {
    "passed_by_a_trade_in_force_and_never_before": _by_a_trade_in_force,
    "total_in_force_alone": _in_force_alone,
    "never_in_an_earlier_year": _whatever_the_day,
}


def running_total(parts: PeriodSplit, year: int, terms: Tiers, in_force: Interval) -> RunningTotal:
    """The running total of a year, by the reading of tiers passed before the policy."""
    return PASSING[terms.reading("passing")](parts, is_touched=touches(in_force, year))


def served_period(terms: Tiers, in_force: Interval) -> Interval:
    """The days whose trades are part of a running total."""
    starts_with_policy = PASSING[terms.reading("passing")] is _in_force_alone
    return in_force if starts_with_policy else Interval(_BEFORE_ALL, in_force.end_on)


DEDUCTION: Final[Mapping[str, Callable[[int], int]]] = {
    "less_what_was_earned_under_this_policy": lambda _: 0,
    "less_steps_before_the_policy_too": lambda amount_fen: amount_fen,
}


def deducted_history(before_fen: int, terms: Tiers) -> int:
    """The amount deducted for the tiers that a running total passed before the policy."""
    amounts = [tier.amount_fen for tier in terms.tiers if exceeds(before_fen, tier, terms)]
    return DEDUCTION[terms.reading("deduction")](max(amounts, default=0))


SUCCESSION: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "steps_of_the_exchange": lambda earlier, now: bool(earlier and now),
    "steps_of_the_operator": operator.eq,
}


def inherits(earlier: str, now: str, terms: Tiers) -> bool:
    """Return True if an operator's steps are deducted from those of a later one of the same exchange, by USCC."""
    return SUCCESSION[terms.reading("succession")](earlier, now)


# --- (六) 2: the operator of a year -----------------------------------------------------------------------------------


def _own_period(exchange: Exchange, last_day: date) -> date | None:
    """The year's last day, even if the exchange is off the whitelist then."""
    del exchange
    return last_day


def _within_the_listing(exchange: Exchange, last_day: date) -> date | None:
    """The year's last day, if the exchange is on the whitelist then."""
    is_listed = exchange.from_ <= last_day and (exchange.until is None or last_day < exchange.until)
    return last_day if is_listed else None


def _last_listed_day(exchange: Exchange, last_day: date) -> date | None:
    """The exchange's last day on the whitelist in the year."""
    day = last_day if exchange.until is None else min(last_day, exchange.until - timedelta(days=1))
    return day if exchange.from_ <= day and day.year == last_day.year else None


DELISTING: Final[Mapping[str, Callable[[Exchange, date], date | None]]] = {
    "operators_own_period": _own_period,
    "operator_within_the_listing": _within_the_listing,
    "operator_of_the_last_listed_day": _last_listed_day,
}


def operator_of_year(exchange_id: str, year: int, exchanges: Whitelist, terms: Tiers) -> Operator | None:
    """The operator who is rewarded for a year of an exchange; None if nobody is."""
    if exchange_id not in exchanges.ids:
        return None
    day = DELISTING[terms.reading("delisting")](exchanges.get(exchange_id), date(year, 12, 31))
    return None if day is None else exchanges.operator_on(exchange_id, day)
