"""Participants of exchanges recomputed from all recorded facts, compared with the stored ones, and repaired."""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.subjects.participation import Participation
from services.incentive.store.derived.participants import COLUMNS
from shared.disk_rows import full_join
from shared.postgres.query import copy_in, execute, stream
from shared.values.differences import Difference
from shared.values.money import format_yuan

_VALUES: Final = ", ".join(COLUMNS)
_STORED: Final = f"SELECT {_VALUES} FROM participant ORDER BY exchange, year, rule, subject"
_AS_THEY_STAND: Final = f"SELECT {_VALUES} FROM participant WHERE subject = ANY(%(subjects)s)"
_STORE: Final = f"COPY participant ({_VALUES}) FROM STDIN"


def participants_as_they_stand(connection: Connection, subjects: Sequence[str]) -> Iterator[Participation]:
    """Return the stored participations of subjects with a damaged fact."""
    return stream(connection, _AS_THEY_STAND, Participation, subjects=list(subjects))


def compare_participants(connection: Connection, expected: Iterable[Participation]) -> Iterator[Difference]:
    """Report participations that differ; `expected` are in order of their key."""
    stored = stream(connection, _STORED, Participation)
    for key, found, wanted in full_join(stored, expected, itemgetter(slice(4)), itemgetter(slice(4))):
        if found != wanted:
            yield Difference(f"participant {' '.join(map(str, key))}", _shown(found), _shown(wanted))


def _shown(row: Participation | None) -> str | None:
    if row is None:
        return None
    missing = () if row.missing_fen is None else ("missing", format_yuan(row.missing_fen))
    shared = ("shared",) if row.is_shared else ()
    amounts = ("measure", format_yuan(row.measure_fen), *missing, "own", format_yuan(row.own_fen))
    return " ".join((row.name, *amounts, *shared))


def repair_participants(connection: Connection, expected: Iterable[Participation]) -> None:
    """Store what is expected, if it differs."""
    if any(compare_participants(connection, expected)):
        execute(connection, "DELETE FROM participant")
        copy_in(connection, _STORE, expected)
