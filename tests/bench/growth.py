"""Growth of a register: intake rate, bytes per trade and `rebuild --verify` must not get worse.

The consumer's handler takes in documents without a broker, so that five million take only minutes.
"""

from __future__ import annotations

import gc
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devset.postgres import Postgres
from devset.processes import free_ports
from devset.programs import command
from tests.bench.bed import Spread, say
from tests.bench.logs import trade_ingest, trades
from tests.bench.processes import measure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devset.postgres import Database
    from tests.support.records import FakeRecord

BATCH: Final = 5_000
MARKS: Final = (100_000, 1_000_000, 5_000_000)  # trades
WINDOW: Final = 10  # batches over which a rate is measured


def growth(folder: Path, most: int) -> list[dict[str, Any]]:
    """Measure at each mark up to `most`: rows per second, bytes per trade, and seconds and memory of the check."""
    folder.mkdir()
    with ExitStack() as stack:
        server = Postgres(folder / "postgres", free_ports(1)[0], folder / "postgres.log")
        server.start()
        stack.callback(server.stop)
        database = server.ensure_database("trade_ingest", "bench")
        side = trade_ingest(database, Ed25519PrivateKey.generate(), with_log=True)
        stack.callback(side.engine.dispose)
        gc.freeze()
        found: list[dict[str, Any]] = []
        marks = [mark for mark in MARKS if mark < most] + [most]
        for number, batch in enumerate(batches(most), 1):
            side.take(batch)
            if number * BATCH >= marks[len(found)]:
                rates = Spread.of(BATCH / seconds for seconds in side.seconds[-WINDOW:])
                found.append({"trades": number * BATCH, "intake_per_s": rates.rounded()})
                found[-1].update(looked_at(database, number * BATCH))
                say(str(found[-1]))
                if len(found) == len(marks):
                    break
        return found


def batches(count: int) -> Iterator[list[FakeRecord]]:
    """Yield batches of at least `count` trades in total: more than half of the events are trades."""
    left = trades(count * 2)
    while batch := list(islice(left, BATCH)):
        yield batch


def looked_at(database: Database, trades: int) -> dict[str, Any]:
    """Measure the size of the database on disk, and time and memory of `trade-ingest rebuild --verify`."""
    with psycopg.connect(database.owner_url) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert row is not None
    found = measure(
        command("trade-ingest", "rebuild", "--verify"),
        DATABASE_URL=database.service_url,
        KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1",
        EXCHANGES_FILE="exchanges.yaml",
    )
    return {"bytes_a_trade": round(row[0] / trades), "verify_s": found["s"], "verify_peak_mb": found["peak_mb"]}
