"""The questions that the text of the rules leaves open, each with the readings that the code computes. Pure.

A policy file names the reading of each question. The first one is the reading of revision 1, in which some questions
were not asked. A question with a single reading has no alternative that the facts suffice for.
"""

from collections.abc import Iterable, Mapping
from typing import Final

Questions = Mapping[str, tuple[str, ...]]  # the readings of each question

# By rule that events drive.
EVENT_QUESTIONS: Final[Mapping[str, Questions]] = {
    "first_listing": {
        "products": ("one_for_all_products",),
        "withdrawal": ("withdrawn_stays_the_first",),
        "mirrored": ("mirrored_listings_do_not_count",),
    },
    "first_purchase": {
        "kinds": ("any_kind_and_mode",),
        "refund": ("refunded_stays_the_first",),
        "mirrored": ("mirrored_trades_do_not_count",),
    },
    "annual_listed_trading": {
        "receiver": ("provider_receives",),
        "reaching": ("at_least_means_ge", "at_least_means_gt"),
        "matching": ("listing_of_the_same_provider_before_the_trade", "mode_as_the_exchange_states"),
        "part_years": ("part_of_the_year_in_force", "whole_calendar_year"),
        "mirrored": ("mirrored_trades_do_not_count",),
    },
    "exchange_tiers": {
        "exceeding": ("over_means_gt", "over_means_ge"),
        "passing": (
            "passed_by_a_trade_in_force_and_never_before",
            "total_in_force_alone",
            "never_in_an_earlier_year",
        ),
        "deduction": ("less_what_was_earned_under_this_policy", "less_steps_before_the_policy_too"),
        "exchanges": ("each_exchange_has_its_own",),
        "operators_day": ("operator_of_the_years_last_day",),
        "delisting": ("operators_own_period", "operator_within_the_listing", "operator_of_the_last_listed_day"),
        "succession": ("steps_of_the_exchange", "steps_of_the_operator"),
        "mirrored": ("mirrored_trades_do_not_count",),
    },
}
# Those of revision 1, which every file answers.
ASKED_FIRST: Final[Mapping[str, tuple[str, ...]]] = {
    "first_listing": ("products",),
    "first_purchase": ("kinds",),
    "annual_listed_trading": ("receiver", "reaching", "matching", "part_years"),
    "exchange_tiers": ("exceeding", "passing", "deduction", "exchanges"),
}


def question_of(questions: Questions, reading: str) -> str:
    """The question that a reading answers; empty if there is none."""
    return next((question for question, readings in questions.items() if reading in readings), "")


# The fields of a declared rule that a reading sets; the file need not name them.
DECLARED_READINGS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "per": {"once_for_each_subject": {"per": "subject"}, "once_for_each_item": {"per": "item"}},
    "firsts": {"first_over_the_whole_life": {"earned": "first"}, "once_under_this_policy": {"earned": "once"}},
    "frequency": {"rate_for_each_year": {"earned": "yearly"}, "rate_once": {"earned": "once"}},
    "assessments": {
        "within_a_limit_of_the_year": {"earned": "once", "per": "item"},
        "once_for_each_provider": {"earned": "once", "per": "subject"},
        "each_by_itself": {"earned": "once", "per": "item"},
    },
    "history": {
        "less_what_was_earned_under_this_policy": {},
        "less_steps_before_the_policy_too": {},
        "steps_before_the_policy_are_ignored": {},
    },
    "minimum": {"minimum_before_limits": {}, "minimum_after_limits": {}},
    "uses": {"a_limit_of_its_own": {}},  # of revision 1; now a general clause
    "years": {"calendar_years_from_the_first": {}, "any_years_with_a_reward": {}},
}
DECLARED_QUESTIONS: Final[Questions] = {name: tuple(readings) for name, readings in DECLARED_READINGS.items()}
# The field that a rule must have for a question to make sense, with its value ("": any).
DECLARED_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "history": ("earned", "by_difference"),
    "minimum": ("at_least", ""),
    "uses": ("limits", ""),
    "years": ("years", ""),
}
# Questions about all declared rules together.
SECTION_QUESTIONS: Final[Questions] = {
    "order_of_limits": ("limits_used_in_order_of_days",),
    "day": ("the_day_it_was_earned_on",),
}


def fields_set(readings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The fields of a declared rule that its readings set, given as pairs of a question and its reading."""
    return {
        field: value for question, reading in readings for field, value in DECLARED_READINGS[question][reading].items()
    }
