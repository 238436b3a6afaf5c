"""The ledger into the archive: settings, acts, log entries and declarations, each in order of its numbers."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import pyarrow as pa
from sqlalchemy import Connection, Engine

from deploy.archive.store import ArchiveStore, TableWriter, spans
from services.incentive.domain.facts import DECLARED
from services.incentive.store.ledger import next_seq
from services.incentive.store.log_entries import stored_transactions
from shared.postgres.query import fetch, fetch_value
from shared.values.times import SHANGHAI

_SPAN_ROWS: Final = 100_000
_ROW_BYTES: Final = 300
# The tables of acts. Accounts of subjects and links to pages are not archived: no amount depends on them.
ACT_TABLES: Final = (
    "decision",
    "hold",
    "hold_release",
    "eligibility",
    "suspension",
    "other_grant",
    "grant_withdrawal",
    "related_party",
    "year_closing",
)
_TIME: Final = pa.timestamp("us", "UTC")
ENTRIES: Final = pa.schema(
    [("seq", pa.int64()), ("entry", pa.binary())]  # the log's own bytes
)
ACTS: Final = pa.schema(
    [("seq", pa.int64()), ("id", pa.string()), ("recorded_at", _TIME), ("act", pa.string()), ("content", pa.string())]
)
SETTINGS: Final = pa.schema(
    [
        ("id", pa.int64()),
        ("from_seq", pa.int64()),
        ("recorded_at", _TIME),
        ("policy_source", pa.string()),
        ("whitelist", pa.string()),
        ("registers", pa.string()),  # JSON; null: all that publish
    ]
)
DECLARATIONS: Final = pa.schema(
    [("id", pa.int64()), ("key", pa.string()), ("version", pa.int64()), ("recorded_at", _TIME), ("value", pa.binary())]
)
_ACTS: Final = " UNION ALL ".join(
    f"SELECT a.seq, a.id, a.recorded_at, '{table}', CAST(to_jsonb(t) AS text) FROM act a JOIN {table} t USING (id)"
    " WHERE a.seq >= %(first)s AND a.seq < %(until)s"
    for table in ACT_TABLES
)
_SETTINGS: Final = """
    SELECT id, from_seq, recorded_at, policy_source, CAST(whitelist AS text), CAST(to_json(registers) AS text)
    FROM ledger_settings WHERE id >= %(first)s AND id < %(until)s ORDER BY id
"""
_DECLARATIONS: Final = f"""
    SELECT id, key, seq, recorded_at, value FROM fact
    WHERE id >= %(first)s AND id < %(until)s AND topic = '{DECLARED}' ORDER BY id
"""


def archive_ledger(store: ArchiveStore, engine: Engine) -> Iterator[str]:
    """Archive what the ledger has beyond the manifest, all of one snapshot; yield a line for each table.

    The caller commits the store.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        size = next_seq(connection)
        ends = {
            "entries": size,
            "acts": size,
            "settings": _after_last(connection, "ledger_settings"),
            "declarations": _after_last(connection, "fact"),
        }
        for table, end in ends.items():
            written = sum(_write(store, connection, table, span) for span in _new_spans(store, table, end))
            store.manifest.ledger[table] = end
            yield f"{table}: {written} 行 / {written} rows"


def _after_last(connection: Connection, table: str) -> int:
    return fetch_value(connection, f"SELECT coalesce(max(id) + 1, 0) FROM {table}", int)


def _new_spans(store: ArchiveStore, table: str, end: int) -> Iterator[tuple[int, int]]:
    yield from spans(store.manifest.ledger.get(table, 0), end, _SPAN_ROWS)


def _write(store: ArchiveStore, connection: Connection, table: str, span: tuple[int, int]) -> int:
    schema = {"entries": ENTRIES, "acts": ACTS, "settings": SETTINGS, "declarations": DECLARATIONS}[table]
    writer = TableWriter(store, schema, f"{span[0]}-{span[1]}.parquet")
    written = 0
    for folder, row, size in _rows(connection, table, span):
        writer.add(f"ledger/{table}{folder}", row, _ROW_BYTES + size)
        written += 1
    writer.finish()
    return written


def _rows(connection: Connection, table: str, span: tuple[int, int]) -> Iterator[tuple[str, tuple[object, ...], int]]:
    """Yield folder, row and the size of its content in bytes."""
    bounds = {"first": span[0], "until": span[1]}
    if table == "entries":
        for seq, entry in stored_transactions(connection, *span):
            yield "", (seq, entry), len(entry)
    elif table == "acts":
        for act in fetch(connection, _ACTS, tuple[int, str, datetime, str, str], **bounds):
            yield f"/month={act[2].astimezone(SHANGHAI):%Y-%m}", act, len(act[4])
    elif table == "settings":
        for settings in fetch(connection, _SETTINGS, tuple[int, int, datetime, str, str, str | None], **bounds):
            yield "", settings, len(settings[3])
    else:
        for declared in fetch(connection, _DECLARATIONS, tuple[int, str, int, datetime, bytes], **bounds):
            yield "", declared, len(declared[4])
