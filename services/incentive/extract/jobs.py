"""Extracts as jobs: asked for, made by one maker at a time, kept for a while, and who asked for and took what.

A job is begun again from its beginning when its maker is gone. What a maker writes it writes under the number of its
attempt: one that was taken for gone and comes back writes nothing any more.
"""

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, Row, text

from services.incentive.extract.request import ExtractRequest, read_request
from shared.values.times import Clock

KEPT_FOR: Final = timedelta(days=7)
MOST_UNFINISHED: Final = 5  # of one role
MOST_ATTEMPTS: Final = 5
PIECE_BYTES: Final = 1 << 20


class Requester(NamedTuple):
    """Who does something with an extract: the name of the key, and its role."""

    who: str
    role: str


class Job(NamedTuple):
    """An extract to be made, by the attempt of this number."""

    id: str
    attempt: int
    request: ExtractRequest
    log_size: int


class TooManyUnfinished(Exception):  # noqa: N818 - what is told
    """A role has as many unfinished extracts as it may have."""


class Withdrawn(Exception):  # noqa: N818 - no fault
    """A job is no longer this maker's: it was cancelled, or begun anew by another."""


def enqueue(
    connection: Connection, request: ExtractRequest, log_size: int, requester: Requester, now: datetime
) -> Row[Any]:
    """Queue an extract. Raises TooManyUnfinished."""
    unfinished = connection.execute(
        text("SELECT count(*) FROM extract WHERE role = :role AND state IN ('queued', 'running')"),
        {"role": requester.role},
    ).scalar_one()
    if unfinished >= MOST_UNFINISHED:
        raise TooManyUnfinished
    row = connection.execute(
        text(
            "INSERT INTO extract (id, requested_by, role, request, log_size, requested_at)"
            " VALUES (:id, :who, :role, CAST(:request AS jsonb), :log_size, :now) RETURNING *"
        ),
        {
            "id": uuid.uuid4().hex,
            "who": requester.who,
            "role": requester.role,
            "request": msgspec.json.encode(request).decode(),
            "log_size": log_size,
            "now": now,
        },
    ).one()
    record_access(connection, row.id, requester, "requested", now)
    return row


def find(connection: Connection, extract_id: str, viewer: str | None) -> Row[Any] | None:
    """One extract that is there; of an exchange's key, one that was asked for by such a key."""
    statement = "SELECT * FROM extract WHERE id = :id AND state NOT IN ('cancelled', 'expired')"
    if viewer is not None:
        statement += " AND role = :role"
    parameters = {"id": extract_id, "role": f"exchange:{viewer}"}
    return connection.execute(text(statement), parameters).one_or_none()


def list_newest(connection: Connection, viewer: str | None, limit: int) -> Sequence[Row[Any]]:
    """Those that `find` finds, newest first, at most `limit`."""
    statement = "SELECT * FROM extract WHERE state NOT IN ('cancelled', 'expired')"
    if viewer is not None:
        statement += " AND role = :role"
    parameters = {"role": f"exchange:{viewer}", "limit": limit}
    return connection.execute(text(f"{statement} ORDER BY requested_at DESC, id LIMIT :limit"), parameters).all()


def remove(connection: Connection, row: Row[Any], requester: Requester, now: datetime) -> None:
    """Cancel what is not finished, or take away what is."""
    connection.execute(text("UPDATE extract SET state = 'cancelled' WHERE id = :id"), {"id": row.id})
    _delete_pieces(connection, row.id)
    action = "cancelled" if row.state in ("queued", "running") else "removed"
    record_access(connection, row.id, requester, action, now)


def record_access(
    connection: Connection, extract_id: str, requester: Requester | None, action: str, now: datetime
) -> None:
    """Write down who did what."""
    connection.execute(
        text("INSERT INTO extract_access (extract_id, at, who, role, action) VALUES (:id, :now, :who, :role, :action)"),
        {
            "id": extract_id,
            "now": now,
            "who": None if requester is None else requester.who,
            "role": None if requester is None else requester.role,
            "action": action,
        },
    )


def pieces(connection: Connection, extract_id: str) -> Iterator[bytes]:
    """The zip, piece by piece."""
    statement = text("SELECT content FROM extract_piece WHERE extract_id = :id ORDER BY number")
    yield from connection.execute(statement, {"id": extract_id}, execution_options={"yield_per": 1}).scalars()


def expire(connection: Connection, now: datetime) -> None:
    """Take away what has been kept for long enough."""
    statement = text("UPDATE extract SET state = 'expired' WHERE state = 'ready' AND expires_at <= :now RETURNING id")
    for extract_id in connection.execute(statement, {"now": now}).scalars().all():
        _delete_pieces(connection, extract_id)
        record_access(connection, extract_id, None, "expired", now)


def has_unfinished(connection: Connection) -> bool:
    """Whether there is an extract to be made, or one that is being made."""
    statement = "SELECT EXISTS (SELECT FROM extract WHERE state IN ('queued', 'running'))"
    return bool(connection.execute(text(statement)).scalar())


def take_next(connection: Connection, now: datetime) -> Job | None:
    """Begin the oldest that is not finished. One whose makers were gone each time is failed, not tried for ever."""
    while True:
        row = connection.execute(
            text(
                "SELECT * FROM extract WHERE state IN ('queued', 'running')"
                " ORDER BY requested_at, id LIMIT 1 FOR UPDATE"
            )
        ).one_or_none()
        if row is None:
            return None
        if row.attempts < MOST_ATTEMPTS:
            break
        said = f"{MOST_ATTEMPTS} 次均中断 / interrupted {MOST_ATTEMPTS} times"
        _finish(connection, row.id, "failed", now, reason=said)
    _delete_pieces(connection, row.id)
    attempt = row.attempts + 1
    connection.execute(
        text("UPDATE extract SET state = 'running', progress = 0, attempts = :attempt WHERE id = :id"),
        {"id": row.id, "attempt": attempt},
    )
    return Job(row.id, attempt, read_request(row.request), row.log_size)


def put_back(connection: Connection, job: Job) -> None:
    """The attempt does not count: the world was in the way."""
    connection.execute(
        text("UPDATE extract SET attempts = attempts - 1 WHERE id = :id AND attempts = :attempt AND state = 'running'"),
        {"id": job.id, "attempt": job.attempt},
    )


def fail(connection: Connection, job: Job, reason: str, now: datetime) -> None:
    """It cannot be made."""
    _check_ours(connection, job)
    _delete_pieces(connection, job.id)
    _finish(connection, job.id, "failed", now, reason=reason)


def show_progress(connection: Connection, job: Job, progress: float) -> None:
    """Raises Withdrawn where it is no longer this maker's."""
    _check_ours(connection, job)
    connection.execute(
        text("UPDATE extract SET progress = greatest(progress, :progress) WHERE id = :id"),
        {"id": job.id, "progress": progress},
    )


def _check_ours(connection: Connection, job: Job) -> None:
    ours = connection.execute(
        text("SELECT FROM extract WHERE id = :id AND state = 'running' AND attempts = :attempt FOR UPDATE"),
        {"id": job.id, "attempt": job.attempt},
    ).one_or_none()
    if ours is None:
        raise Withdrawn


def _finish(connection: Connection, extract_id: str, state: str, now: datetime, **columns: Any) -> None:
    sets = "".join(f", {name} = :{name}" for name in columns)
    connection.execute(
        text(f"UPDATE extract SET state = :state, finished_at = :now{sets} WHERE id = :id"),
        {"id": extract_id, "state": state, "now": now, **columns},
    )


def _delete_pieces(connection: Connection, extract_id: str) -> None:
    connection.execute(text("DELETE FROM extract_piece WHERE extract_id = :id"), {"id": extract_id})


class Pieces:
    """A stream into which a zip is written, kept in pieces, each in a transaction of its own. `end` makes it ready."""

    def __init__(self, engine: Engine, job: Job, clock: Clock) -> None:
        self._engine, self._job, self._clock = engine, job, clock
        self._digest = hashlib.sha256()
        self._rest = bytearray()
        self._number = self._bytes = 0

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        self._rest += data
        while len(self._rest) >= PIECE_BYTES:
            self._keep(PIECE_BYTES)
        return len(data)

    def flush(self) -> None:
        """A piece is written when it is full."""

    def end(self) -> None:
        """Nothing follows. Raises Withdrawn."""
        self._keep(len(self._rest))
        now = self._clock()
        with self._engine.begin() as connection:
            _check_ours(connection, self._job)
            made = {"bytes": self._bytes, "sha256": self._digest.hexdigest(), "expires_at": now + KEPT_FOR}
            _finish(connection, self._job.id, "ready", now, progress=1.0, **made)

    def _keep(self, size: int) -> None:
        with self._engine.begin() as connection:
            _check_ours(connection, self._job)
            connection.execute(
                text("INSERT INTO extract_piece VALUES (:id, :number, :content)"),
                {"id": self._job.id, "number": self._number, "content": bytes(self._rest[:size])},
            )
        self._number += 1
        self._bytes += size
        del self._rest[:size]
