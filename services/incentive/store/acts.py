"""Acts of the bureau in the ledger's database, as of an instant (None: now).

Acts are never changed, so those of an instant are the ones recorded up to it. Each function asks once for everything
that it is given.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.acts import (
    PARTS,
    RELATED,
    YEAR_CLOSED,
    Act,
    ActKind,
    ActPart,
    act_json,
)
from services.incentive.domain.holds import YearAct
from services.incentive.domain.payables.other_grants import OTHER_GRANT, OtherGrant, RecordedGrant, grants_in_force
from services.incentive.domain.subjects.accounts import SubjectAccount
from services.incentive.store.as_of import AS_OF
from services.incentive.store.ledger import json_text, same_and_others
from services.incentive.store.rows import columns
from shared.postgres.query import execute, fetch, fetch_one, fetch_values, where
from shared.values.json_types import Json
from shared.values.times import format_time

_TABLES: Final[dict[ActKind, str]] = {
    **{kind: kind for kind in PARTS},
    "release": "hold_release",
}
_ACT: Final = columns(Act, "a")
_RELEASED: Final = f"""
    SELECT r.hold_id, a.recorded_at FROM hold_release r JOIN act a ON a.id = r.id WHERE a.recorded_at <= {AS_OF}
"""
_WITHDRAWN: Final = f"""
    SELECT w.other_grant_id, a.recorded_at FROM grant_withdrawal w JOIN act a ON a.id = w.id
    WHERE a.recorded_at <= {AS_OF}
"""
_REVOKED: Final = f"""
    SELECT r.access_link_id, a.recorded_at FROM access_link_revocation r JOIN act a ON a.id = r.id
    WHERE a.recorded_at <= {AS_OF}
"""
_CONFIRMED: Final = f"""
    SELECT c.account_id, a.recorded_at FROM account_confirmation c JOIN act a ON a.id = c.id
    WHERE a.recorded_at <= {AS_OF}
"""
# The confirmation of the account that counts, of a subject.
_LAST_CONFIRMED: Final = f"""
    SELECT {_ACT} FROM act a JOIN account_confirmation c ON c.id = a.id JOIN account p ON p.id = c.account_id
    WHERE p.subject = %(value)s AND a.recorded_at <= {AS_OF} ORDER BY a.seq DESC LIMIT 1
"""
# The account of each subject that has one: the last that was confirmed.
_ACCOUNTS: Final = f"""
    SELECT DISTINCT ON (p.subject) p.id, p.subject, p.bank, p.number, p.name, a.recorded_at
    FROM account p JOIN account_confirmation c ON c.account_id = p.id JOIN act a ON a.id = c.id
    WHERE p.subject = ANY(%(subjects)s) AND a.recorded_at <= {AS_OF} ORDER BY p.subject, a.seq DESC
"""
_AMONG: Final = "(CAST(%(subjects)s AS text[]) IS NULL OR {} = ANY(%(subjects)s))"
# Pairs on the list of related parties, by the last record of each, with its act.
_RELATED: Final = f"""
    (SELECT DISTINCT ON (p.subject, p.other) {_ACT}, p.subject, p.other, p.status
     FROM related_party p JOIN act a ON a.id = p.id
     WHERE a.recorded_at <= {AS_OF} AND ({_AMONG.format("p.subject")} OR {_AMONG.format("p.other")})
     ORDER BY p.subject, p.other, a.seq DESC) pair WHERE status = '{RELATED}'
"""
# The acts that end acts of a kind, by the field that says when: their ids and instants among `ids`.
_ENDED: Final[dict[ActKind, tuple[str, str]]] = {
    "hold": ("released_at", f"{_RELEASED} AND r.hold_id = ANY(%(ids)s)"),
    "suspension": ("released_at", f"{_RELEASED} AND r.hold_id = ANY(%(ids)s)"),
    "account": ("confirmed_at", f"{_CONFIRMED} AND c.account_id = ANY(%(ids)s)"),
    "other_grant": ("withdrawn_at", f"{_WITHDRAWN} AND w.other_grant_id = ANY(%(ids)s)"),
    "access_link": ("revoked_at", f"{_REVOKED} AND r.access_link_id = ANY(%(ids)s)"),
}
# The contribution of a decision `d` to the standing amount (approved less revoked and returned), in fen; else NULL.
OUTSTANDING_SQL: Final = (
    "CASE WHEN d.action = 'approve' THEN d.amount_fen WHEN d.action IN ('revoke', 'return') THEN -d.amount_fen END"
)
# Condition on the decisions `d` of an award, grouped: no more is payable than stands, by what was decided of it (G6).
SET_ASIDE_SQL: Final = """
    coalesce((array_agg(d.to_state ORDER BY d.number DESC))[1] IN ('rejected', 'returned')
        OR (array_agg(d.action ORDER BY d.number DESC)
                FILTER (WHERE d.action IN ('withdraw', 'apply', 'list')))[1] = 'withdraw'
        OR (array_agg(d.to_state IN ('approved', 'paid') AND d.action = 'reject' ORDER BY d.number DESC)
                FILTER (WHERE d.action IN ('reject', 'reopen')))[1], false)
"""
_IS_STEP: Final = "(d.to_state <> d.from_state OR d.action = 'publish' OR d.number = 0)"
# `state` and more of the last decision that changed an award's state, or that is of its public notice.
LAST_STEP_SQL: Final = f"""
    SELECT d.to_state, d.until, d.notice_until, a.person, a.name FROM decision d JOIN act a ON a.id = d.id
    WHERE d.award_id = award.award_id AND a.recorded_at <= {AS_OF} AND {_IS_STEP}
    ORDER BY d.number DESC LIMIT 1
"""


def last_steps_sql(as_of: datetime | None) -> str:
    """The same of all awards at once, by `award_id`; needs the parameter `as_of`.

    Now it is one pass backwards over the index of `decision_one_after_the_other`, which has all of these columns.
    """
    recorded = "" if as_of is None else f"JOIN act a ON a.id = d.id AND a.recorded_at <= {AS_OF}"
    return f"""
        SELECT DISTINCT ON (d.award_id) d.award_id, d.to_state, d.until, d.notice_until
        FROM decision d {recorded} WHERE {_IS_STEP} ORDER BY d.award_id DESC, d.number DESC
    """


def record_parts(connection: Connection, recorded: Sequence[tuple[Act, ActPart]]) -> None:
    """Insert acts of one kind and their parts, each table in one statement."""
    if not recorded:
        return
    acts = [act._asdict() for act, _ in recorded]
    parts = [{"id": act.id, **part._asdict()} for act, part in recorded]
    for table, rows in (("act", acts), (_TABLES[recorded[0][0].kind], parts)):
        same, others = same_and_others(rows)
        statement = f"""
            INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(
                jsonb_populate_record(NULL::{table}, CAST(%(same)s AS jsonb)), CAST(%(others)s AS jsonb))
        """
        execute(connection, statement, same=json_text(same), others=json_text(others))


def find_part(connection: Connection, kind: ActKind, name: str, value: str) -> ActPart | None:
    """The part of a kind with that value in a field (or `id`)."""
    make = PARTS[kind]
    statement = f"SELECT {columns(make)} FROM {_TABLES[kind]} WHERE {name} = %(value)s"
    return fetch_one(connection, statement, make, value=value)


def find_recorded(connection: Connection, act_id: str) -> Act | None:
    """The columns that all acts record, of one act."""
    return fetch_one(connection, f"SELECT {_ACT} FROM act a WHERE a.id = %(id)s", Act, id=act_id)


def find_request(connection: Connection, person: str, key: str) -> Act | None:
    """The act that a person's Idempotency-Key was used for."""
    statement = f"SELECT {_ACT} FROM act a WHERE a.person = %(person)s AND a.request_key = %(key)s"
    return fetch_one(connection, statement, Act, person=person, key=key)


def outstanding_of(connection: Connection, subjects: Collection[str]) -> Sequence[tuple[str, int, str, int]]:
    """The sums of standing amounts of these subjects in fen: subject, year, rule, sum."""
    statement = f"""
        SELECT d.subject, d.year, d.rule, CAST(coalesce(sum({OUTSTANDING_SQL}), 0) AS bigint) FROM decision d
        WHERE d.subject = ANY(%(subjects)s) GROUP BY d.subject, d.year, d.rule
    """
    return fetch(connection, statement, tuple[str, int, str, int], subjects=sorted(subjects))


def waived_awards(connection: Connection, as_of: datetime | None = None) -> list[str]:
    """The awards that their subjects gave up, and that were neither applied for nor listed since."""
    statement = f"""
        SELECT award_id FROM (
            SELECT DISTINCT ON (d.award_id) d.award_id, d.action FROM decision d JOIN act a ON a.id = d.id
            WHERE d.action IN ('withdraw', 'apply', 'list') AND a.recorded_at <= {AS_OF}
              AND d.award_id IN (SELECT award_id FROM decision WHERE action = 'withdraw')
            ORDER BY d.award_id, d.number DESC) last
        WHERE action = 'withdraw' ORDER BY award_id
    """
    return fetch_values(connection, statement, str, as_of=as_of)


def other_grants_of(
    connection: Connection, subjects: Collection[str] | None = None, as_of: datetime | None = None
) -> dict[tuple[str, int], list[OtherGrant]]:
    """Grants in force under other municipal policies to these subjects (None: all), by subject and year."""
    statement = f"""
        SELECT a.seq, g.id, g.subject, g.year, g.name, g.amount_fen, g.granted_on, coalesce(g.rules, '{{}}'),
               coalesce(g.awards, '{{}}'), w.other_grant_id IS NOT NULL
        FROM other_grant g JOIN act a ON a.id = g.id LEFT JOIN ({_WITHDRAWN}) w ON w.other_grant_id = g.id
        {where(_AMONG.format("g.subject"), f"a.recorded_at <= {AS_OF}")}
    """
    rows = fetch(connection, statement, RecordedGrant, subjects=_listed(subjects), as_of=as_of)
    return grants_in_force(row._replace(rules=tuple(row.rules), awards=tuple(row.awards)) for row in rows)


def related_of(
    connection: Connection, subjects: Collection[str] | None = None, as_of: datetime | None = None
) -> dict[str, frozenset[str]]:
    """The related parties of each of these subjects (None: all), by the list."""
    found: dict[str, set[str]] = {}
    statement = f"SELECT subject, other FROM {_RELATED}"
    for subject, other in fetch(connection, statement, tuple[str, str], subjects=_listed(subjects), as_of=as_of):
        found.setdefault(subject, set()).add(other)
        found.setdefault(other, set()).add(subject)
    return {subject: frozenset(others) for subject, others in found.items()}


def related_parties(connection: Connection, subject: str | None, as_of: datetime | None) -> list[Json]:
    """The list of related parties: each pair on it with its last record, in order of these."""
    subjects = None if subject is None else [subject]
    return _acts(connection, f"SELECT {columns(Act)} FROM {_RELATED} ORDER BY seq", subjects=subjects, as_of=as_of)


def year_acts_of(
    connection: Connection, years: Collection[int], as_of: datetime | None = None
) -> dict[int, list[YearAct]]:
    """The acts that closed or reopened these years, in order."""
    statement = f"""
        SELECT y.year, a.recorded_at, y.status = '{YEAR_CLOSED}' FROM year_closing y JOIN act a ON a.id = y.id
        WHERE y.year = ANY(%(years)s) AND a.recorded_at <= {AS_OF} ORDER BY a.seq
    """
    found: dict[int, list[YearAct]] = {}
    for year, at, closes in fetch(connection, statement, tuple[int, datetime, bool], years=list(years), as_of=as_of):
        found.setdefault(year, []).append(YearAct(at, closes))
    return found


def accounts_of(
    connection: Connection, subjects: Collection[str], as_of: datetime | None = None
) -> dict[str, SubjectAccount]:
    """The account of each subject that has one: the last that was confirmed."""
    found = fetch(connection, _ACCOUNTS, SubjectAccount, subjects=list(subjects), as_of=as_of)
    return {one.subject: one for one in found}


def list_year_closings(connection: Connection, as_of: datetime | None) -> list[Json]:
    """The acts that closed or reopened any year, in order."""
    statement = f"""
        SELECT {_ACT} FROM act a JOIN year_closing p ON p.id = a.id WHERE a.recorded_at <= {AS_OF} ORDER BY a.seq
    """
    return _acts(connection, statement, as_of=as_of)


def _listed(values: Collection[str] | None) -> list[str] | None:
    return None if values is None else list(values)


def list_acts(connection: Connection, kind: ActKind, whose: tuple[str, str], as_of: datetime | None) -> list[Json]:
    """Acts of a kind about one award, subject or rule (`whose`: field and value), in order.

    Accounts have `confirmed_at`, null until then, and `in_use`. Holds and suspensions have `released_at`, null while in
    force; holds also `outcome` and `answer` of their release; other grants `withdrawn_at`, and
    `in_force`, which is false of those that an earlier version replaced or took back too; one-time links `revoked_at`.
    """
    name, value = whose
    statement = f"""
        SELECT {_ACT} FROM act a JOIN {_TABLES[kind]} p ON p.id = a.id
        {where(f"p.{name} = %(value)s", f"a.recorded_at <= {AS_OF}")} ORDER BY a.seq
    """
    found = _acts(connection, statement, value=value, as_of=as_of)
    if kind in _ENDED:
        name, ended_sql = _ENDED[kind]
        ids = [one[f"{kind}_id"] for one in found]
        ended = dict(fetch(connection, ended_sql, tuple[str, datetime], as_of=as_of, ids=ids))
        for act_id, one in zip(ids, found, strict=True):
            one[name] = format_time(ended[act_id]) if act_id in ended else None
    if kind == "account":
        in_use = {one["account_id"] for one in _acts(connection, _LAST_CONFIRMED, value=value, as_of=as_of)}
        for one in found:
            one["in_use"] = one["account_id"] in in_use
    if kind == "hold":
        _add_answers(connection, found)
    if kind == "other_grant":
        subjects = sorted({one["subject"] for one in found})
        of_years = other_grants_of(connection, subjects, as_of).values()
        in_force = {grant.name for grants in of_years for grant in grants}
        for one in found:
            one["in_force"] = f"{OTHER_GRANT}/{one['other_grant_id']}" in in_force
    return found


def _add_answers(connection: Connection, holds: Sequence[Json]) -> None:
    """Add to released holds the outcome and the reason of the release, which answer an objection; to others null."""
    statement = "SELECT hold_id, outcome, reason FROM hold_release WHERE hold_id = ANY(%(ids)s)"
    ids = [one["hold_id"] for one in holds if one["released_at"] is not None]
    rows = fetch(connection, statement, tuple[str, str | None, str | None], ids=ids)
    answers = {hold_id: (outcome, reason) for hold_id, outcome, reason in rows}
    for one in holds:
        one["outcome"], one["answer"] = answers.get(one["hold_id"], (None, None))


def list_suspensions(connection: Connection, as_of: datetime | None) -> list[Json]:
    """The suspensions of all rules that are not lifted, in order."""
    statement = f"""
        SELECT {_ACT} FROM act a JOIN suspension p ON p.id = a.id
        WHERE a.recorded_at <= {AS_OF} AND NOT EXISTS (SELECT FROM ({_RELEASED}) r WHERE r.hold_id = a.id)
        ORDER BY a.seq
    """
    return _acts(connection, statement, as_of=as_of)


def find_act(connection: Connection, act_id: str) -> Json | None:
    """An act as the API shows it; None if there is none."""
    found = _acts(connection, f"SELECT {_ACT} FROM act a WHERE a.id = %(id)s", id=act_id)
    return found[0] if found else None


def find_acts(connection: Connection, act_ids: Collection[str]) -> list[Json]:
    """Acts as the API shows them, in order of their transactions."""
    return _acts(connection, f"SELECT {_ACT} FROM act a WHERE a.id = ANY(%(ids)s) ORDER BY a.seq", ids=list(act_ids))


def _acts(connection: Connection, statement: str, **parameters: object) -> list[Json]:
    """The acts that a statement selects, in its order, as the API shows them, without those whose part is missing."""
    acts = fetch(connection, statement, Act, **parameters)
    return [answer for _, answer in render_acts(connection, acts) if answer is not None]


def render_acts(connection: Connection, acts: Sequence[Act]) -> Iterator[tuple[Act, Json | None]]:
    """Each act, in the same order, as the API shows it; None if its part is missing."""
    by_kind: dict[ActKind, list[str]] = {}
    for act in acts:
        by_kind.setdefault(act.kind, []).append(act.id)
    parts: dict[str, ActPart] = {}
    for kind, ids in by_kind.items():
        make = PARTS[kind]
        statement = f"SELECT id, {columns(make)} FROM {_TABLES[kind]} WHERE id = ANY(%(ids)s)"
        for act_id, *fields in fetch(connection, statement, tuple[str, object], ids=ids):
            parts[act_id] = make._make(fields)
    for act in acts:
        part = parts.get(act.id)
        yield act, None if part is None else act_json(act, part)
