"""The readings of declared rewards that a policy file chooses by name and that no field of a rule says. Pure."""

from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

from services.incentive.policy.terms import DeclaredTerms


class StepHistory(NamedTuple):
    """The effect of the steps reached before the policy, in fen: the step that earns nothing, and the deduction."""

    barred_fen: int
    deducted_fen: int


HISTORY: Final[Mapping[str, Callable[[int], StepHistory]]] = {
    "less_what_was_earned_under_this_policy": lambda reached_fen: StepHistory(reached_fen, 0),
    "less_steps_before_the_policy_too": lambda reached_fen: StepHistory(reached_fen, reached_fen),
    "steps_before_the_policy_are_ignored": lambda _: StepHistory(0, 0),
}


def step_history(reached_fen: int, terms: DeclaredTerms) -> StepHistory:
    """The effect of the amount of the highest step reached before the policy."""
    return HISTORY[terms.reading("history")](reached_fen)


YEARS: Final[Mapping[str, Callable[[Collection[int], int], int]]] = {
    "calendar_years_from_the_first": lambda years, year: year - min(years) + 1,
    "any_years_with_a_reward": lambda years, year: len({*years, year}),
}


def is_beyond_years(years: Collection[int], year: int, terms: DeclaredTerms) -> bool:
    """Return True if a reward of a year is one year too many after those of other `years`."""
    most = terms.years
    return most is not None and bool(years) and YEARS[terms.reading("years")](years, year) > most
