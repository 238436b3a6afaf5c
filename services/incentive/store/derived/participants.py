"""Participants of exchanges, as intake derives them from facts: the table `participant`."""

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.subjects.participation import Participation
from shared.postgres.query import execute, fetch_value, pg_array, pg_arrays

COLUMNS: Final = Participation._fields
_VALUES: Final = ", ".join(COLUMNS)
_CHANGING: Final = ("name", "measure_fen", "missing_fen", "own_fen", "is_shared")
WANTED: Final = f"""
    SELECT * FROM unnest(
        CAST(%(exchange)s AS text[]), CAST(%(year)s AS smallint[]), CAST(%(rule)s AS text[]),
        CAST(%(subject)s AS text[]), CAST(%(name)s AS text[]), CAST(%(measure_fen)s AS bigint[]),
        CAST(%(missing_fen)s AS bigint[]), CAST(%(own_fen)s AS bigint[]), CAST(%(is_shared)s AS boolean[])
    ) AS wanted({_VALUES})
"""
_WRITE: Final = f"""
    WITH wanted AS ({WANTED}), gone AS (
        DELETE FROM participant p WHERE p.subject = ANY(CAST(%(subjects)s AS text[])) AND NOT EXISTS (
            SELECT FROM wanted w
            WHERE (w.exchange, w.year, w.rule, w.subject) = (p.exchange, p.year, p.rule, p.subject))
    )
    INSERT INTO participant AS p ({_VALUES}) SELECT {_VALUES} FROM wanted
    ON CONFLICT (exchange, year, rule, subject) DO UPDATE
        SET ({", ".join(_CHANGING)}) = ({", ".join(f"excluded.{name}" for name in _CHANGING)})
        WHERE ({", ".join(f"p.{name}" for name in _CHANGING)})
            IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _CHANGING)})
"""
_IS_EMPTY: Final = "SELECT NOT EXISTS (SELECT FROM participant)"


def write_participants(connection: Connection, subjects: Collection[str], found: Iterable[Participation]) -> None:
    """Replace the participations of these subjects by those found; rows that do not differ are not written."""
    execute(connection, _WRITE, subjects=pg_array(subjects), **participant_arrays(found))


def participant_arrays(found: Iterable[Participation]) -> dict[str, str]:
    """The rows as one array a column, for WANTED."""
    return pg_arrays(found, *COLUMNS)


def is_without_participants(connection: Connection) -> bool:
    """Return True for a ledger in which nobody takes part, as after the migration that added the table."""
    return fetch_value(connection, _IS_EMPTY, bool)
