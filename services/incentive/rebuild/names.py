"""Names of subjects and entries of search, recomputed from all recorded facts and compared with the stored ones."""

from collections.abc import Collection, Iterable, Iterator
from operator import itemgetter
from typing import Final

from sqlalchemy import Connection

from shared.disk_rows import full_join
from shared.postgres.query import stream
from shared.values.differences import Difference

_NAMES: Final = "SELECT subject, name FROM subject_name ORDER BY subject"
# By the stored names and readers, so that one that is wrong is one difference.
_ENTRIES: Final = """
    WITH expected AS (
        SELECT coalesce(r.exchange, '') AS reader, e.is_inner, e.entry, n.number
        FROM subject_name n LEFT JOIN known_to r ON r.about = n.subject, search_entries(n.subject, n.name) AS e
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


def compare_names(
    connection: Connection, names: Iterable[tuple[str, str]], damaged: Collection[str]
) -> Iterator[Difference]:
    """Report names and entries that differ, except those of subjects with a damaged fact.

    `names`: subject and name, in order.
    """
    stored = stream(connection, _NAMES, tuple[str, str])
    for subject, found, expected in full_join(stored, names, itemgetter(0), itemgetter(0)):
        if found != expected and subject not in damaged:
            yield Difference(f"subject_name {subject}", found and found[1], expected and expected[1])
    yield from stream(connection, _ENTRIES, Difference, damaged=list(damaged))
