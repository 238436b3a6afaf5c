"""The consequences of a step for budgets and other awards: the step is taken in a savepoint, looked at, rolled back."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.budget import counted_year, used_fen
from services.incentive.domain.rooms import OVER_APPROVED
from services.incentive.policy.terms import Policy
from services.incentive.store.awards import awards_of_subjects, subjects_changed_since
from services.incentive.store.budgets import load_held, load_posted
from services.incentive.store.ledger import last_instant, lock_ledger_for_request
from services.incentive.store.rooms import flagged_awards, load_excesses
from shared.values.json_types import Json
from shared.values.money import format_yuan


class Touched(NamedTuple):
    """The subjects whose payables a step may change, and the years of the awards with which it is taken."""

    subjects: frozenset[str]
    years: frozenset[int]


class Consequences(NamedTuple):
    """The rest of the budget of each year before and after, in fen; the awards that become held by a budget,
    suppressed, or approved over their payables.
    """

    budget: Mapping[int, tuple[int, int]]
    held: frozenset[str]
    suppressed: frozenset[str]
    over_approved: frozenset[str]

    def as_json(self) -> Json:
        """The members of the contract's previews."""
        return {
            "budget": [
                {"year": year, "before": format_yuan(before), "after": format_yuan(after)}
                for year, (before, after) in sorted(self.budget.items())
            ],
            "held": sorted(self.held),
            "suppressed": sorted(self.suppressed),
            "over_approved": sorted(self.over_approved),
        }


class _State(NamedTuple):
    left_fen: Mapping[int, int]
    held: frozenset[str]
    suppressed: frozenset[str]
    over_approved: frozenset[str]


def consequences_of(connection: Connection, policy: Policy, now: datetime, step: Callable[[], Touched]) -> Consequences:
    """Take a step, look, undo it and look again, so that nothing but the step lies between. Takes the ledger's lock."""
    lock_ledger_for_request(connection)
    last = last_instant(connection)
    savepoint = connection.begin_nested()
    taken = step()
    # A payable may move another subject's: items and exchanges are shared.
    touched = taken._replace(subjects=taken.subjects.union(subjects_changed_since(connection, last)))
    rows = awards_of_subjects(connection, sorted(touched.subjects))
    years = touched.years | {row.year for row in rows}
    after = _look(connection, policy, now, touched, years)
    savepoint.rollback()
    before = _look(connection, policy, now, touched, years)
    return Consequences(
        budget={year: (fen, after.left_fen[year]) for year, fen in before.left_fen.items()},
        held=after.held - before.held,
        suppressed=after.suppressed - before.suppressed,
        over_approved=after.over_approved - before.over_approved,
    )


def _look(connection: Connection, policy: Policy, now: datetime, touched: Touched, years: frozenset[int]) -> _State:
    """The state of the budgets of the awards' years, of those that count `years`, and of the subjects' awards."""
    rows, over = [], frozenset[str]()
    if touched.subjects:
        rows = list(awards_of_subjects(connection, sorted(touched.subjects)))
        over = flagged_awards(load_excesses(connection, policy, None, touched.subjects))[OVER_APPROVED]
    posted = load_posted(connection, policy, {counted_year(policy, year, now) for year in touched.years}, None)
    return _State(
        left_fen={
            year: policy.budget_fen - sum(used_fen(policy, one) for one in sums) for year, sums in posted.items()
        },
        held=load_held(connection, policy, years, now),
        suppressed=frozenset(row.award_id for row in rows if row.suppressed_by is not None),
        over_approved=over,
    )
