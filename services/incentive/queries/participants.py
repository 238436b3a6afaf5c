"""Participants of an exchange in a year, and names and sums of awards, for pages."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.queries.view import LedgerView
from services.incentive.store.as_of import joined_facts
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE
from shared.postgres.query import fetch, fetch_values
from shared.values.times import year_start

# A fact names a party with an exchange by its trades of the year there, or by a first of the year there.
_PARTICIPANTS: Final = """
    SELECT DISTINCT ON (named.about) named.about AS subject, named.value #>> '{{party,name}}' AS name
    FROM (
        SELECT c.about, c.topic, c.key, f.id AS fact_id, convert_from(f.value, 'UTF8')::jsonb AS value
        FROM fact_current c {facts}
        WHERE (CAST(%(registers)s AS text[]) IS NULL OR split_part(c.key, '/', 1) = ANY(%(registers)s))
          AND c.about > %(after)s AND c.topic = ANY(%(topics)s) AND NOT starts_with(c.about, 'exchange/')
          AND (c.topic <> %(totals)s OR right(c.key, 5) = %(year_of_key)s)
    ) AS named
    WHERE CASE WHEN named.topic = %(totals)s THEN jsonb_exists(named.value -> 'by_exchange', %(exchange)s)
               ELSE named.value #>> '{{first,exchange}}' = %(exchange)s
                    AND coalesce(named.value #>> '{{first,listed_at}}', named.value #>> '{{first,completed_at}}')
                        ::timestamptz <@ tstzrange(%(from_at)s, %(until_at)s)
          END
    ORDER BY named.about, named.fact_id DESC
    LIMIT %(limit)s
"""
_NAMES: Final = """
    SELECT subject, subject_name FROM award_current WHERE subject = ANY(%(subjects)s) ORDER BY recorded_at
"""


class Participant(NamedTuple):
    """A subject, and its name in the newest fact."""

    subject: str
    name: str


class RuleSums(NamedTuple):
    """The awards of a rule: how many, and the sums of their ceilings and payables in fen."""

    awards: int
    ceiling_fen: int
    payable_fen: int


def list_participants(
    connection: Connection, view: LedgerView, exchange: str, year: int, after: str | None, limit: int
) -> Sequence[Participant]:
    """Participants in code point order, at most `limit`, for a reader who sees the exchange."""
    registers = view.rulebook.registers
    return fetch(
        connection,
        _PARTICIPANTS.format(facts=joined_facts(view.as_of)),
        Participant,
        registers=None if registers is None else list(registers),
        exchange=exchange,
        year_of_key=f"/{year}",
        from_at=year_start(year),
        until_at=year_start(year + 1),
        topics=[ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE],
        totals=ANNUAL_TOTAL,
        after=after or "",
        limit=limit,
        as_of=view.as_of,
    )


def names_of(connection: Connection, subjects: Collection[str]) -> dict[str, str]:
    """The names of those of these subjects that have or had an award, as in its newest version."""
    return dict(fetch(connection, _NAMES, tuple[str, str], subjects=list(subjects)))


def which_awards(connection: Connection, award_ids: Collection[str]) -> set[str]:
    """Those of these ids that are awards: what earned nothing made none."""
    statement = "SELECT award_id FROM award_current WHERE award_id = ANY(%(award_ids)s)"
    return set(fetch_values(connection, statement, str, award_ids=list(award_ids)))


def sums_by_rule(connection: Connection, view: LedgerView, year: int) -> dict[str, RuleSums]:
    """Sums of a year's awards by rule, without awards of 0.00, for a reader who sees everything."""
    statement = f"""
        SELECT award.rule, count(*), sum(award.ceiling_fen), sum(award.payable_fen) FROM {view.awards}
        WHERE award.year = %(year)s AND award.ceiling_fen > 0 GROUP BY award.rule
    """
    rows = fetch(connection, statement, tuple[str, int, int, int], year=year, as_of=view.as_of)
    return {rule: RuleSums(count, int(ceiling), int(payable)) for rule, count, ceiling, payable in rows}
