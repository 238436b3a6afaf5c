"""PostgreSQL's replication protocol: a base backup, and the write-ahead log from one position to another.

Spoken through libpq, so that no programs of PostgreSQL have to be installed here.
https://www.postgresql.org/docs/current/protocol-replication.html
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from shared.operator_errors import OperatorError

_BASE_BACKUP: Final = "BASE_BACKUP (LABEL '{label}', CHECKPOINT 'fast', WAL false, WAIT false, MANIFEST 'yes')"
_NEW_ARCHIVE, _DATA, _MANIFEST = b"n", b"d", b"m"
_WAL, _KEEPALIVE = b"w", b"k"
_WAL_HEADER: Final = struct.Struct(">cQQq")  # kind, start, end of the server's log, time
_KEEPALIVE_MESSAGE: Final = struct.Struct(">cQqB")  # kind, end of the server's log, time, 1 if it waits for an answer
_STATUS: Final = struct.Struct(">cQQQqB")
# Zeros: what is received is not durable before the manifest is written.
_STILL_HERE: Final = _STATUS.pack(b"r", 0, 0, 0, 0, 0)


class ReceivedBase(NamedTuple):
    """The positions in the log at which a base backup begins and ends, and PostgreSQL's own manifest of it."""

    timeline: int
    start: int
    end: int
    manifest: bytes


def parse_lsn(text: str) -> int:
    """Return a position in the log, such as `0/3000028`, as a number of bytes."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def format_lsn(position: int) -> str:
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


@contextmanager
def replication_connection(admin_url: str) -> Iterator[PGconn]:
    """Connect as a walreceiver does. psycopg.OperationalError, as when pg_hba.conf does not allow replication."""
    connection = pq.PGconn.connect(make_conninfo(admin_url, replication="true").encode())
    try:
        if connection.status != ConnStatus.OK:
            raise _failed(connection)
        yield connection
    finally:
        connection.finish()


def receive_base(connection: PGconn, label: str, take: Callable[[memoryview], None]) -> ReceivedBase:
    """Receive a base backup; `take` gets the pieces of its tar archive in order. psycopg.OperationalError."""
    connection.send_query(_BASE_BACKUP.format(label=label).encode())
    start = _next_rows(connection)
    tablespaces = _next_rows(connection)
    if tablespaces.ntuples != 1:
        raise OperatorError(f"不支持表空间 / tablespaces are not supported: {tablespaces.ntuples - 1}")
    _expect(connection, connection.get_result(), ExecStatus.COPY_OUT)
    manifest = _receive_archive(connection, take)
    end = _next_rows(connection)
    while connection.get_result() is not None:
        pass
    return ReceivedBase(int(_field(start, 1)), parse_lsn(_field(start, 0)), parse_lsn(_field(end, 0)), manifest)


def _receive_archive(connection: PGconn, take: Callable[[memoryview], None]) -> bytes:
    manifest = bytearray()
    is_manifest = False
    while True:
        size, message = connection.get_copy_data(0)
        if size < 0:
            return bytes(manifest)
        kind = bytes(message[:1])
        if kind == _MANIFEST:
            is_manifest = True
        elif kind == _NEW_ARCHIVE:
            is_manifest = False
        elif kind == _DATA and is_manifest:
            manifest += message[1:]
        elif kind == _DATA:
            take(message[1:])


def receive_log(connection: PGconn, slot: str, timeline: int, start: int, end: int) -> Iterator[bytes]:
    """Yield the log from one position to another, which the server has reached. psycopg.OperationalError."""
    command = f"START_REPLICATION SLOT {slot} PHYSICAL {format_lsn(start)} TIMELINE {timeline}"
    _expect(connection, connection.exec_(command.encode()), ExecStatus.COPY_BOTH)
    position = start
    while position < end:
        size, message = connection.get_copy_data(0)
        if size < 0:
            _expect(connection, connection.get_result(), ExecStatus.COPY_BOTH)
        kind = bytes(message[:1])
        if kind == _WAL:
            found = _WAL_HEADER.unpack_from(message)[1]
            if found != position:
                raise psycopg.OperationalError(f"the log continues at {format_lsn(found)}, not {format_lsn(position)}")
            piece = bytes(message[_WAL_HEADER.size :])[: end - position]
            position += len(piece)
            yield piece
        elif kind == _KEEPALIVE and _KEEPALIVE_MESSAGE.unpack_from(message)[3]:
            connection.put_copy_data(_STILL_HERE)
            connection.flush()


def _next_rows(connection: PGconn) -> PGresult:
    return _expect(connection, connection.get_result(), ExecStatus.TUPLES_OK)


def _expect(connection: PGconn, result: PGresult | None, status: ExecStatus) -> PGresult:
    if result is None or result.status != status:
        raise _failed(connection)
    return result


def _field(result: PGresult, column: int) -> str:
    value = result.get_value(0, column)
    if value is None:
        raise psycopg.OperationalError(f"no value in column {column}")
    return value.decode()


def _failed(connection: PGconn) -> psycopg.OperationalError:
    return psycopg.OperationalError(connection.error_message.decode("utf-8", "replace").strip() or "connection lost")
