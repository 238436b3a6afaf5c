"""The budget of a year, and who is in front of its line."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.budget import EACH_ALONE, BudgetYear, budget_json
from services.incentive.queries.view import LedgerView
from services.incentive.store.budgets import load_posted, load_ranked_year
from shared.postgres.query import fetch, fetch_value
from shared.values.json_types import Json
from shared.values.times import format_time


class RankedBudget(NamedTuple):
    """The contract's budget of a year, and the lines of that year with the claims on it."""

    figures: Json
    ranked: BudgetYear


def load_budget(connection: Connection, view: LedgerView, year: int) -> Json:
    """The contract's budget of a year, as of the view's instant."""
    is_queue = view.rulebook.policy.budget_order != EACH_ALONE
    return load_ranked_budget(connection, view, year, with_expected=not is_queue).figures


def load_ranked_budget(
    connection: Connection, view: LedgerView, year: int, *, with_expected: bool = True
) -> RankedBudget:
    """The budget of a year with the claims on it, as of the view's instant."""
    payable = f"SELECT coalesce(sum(award.payable_fen), 0) FROM {view.awards} WHERE award.year = %(year)s"
    payable_fen = int(fetch_value(connection, payable, int, year=year, as_of=view.as_of))
    policy = view.rulebook.policy
    posted = load_posted(connection, policy, [year], view.as_of)
    ranked = load_ranked_year(
        connection, policy, year, posted[year], view.as_of, view.instant, with_expected=with_expected
    )
    return RankedBudget(budget_json(policy, payable_fen, posted[year], ranked), ranked)


# --- the queue, for people ---

PLACES: Final = 100  # on a page


class QueuePlace(NamedTuple):
    """An award in the queue of a budget year, with what is left of the year's budget after it; amounts in fen.

    `pool` is the article of the pool that holds it (None: none does).
    """

    number: int
    award_id: str
    rule: str
    name: str
    applied_at: str | None
    wanted_fen: int
    granted_fen: int
    left_fen: int
    is_held: bool
    pool: str | None


class BudgetQueue(NamedTuple):
    """A page of a queue from place `start`, its size, the first place behind the year's line (None: all fit).

    `expected` are the first awards that are not applied for: id, rule, name and rise; `expected_fen` is the sum of all.
    """

    places: list[QueuePlace]
    start: int
    size: int
    line: int | None
    wanted_fen: int
    expected: list[tuple[str, str, str, int]]
    expected_count: int
    expected_fen: int


def load_queue(connection: Connection, view: LedgerView, budget: BudgetYear, start: int) -> BudgetQueue:
    """The places of a budget year from a place on, and what is expected behind them."""
    whole, expected = budget.lines[0], budget.expected
    shown, behind = [place.claim for place in whole.places[start : start + PLACES]], expected[:PLACES]
    names = _names(connection, view, [claim.award_id for claim in (*shown, *behind)])
    return BudgetQueue(
        places=_places(budget, start, names),
        start=start,
        size=len(whole.places),
        line=next((number for number, place in enumerate(whole.places) if place.is_held), None),
        wanted_fen=sum(place.wanted_fen for place in whole.places),
        expected=[(one.award_id, one.rule, names.get(one.award_id, ""), one.rise_fen) for one in behind],
        expected_count=len(expected),
        expected_fen=sum(one.rise_fen for one in expected),
    )


def _places(budget: BudgetYear, start: int, names: Mapping[str, str]) -> list[QueuePlace]:
    whole, granted_fen, pools = budget.lines[0], budget.granted_fen, _held_by_pools(budget)
    left_fen, found = whole.room_fen - sum(place.granted_fen for place in whole.places[:start]), list[QueuePlace]()
    for number, place in enumerate(whole.places[start : start + PLACES], start + 1):
        claim, left_fen = place.claim, left_fen - place.granted_fen
        least_fen = granted_fen[claim.award_id]
        one = QueuePlace(
            number=number,
            award_id=claim.award_id,
            rule=claim.rule,
            name=names.get(claim.award_id, ""),
            applied_at=None if claim.applied_at is None else format_time(claim.applied_at),
            wanted_fen=place.wanted_fen,
            granted_fen=least_fen,
            left_fen=left_fen,
            is_held=least_fen == 0,
            pool=pools.get(claim.award_id),
        )
        found.append(one)
    return found


def _held_by_pools(budget: BudgetYear) -> dict[str, str]:
    """The article of the pool that holds each award."""
    return {
        place.claim.award_id: line.pool.article
        for line in budget.lines
        if line.pool is not None
        for place in line.places
        if place.is_held
    }


def _names(connection: Connection, view: LedgerView, award_ids: Sequence[str]) -> dict[str, str]:
    """The subject's name of each of these awards."""
    statement = f"SELECT award.award_id, award.subject_name FROM {view.awards} WHERE award.award_id = ANY(%(ids)s)"
    return dict(fetch(connection, statement, tuple[str, str], ids=list(award_ids), as_of=view.as_of))
