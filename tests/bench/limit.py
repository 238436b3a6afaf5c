"""The upper limit of intake: poll, decode and COPY into one table with one index, and nothing else.

Every intake that stores its records must do at least this work.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg

from shared.events.decode import Accepted, Kind, decode
from tests.bench.bed import EXCHANGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.bench.bed import Bed

BATCH = 10_000


def limit(bed: Bed, kind: Kind) -> float:
    """Measure records per second."""
    expected = bed.counts[kind]
    with psycopg.connect(bed.database()) as connection, bed.reader(bed.partitions(kind)) as consumer:
        connection.execute("CREATE TABLE plain (exchange text, number text, revision int, at timestamptz, value bytea)")
        connection.execute("CREATE INDEX ON plain (exchange, number)")
        connection.commit()
        began_s, seen = time.monotonic(), 0
        while seen < expected:
            polled = consumer.poll(timeout_ms=1000, max_records=BATCH)
            records = [record for batch in polled.values() for record in batch]
            seen += len(records)
            copy(connection, rows(kind, records))
        return seen / (time.monotonic() - began_s)


def rows(kind: Kind, records: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    for record in records:
        found = decode(kind, EXCHANGE, record.value, record.headers)
        if isinstance(found, Accepted):
            document = found.document
            if kind == "trade":
                yield EXCHANGE, document.trade_no, document.revision, document.completed_at, record.value
            else:
                yield EXCHANGE, document.listing_no, document.revision, document.listed_at, record.value


def copy(connection: psycopg.Connection, found: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy("COPY plain FROM STDIN (FORMAT BINARY)") as out:
        out.set_types(["text", "text", "int4", "timestamptz", "bytea"])
        for row in found:
            out.write_row(row)
    connection.commit()
