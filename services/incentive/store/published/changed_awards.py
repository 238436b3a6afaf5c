"""The awards that may look different than at an earlier state of the ledger.

The content of an award follows from its own row, from acts on it, on its subject, its rule or its year, from the budget
and from the settings. Its readings also follow from the facts about all whose awards depend on each other.
"""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.store.budgets import load_held
from services.incentive.store.readings import LedgerState, dependent_groups
from services.incentive.store.rulebook import Rulebook
from shared.postgres.query import fetch_value, fetch_values, pg_array

_ALL: Final = "SELECT award_id FROM award_current ORDER BY award_id"
_NEW_SETTINGS: Final = "SELECT EXISTS (SELECT FROM ledger_settings WHERE id > %(settings_id)s)"
# Subjects and exchanges with a new fact, transaction or version, and all subjects that an award with a new version had.
_CONCERNED: Final = """
    WITH versions AS (SELECT award_id, about FROM award_version WHERE recorded_at > %(as_of)s)
    SELECT about FROM fact WHERE id > %(fact_id)s
    UNION SELECT about FROM versions
    UNION SELECT subject FROM award_version WHERE award_id IN (SELECT award_id FROM versions)
    UNION SELECT subject FROM ledger_transaction WHERE seq >= %(ledger_size)s AND subject IS NOT NULL
    UNION SELECT subject_before FROM ledger_transaction WHERE seq >= %(ledger_size)s AND subject_before IS NOT NULL
    UNION SELECT a.about FROM award_current a JOIN ledger_transaction t USING (award_id) WHERE t.seq >= %(ledger_size)s
    UNION SELECT about FROM award_current WHERE rule IN (
        SELECT s.rule FROM suspension s LEFT JOIN hold_release r ON r.hold_id = s.id JOIN act a ON a.id IN (s.id, r.id)
        WHERE a.seq >= %(ledger_size)s)
"""
_YEARS: Final = "SELECT y.year FROM year_closing y JOIN act a ON a.id = y.id WHERE a.seq >= %(ledger_size)s"
# The awards of these, those once approved for one of these, and those of closed or reopened years.
_OF_THESE: Final = """
    SELECT award_id FROM award_current WHERE about = ANY(CAST(%(names)s AS text[]))
    UNION SELECT award_id FROM award_current WHERE subject = ANY(CAST(%(names)s AS text[]))
    UNION SELECT award_id FROM decision WHERE subject = ANY(CAST(%(names)s AS text[]))
    UNION SELECT award_id FROM award_current WHERE year = ANY(%(years)s)
"""
# The awards that begin or cease to be over the budget.
_OVER_BUDGET: Final = """
    SELECT award_id FROM published_award WHERE is_over_budget AND award_id <> ALL(CAST(%(over_budget)s AS text[]))
    UNION SELECT p.award_id FROM unnest(CAST(%(over_budget)s AS text[])) AS o (award_id)
          JOIN published_award p USING (award_id) WHERE NOT p.is_over_budget
"""


class Concerned(NamedTuple):
    """The subjects and exchanges (`names`) and the years that acts, facts and transactions after a state concern."""

    names: set[str]
    years: list[int]


def concerned_since(connection: Connection, since: LedgerState) -> Concerned:
    """Find the subjects, exchanges and years concerned; settings and budgets concern others besides."""
    asked = since._asdict()
    names = set(fetch_values(connection, _CONCERNED, str, **asked))
    return Concerned(names, fetch_values(connection, _YEARS, int, **asked))


def awards_of(connection: Connection, concerned: Concerned) -> set[str]:
    """The awards of these subjects, exchanges and years."""
    asked = {"names": pg_array(concerned.names), "years": concerned.years}
    return set(fetch_values(connection, _OF_THESE, str, **asked))


def changed_awards(connection: Connection, rulebook: Rulebook, since: LedgerState | None, now: datetime) -> list[str]:
    """The awards that may look different than at a state (None: all awards), in code point order."""
    if since is None or fetch_value(connection, _NEW_SETTINGS, bool, **since._asdict()):
        return fetch_values(connection, _ALL, str)
    concerned = concerned_since(connection, since)
    for group in dependent_groups(connection, rulebook.policy, rulebook.exchanges, concerned.names):
        concerned.names.update(group)
    held = load_held(connection, rulebook.policy, award_years(connection), now)
    over_budget = fetch_values(connection, _OVER_BUDGET, str, over_budget=pg_array(held))
    return sorted(awards_of(connection, concerned).union(over_budget))


def award_years(connection: Connection) -> list[int]:
    """The years that have awards."""
    return fetch_values(connection, "SELECT DISTINCT year FROM award_current ORDER BY year", int)
