"""CPU time to measure red flags after a few more trades of one seller, by the number of its trades in the year.

`read`: by reading all trades of the year; `kept`: by sums that are brought forward. Service and PostgreSQL apart. All
entities are fictional.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING, Any, Final

import pytest

from devset.postgres import Postgres
from devset.processes import free_ports
from services.trade_ingest import busy_sellers
from services.trade_ingest.busy_sellers import forget_busy_sellers
from services.trade_ingest.risk_flag_measures import render_measures
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from shared.postgres.query import execute, fetch_values, pg_arrays
from tests.bench.bed import Spread, say
from tests.support.registers.worlds import uscc

if TYPE_CHECKING:
    from sqlalchemy import Engine

ROUNDS: Final = 15
CHANGED: Final = 5  # trades of the seller between two versions
WARM: Final = 4
BUYERS: Final = 2_000
_PARTIES: Final = """
    INSERT INTO party (scheme, code, name)
    SELECT * FROM unnest(CAST(%(schemes)s AS text[]), CAST(%(codes)s AS text[]), CAST(%(names)s AS text[]))
"""
# Every other trade has one of three prices.
_TRADES: Final = f"""
    INSERT INTO trade (seq, "offset", amount_fen, refunded_fen, completed_at, record_at, received_at, revision,
                       partition, provider, buyer, completed, listed, mirrored, counted, binary_mode, exchange, number,
                       value, product_kind, industry)
    SELECT n, n, CASE WHEN n %% 2 = 0 THEN 10000 * (1 + n %% 3) ELSE 100000 + n END, 0,
           TIMESTAMPTZ '2026-01-02' + n * INTERVAL '4 minutes', now(), now(), 1, 0, 1, 2 + n %% {BUYERS},
           true, false, false, true, false, 'bench', 'T' || n, repeat('x', 600)::bytea, 'api', 'I'
    FROM generate_series(CAST(%(first)s AS bigint), %(last)s) n
"""


def costs(folder: Path, sizes: tuple[int, ...] = (1_000, 10_000, 100_000)) -> list[dict[str, Any]]:
    """Measure each size in a database of its own; microseconds a changed trade."""
    with ExitStack() as stack:
        folder.mkdir()
        server = Postgres(folder / "postgres", free_ports(1)[0], folder / "postgres.log")
        server.start()
        stack.callback(server.stop)
        found = []
        for size in sizes:
            database = server.ensure_database(f"trades_{size}", "bench")
            migrate("services.trade_ingest", database.owner_url, database.service_url, register="r1")
            engine = make_engine(database.owner_url)
            stack.callback(engine.dispose)
            found.append(_measured(engine, size))
            say(str(found[-1]))
        return found


def _measured(engine: Engine, size: int) -> dict[str, Any]:
    with engine.begin() as connection:
        parties = (("uscc", uscc(number), "虚构主体") for number in range(BUYERS + 1))
        # These trades are in no log.
        execute(connection, "ALTER TABLE register_head DISABLE TRIGGER log_is_whole")
        execute(connection, _PARTIES, **pg_arrays(parties, "schemes", "codes", "names"))
    _add_trades(engine, 0, size)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    spent: dict[str, list[tuple[float, float]]] = {"read": [], "kept": []}
    for turn in range(ROUNDS + WARM):
        for way, costs_of_way in spent.items():
            _add_trades(engine, size, size + CHANGED)
            size += CHANGED
            cost = _cost(engine, is_kept=way == "kept")
            if turn >= WARM:
                costs_of_way.append(cost)
    return {
        "trades": size,
        **{
            f"{way}_{side}_us": Spread.of(one[place] / CHANGED * 1e6 for one in costs_of_way).rounded()
            for way, costs_of_way in spent.items()
            for place, side in enumerate(("service", "postgres"))
        },
    }


def _add_trades(engine: Engine, first: int, until: int) -> None:
    with engine.begin() as connection:
        execute(connection, _TRADES, first=first, last=until - 1)
        execute(connection, "UPDATE register_head SET next_seq = %(until)s", until=until)


def _cost(engine: Engine, *, is_kept: bool) -> tuple[float, float]:
    """CPU seconds of this process and of its session of PostgreSQL for one version of the measures."""
    rendering = engine.connect().execution_options(isolation_level="REPEATABLE READ")
    with rendering as connection, connection.begin() as transaction, pytest.MonkeyPatch.context() as patch:
        (session,) = fetch_values(connection, "SELECT pg_backend_pid()", int)
        if not is_kept:
            forget_busy_sellers(connection)
            patch.setattr(busy_sellers, "MANY_TRADES", 10**9)
        began_s, began_session_s = process_time(), _busy_s(session)
        render_measures(connection, [f"provider/uscc:{uscc(0)}/2026"])
        spent_s = process_time() - began_s, _busy_s(session) - began_session_s
        if not is_kept:
            transaction.rollback()
    return spent_s


def _busy_s(process: int) -> float:
    """CPU seconds of a process, to the nanosecond: its times in user and system mode count by the hundredth."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


if __name__ == "__main__":
    with TemporaryDirectory() as made:
        costs(Path(made) / "engine")
