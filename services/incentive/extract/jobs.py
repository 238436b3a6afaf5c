"""The queue of extracts: requested, written by one worker at a time, kept for a while; every access is recorded.

A job starts over when its worker is gone. Workers write under the number of their attempt, so that one that was taken
for dead and comes back can write nothing more.
"""

import hashlib
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine

from services.incentive.extract.request import ExtractRequest
from shared.postgres.clock import check_clock
from shared.postgres.query import execute, fetch, fetch_one, fetch_optional, fetch_value, fetch_values
from shared.values.json_types import Json
from shared.values.times import Clock

KEPT_FOR: Final = timedelta(days=7)
MOST_OF_ROLE: Final = 5  # unfinished; of a subject, of which there are thousands, those that are kept as well
MOST_ATTEMPTS: Final = 5
PIECE_BYTES: Final = 1 << 20


class Requester(NamedTuple):
    """The name and the role of a key that accesses an extract."""

    who: str
    role: str


class ExtractRow(NamedTuple):
    """A row of `extract`; a job is an unfinished one, in the attempt with the number `attempts`."""

    id: str
    requested_by: str
    role: str
    request: Json
    log_size: int
    requested_at: datetime
    state: str
    progress: float
    attempts: int
    expires_at: datetime | None
    bytes: int | None
    sha256: str | None
    reason: str | None


class TooManyExtracts(Exception):  # noqa: N818 - an answer, not a failure
    """The role has as many extracts as it may have."""


class Withdrawn(Exception):  # noqa: N818 - no failure
    """The job is no longer this worker's: it was cancelled, or another worker started it over."""


_COLUMNS: Final = ", ".join(ExtractRow._fields)
_UNFINISHED: Final = "state IN ('queued', 'running')"
_OF_SUBJECT: Final = "starts_with(role, 'subject:')"
_VISIBLE: Final = (
    f"SELECT {_COLUMNS} FROM extract WHERE state NOT IN ('cancelled', 'expired')"
    " AND (%(role)s::text IS NULL OR role = %(role)s)"
)


def enqueue(
    connection: Connection, request: ExtractRequest, log_size: int, requester: Requester, now: datetime
) -> ExtractRow:
    """Queue an extract. Raises TooManyExtracts."""
    statement = f"""
        SELECT count(*) FROM extract
        WHERE role = %(role)s AND ({_UNFINISHED} OR (state = 'ready' AND {_OF_SUBJECT}))
    """
    if fetch_value(connection, statement, int, role=requester.role) >= MOST_OF_ROLE:
        raise TooManyExtracts
    [row] = fetch(
        connection,
        "INSERT INTO extract (id, requested_by, role, request, log_size, requested_at)"
        f" VALUES (%(id)s, %(who)s, %(role)s, %(request)s::jsonb, %(log_size)s, %(now)s) RETURNING {_COLUMNS}",
        ExtractRow,
        id=uuid.uuid4().hex,
        who=requester.who,
        role=requester.role,
        request=msgspec.json.encode(request).decode(),
        log_size=log_size,
        now=now,
    )
    record_access(connection, row.id, requester, "requested", now)
    return row


def find(connection: Connection, extract_id: str, viewer: str | None) -> ExtractRow | None:
    """Find an extract; a viewer, an exchange or a subject, finds those that its keys requested."""
    return fetch_one(connection, f"{_VISIBLE} AND id = %(id)s", ExtractRow, id=extract_id, role=_role(viewer))


def list_newest(connection: Connection, viewer: str | None, limit: int) -> list[ExtractRow]:
    """List the extracts that `find` finds, newest first, at most `limit`."""
    statement = f"{_VISIBLE} ORDER BY requested_at DESC, id LIMIT %(limit)s"
    return fetch(connection, statement, ExtractRow, limit=limit, role=_role(viewer))


def _role(viewer: str | None) -> str | None:
    return None if viewer is None else f"{'subject' if ':' in viewer else 'exchange'}:{viewer}"


def remove(connection: Connection, row: ExtractRow, requester: Requester, now: datetime) -> None:
    """Cancel an unfinished extract, or delete a finished one."""
    execute(connection, "UPDATE extract SET state = 'cancelled' WHERE id = %(id)s", id=row.id)
    _delete_pieces(connection, row.id)
    action = "cancelled" if row.state in ("queued", "running") else "removed"
    record_access(connection, row.id, requester, action, now)


def record_access(
    connection: Connection, extract_id: str, requester: Requester | None, action: str, now: datetime
) -> None:
    """Record who did what with an extract."""
    execute(
        connection,
        "INSERT INTO extract_access (extract_id, at, who, role, action)"
        " VALUES (%(id)s, %(now)s, %(who)s, %(role)s, %(action)s)",
        id=extract_id,
        now=now,
        who=None if requester is None else requester.who,
        role=None if requester is None else requester.role,
        action=action,
    )


def pieces(connection: Connection, extract_id: str) -> Iterator[bytes]:
    """Load the zip piece by piece, so that it need not fit in memory."""
    statement = "SELECT content FROM extract_piece WHERE extract_id = %(id)s AND number = %(number)s"
    number = 0
    while (content := fetch_optional(connection, statement, bytes, id=extract_id, number=number)) is not None:
        yield content
        number += 1


def expire(connection: Connection, now: datetime) -> None:
    """Delete the extracts whose time is over."""
    statement = "UPDATE extract SET state = 'expired' WHERE state = 'ready' AND expires_at <= %(now)s RETURNING id"
    for extract_id in fetch_values(connection, statement, str, now=now):
        _delete_pieces(connection, extract_id)
        record_access(connection, extract_id, None, "expired", now)


def has_unfinished(connection: Connection) -> bool:
    """Return True if an extract is queued or running."""
    return fetch_value(connection, f"SELECT EXISTS (SELECT FROM extract WHERE {_UNFINISHED})", bool)


def take_next(connection: Connection, now: datetime) -> ExtractRow | None:
    """Start the oldest unfinished job, subjects' after all others; fail those whose workers died too often before."""
    said = f"{MOST_ATTEMPTS} 次均中断 / interrupted {MOST_ATTEMPTS} times"
    exhausted = f"""
        UPDATE extract SET state = 'failed', finished_at = %(now)s, reason = %(reason)s
        WHERE {_UNFINISHED} AND attempts >= %(most)s
    """
    execute(connection, exhausted, now=now, reason=said, most=MOST_ATTEMPTS)
    started = f"""
        UPDATE extract SET state = 'running', progress = 0, attempts = attempts + 1
        WHERE id = (
            SELECT id FROM extract WHERE {_UNFINISHED} ORDER BY {_OF_SUBJECT}, requested_at, id LIMIT 1 FOR UPDATE
        )
        RETURNING {_COLUMNS}
    """
    job = fetch_one(connection, started, ExtractRow)
    if job is not None:
        _delete_pieces(connection, job.id)
    return job


def put_back(connection: Connection, job: ExtractRow) -> None:
    """Undo the attempt, which a transient error ended."""
    execute(
        connection,
        "UPDATE extract SET attempts = attempts - 1 WHERE id = %(id)s AND attempts = %(attempt)s AND state = 'running'",
        id=job.id,
        attempt=job.attempts,
    )


def fail(connection: Connection, job: ExtractRow, reason: str, now: datetime) -> None:
    """Fail a job that cannot be done. Raises Withdrawn."""
    _check_ours(connection, job)
    _delete_pieces(connection, job.id)
    _finish(connection, job.id, "failed", now, reason=reason)


def show_progress(connection: Connection, job: ExtractRow, progress: float) -> None:
    """Record the progress of a job. Raises Withdrawn."""
    _check_ours(connection, job)
    statement = "UPDATE extract SET progress = greatest(progress, %(progress)s) WHERE id = %(id)s"
    execute(connection, statement, id=job.id, progress=progress)


def _check_ours(connection: Connection, job: ExtractRow) -> None:
    statement = "SELECT id FROM extract WHERE id = %(id)s AND state = 'running' AND attempts = %(attempt)s FOR UPDATE"
    if fetch_optional(connection, statement, str, id=job.id, attempt=job.attempts) is None:
        raise Withdrawn


def _finish(connection: Connection, extract_id: str, state: str, now: datetime, **columns: object) -> None:
    sets = "".join(f", {name} = %({name})s" for name in columns)
    statement = f"UPDATE extract SET state = %(state)s, finished_at = %(now)s{sets} WHERE id = %(id)s"
    execute(connection, statement, id=extract_id, state=state, now=now, **columns)


def _delete_pieces(connection: Connection, extract_id: str) -> None:
    execute(connection, "DELETE FROM extract_piece WHERE extract_id = %(id)s", id=extract_id)


class Pieces:
    """A stream that stores a zip in pieces, each in a transaction of its own. `end` makes the extract ready."""

    def __init__(self, engine: Engine, job: ExtractRow, clock: Clock) -> None:
        self._engine, self._job, self._clock = engine, job, clock
        self._digest = hashlib.sha256()
        self._rest = bytearray()
        self._number = self._bytes = 0

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        self._rest += data
        while len(self._rest) >= PIECE_BYTES:
            self._store(PIECE_BYTES)
        return len(data)

    def flush(self) -> None:
        """Do nothing: a piece is written when it is full."""

    def end(self) -> None:
        """Store the rest and mark the extract as ready. Raises Withdrawn and WrongClockError."""
        self._store(len(self._rest))
        with self._engine.begin() as connection:
            now = self._clock()
            check_clock(connection)
            _check_ours(connection, self._job)
            made = {"bytes": self._bytes, "sha256": self._digest.hexdigest(), "expires_at": now + KEPT_FOR}
            _finish(connection, self._job.id, "ready", now, progress=1.0, **made)

    def _store(self, size: int) -> None:
        with self._engine.begin() as connection:
            _check_ours(connection, self._job)
            execute(
                connection,
                "INSERT INTO extract_piece VALUES (%(id)s, %(number)s, %(content)s)",
                id=self._job.id,
                number=self._number,
                content=bytes(self._rest[:size]),
            )
        self._number += 1
        self._bytes += size
        del self._rest[:size]
