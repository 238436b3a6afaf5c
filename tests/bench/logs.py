"""Cost of the transparency logs: the same batches with and without a log.

`python -m tests.bench.logs` prints as JSON events and postings per second, each with and without a log, and the CPU
time per record of Python and PostgreSQL together, which other load on the machine affects less. It measures decoding
and the transaction of a batch in trade-ingest and incentive; nothing is polled, so that nothing else interferes.
"""

from __future__ import annotations

import gc
import json
import logging
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import click
import psutil
import psycopg
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from devset.postgres import Postgres
from devset.processes import free_ports
from exchange_kit.sample.year import sample_events
from services.incentive.store.intake import LedgerIntake
from services.incentive.store.ledger import lock_ledger
from services.incentive.store.log_entries import ledger_log
from services.incentive.store.recompute import put_in_force
from services.trade_ingest.register import TRADES
from shared.kafka.positions import Move, StoredPosition, start_positions
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from shared.register.consumer import RegisterHandler
from shared.register.context import RegisterContext
from shared.register.head import lock_head, register_settings
from shared.register.parties import PartyIds
from shared.service_log.store import ServiceLog
from shared.settings import DEFAULT_TOTALS_CUT_AT
from shared.translog.merkle import Edge
from shared.values.times import now
from shared.whitelist import load_whitelist
from tests.bench.bed import SEED, YEAR
from tests.support.incentive.ledger import first_purchase, rulebook
from tests.support.records import FakeRecord
from tests.support.registers.web_register import RECORD_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Engine

    from devset.postgres import Database

# Excluded from the rates, as a first batch goes into empty tables.
WARM_UP_BATCHES = 1
EXCHANGES = ("dcdex", "kmdex")
WHITELIST = load_whitelist(Path("exchanges.yaml"))
CUT_AT = tuple(date.fromisoformat(day) for day in DEFAULT_TOTALS_CUT_AT.split(","))


class NoLog(ServiceLog):
    """A log that stores nothing."""

    def begin(self, *_: object) -> Edge:
        return Edge()

    def edge(self, *_: object) -> Edge:
        return Edge()

    def extend(self, *_: object) -> None:
        pass


@dataclass
class Side:
    """One database, with the handler of its service."""

    engine: Engine
    handler: Any
    committed: Callable[[], None]
    seconds: list[float] = field(default_factory=list)
    processor_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        with self.engine.connect() as connection:  # the connection that also writes the batches
            self._backend = psutil.Process(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())

    def _processor(self) -> float:
        backend = self._backend.cpu_times()
        return time.process_time() + float(backend.user + backend.system)

    def take(self, records: Sequence[FakeRecord]) -> None:
        first = {record.topic: record.offset for record in reversed(records)}
        last = {record.topic: record.offset for record in records}
        moves = [Move(topic, 0, offset, last[topic] + 1) for topic, offset in first.items()]
        with self.engine.begin() as connection:
            start_positions(
                connection, [StoredPosition(move.topic, 0, "id", move.from_offset) for move in moves], now()
            )
        began_s, processor_s = time.perf_counter(), self._processor()
        prepared = self.handler.prepare(records)
        with self.engine.begin() as connection:
            self.handler.apply(connection, prepared, moves, now())
        self.committed()
        self.seconds.append(time.perf_counter() - began_s)
        self.processor_s.append(self._processor() - processor_s)


def logged(log: ServiceLog, database: Database, *, with_log: bool) -> ServiceLog:
    """Return the log, or one that stores nothing, and then disable the triggers that require log entries."""
    if with_log:
        return log
    with psycopg.connect(database.owner_url) as connection:
        for (table,) in connection.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'log_is_whole'"
        ).fetchall():
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER log_is_whole")
    return NoLog(log.private, log.read_head, log.stored)


def trade_ingest(database: Database, private: Ed25519PrivateKey, *, with_log: bool) -> Side:
    migrate("services.trade_ingest", database.owner_url, database.service_url, "r1")
    engine = make_engine(database.service_url)
    register = RegisterContext("r1", WHITELIST, register_settings(WHITELIST, CUT_AT), PartyIds())
    log = logged(TRADES.log(private, "bench"), database, with_log=with_log)
    with engine.begin() as connection:
        head, edge = lock_head(connection), log.begin(connection, now())
        TRADES.adopt_settings(connection, head, register, now())
        log.extend(connection, edge, now())
    return Side(engine, RegisterHandler(TRADES, register, log), register.parties.committed)


def incentive(database: Database, private: Ed25519PrivateKey, *, with_log: bool) -> Side:
    migrate("services.incentive", database.owner_url, database.service_url)
    engine = make_engine(database.service_url)
    by = rulebook()
    log = logged(ledger_log(private, "bench"), database, with_log=with_log)
    with engine.begin() as connection:
        lock_ledger(connection)
        edge = log.begin(connection, now())
        put_in_force(connection, by, now)
        log.extend(connection, edge, now())
    return Side(engine, LedgerIntake(by, log, now), lambda: None)


def trades(events: int) -> Iterator[FakeRecord]:
    """Yield the trades among the events of a year of two fictional exchanges."""
    offsets: dict[str, int] = {}
    for event in sample_events(SEED, EXCHANGES, events, YEAR, rubbish=False):
        if event.topic.endswith("trades.v1"):
            offset = offsets[event.topic] = offsets.get(event.topic, -1) + 1
            yield FakeRecord(event.topic, 0, offset, RECORD_MS, event.key, event.value, event.headers)


def facts(count: int) -> list[FakeRecord]:
    """Make first-purchase facts, each of another company and so with its own posting."""
    made = (first_purchase(number, "2026-03-01", "2000000.00", seq=number) for number in range(count))
    return [replace(record, offset=offset) for offset, record in enumerate(made)]


def measure(sides: dict[bool, Side], records: Sequence[FakeRecord], batch: int) -> dict[str, float]:
    """Measure rates, CPU time, and the median over batches of time without a log / with one; `batch` is in records."""
    gc.collect()
    gc.freeze()
    starts = range(0, len(records), batch)
    for turn, start in enumerate(starts):
        for with_log in (turn % 2 == 0, turn % 2 == 1):
            sides[with_log].take(records[start : start + batch])
    seconds = {with_log: side.seconds[WARM_UP_BATCHES:] for with_log, side in sides.items()}
    processor = {with_log: sum(side.processor_s[WARM_UP_BATCHES:]) for with_log, side in sides.items()}
    counted = len(records) - WARM_UP_BATCHES * batch
    return {
        "with_logs_per_s": round(counted / sum(seconds[True])),
        "without_per_s": round(counted / sum(seconds[False])),
        # Per batch, as other load on the machine varies.
        "ratio": round(
            median(without / with_log for with_log, without in zip(seconds[True], seconds[False], strict=True)), 3
        ),
        "with_logs_processor_us": round(processor[True] / counted * 1e6, 1),
        "without_processor_us": round(processor[False] / counted * 1e6, 1),
        "processor_ratio": round(processor[False] / processor[True], 3),
    }


@click.command(help=__doc__)
@click.option("--events", type=click.IntRange(min=1000), default=100_000, show_default=True)
@click.option("--batch", type=click.IntRange(min=100), default=10_000, show_default=True)
def main(events: int, batch: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        server = Postgres(folder / "postgres", free_ports(1)[0], folder / "postgres.log")
        server.start()
        stack.callback(server.stop)
        private = Ed25519PrivateKey.generate()
        found = {}
        for name, side, records in (
            ("intake", trade_ingest, list(trades(events))),
            ("posting", incentive, facts(events)),
        ):
            sides = {
                with_log: side(
                    server.ensure_database(f"{name}_{with_log}".lower(), "bench"), private, with_log=with_log
                )
                for with_log in (True, False)
            }
            found[name] = measure(sides, records, batch)
            for one in sides.values():
                one.engine.dispose()
    click.echo(json.dumps(found))


if __name__ == "__main__":
    main()
