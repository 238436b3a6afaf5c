"""What waits with the bureau, and for whom: awards of a year by the state that they are in, and by their flags."""

from typing import NamedTuple

from sqlalchemy import Connection, func, or_, select, true

from services.incentive.domain.workflow import FIRST_STATE, OVER_APPROVED, STATES
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import is_over_approved, last_step
from services.incentive.store.as_of import awards_as_of


class WorklistRow(NamedTuple):
    """Awards in a state, and what is payable of them in fen.

    `own`: with whose last step was the asking person's; `in_notice`: whose publicity is not over.
    """

    state: str
    awards: int
    payable_fen: int
    own: int
    in_notice: int


def list_worklist(connection: Connection, view: LedgerView, year: int, person: str) -> list[WorklistRow]:
    """Awards of a year that something is payable of or was decided on, by state, in the order of states."""
    awards = awards_as_of(view.as_of, "award")
    # Of an award that is reviewed or published the last step is that of whom another must follow.
    last = last_step(awards.c.award_id, view.as_of).lateral("last")
    state = func.coalesce(last.c.to_state, FIRST_STATE).label("state")
    statement = (
        select(
            state,
            func.count().label("awards"),
            func.sum(awards.c.payable_fen).label("payable_fen"),
            func.count().filter(last.c.person == person).label("own"),
            func.count().filter(last.c.until > view.instant).label("in_notice"),
        )
        .select_from(awards.outerjoin(last, true()))
        .where(awards.c.year == year, or_(awards.c.payable_fen > 0, last.c.to_state.is_not(None)))
        .group_by(state)
    )
    found = {
        row.state: WorklistRow(row.state, row.awards, int(row.payable_fen), row.own, row.in_notice)
        for row in connection.execute(statement)
    }
    return [found.get(state, WorklistRow(state, 0, 0, 0, 0)) for state in STATES]


def count_flags(connection: Connection, view: LedgerView, year: int) -> dict[str, int]:
    """How many awards of a year have each flag, for who sees all."""
    awards = awards_as_of(view.as_of, "award").c
    each = select(func.unnest(awards.flags).label("flag")).where(awards.year == year).subquery()
    statement = select(each.c.flag, func.count().label("awards")).group_by(each.c.flag)
    found = {row.flag: row.awards for row in connection.execute(statement)}
    over = select(func.count()).where(awards.year == year, is_over_approved(awards, view.as_of))
    return {**found, OVER_APPROVED: connection.execute(over).scalar_one()}
