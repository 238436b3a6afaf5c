"""Copies of a PostgreSQL server: base backups, and the write-ahead log since the oldest of them.

A physical replication slot makes the server keep the log until the next run has it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, LiteralString, NamedTuple

import psycopg
from msgspec.structs import replace
from psycopg.rows import args_row

from deploy.backup.manifest import PART_BYTES, BaseCopy, LogSegment, ServerCopy, StoredPart, Vault, object_name
from deploy.backup.replication_protocol import parse_lsn, receive_base, receive_log, replication_connection
from shared.operator_errors import OperatorError
from shared.values.times import now

SLOT_PREFIX: Final = "jiangbu_backup_"
_ISO: Final = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
_IDENTIFY: Final = """
    SELECT system_identifier::text, (SELECT timeline_id FROM pg_control_checkpoint()),
        current_setting('server_version_num')::int, pg_size_bytes(current_setting('wal_segment_size')),
        pg_is_in_recovery()
    FROM pg_control_system()
"""


class _Identity(NamedTuple):
    """The server: its cluster, the timeline that it writes, its version and settings."""

    system_id: str
    timeline: int
    version: int
    segment_bytes: int
    is_standby: bool


class CopyOptions(NamedTuple):
    """`slot`: the replication slot. `keep`: base backups that are kept.

    `full`: make a base backup in any case, `full_after`: if the newest one is older than that.
    """

    slot: str
    full: bool
    keep: int
    full_after: timedelta | None = None

    def is_full(self, previous: ServerCopy) -> bool:
        """Return True if a run that continues a copy makes a base backup."""
        age = now() - datetime.fromisoformat(previous.bases[-1].finished)
        return self.full or (self.full_after is not None and age > self.full_after)


def slot_of(place: str) -> str:
    """Return the name of the replication slot of the backup at that place."""
    return SLOT_PREFIX + sha256(place.encode()).hexdigest()[:12]


def copy_server(
    admin_url: str, vault: Vault, run: int, previous: ServerCopy | None, options: CopyOptions
) -> ServerCopy:
    """Copy what is new of the server; a base backup too if `previous` cannot be continued, or one is asked for.

    Raises OperatorError for a standby or another cluster, and psycopg.Error.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        with connection.cursor(row_factory=args_row(_Identity)) as cursor:
            [identity] = cursor.execute(_IDENTIFY).fetchall()
        _check_identity(identity, previous)
        copying = _Copying(connection, admin_url, vault, run, identity)
        continued = previous if previous is not None and _continues(connection, identity, previous) else None
        if continued is None:
            copying.make_slot(options.slot)
        if previous is None or continued is None or options.is_full(previous):
            previous = copying.with_base(previous, options)
        first = previous.bases[-1].start // previous.segment_bytes
        return copying.with_log(previous, first if continued is None else continued.wal[-1].number + 1)


def release_log(admin_url: str, copy: ServerCopy) -> None:
    """Let the server remove the log that the backup has, once the manifest is written."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        end = copy.wal[-1].number + 1
        connection.execute(
            "SELECT pg_replication_slot_advance(slot_name, %s::numeric + '0/0'::pg_lsn) FROM pg_replication_slots"
            " WHERE slot_name = %s AND restart_lsn < %s::numeric + '0/0'::pg_lsn",
            [end * copy.segment_bytes, copy.slot, end * copy.segment_bytes],
        )


def _one_row(connection: psycopg.Connection, statement: LiteralString, *parameters: object) -> tuple[object, ...]:
    row = connection.execute(statement, parameters).fetchone()
    if row is None:
        raise psycopg.OperationalError("no answer")
    return row


def _check_identity(identity: _Identity, previous: ServerCopy | None) -> None:
    if identity.is_standby:
        raise OperatorError("是备库，请连接主库 / this is a standby: connect to the primary")
    if previous is not None and previous.system_id != identity.system_id:
        raise OperatorError(
            "不是所备份的数据库服务器，请另开备份目录"
            " / this is not the server of the backup: begin a backup in another place"
        )


def _continues(connection: psycopg.Connection, identity: _Identity, previous: ServerCopy) -> bool:
    """Return True if the server still has the log since the previous run."""
    if previous.wal[-1].timeline != identity.timeline:
        return False
    end = (previous.wal[-1].number + 1) * previous.segment_bytes
    row = connection.execute(
        "SELECT restart_lsn::text FROM pg_replication_slots WHERE slot_name = %s AND wal_status <> 'lost'",
        [previous.slot],
    ).fetchone()
    return row is not None and row[0] is not None and parse_lsn(row[0]) <= end


@dataclass(frozen=True)
class _Copying:
    """One run's copying of a server."""

    connection: psycopg.Connection
    admin_url: str
    vault: Vault
    run: int
    server: _Identity

    def with_base(self, previous: ServerCopy | None, options: CopyOptions) -> ServerCopy:
        """Return the copy with another base backup, and without those that are no longer kept."""
        base = self._receive_base(options.slot)
        bases = (*(() if previous is None else previous.bases), base)[-options.keep :]
        segments = () if previous is None else previous.wal
        first = bases[0].start // self.server.segment_bytes
        oldest = bases[0].timeline
        wal = tuple(one for one in segments if (one.timeline, one.number) >= (oldest, first))
        server = self.server
        return ServerCopy(
            server.system_id, server.version, server.segment_bytes, options.slot, bases, wal, base.finished
        )

    def make_slot(self, slot: str) -> None:
        """Let the server keep its log from now on."""
        self.connection.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", [slot]
        )
        self.connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [slot])

    def _receive_base(self, label: str) -> BaseCopy:
        began = self._instant()
        parts = _Parts(self.vault, self.run)
        with replication_connection(self.admin_url) as replication:
            received = receive_base(replication, label, parts.take)
        parts.end()
        manifest = self.vault.put(object_name(self.run, "base", "backup_manifest"), received.manifest)
        return BaseCopy(
            began, self._instant(), received.timeline, received.start, received.end, tuple(parts.stored), manifest
        )

    def _instant(self) -> str:
        (text,) = _one_row(self.connection, "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', %s)", _ISO)
        return str(text)

    def with_log(self, copy: ServerCopy, number: int) -> ServerCopy:
        """Return the copy with the log from segment `number` up to now. The server closes its current segment."""
        size, timeline = copy.segment_bytes, self.server.timeline
        instant = self._instant()
        # A recovery to any instant until now ends at a commit after it.
        self.connection.execute("SELECT pg_current_xact_id()")
        (switched,) = _one_row(self.connection, "SELECT pg_switch_wal()::text")
        until = -(-parse_lsn(str(switched)) // size)
        wal = [*copy.wal]
        with replication_connection(self.admin_url) as replication:
            pieces = receive_log(replication, copy.slot, timeline, number * size, until * size)
            for index, content in enumerate(_segments(pieces, size), number):
                name = object_name(self.run, "wal", segment_file(timeline, index, size))
                wal.append(LogSegment(self.vault.put(name, content), timeline, index))
        return replace(copy, wal=tuple(wal), until=instant)


def segment_file(timeline: int, number: int, segment_bytes: int) -> str:
    """Return the name that PostgreSQL gives a segment of its log."""
    a_file = (1 << 32) // segment_bytes
    return f"{timeline:08X}{number // a_file:08X}{number % a_file:08X}"


def _segments(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Join pieces to whole segments."""
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) >= size:
            yield bytes(content[:size])
            del content[:size]


class _Parts:
    """Stores the archive of a base backup in parts."""

    def __init__(self, vault: Vault, run: int) -> None:
        self._vault = vault
        self._run = run
        self._content = bytearray()
        self.stored: list[StoredPart] = []

    def take(self, piece: memoryview) -> None:
        self._content += piece
        if len(self._content) >= PART_BYTES:
            self.end()

    def end(self) -> None:
        if self._content:
            name = object_name(self._run, "base", f"{len(self.stored):06}")
            self.stored.append(self._vault.put(name, bytes(self._content)))
            self._content.clear()
