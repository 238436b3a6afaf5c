"""What waits with the bureau, and for whom: awards of a year by the state that they are in."""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from services.incentive.decisions import FIRST_STATE, STATES

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
