"""Search among many parties, and pages of many participants: times, sizes, and what a new party costs.

The names are fictional. Times are of the queries alone, without HTTP.
"""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import psycopg

from services.incentive.queries.finding.participants import (
    PARTICIPANT_SORTS,
    find_participants,
    wanted_participants,
)
from services.incentive.queries.finding.search import search_ledger
from services.incentive.queries.view import LedgerView
from shared.postgres.database import make_engine, snapshot
from shared.postgres.sorted_rows import Seek
from tests.bench.bed import ledger_database, say
from tests.support.incentive.ledger import Ledger, rulebook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection

ASKED: Final = 40  # times for each query and reader
NEW: Final = 5_000  # parties that come at once
PARTICIPANTS: Final = 100_000
LIMIT: Final = 20
# A very common part, one character, a rare part, a beginning, a name that is longer than an entry, a code, nothing.
TEXTS: Final = (
    "公司",
    "司",
    "第777777号",
    "虚构云",
    "虚构云岭第123456号数据科技有限公司",
    "91530100MA0",
    "不存在的名称",
)
_NAMED: Final = """
    SELECT CASE WHEN n %% 1000 = 0 THEN 'dcdex' ELSE 'kmdex' END AS exchange,
           'uscc:91530100M' || upper(lpad(to_hex(n), 9, '0')) AS subject,
           '虚构' || (ARRAY['云岭', '滇池', '翠湖', '春城', '石林'])[n %% 5 + 1] || '第' || n || '号数据科技有限公司'
               AS name
    FROM generate_series(CAST(%(first)s AS int), %(last)s) AS n
"""
# As the triggers fill the tables, but with the index made at the end.
_LOAD: Final = (
    "ALTER TABLE known_to DISABLE TRIGGER USER",
    "ALTER TABLE subject_name DISABLE TRIGGER USER",
    "ALTER TABLE search_entry DROP CONSTRAINT search_entry_pkey",
    f"CREATE TEMPORARY TABLE named AS {_NAMED}",
    "INSERT INTO known_to SELECT exchange, subject FROM named",
    "INSERT INTO subject_name (subject, name) SELECT subject, name FROM named",
    """
        INSERT INTO search_entry SELECT exchange, is_inner, entry, number
        FROM named JOIN subject_name USING (subject, name), search_entries(subject, name)
    """,
    "ALTER TABLE search_entry ADD PRIMARY KEY (reader, is_inner, entry, number)",
    "ALTER TABLE known_to ENABLE TRIGGER USER",
    "ALTER TABLE subject_name ENABLE TRIGGER USER",
)
_NEW: Final = f"""
    WITH named AS ({_NAMED}), known AS (INSERT INTO known_to SELECT exchange, subject FROM named)
    INSERT INTO subject_name (subject, name) SELECT subject, name FROM named
"""
# Fictional companies; `begins`: the first characters of each subject.
ADD_PARTICIPANTS: Final = """
    INSERT INTO participant (exchange, year, rule, subject, name, measure_fen, missing_fen, own_fen, is_shared)
    SELECT 'kmdex', 2026, 'annual_listed_trading', subject, name, fen, greatest(0, 1000000000 - fen), fen, n %% 10 = 0
    FROM (SELECT n, n * 7919 %% 1500000007 AS fen, %(begins)s || upper(lpad(to_hex(n), 9, '0')) AS subject,
                 '虚构' || n || '号公司' AS name
          FROM generate_series(1::bigint, %(count)s) AS n) AS one
"""
_SIZES: Final = """
    SELECT relname, pg_total_relation_size(oid) FROM pg_class
    WHERE relname IN ('subject_name', 'search_entry', 'known_to', 'participant') ORDER BY relname
"""


def finding(folder: Path, parties: int) -> dict[str, Any]:
    """Measure with so many parties, and with PARTICIPANTS of one exchange."""
    with ExitStack() as stack:
        _, database = ledger_database(stack, folder)
        engine = make_engine(database.service_url)
        stack.callback(engine.dispose)
        with engine.begin() as connection:
            Ledger(connection, rulebook()).put_in_force()
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            for statement in _LOAD:
                owner.execute(statement, {"first": 1, "last": parties} if "%(" in statement else None)
            began_s = perf_counter()
            owner.execute(_NEW, {"first": parties + 1, "last": parties + NEW})
            new_us = (perf_counter() - began_s) / NEW * 1_000_000
            owner.execute(ADD_PARTICIPANTS, {"begins": "uscc:91530100M", "count": PARTICIPANTS})
            owner.execute("VACUUM ANALYZE")
            sizes = {name: f"{size / 2**20:,.0f} MiB" for name, size in owner.execute(_SIZES).fetchall()}
        found = {"parties": parties, "microseconds for a new party": round(new_us), **sizes}
        for viewer in (None, "kmdex", "dcdex"):
            with snapshot(engine, viewer) as connection:
                found |= _times(connection, LedgerView(viewer, None, datetime.now(UTC), rulebook()))
        say(str(found))
        return found


def _times(connection: Connection, view: LedgerView) -> dict[str, str]:
    """Median and 99th percentile in milliseconds, by what is asked."""
    reader = view.viewer or "bureau"
    found = {
        f"search {text}, {reader}": _spent(lambda text=text: search_ledger(connection, view, text, LIMIT))
        for text in TEXTS
    }
    if view.viewer != "dcdex":
        wanted = wanted_participants(view, "kmdex", 2026, None)
        rows = find_participants(connection, view, wanted)
        for sort, keys in PARTICIPANT_SORTS.items():
            found[f"participants by {sort}, {reader}"] = _spent(lambda keys=keys: rows.part(Seek(keys, LIMIT)))
    return found


def _spent(ask: Callable[[], object]) -> str:
    times = []
    for _ in range(ASKED):
        began_s = perf_counter()
        ask()
        times.append((perf_counter() - began_s) * 1000)
    return f"p50 {statistics.median(times):.1f} ms, p99 {statistics.quantiles(times, n=100)[98]:.1f} ms"
