"""Who takes part on an exchange in a year, what a year's awards come to, whose they are: beside the API's lists."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, any_, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from services.incentive.queries.view import LedgerView
from services.incentive.store.as_of import FACT_AS_OF, FACT_NOW, awards_as_of
from services.incentive.store.tables import award_current
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE
from shared.values.times import year_start

# A fact names a party with an exchange: by its trades of the year there, or by a first of the year there.
_PARTICIPANTS: Final = """
    SELECT DISTINCT ON (told.about) told.about AS subject, told.value #>> '{{party,name}}' AS name
    FROM (
        SELECT c.about, c.topic, c.key, f.id AS fact_id, convert_from(f.value, 'UTF8')::jsonb AS value
        FROM fact_current c {facts}
        WHERE (CAST(:registers AS text[]) IS NULL OR split_part(c.key, '/', 1) = ANY(:registers))
          AND c.about > :after AND c.topic = ANY(:topics) AND NOT starts_with(c.about, 'exchange/')
          AND (c.topic <> :totals OR right(c.key, 5) = :year_of_key)
    ) AS told
    WHERE CASE WHEN told.topic = :totals THEN jsonb_exists(told.value -> 'by_exchange', :exchange)
               ELSE told.value #>> '{{first,exchange}}' = :exchange
                    AND coalesce(told.value #>> '{{first,listed_at}}', told.value #>> '{{first,completed_at}}')
                        ::timestamptz <@ tstzrange(:from_at, :until_at)
          END
    ORDER BY told.about, told.fact_id DESC
    LIMIT :limit
"""
_NOW: Final = text(_PARTICIPANTS.format(facts=FACT_NOW))
_THEN: Final = text(_PARTICIPANTS.format(facts=FACT_AS_OF))


def list_participants(
    connection: Connection, view: LedgerView, exchange: str, year: int, after: str | None, limit: int
) -> Sequence[Row[Any]]:
    """`subject` and `name` (as in the newest fact) in code point order, at most `limit`; for who sees the exchange."""
    return connection.execute(
        _NOW if view.as_of is None else _THEN,
        {
            "registers": None if view.rulebook.registers is None else list(view.rulebook.registers),
            "exchange": exchange,
            "year_of_key": f"/{year}",
            "from_at": year_start(year),
            "until_at": year_start(year + 1),
            "topics": [ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE],
            "totals": ANNUAL_TOTAL,
            "after": after or "",
            "limit": limit,
            "as_of": view.as_of,
        },
    ).all()


def names_of(connection: Connection, subjects: Collection[str]) -> dict[str, str]:
    """What those of these subjects are called that have or had an award, as in the newest of it."""
    columns = award_current.c
    statement = (
        select(columns.subject, columns.subject_name)
        .where(columns.subject == any_(literal(list(subjects), ARRAY(columns.subject.type))))
        .order_by(columns.recorded_at)
    )
    return {row.subject: row.subject_name for row in connection.execute(statement)}


def which_awards(connection: Connection, award_ids: Collection[str]) -> set[str]:
    """Those of these ids that are of an award: what earned nothing made none."""
    column = award_current.c.award_id
    statement = select(column).where(column == any_(literal(list(award_ids), ARRAY(column.type))))
    return set(connection.execute(statement).scalars())


def sums_by_rule(connection: Connection, view: LedgerView, year: int) -> dict[str, tuple[int, int, int]]:
    """(awards, ceilings in fen, payables in fen) of a year by rule, for who sees all; awards of 0.00 are left out."""
    awards = awards_as_of(view.as_of, "award").c
    statement = (
        select(awards.rule, func.count(), func.sum(awards.ceiling_fen), func.sum(awards.payable_fen))
        .where(awards.year == year, awards.ceiling_fen > 0)
        .group_by(awards.rule)
    )
    return {
        rule: (count, int(ceilings), int(payables)) for rule, count, ceilings, payables in connection.execute(statement)
    }
