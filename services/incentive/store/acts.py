"""Reading what the bureau recorded, as of an instant; None as the instant is now: all of it.

Every function asks once for everything that it is given. What is recorded stays, so what was there at an instant is
what has `recorded_at` up to it.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    any_,
    case,
    exists,
    func,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.incentive.domain.acts import Json, act_json, decision_of
from services.incentive.domain.budget import PostedSums
from services.incentive.domain.highest_only import OTHER_GRANT, OtherGrant
from services.incentive.domain.workflow import Decision
from services.incentive.store.tables import (
    act,
    decision,
    eligibility,
    hold,
    hold_release,
    other_grant,
    related_party,
    suspension,
)
from shared.postgres.database import rows_of, written
from shared.values.times import format_time

ACT_TABLES: Final[dict[str, Table]] = {
    "decision": decision,
    "hold": hold,
    "release": hold_release,
    "eligibility": eligibility,
    "suspension": suspension,
    "other_grant": other_grant,
    "related_party": related_party,
}
RELEASED: Final = ("hold", "suspension")
RELATED, UNRELATED = "related", "unrelated"
AS_OF: Final = "coalesce(CAST(:as_of AS timestamptz), 'infinity')"
DECISIONS_SQL: Final = f"""
    SELECT d.*, a.seq, a.recorded_at, a.person FROM decision d JOIN act a ON a.id = d.id
    WHERE d.award_id = ANY(:award_ids) AND a.recorded_at <= {AS_OF}
    ORDER BY d.award_id, d.number
"""
# A function of the database, as an exchange is shown of decisions its own and nevertheless told what is left.
POSTED_SQL: Final = "SELECT * FROM budget_posted(CAST(:years AS smallint[]), CAST(:as_of AS timestamptz))"
_OTHER_GRANTS: Final = f"""
    SELECT g.id, g.subject, g.year, g.name, g.amount_fen FROM other_grant g JOIN act a ON a.id = g.id
    WHERE {{}} AND a.recorded_at <= {AS_OF} ORDER BY a.seq
"""
_GRANTS: Final = written(text(_OTHER_GRANTS.format("true")))
_GRANTS_OF: Final = written(text(_OTHER_GRANTS.format("g.subject = ANY(:subjects)")))
_PAIRS: Final = f"""
    SELECT p.subject, p.other, p.status FROM related_party p JOIN act a ON a.id = p.id
    WHERE {{}} AND a.recorded_at <= {AS_OF} ORDER BY a.seq
"""
_RELATED: Final = written(text(_PAIRS.format("true")))
_RELATED_OF: Final = written(text(_PAIRS.format("(p.subject = ANY(:subjects) OR p.other = ANY(:subjects))")))
_STEPS_OF: Final = written(text(DECISIONS_SQL))
_POSTED_IN: Final = written(text(POSTED_SQL))


def _then(as_of: datetime | None) -> ColumnElement[bool]:
    return true() if as_of is None else act.c.recorded_at <= as_of


def _among(column: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """One parameter however many values there are."""
    return column == any_(literal(list(values), ARRAY(column.type)))


def decisions_of(
    connection: Connection, award_ids: Collection[str], as_of: datetime | None
) -> dict[str, list[Decision]]:
    """The steps that were taken with each award, in order."""
    found: dict[str, list[Decision]] = {}
    for row in rows_of(connection, _STEPS_OF, award_ids=list(award_ids), as_of=as_of):
        found.setdefault(row.award_id, []).append(decision_of(row, row))
    return found


def state_of(award_id: ColumnElement[str], as_of: datetime | None) -> ColumnElement[str | None]:
    """The state to which an award's last step led; null before the first."""
    return (
        select(decision.c.to_state)
        .join(act, act.c.id == decision.c.id)
        .where(decision.c.award_id == award_id, _then(as_of))
        .order_by(decision.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )


def last_step(award_id: ColumnElement[str], as_of: datetime | None) -> Select[Any]:
    """`to_state`, `until` and `person` of the last step that led an award anywhere: a return leads nowhere."""
    return (
        select(decision.c.to_state, decision.c.until, act.c.person)
        .join(act, act.c.id == decision.c.id)
        .where(decision.c.award_id == award_id, decision.c.action != "return", _then(as_of))
        .order_by(decision.c.number.desc())
        .limit(1)
    )


def is_over_approved(awards: Any, as_of: datetime | None) -> ColumnElement[bool]:
    """Whether of awards (the columns of `award_current`) more is approved than is payable: as `Standing.excess`."""
    is_its = (decision.c.subject == awards.subject) & (decision.c.year == awards.year)
    approved = func.sum(decision.c.amount_fen).filter(decision.c.action == "approve")
    returned = func.coalesce(func.sum(decision.c.amount_fen).filter(decision.c.action == "return"), 0)
    return exists(
        select(decision.c.subject)
        .join(act, act.c.id == decision.c.id)
        .where(decision.c.award_id == awards.award_id, _then(as_of))
        .group_by(decision.c.subject, decision.c.year)
        .having(approved - returned > case((is_its, awards.payable_fen), else_=0))
    )


def list_suspensions(connection: Connection, as_of: datetime | None) -> list[Json]:
    """The suspensions of all rules that nobody lifted, as told, in order."""
    lifted = _lifted(as_of)
    statement = select(act).join(suspension, suspension.c.id == act.c.id).where(_then(as_of), act.c.id.not_in(lifted))
    acts = connection.execute(statement.order_by(act.c.seq)).all()
    return [told for _, told in render_acts(connection, acts) if told is not None]


def find_act(connection: Connection, act_id: str) -> Json | None:
    """An act, as told; None where it is not there."""
    acts = connection.execute(select(act).where(act.c.id == act_id)).all()
    return next((told for _, told in render_acts(connection, acts)), None)


def _lifted(as_of: datetime | None) -> Select[Any]:
    """The ids of what was released; of a row of its own in the statement, beside another act's."""
    release = act.alias("release")
    is_then = true() if as_of is None else release.c.recorded_at <= as_of
    return select(hold_release.c.hold_id).join(release, release.c.id == hold_release.c.id).where(is_then)


def posted_in(connection: Connection, years: Collection[int], as_of: datetime | None) -> dict[int, list[PostedSums]]:
    """What was approved, paid and returned in each year's budget, by rule in code point order."""
    found: dict[int, list[PostedSums]] = {}
    for year, *posted in rows_of(connection, _POSTED_IN, years=list(years), as_of=as_of):
        found.setdefault(year, []).append(PostedSums(*posted))
    return found


def outstanding_of(connection: Connection, which: ColumnElement[bool]) -> int:
    """Approved less returned of the decisions that a condition names, in fen."""
    signed = func.sum(decision.c.amount_fen).filter(decision.c.action == "approve")
    returned = func.sum(decision.c.amount_fen).filter(decision.c.action == "return")
    statement = select(func.coalesce(signed, 0) - func.coalesce(returned, 0)).where(which)
    return int(connection.execute(statement).scalar_one())


def other_grants_of(
    connection: Connection, subjects: Collection[str] | None = None, as_of: datetime | None = None
) -> dict[tuple[str, int], list[OtherGrant]]:
    """What other municipal policies granted these subjects (None: all), by subject and year.

    Of each name what was said last counts.
    """
    asked = {} if subjects is None else {"subjects": list(subjects)}
    rows = rows_of(connection, _GRANTS if subjects is None else _GRANTS_OF, as_of=as_of, **asked)
    newest = {(row.subject, row.year, row.name): row for row in rows}
    found: dict[tuple[str, int], list[OtherGrant]] = {}
    for (subject, year, _), row in newest.items():
        if row.amount_fen > 0:
            found.setdefault((subject, year), []).append(OtherGrant(f"{OTHER_GRANT}/{row.id}", row.amount_fen))
    return found


def list_acts(
    connection: Connection, kind: str, whose: tuple[str, str], as_of: datetime | None, after: int | None, limit: int
) -> list[Json]:
    """Acts of a kind about one award, subject or rule (`whose`: column and value), in order, at most `limit`.

    What can be released has `released_at`, null as long as it holds.
    """
    part, (name, value) = ACT_TABLES[kind], whose
    statement = (
        select(act).join(part, part.c.id == act.c.id).where(part.c[name] == value, _then(as_of)).order_by(act.c.seq)
    )
    if after is not None:
        statement = statement.where(act.c.seq > after)
    rows = connection.execute(statement.limit(limit)).all()
    found = [(row, told) for row, told in render_acts(connection, rows) if told is not None]
    if kind not in RELEASED:
        return [told for _, told in found]
    released = select(hold_release.c.hold_id, act.c.recorded_at).join(act, act.c.id == hold_release.c.id)
    of_these = released.where(_among(hold_release.c.hold_id, [row.id for row, _ in found]), _then(as_of))
    released_at = {row.hold_id: format_time(row.recorded_at) for row in connection.execute(of_these)}
    return [{**told, "released_at": released_at.get(row.id)} for row, told in found]


def related_parties(connection: Connection, subject: str | None, as_of: datetime | None) -> list[Json]:
    """The list of related parties: each pair that is on it, as it was entered last, in order of that."""
    statement = select(related_party, act).join(act, act.c.id == related_party.c.id).where(_then(as_of))
    if subject is not None:
        statement = statement.where((related_party.c.subject == subject) | (related_party.c.other == subject))
    newest = {(row.subject, row.other): row for row in connection.execute(statement.order_by(act.c.seq))}
    in_order = sorted(newest.values(), key=lambda row: row.seq)
    return [act_json(row, row) for row in in_order if row.status == RELATED]


def related_of(
    connection: Connection, subjects: Collection[str] | None = None, as_of: datetime | None = None
) -> dict[str, frozenset[str]]:
    """To whom each of these subjects (None: all) is related by the list."""
    asked = {} if subjects is None else {"subjects": list(subjects)}
    rows = rows_of(connection, _RELATED if subjects is None else _RELATED_OF, as_of=as_of, **asked)
    newest = {(row.subject, row.other): row.status for row in rows}
    found: dict[str, set[str]] = {}
    for one, other in (two for two, status in newest.items() if status == RELATED):
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {subject: frozenset(others) for subject, others in found.items()}


def render_acts(connection: Connection, acts: Sequence[Any]) -> Iterator[tuple[Any, Json | None]]:
    """Each of these rows of `act`, in the same order, with the act as told; None where its part is missing."""
    by_kind: dict[str, list[str]] = {}
    for one in acts:
        by_kind.setdefault(one.kind, []).append(one.id)
    parts = {
        (kind, part.id): part
        for kind, ids in by_kind.items()
        for part in connection.execute(select(ACT_TABLES[kind]).where(_among(ACT_TABLES[kind].c.id, ids)))
    }
    for one in acts:
        part = parts.get((one.kind, one.id))
        yield one, None if part is None else act_json(one, part)
