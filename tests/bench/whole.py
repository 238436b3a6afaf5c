"""The whole set: throughput end to end, latency at steady rates, API response times meanwhile, memory and disk."""

from __future__ import annotations

import multiprocessing
import statistics
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import confluent_kafka
import msgspec
import psutil
import psycopg
from kafka import KafkaProducer

from deploy.databases import database_of
from devset.client import Client
from devset.programs import SERVICES
from exchange_kit.sample.year import sample_events
from shared.events.fact_topics import ANNUAL_TOTAL
from shared.events.topics import topic_of
from shared.kafka.publish.publish_records import publish
from shared.settings import KafkaSettings
from shared.values.parties import complete_uscc
from tests.bench.bed import SEED, YEAR, rate_of, say
from tests.bench.clients import ask
from tests.bench.replay import REGISTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devset.supervisor import LocalSet
    from shared.events.records import SampleRecord

FIRST, SECOND = "kmdex", "dcdex"  # exchanges of the sample whitelist
QUIET_WITHIN_S: Final = 900.0
FLOWS_S: Final = 110
PROBES_PER_S: Final = 20
_WATCH_EVERY_S: Final = 0.02  # as each query costs the database something
PROVIDER: Final = complete_uscc("91530000000000000")
CLIENTS: Final = (1, 8, 32)
RATES: Final = (200, 1000)


@dataclass
class Whole:
    """A running set and its measurements: one process sends it requests and events."""

    local: LocalSet
    client: Client = field(init=False)
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.client = Client.with_key(self.local.addresses, self.local.secrets.keys["auditor"])

    def measure(self, events: int, steady_s: float) -> dict[str, Any]:
        self.quiet()
        result: dict[str, Any] = {"idle_pss_mb": memory_mb(self.local)}
        empty = disk(self.local)
        say(f"全程 / end to end, {events} ...")
        result["end_to_end_per_s"] = round(self.throughput(events))
        full = disk(self.local)
        result["per_event"] = {
            name: {what: round((full[name][what] - empty[name][what]) / events, 2) for what in full[name]}
            for name in full
        }
        say("应答，无事件 / answers, nothing flows ...")
        result["api"] = {"still": self.answers()}
        half = round(result["end_to_end_per_s"] / 2)
        rates = (*RATES, half)
        steady = sample_events(SEED + 1, (SECOND,), sum(rates) * FLOWS_S, YEAR, rubbish=False)
        result["latency_ms"] = {}
        for per_s in rates:
            say(f"时延 / latency at {per_s} events/s ...")
            with self.flowing(list(islice(steady, per_s * FLOWS_S)), per_s):
                result["latency_ms"][f"{per_s}/s"] = self.latency(steady_s)
                if per_s == half:
                    say("应答，有事件 / answers while events flow ...")
                    result["api"]["flowing"] = self.answers()
            self.quiet()
        result["busy_pss_mb"] = memory_mb(self.local)
        return result

    def quiet(self) -> None:
        self.client.await_quiet(QUIET_WITHIN_S, self.local.tend)

    def throughput(self, events: int) -> float:
        """Measure events per second, from the first that trade-ingest takes in until all results are in the ledger.

        Events are published while the consumers are suspended, so that the publisher takes no CPU time from them.
        """
        records = list(sample_events(SEED, (FIRST,), events, YEAR, rubbish=False))
        trades = sum(record.topic == topic_of("trade", FIRST) for record in records)
        with self.held(), psycopg.connect(self.url("trade-ingest"), autocommit=True) as connection:
            publish(records, self.kafka(), lambda _published: None)
            self._resume()

            def taken() -> int:
                statement = "SELECT coalesce(sum(next_offset), 0)::bigint FROM position WHERE topic LIKE 'exchange.%'"
                row = connection.execute(statement).fetchone()
                assert row is not None
                return int(row[0])

            def is_quiet() -> bool:
                told = [self.client.get(service, "/v1/progress") for service in SERVICES]
                return not any(int(one["lag"]) + int(one["outbox"]) for one in told)

            return rate_of(taken, is_quiet, trades) * events / trades

    @contextmanager
    def held(self) -> Iterator[None]:
        """Suspend all consumers until they are resumed."""
        for process in self._consumers():
            process.suspend()
        try:
            yield
        finally:
            self._resume()

    def _resume(self) -> None:
        for process in self._consumers():
            process.resume()

    def _consumers(self) -> list[psutil.Process]:
        return [psutil.Process(pid) for name, pid in self.local.processes().items() if name.endswith(" consume")]

    @contextmanager
    def flowing(self, records: list[SampleRecord], per_s: float) -> Iterator[None]:
        """Send events at a steady rate from a separate process."""
        stop = multiprocessing.Event()
        sender = multiprocessing.Process(
            target=send_steadily, args=(self.local.addresses.kafka, records, per_s, stop), daemon=True
        )
        sender.start()
        try:
            yield
        finally:
            stop.set()
            sender.join()

    def latency(self, seconds: float) -> dict[str, dict[str, float]]:
        """Measure milliseconds from publishing a trade until its results are in the ledger.

        The result of a company's first purchase is its posting; each purchase also changes the seller's totals.
        """
        sent: dict[str, float] = {}
        posted: dict[str, float] = {}
        totalled: dict[int, float] = {}
        stop = threading.Event()
        watchers = [
            threading.Thread(target=self._watch_ledger, args=(posted, stop)),
            threading.Thread(target=self._watch_totals, args=(totalled, stop)),
        ]
        before = self._trades_in_totals()
        for watcher in watchers:
            watcher.start()
        producer = KafkaProducer(**self.kafka(), linger_ms=0)
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            uscc, value = first_purchase(next(self._numbers))
            sent[f"uscc:{uscc}"] = time.monotonic()
            producer.send(topic_of("trade", SECOND), value, uscc.encode())
            time.sleep(1 / PROBES_PER_S)
        producer.close()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if sent.keys() <= posted.keys() and self._trades_in_totals() >= before + len(sent):
                break
            time.sleep(0.1)
        stop.set()
        for watcher in watchers:
            watcher.join()
        return {
            "first purchase": percentiles([(posted[who] - at) * 1000 for who, at in sent.items()]),
            "seller's totals": percentiles(
                [
                    # Totals of n trades hold any n of the probes: partitions are read in parallel.
                    (min(seen for trades, seen in totalled.items() if trades >= number) - at) * 1000
                    for number, at in enumerate(sent.values(), before + 1)
                ]
            ),
        }

    def _watch_totals(self, seen: dict[int, float], stop: threading.Event) -> None:
        with psycopg.connect(self.url("incentive"), autocommit=True) as connection:
            is_over = False
            while not is_over:
                is_over = stop.is_set()  # and once more, for the last change
                seen.setdefault(trades_in_totals(connection), time.monotonic())
                time.sleep(_WATCH_EVERY_S)

    def _trades_in_totals(self) -> int:
        with psycopg.connect(self.url("incentive"), autocommit=True) as connection:
            return trades_in_totals(connection)

    def _watch_ledger(self, seen: dict[str, float], stop: threading.Event) -> None:
        with psycopg.connect(self.url("incentive"), autocommit=True) as connection:
            row = connection.execute("SELECT coalesce(max(seq), -1) FROM ledger_transaction").fetchone()
            assert row is not None
            newest = row[0]
            while not stop.is_set():
                statement = "SELECT seq, subject FROM ledger_transaction WHERE seq > %s ORDER BY seq"
                for seq, subject in connection.execute(statement, (newest,)).fetchall():
                    newest = seq
                    seen.setdefault(subject, time.monotonic())
                time.sleep(_WATCH_EVERY_S)

    def answers(self) -> dict[str, Any]:
        """Measure requests per second and response times by path and number of concurrent clients."""
        award = next(iter(self.client.items("incentive", "/v1/awards")))["award_id"]
        paths = {
            "status": f"/v1/exchanges/{FIRST}/status?year={YEAR}",
            "award": f"/v1/awards/{award}",
            "awards": f"/v1/awards?exchange={FIRST}&limit=50",
            "explanation": f"/v1/awards/{award}/explanation",
        }
        url, key = self.local.addresses.url("incentive"), self.local.secrets.keys["auditor"]
        return {
            name: {str(clients): ask(url, key, path, clients) for clients in CLIENTS} for name, path in paths.items()
        }

    def kafka(self) -> dict[str, Any]:
        return KafkaSettings((self.local.addresses.kafka,)).client_config()

    def url(self, service: str) -> str:
        return self.local.engines.admin_url(database_of(service))


def send_steadily(broker: str, records: list[SampleRecord], per_s: float, stop: Any) -> None:
    """Send events at a steady rate until `stop` is set.

    It uses a client in C: one in Python takes a third of a core at 5,000/s, which the set on this machine then lacks.
    """
    producer = confluent_kafka.Producer({"bootstrap.servers": broker, "linger.ms": 5})
    began_s = time.monotonic()
    for number, record in enumerate(records):
        if number % 100 == 0 and stop.wait(max(0.0, number / per_s - (time.monotonic() - began_s))):
            break
        producer.produce(record.topic, record.value, record.key, headers=list(record.headers))
        producer.poll(0)
    producer.flush()


def first_purchase(number: int) -> tuple[str, bytes]:
    """Make the first trade of a fictional company, as an event; return its USCC and the record's value."""
    uscc = complete_uscc(f"9155{number:013d}")
    data = {
        "trade_no": f"PROBE-{number}",
        "revision": 1,
        "status": "completed",
        "mode": "negotiated",
        "amount": "1000.00",
        "refunded": "0",
        "currency": "CNY",
        "completed_at": f"{YEAR}-03-01T10:00:00+08:00",
        "provider": {
            "id_scheme": "uscc",
            "id": PROVIDER,
            "name": "虚构供方",
        },
        "buyer": {"id_scheme": "uscc", "id": uscc, "name": f"虚构买方{number}"},
    }
    event = {
        "specversion": "1.0",
        "id": f"probe-{number}",
        "source": f"/exchanges/{SECOND}",
        "type": "cn.kunming.data-exchange.trade.v1",
        "time": f"{YEAR}-03-01T10:00:00+08:00",
        "datacontenttype": "application/json",
        "data": data,
    }
    return uscc, msgspec.json.encode(event)


def trades_in_totals(connection: psycopg.Connection[Any]) -> int:
    """Return the number of trades, counted or not, in the ledger's totals of the probes' seller."""
    row = connection.execute(
        "SELECT value FROM fact WHERE topic = %s AND key = %s ORDER BY generation DESC, seq DESC LIMIT 1",
        (ANNUAL_TOTAL, f"{REGISTER}/provider/uscc:{PROVIDER}/{YEAR}"),
    ).fetchone()
    if row is None:
        return 0
    shares = msgspec.json.decode(row[0])["by_exchange"].values()
    return sum(part["trades"] for share in shares for parts in share.values() for part in parts)


def percentiles(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1), "most": round(max(values), 1), "of": len(values)}


def memory_mb(local: LocalSet) -> dict[str, int]:
    """Return the proportional set size of each program, including its children."""
    sizes = {}
    for name, pid in local.processes().items():
        process = psutil.Process(pid)
        sizes[name] = sum(map(_pss, (process, *process.children(recursive=True)))) >> 20
    return sizes


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:  # a PostgreSQL session that has ended in the meantime
        return 0


def disk(local: LocalSet) -> dict[str, dict[str, int]]:
    """Return rows and bytes of each database with its indexes, and bytes of the write-ahead log and Kafka's topics."""
    found: dict[str, dict[str, int]] = {}
    for service in SERVICES:
        with psycopg.connect(local.engines.admin_url(database_of(service))) as connection:
            (size,) = connection.execute("SELECT pg_database_size(current_database())").fetchone()
            tables = connection.execute("SELECT relname FROM pg_stat_user_tables").fetchall()
            counts = (connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for (table,) in tables)
            found[service] = {"rows": sum(counts), "bytes": size}
            (written,) = connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')").fetchone()
            found["write-ahead log"] = {"bytes": int(written)}
    logs = list(Path(local.options.folder / "kafka" / "data").glob("*-*/*.log"))
    for topics in ("exchange", "facts"):
        found[f"kafka {topics}.*"] = {
            "bytes": sum(log.stat().st_size for log in logs if log.parent.name.startswith(topics))
        }
    return found
