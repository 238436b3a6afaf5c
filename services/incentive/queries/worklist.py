"""The bureau's worklist: awards of a year by workflow state and by flag, and the public notices of all years."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.workflow import FIRST_STATE, STATES, Actor
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import last_steps_sql
from services.incentive.store.as_of import AS_OF
from services.incentive.store.rooms import Excesses, flagged_awards
from shared.postgres.query import fetch, fetch_value
from shared.values.times import day_start, shanghai_date

_ONE_DAY: Final = timedelta(days=1)
_TICK: Final = timedelta(microseconds=1)
# The reader's steps of the last round of each award, and those after which another person must take the next one.
_OWN: Final = """
    SELECT o.award_id, array_agg(o.action) AS actions FROM act a JOIN decision o ON o.id = a.id
    WHERE (a.person = %(person)s OR a.name IS NULL AND a.person = %(name)s)
      AND o.action IN ('review', 'joint_review', 'approve')
      AND NOT EXISTS (SELECT FROM decision later WHERE later.award_id = o.award_id AND later.number > o.number
                        AND later.action IN ('apply', 'list'))
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


class NoticeRound(NamedTuple):
    """The awards under public notice until one day, the last one included; `payable_fen` is their sum."""

    until: date
    awards: int
    payable_fen: int


class Worklist(NamedTuple):
    """The awards of a year by state, in the order of states; of all years, the notices of awards that are published and
    not yet approved, the earliest last day first.
    """

    states: list[WorklistRow]
    notices: list[NoticeRound]


class _Group(NamedTuple):
    """Awards, of the year or of others, with the same last step: its state, and when its public notice ends."""

    is_of_year: bool
    state: str
    until: datetime | None
    notice_until: date | None
    awards: int
    payable_fen: int
    own: int
    returned: int

    @property
    def notice_ends(self) -> datetime | None:
        return self.until if self.notice_until is None else day_start(self.notice_until + _ONE_DAY)


def list_worklist(connection: Connection, view: LedgerView, year: int, reader: Actor) -> Worklist:
    """Count awards by their last steps; those of a year and state are exactly those that the list of awards shows."""
    statement = f"""
        SELECT award.year = %(year)s, coalesce(last.to_state, '{FIRST_STATE}'), last.until, last.notice_until, count(*),
               CAST(sum(award.payable_fen) AS bigint), count(*) FILTER (WHERE own.actions && {_BARRING}),
               count(returned.award_id)
        FROM {view.awards}
        LEFT JOIN ({last_steps_sql(view.as_of)}) last ON last.award_id = award.award_id
        LEFT JOIN ({_OWN}) own ON own.award_id = award.award_id
        LEFT JOIN ({_RETURNED}) returned ON returned.award_id = award.award_id
        GROUP BY 1, 2, 3, 4
    """
    parameters = {"year": year, "person": reader.identity, "name": reader.name, "as_of": view.as_of}
    groups = fetch(connection, statement, _Group, **parameters)
    of_year = [one for one in groups if one.is_of_year]
    states = [_row(state, [one for one in of_year if one.state == state], view.instant) for state in STATES]
    return Worklist(states, _notices(groups))


def _row(state: str, groups: Sequence[_Group], instant: datetime) -> WorklistRow:
    return WorklistRow(
        state,
        awards=sum(one.awards for one in groups),
        payable_fen=sum(one.payable_fen for one in groups),
        own=sum(one.own for one in groups),
        in_notice=sum(one.awards for one in groups if one.notice_ends is not None and one.notice_ends > instant),
        returned=sum(one.returned for one in groups),
    )


def _notices(groups: Iterable[_Group]) -> list[NoticeRound]:
    found: dict[date, NoticeRound] = {}
    for one in groups:
        if one.state == "published" and one.notice_ends is not None:
            day = shanghai_date(one.notice_ends - _TICK)
            before = found.get(day, NoticeRound(day, 0, 0))
            found[day] = NoticeRound(day, before.awards + one.awards, before.payable_fen + one.payable_fen)
    return sorted(found.values())


def count_flags(connection: Connection, view: LedgerView, year: int, excesses: Excesses) -> dict[str, int]:
    """The number of awards of a year with each flag, for a reader who sees everything; `excesses` are all there are."""
    flags = f"""
        SELECT flag, count(*) FROM {view.awards}, unnest(award.flags) AS flag
        WHERE award.year = %(year)s AND award.flags <> '{{}}' GROUP BY flag
    """
    of_year = f"SELECT count(*) FROM {view.awards} WHERE award.year = %(year)s AND award.award_id = ANY(%(ids)s)"
    found = dict(fetch(connection, flags, tuple[str, int], year=year, as_of=view.as_of))
    for flag, ids in flagged_awards(excesses).items():
        found[flag] = fetch_value(connection, of_year, int, year=year, ids=sorted(ids), as_of=view.as_of)
    return found
