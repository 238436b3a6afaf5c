"""The bureau's worklist: awards of a year by workflow state and by flag."""

from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.workflow import FIRST_STATE, STATES, Actor
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import last_steps_sql
from services.incentive.store.as_of import AS_OF
from services.incentive.store.rooms import Excesses, flagged_awards
from shared.postgres.query import fetch, fetch_value

# The reader's steps of the last round of each award, and those after which another person must take the next one.
_OWN: Final = """
    SELECT o.award_id, array_agg(o.action) AS actions FROM act a JOIN decision o ON o.id = a.id
    WHERE (a.person = %(person)s OR a.name IS NULL AND a.person = %(name)s)
      AND o.action IN ('review', 'joint_review', 'approve')
      AND o.number > (SELECT max(number) FROM decision WHERE award_id = o.award_id AND action IN ('apply', 'list'))
    GROUP BY o.award_id
"""
_BARRING: Final = """
    CASE last.to_state WHEN 'reviewed' THEN ARRAY['review'] WHEN 'approved' THEN ARRAY['approve']
                       WHEN 'published' THEN ARRAY['review', 'joint_review'] END
"""
_RETURNED: Final = f"""
    SELECT DISTINCT d.award_id FROM decision d JOIN act a ON a.id = d.id
    WHERE d.action = 'return' AND a.recorded_at <= {AS_OF}
"""


class WorklistRow(NamedTuple):
    """Awards in a state, and their payable in fen.

    `own` are those whose next step the reading person must not take, as it took an earlier one; `in_notice` those whose
    public notice is not over, `returned` those of which something was returned.
    """

    state: str
    awards: int
    payable_fen: int
    own: int
    in_notice: int
    returned: int


def list_worklist(connection: Connection, view: LedgerView, year: int, reader: Actor) -> list[WorklistRow]:
    """Awards of a year by state, in the order of states: exactly those that the list of awards shows for each."""
    statement = f"""
        SELECT coalesce(last.to_state, '{FIRST_STATE}') AS state, count(*), sum(award.payable_fen),
               count(*) FILTER (WHERE own.actions && {_BARRING}),
               count(*) FILTER (WHERE coalesce(last.until, (last.notice_until + 1) :: timestamp AT TIME ZONE '+08:00')
                                    > %(instant)s),
               count(returned.award_id)
        FROM {view.awards}
        LEFT JOIN ({last_steps_sql(view.as_of)}) last ON last.award_id = award.award_id
        LEFT JOIN ({_OWN}) own ON own.award_id = award.award_id
        LEFT JOIN ({_RETURNED}) returned ON returned.award_id = award.award_id
        WHERE award.year = %(year)s GROUP BY 1
    """
    parameters = {
        "year": year,
        "person": reader.identity,
        "name": reader.name,
        "instant": view.instant,
        "as_of": view.as_of,
    }
    rows = fetch(connection, statement, WorklistRow, **parameters)
    found = {row.state: row._replace(payable_fen=int(row.payable_fen)) for row in rows}
    return [found.get(state, WorklistRow(state, 0, 0, 0, 0, 0)) for state in STATES]


def count_flags(connection: Connection, view: LedgerView, year: int, excesses: Excesses) -> dict[str, int]:
    """The number of awards of a year with each flag, for a reader who sees everything; `excesses` are all there are."""
    flags = f"""
        SELECT flag, count(*) FROM {view.awards}, unnest(award.flags) AS flag WHERE award.year = %(year)s GROUP BY flag
    """
    of_year = f"SELECT count(*) FROM {view.awards} WHERE award.year = %(year)s AND award.award_id = ANY(%(ids)s)"
    found = dict(fetch(connection, flags, tuple[str, int], year=year, as_of=view.as_of))
    for flag, ids in flagged_awards(excesses).items():
        found[flag] = fetch_value(connection, of_year, int, year=year, ids=sorted(ids), as_of=view.as_of)
    return found
