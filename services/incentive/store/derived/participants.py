"""Participants of exchanges, as intake derives them from facts: the table `participant`."""

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.subjects.participation import Participation
from shared.postgres.query import execute, fetch_value, pg_array, pg_arrays

COLUMNS: Final = Participation._fields
_VALUES: Final = ", ".join(COLUMNS)
_CHANGING: Final = ("name", "measure_fen", "missing_fen", "own_fen", "is_shared")
_KEY: Final = "exchange, year, rule, subject"
_WANTED: Final = f"""
    SELECT exchange COLLATE "C" AS exchange, year, rule COLLATE "C" AS rule, subject COLLATE "C" AS subject,
           name COLLATE "C" AS name, measure_fen, missing_fen, own_fen, is_shared
    FROM unnest(
        CAST(%(exchange)s AS text[]), CAST(%(year)s AS smallint[]), CAST(%(rule)s AS text[]),
        CAST(%(subject)s AS text[]), CAST(%(name)s AS text[]), CAST(%(measure_fen)s AS bigint[]),
        CAST(%(missing_fen)s AS bigint[]), CAST(%(own_fen)s AS bigint[]), CAST(%(is_shared)s AS boolean[])
    ) AS wanted({_VALUES})
"""
# EXCEPT compares all rows in one pass, whatever the plan. ON CONFLICT would lock also the rows that do not differ.
_WRITE: Final = f"""
    WITH wanted AS MATERIALIZED ({_WANTED}), stored AS MATERIALIZED (
        SELECT {_VALUES} FROM participant WHERE subject = ANY(CAST(%(subjects)s AS text[]))
    ), gone AS (
        DELETE FROM participant p USING (SELECT {_KEY} FROM stored EXCEPT SELECT {_KEY} FROM wanted) g
        WHERE (p.exchange, p.year, p.rule, p.subject) = (g.exchange, g.year, g.rule, g.subject)
    )
    INSERT INTO participant ({_VALUES}) SELECT {_VALUES} FROM wanted EXCEPT SELECT {_VALUES} FROM stored
    ON CONFLICT ({_KEY}) DO UPDATE
        SET ({", ".join(_CHANGING)}) = ({", ".join(f"excluded.{name}" for name in _CHANGING)})
"""
_IS_EMPTY: Final = "SELECT NOT EXISTS (SELECT FROM participant)"


def write_participants(connection: Connection, subjects: Collection[str], found: Iterable[Participation]) -> None:
    """Replace the participations of these subjects by those found; rows that do not differ are not written."""
    execute(connection, _WRITE, subjects=pg_array(subjects), **pg_arrays(found, *COLUMNS))


def is_without_participants(connection: Connection) -> bool:
    """Return True for a ledger in which nobody takes part, as after the migration that added the table."""
    return fetch_value(connection, _IS_EMPTY, bool)
