"""The readings of rules that a policy file names: those that this program computes, and what each one means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from .policy import ELIGIBLE_NOW, FIELDS_OF_READINGS, REVISION_1, ExchangeWhitelist, PolicyValues
from .report import Unsound
from .values import Json, Span, day_us, fen

ANNUAL, TIERS = "annual_listed_trading", "exchange_tiers"
SATURDAY = 5  # date.weekday()
# By rule that events drive; of each question, the last are alternatives.
KNOWN: Mapping[str, Sequence[str]] = {
    "first_listing": ("one_for_all_products", "withdrawn_stays_the_first", "mirrored_listings_do_not_count"),
    "first_purchase": ("any_kind_and_mode", "refunded_stays_the_first", "mirrored_trades_do_not_count"),
    ANNUAL: (
        "provider_receives",
        "at_least_means_ge", "at_least_means_gt",
        "listing_of_the_same_provider_before_the_trade", "mode_as_the_exchange_states",
        "part_of_the_year_in_force", "whole_calendar_year",
        "mirrored_trades_do_not_count",
    ),
    TIERS: (
        "over_means_gt", "over_means_ge",
        "passed_by_a_trade_in_force_and_never_before", "total_in_force_alone", "never_in_an_earlier_year",
        "less_what_was_earned_under_this_policy", "less_steps_before_the_policy_too",
        "each_exchange_has_its_own",
        "operator_of_the_years_last_day",
        "operators_own_period", "operator_within_the_listing", "operator_of_the_last_listed_day",
        "steps_of_the_exchange", "steps_of_the_operator",
        "mirrored_trades_do_not_count",
    ),
}  # fmt: skip
# Readings of general clauses.
KNOWN_OF_CLAUSES = (
    "through_the_day_of_the_same_date",
    "whole_known_life",
    "completed_at_and_listed_at",
    "net_of_refunds_in_the_original_year",
    "down_to_the_fen_once_at_the_end", "half_up_to_the_fen", "down_to_the_yuan",
    "kinds_compete", "all_compete", "same_matter", REVISION_1,
    "year", "whole_life",
    "persons", "employers",
    "same_matter", "all_of_year", "highest",
    "payables", "ceilings", "approved",
    "side_by_side", "together",
    "operator", "exchange", "approvals",
    "held", "not_held",
    "whoever_declares", "each_subject",
    "year_of_the_reward", "year_of_approval", "year_of_payment",
    "order_of_application", "order_of_earning", "smallest_first", "greatest_first", "in_proportion",
    "order_of_approval",
    "stays_used", "frees_room",
    "above_a_sum", "no_second_person",
    "flag_and_never_deny",
    "provisional_until_the_day_is_over",
    "higher_rules_prevail",
    "may_be_added",
    "beside_this_policy",
    "first_and_last_day_included", "day_of_posting_not_counted",
    "entities_with_a_code",
    ELIGIBLE_NOW, "application", "day_earned",
    "no_time_bar",
)  # fmt: skip
# Readings of declared rules.
KNOWN_OF_DECLARED = (
    *FIELDS_OF_READINGS,
    "less_what_was_earned_under_this_policy", "less_steps_before_the_policy_too", "steps_before_the_policy_are_ignored",
    "minimum_before_limits", "minimum_after_limits",
    "a_limit_of_its_own",
    "calendar_years_from_the_first", "any_years_with_a_reward",
)  # fmt: skip


def check_readings(policy: PolicyValues) -> None:
    """Unsound if the policy file names a reading that this program does not compute."""
    for rule, readings in policy.readings.items():
        for name in readings:
            if name not in (KNOWN_OF_CLAUSES if rule == "general" else KNOWN.get(rule, KNOWN_OF_DECLARED)):
                raise Unsound("不认识的读法", "a reading that this program does not compute", f"{rule}: {name}")


def touches(period: Span, year: int) -> bool:
    return period[0] < day_us(date(year + 1, 1, 1)) and day_us(date(year, 1, 1)) < period[1]


def is_reached(base: int, policy: PolicyValues) -> bool:
    """(四) 3: a total reaches the threshold, with or without the number itself."""
    least = fen(policy.rules[ANNUAL]["at_least"])
    return base > least if policy.reads(ANNUAL, "at_least_means_gt") else base >= least


def counted_buckets(share: Json, policy: PolicyValues) -> list[Json]:
    """(四) 3: the trades that count; the unmatched ones too where the exchange's statement of the mode is enough."""
    counted: list[Json] = share["counted"]
    return counted + share["unmatched"] if policy.reads(ANNUAL, "mode_as_the_exchange_states") else counted


def counted_span(year: int, period: Span, policy: PolicyValues) -> Span:
    """(四) 3: the days that count in a year that has a day in force."""
    is_whole = policy.reads(ANNUAL, "whole_calendar_year") and touches(period, year)
    return (day_us(date(year, 1, 1)), day_us(date(year + 1, 1, 1))) if is_whole else period


def highest_over(total: int, policy: PolicyValues) -> int:
    """(六) 2: the amount of the highest tier that a total is over; 0 if there is none."""
    return max((amount for over, amount in tiers_of(policy) if is_over(total, over, policy)), default=0)


def is_over(total: int, over: int, policy: PolicyValues) -> bool:
    return total >= over if policy.reads(TIERS, "over_means_ge") else total > over


def tiers_of(policy: PolicyValues) -> Iterator[tuple[int, int]]:
    for tier in policy.rules[TIERS]["tiers"]:
        yield fen(tier["over"]), fen(tier["amount"])


def rewarded_operator(exchange: str, year: int, policy: PolicyValues, whitelist: ExchangeWhitelist) -> Json | None:
    """(六) 2: the operator of the year's last day, by the reading of exchanges that left the whitelist."""
    day = date(year, 12, 31)
    if policy.reads(TIERS, "operator_within_the_listing") and not whitelist.counts(exchange, day_us(day)):
        return None
    if policy.reads(TIERS, "operator_of_the_last_listed_day"):
        while day.year == year and not whitelist.counts(exchange, day_us(day)):
            day -= timedelta(days=1)
        if day.year != year:
            return None
    return whitelist.operator_on(exchange, day)


def check_period(from_day: str, until_day: str, calendar: Json, policy: PolicyValues) -> None:
    """G13: Unsound if a period, both ends included, has fewer working days than the policy file wants.

    `calendar` names the Mondays to Fridays off and the weekends worked, which the State Council announces.
    """
    days_off, workdays = ({date.fromisoformat(day) for day in calendar[name]} for name in ("days_off", "workdays"))
    if any(day.weekday() >= SATURDAY for day in days_off) or any(day.weekday() < SATURDAY for day in workdays):
        raise Unsound("工作日历有误", "the calendar names a day for what its weekday is already")
    day, until = date.fromisoformat(from_day), date.fromisoformat(until_day)
    if policy.public_notice == "day_of_posting_not_counted":
        day += timedelta(days=1)
    left = policy.notice_working_days
    while left > 0 and day <= until:
        left -= day in workdays or (day.weekday() < SATURDAY and day not in days_off)
        day += timedelta(days=1)
    if left > 0 or until < date.fromisoformat(from_day):
        raise Unsound("公示期不足规定的工作日", "a notice of fewer working days than the policy wants")


def calendar_days(calendar: Json) -> list[str]:
    """The days that a period was counted by and that only an announcement proves, or that none had named then."""
    return [day for name in ("days_off", "workdays", "unknown") for day in calendar[name]]
