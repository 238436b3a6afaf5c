"""Who did what, when: all acts of the bureau, its declarations included, by the numbers of their transactions."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.acts import PARTS
from services.incentive.domain.facts import DECLARED
from services.incentive.domain.steps import ACTIONS
from shared.language import pick
from shared.postgres.query import fetch, where
from shared.postgres.sorted_rows import Sorts, SqlRows, column
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time

DECLARATION: Final = "declaration"
KINDS: Final = (*PARTS, DECLARATION)
# Values of the filter `kind`: the kinds of acts, and the actions of decisions.
KINDS_AND_ACTIONS: Final = (*KINDS, *ACTIONS)

# Acts without a name are of versions that kept the name as the person. Without a join, they are read by `seq` in order.
_ACTS: Final = """
    SELECT a.seq, a.id, a.kind, coalesce(a.name, a.person) AS who,
           CASE WHEN a.name IS NOT NULL THEN a.person END AS person, a.recorded_at
    FROM act a
"""
_DECLARATIONS: Final = f"""
    SELECT t.seq, t.decision_id AS id, '{DECLARATION}' AS kind, v ->> 'by' AS who, v ->> 'person' AS person,
           t.posted_at AS recorded_at
    FROM fact f CROSS JOIN LATERAL (SELECT convert_from(f.value, 'UTF8')::jsonb AS v) read
    JOIN ledger_transaction t
        ON starts_with(t.decision_id, 'declared/') AND t.decision_id = concat('declared/', f.seq)
    WHERE f.topic = '{DECLARED}'
"""
_FILTERS: Final = {
    "by": "(one.who = %(by)s OR one.person = %(by)s)",
    "kind": "(one.kind = %(kind)s OR d.action = %(kind)s)",
    "from_": "one.recorded_at >= %(from_)s",
    "until": "one.recorded_at < %(until)s",
}


class ActRow(NamedTuple):
    """An act and what its transaction is about. `person` is None in acts of versions that kept the name alone."""

    seq: int
    id: str
    kind: str
    action: str | None
    who: str
    person: str | None
    recorded_at: datetime
    award_id: str | None
    subject: str | None
    year: int | None
    amount_fen: int
    text: str


_SEQ: Final = column("seq", int)
ACT_SORTS: Final[Sorts] = {
    "transaction": (_SEQ,),
    "at": (column("recorded_at", datetime), _SEQ),
    "by": (column("who", str), _SEQ),
    "kind": (column("kind", str), _SEQ),
    "amount": (column("amount_fen", int), _SEQ),
}


class PersonDay(NamedTuple):
    """The number of acts of a person on a day, and of the awards that they were about; one of the person's names."""

    day: date
    person: str
    name: str
    acts: int
    awards: int


def find_all_acts(connection: Connection, filters: Mapping[str, object]) -> SqlRows[ActRow]:
    """Open the acts by person or name, kind or action, from and until."""
    return SqlRows(connection, _select(filters), ActRow, filters, lambda rows: map(act_row_json, rows))


def acts_by_person_and_day(connection: Connection, filters: Mapping[str, object], limit: int) -> list[PersonDay]:
    """How many of these acts each person did on each day in Shanghai, newest day first, at most `limit` rows."""
    statement = f"""
        SELECT CAST(a.recorded_at AT TIME ZONE 'Asia/Shanghai' AS date), coalesce(a.person, a.who) COLLATE "C",
               min(a.who), count(*), count(DISTINCT a.award_id)
        FROM ({_select(filters)}) a GROUP BY 1, 2 ORDER BY 1 DESC, 2 LIMIT %(limit)s
    """
    return fetch(connection, statement, PersonDay, **filters, limit=limit)


def _select(filters: Mapping[str, object]) -> str:
    conditions = where(*(condition for name, condition in _FILTERS.items() if name in filters))
    return f"""
        SELECT one.seq, one.id, one.kind, d.action, one.who, one.person, one.recorded_at, t.award_id, t.subject,
               t.year, t.amount_fen, t.cause ->> 'text' AS text
        FROM ({_ACTS} UNION ALL {_DECLARATIONS}) one JOIN ledger_transaction t ON t.seq = one.seq
        LEFT JOIN decision d ON d.id = one.id {conditions}
    """


def act_row_json(row: ActRow) -> Json:
    """An act as the list shows it: who, what, when, and about which award, subject and year."""
    return {
        "act_id": row.id,
        "kind": row.kind,
        "action": row.action,
        "by": row.who,
        "person": row.person,
        "at": format_time(row.recorded_at),
        "award_id": row.award_id,
        "subject": row.subject,
        "year": row.year,
        "amount": format_yuan(row.amount_fen),
        "text": {"zh": pick(row.text, "zh"), "en": pick(row.text, "en")},
        "transaction": row.seq,
    }
