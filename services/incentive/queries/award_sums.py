"""Names and sums of awards, for pages."""

from collections.abc import Collection
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.queries.view import LedgerView
from shared.postgres.query import fetch, fetch_values

_NAMES: Final = """
    SELECT subject, subject_name FROM award_current WHERE subject = ANY(%(subjects)s) ORDER BY recorded_at
"""


class RuleSums(NamedTuple):
    """The awards of a rule: how many, and the sums of their ceilings and payables in fen."""

    awards: int
    ceiling_fen: int
    payable_fen: int


def names_of(connection: Connection, subjects: Collection[str]) -> dict[str, str]:
    """The names of those of these subjects that have or had an award, as in its newest version."""
    return dict(fetch(connection, _NAMES, tuple[str, str], subjects=list(subjects)))


def which_awards(connection: Connection, award_ids: Collection[str]) -> set[str]:
    """Those of these ids that are awards: what earned nothing made none."""
    statement = "SELECT award_id FROM award_current WHERE award_id = ANY(%(award_ids)s)"
    return set(fetch_values(connection, statement, str, award_ids=list(award_ids)))


def sums_by_rule(connection: Connection, view: LedgerView, year: int) -> dict[str, RuleSums]:
    """Sums of a year's awards by rule, those of 0.00 included as in lists, for a reader who sees everything."""
    statement = f"""
        SELECT award.rule, count(*), sum(award.ceiling_fen), sum(award.payable_fen) FROM {view.awards}
        WHERE award.year = %(year)s GROUP BY award.rule
    """
    rows = fetch(connection, statement, tuple[str, int, int, int], year=year, as_of=view.as_of)
    return {rule: RuleSums(count, int(ceiling), int(payable)) for rule, count, ceiling, payable in rows}
