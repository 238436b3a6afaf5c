"""Participants of exchanges recomputed from all recorded facts, compared with the stored ones, and repaired."""

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.subjects.participation import Participation
from services.incentive.store.derived.participants import COLUMNS, WANTED, participant_arrays
from shared.postgres.query import execute, fetch_value, stream
from shared.values.differences import Difference

_VALUES: Final = ", ".join(COLUMNS)
_REBUILT: Final = (
    f"CREATE TEMPORARY TABLE rebuilt_participant ON COMMIT DROP AS SELECT {_VALUES} FROM participant LIMIT 0"
)
_KEEP: Final = f"INSERT INTO rebuilt_participant {WANTED}"
_KEEP_AS_THEY_STAND: Final = f"""
    INSERT INTO rebuilt_participant SELECT {_VALUES} FROM participant WHERE subject = ANY(%(subjects)s)
"""
_DIFFERING: Final = f"""
    FROM (SELECT {_VALUES} FROM participant) s FULL JOIN rebuilt_participant e USING (exchange, year, rule, subject)
    WHERE s IS DISTINCT FROM e
"""
_SHOWN: Final = """
    CASE WHEN {0}.name IS NOT NULL THEN concat_ws(
        ' ', {0}.name, 'measure', round({0}.measure_fen / 100.0, 2), 'missing ' || round({0}.missing_fen / 100.0, 2),
        'own', round({0}.own_fen / 100.0, 2), CASE WHEN {0}.is_shared THEN 'shared' END) END
"""
_COMPARED: Final = f"""
    SELECT concat_ws(' ', 'participant', exchange, year, rule, subject), {_SHOWN.format("s")}, {_SHOWN.format("e")}
    {_DIFFERING} ORDER BY exchange, year, rule, subject
"""
_IS_DIFFERENT: Final = f"SELECT EXISTS (SELECT {_DIFFERING})"
_REPAIR: Final = (
    f"DELETE FROM participant; INSERT INTO participant ({_VALUES}) SELECT {_VALUES} FROM rebuilt_participant"
)


def begin_participants(connection: Connection) -> None:
    """Create the temporary table `rebuilt_participant`; it lives until the transaction ends."""
    execute(connection, _REBUILT)


def keep_participants(connection: Connection, found: list[Participation]) -> None:
    """Move participations into the temporary table."""
    if found:
        execute(connection, _KEEP, **participant_arrays(found))
        found.clear()


def keep_as_they_stand(connection: Connection, subjects: Sequence[str]) -> None:
    """Copy the stored participations of subjects with a damaged fact."""
    execute(connection, _KEEP_AS_THEY_STAND, subjects=list(subjects))


def compare_participants(connection: Connection) -> Iterator[Difference]:
    """Report participations that differ from the temporary table."""
    yield from stream(connection, _COMPARED, Difference)


def repair_participants(connection: Connection) -> None:
    """Store what the temporary table has, if it differs."""
    if fetch_value(connection, _IS_DIFFERENT, bool):
        execute(connection, _REPAIR)
