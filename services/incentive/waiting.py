"""What waits with the bureau, and for whom: awards of a year by the state that they are in, and by their flags."""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select, text

from services.incentive.as_of import awards_as_of
from services.incentive.decisions import FIRST_STATE, OVER_APPROVED, STATES
from services.incentive.operations import View
from services.incentive.recorded import is_over_approved

# Of an award that is reviewed or published the last step is that of whom another must follow.
_WAITING: Final = text("""
    SELECT coalesce(last.to_state, :first_state) AS state, count(*) AS awards,
           sum(award.payable_fen) AS payable_fen,
           count(*) FILTER (WHERE last.person = :person) AS own,
           count(*) FILTER (WHERE last.until > :now) AS in_publicity
    FROM award_current award LEFT JOIN LATERAL (
        SELECT d.to_state, d.until, a.person FROM decision d JOIN act a ON a.id = d.id
        WHERE d.award_id = award.award_id AND d.action <> 'return' ORDER BY d.number DESC LIMIT 1
    ) AS last ON true
    WHERE award.year = :year AND (award.payable_fen > 0 OR last.to_state IS NOT NULL)
    GROUP BY 1
""")


class Waiting(NamedTuple):
    """Awards in a state, and what is payable of them in fen.

    `own`: with whose last step was the asking person's; `in_publicity`: whose publicity is not over.
    """

    state: str
    awards: int
    payable_fen: int
    own: int
    in_publicity: int


def waiting_in(connection: Connection, year: int, person: str, now: datetime) -> list[Waiting]:
    """Awards of a year that something is payable of or was decided on, by state, in the order of states."""
    parameters = {"year": year, "person": person, "now": now, "first_state": FIRST_STATE}
    found = {
        row.state: Waiting(row.state, row.awards, int(row.payable_fen), row.own, row.in_publicity)
        for row in connection.execute(_WAITING, parameters)
    }
    return [found.get(state, Waiting(state, 0, 0, 0, 0)) for state in STATES]


def flags_in(connection: Connection, view: View, year: int) -> dict[str, int]:
    """How many awards of a year have each flag, for who sees all."""
    awards = awards_as_of(view.as_of, "award").c
    each = select(func.unnest(awards.flags).label("flag")).where(awards.year == year).subquery()
    statement = select(each.c.flag, func.count().label("awards")).group_by(each.c.flag)
    found = {row.flag: row.awards for row in connection.execute(statement)}
    over = select(func.count()).where(awards.year == year, is_over_approved(awards, view.as_of))
    return {**found, OVER_APPROVED: connection.execute(over).scalar_one()}
