"""Names of subjects and entries of search, recomputed from all recorded facts and compared with the stored ones."""

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection

from shared.postgres.query import execute, pg_arrays, stream
from shared.values.differences import Difference

_REBUILT: Final = 'CREATE TEMPORARY TABLE rebuilt_name (subject text COLLATE "C", name text) ON COMMIT DROP'
_KEEP: Final = "INSERT INTO rebuilt_name SELECT * FROM unnest(CAST(%(subjects)s AS text[]), CAST(%(names)s AS text[]))"
_NAMES: Final = """
    SELECT concat('subject_name ', subject), s.name, e.name
    FROM subject_name s FULL JOIN rebuilt_name e USING (subject)
    WHERE s.name IS DISTINCT FROM e.name AND subject <> ALL(%(damaged)s)
    ORDER BY subject
"""
# By the stored names, so that one wrong name is one difference, and by the readers that the facts name.
_ENTRIES: Final = """
    WITH reader AS (
        SELECT DISTINCT k.exchange, k.about FROM (
            SELECT * FROM rebuilt_known_to
            UNION ALL SELECT o.* FROM ledger_settings s, operators_listed(s.whitelist) AS o) k
    ), expected AS (
        SELECT coalesce(r.exchange, '') AS reader, e.is_inner, e.entry, n.number
        FROM subject_name n LEFT JOIN reader r ON r.about = n.subject, search_entries(n.subject, n.name) AS e
    ), differing AS (
        SELECT number, count(s.*) AS stored, count(e.*) AS expected
        FROM search_entry s FULL JOIN expected e USING (reader, is_inner, entry, number)
        WHERE s.reader IS NULL OR e.reader IS NULL
        GROUP BY number)
    SELECT concat('search_entry ', coalesce(n.subject, d.number::text)),
           CASE WHEN d.stored > 0 THEN concat(d.stored, ' too many') END,
           CASE WHEN d.expected > 0 THEN concat(d.expected, ' missing') END
    FROM differing d LEFT JOIN subject_name n USING (number)
    WHERE n.subject IS NULL OR n.subject <> ALL(%(damaged)s)
    ORDER BY 1
"""


def begin_names(connection: Connection) -> None:
    """Create the temporary table of names; it lives until the transaction ends."""
    execute(connection, _REBUILT)


def keep_names(connection: Connection, names: list[tuple[str, str]]) -> None:
    """Move pairs of subject and name into the temporary table."""
    if names:
        execute(connection, _KEEP, **pg_arrays(names, "subjects", "names"))
        names.clear()


def compare_names(connection: Connection, damaged: Sequence[str]) -> Iterator[Difference]:
    """Report names and entries that differ, except those of subjects with a damaged fact; needs `rebuilt_known_to`."""
    yield from stream(connection, _NAMES, Difference, damaged=list(damaged))
    yield from stream(connection, _ENTRIES, Difference, damaged=list(damaged))
