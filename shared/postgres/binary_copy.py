"""Rows in PostgreSQL's binary COPY format, packed by `struct`: fixed-width columns first, then those of any length.

Twice as fast as psycopg's own row writer for rows of twenty columns.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from shared.postgres.errors import translated_errors
from shared.postgres.query import driver_connection

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_TRAILER = struct.pack(">h", -1)
_NULL = struct.pack(">i", -1)
_LENGTH = struct.Struct(">i")
_CHUNK_BYTES = 256 * 1024
_CODES = {"int8": "q", "int4": "i", "bool": "?", "timestamptz": "q"}


class RowFormat:
    """The columns of a table in the order of COPY.

    `fixed` names the types of the leading columns, none of them null (timestamps as microseconds since 2000-01-01 UTC);
    `texts` columns of any length follow, as bytes or None.
    """

    def __init__(self, table: str, columns: Sequence[str], fixed: Sequence[str]) -> None:
        quoted = ", ".join(f'"{column}"' for column in columns)
        self.copy_sql = f"COPY {table} ({quoted}) FROM STDIN WITH (FORMAT binary)"
        layout = struct.Struct(">h" + "".join("i" + _CODES[name] for name in fixed))
        sizes = [struct.calcsize(">" + _CODES[name]) for name in fixed]
        # pack(count, size, value, size, value, ...): the sizes are constants woven in once, here.
        arguments = ", ".join(f"{size}, v{index}" for index, size in enumerate(sizes))
        names = ", ".join(f"v{index}" for index in range(len(sizes)))
        self.pack_fixed: Callable[..., bytes] = eval(  # noqa: S307 - source made of numbers and our own names
            f"lambda {names}: pack({len(columns)}, {arguments})", {"pack": layout.pack}
        )


def pg_microseconds(instant: datetime) -> int:
    """Return microseconds since 2000-01-01 UTC, PostgreSQL's own format of an instant."""
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def bytes_field(value: bytes | None) -> bytes:
    """A column of any length: its size, then its bytes; null as size -1."""
    return _NULL if value is None else _LENGTH.pack(len(value)) + value


def copy_rows(connection: Connection, copy_sql: str, rows: Iterable[bytes]) -> None:
    """Write rows, each packed by a RowFormat, into the table."""
    with (
        translated_errors(connection, copy_sql),
        driver_connection(connection).cursor() as cursor,
        cursor.copy(copy_sql) as copy,
    ):
        chunk, size = [_SIGNATURE], 0
        for row in rows:
            chunk.append(row)
            size += len(row)
            if size >= _CHUNK_BYTES:  # the server stores these rows while the next are packed
                copy.write(b"".join(chunk))
                chunk, size = [], 0
        copy.write(b"".join((*chunk, _TRAILER)))
