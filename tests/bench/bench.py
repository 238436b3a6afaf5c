"""`make bench`: how fast the whole set is on this machine, beside what the machine could do at most, and what it takes.

The limit is what any intake has to do: poll, decode, and COPY the same records into one plain table with one index. It
is measured after the set has finished, by one process, on the same broker and the same PostgreSQL.
"""

import json
import os
import platform
import time
from collections.abc import Iterable
from pathlib import Path

import click
import psutil
import psycopg
from kafka import KafkaConsumer, TopicPartition
from rich.console import Console
from rich.table import Table

from deploy.databases import database_of
from deploy.local.client import Client
from deploy.local.programs import SERVICES
from deploy.local.stopping import StopSignals
from deploy.local.supervisor import LocalSet, Options, stderr_line
from deploy.local.up import data_folder, running_set, told_in_one_line
from exchange_kit.publish import publish
from exchange_kit.records import SampleRecord
from exchange_kit.sample import sample_events
from shared.events.decode import Accepted, Kind, decode
from shared.events.topics import KINDS, topic_of
from shared.settings import KafkaSettings

EXCHANGES = ("dcdex", "kmdex")
SEED = 7
YEAR = 2026
BATCH = 10_000
QUIET_TIMEOUT_S = 900.0


@click.command(help="测量 / Measure the whole set; the table goes to stderr, JSON to stdout.")
@click.option("--events", type=click.IntRange(min=1000), default=100_000, show_default=True)
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="a new folder, kept")
def main(events: int, data_dir: Path | None) -> None:
    signals = StopSignals()
    signals.install()
    with told_in_one_line(), data_folder(data_dir) as folder:
        records = list(sample_events(SEED, EXCHANGES, events, YEAR, rubbish=True))
        began_s = time.monotonic()
        with running_set(Options(folder, Path("exchanges.yaml"), None, any_ports=True), signals) as local:
            start_s = time.monotonic() - began_s
            result = {"machine": machine(local), "start_s": round(start_s, 1), **measure(local, records)}
    show(result)
    click.echo(json.dumps(result, ensure_ascii=False))


def measure(local: LocalSet, records: list[SampleRecord]) -> dict:
    client = Client.with_key(local.addresses, local.secrets.keys["auditor"])
    client.await_quiet(QUIET_TIMEOUT_S, local.tend)
    idle, empty = memory_mb(local), disk(local)
    stderr_line(f"{len(records)} 条事件 / events ...")
    began_s = time.monotonic()
    published = publish(records, KafkaSettings((local.addresses.kafka,)).client_config(), lambda _count: None)
    published_s = time.monotonic() - began_s
    quiet_s = {}

    def progress(service: str, waiting: int) -> None:
        if not waiting:
            quiet_s[service] = round(time.monotonic() - began_s, 1)

    client.await_quiet(QUIET_TIMEOUT_S, local.tend, progress)
    whole_s = time.monotonic() - began_s
    full = disk(local)
    return {
        "events": published.acknowledged.total(),
        "published_s": round(published_s, 1),
        "quiet_s": quiet_s,
        "events_per_s": round(len(records) / whole_s),
        "limit_events_per_s": round(limit(local, len(records))),
        "per_event": {
            name: {what: round((full[name][what] - empty[name][what]) / len(records), 2) for what in full[name]}
            for name in full
        },
        "idle_pss_mb": idle,
        "busy_pss_mb": memory_mb(local),
    }


def disk(local: LocalSet) -> dict[str, dict[str, int]]:
    """Rows and bytes of each database with its indexes; bytes of PostgreSQL's log and of Kafka's topics."""
    found = {}
    for service in SERVICES:
        with psycopg.connect(local.postgres.url(database_of(service))) as connection:
            (size,) = connection.execute("SELECT pg_database_size(current_database())").fetchone()
            tables = connection.execute("SELECT relname FROM pg_stat_user_tables").fetchall()
            counts = (connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for (table,) in tables)
            found[service] = {"rows": sum(counts), "bytes": size}
            (written,) = connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')").fetchone()
            found["write-ahead log"] = {"bytes": int(written)}
    logs = list((local.options.folder / "kafka" / "data").glob("*-*/*.log"))
    for topics in ("exchange", "facts"):
        found[f"kafka {topics}.*"] = {
            "bytes": sum(log.stat().st_size for log in logs if log.parent.name.startswith(topics))
        }
    return found


def limit(local: LocalSet, expected: int) -> float:
    """Events a second of poll + decode + COPY into one plain table with one index."""
    database = local.postgres.ensure_database("bench", "bench")
    kinds = {topic_of(kind, exchange): (kind, exchange) for exchange in EXCHANGES for kind in KINDS}
    consumer = KafkaConsumer(bootstrap_servers=local.addresses.kafka, auto_offset_reset="earliest", group_id=None)
    try:
        consumer.assign(
            [TopicPartition(topic, one) for topic in kinds for one in sorted(consumer.partitions_for_topic(topic))]
        )
        with psycopg.connect(database.owner_url) as connection:
            connection.execute(
                "CREATE TABLE plain (exchange text, number text, revision int, at timestamptz, value bytea)"
            )
            connection.execute("CREATE INDEX ON plain (exchange, number)")
            connection.commit()
            began_s = time.monotonic()
            seen = 0
            while seen < expected:
                polled = consumer.poll(timeout_ms=1000, max_records=BATCH)
                records = [record for batch in polled.values() for record in batch]
                seen += len(records)
                copy(connection, rows(records, kinds))
            return seen / (time.monotonic() - began_s)
    finally:
        consumer.close()


def rows(records: Iterable, kinds: dict[str, tuple[Kind, str]]) -> Iterable[tuple]:
    for record in records:
        kind, exchange = kinds[record.topic]
        found = decode(kind, exchange, record.value, record.headers)
        if isinstance(found, Accepted):
            document = found.document
            if kind == "trade":
                yield exchange, document.trade_no, document.revision, document.completed_at, record.value
            else:
                yield exchange, document.listing_no, document.revision, document.listed_at, record.value


def copy(connection: psycopg.Connection, found: Iterable[tuple]) -> None:
    with connection.cursor() as cursor, cursor.copy("COPY plain FROM STDIN (FORMAT BINARY)") as out:
        out.set_types(["text", "text", "int4", "timestamptz", "bytea"])
        for row in found:
            out.write_row(row)
    connection.commit()


def _pss(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.NoSuchProcess:  # a session of PostgreSQL that has ended meanwhile
        return 0


def memory_mb(local: LocalSet) -> dict[str, int]:
    """Proportional set size of each program, its children's included."""
    sizes = {}
    for name, pid in local.processes().items():
        process = psutil.Process(pid)
        sizes[name] = sum(map(_pss, (process, *process.children(recursive=True)))) >> 20
    return sizes


def machine(local: LocalSet) -> dict:
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    with psycopg.connect(local.postgres.url()) as connection:
        (postgres,) = connection.execute("SHOW server_version").fetchone()
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": postgres,
        "load_before": round(os.getloadavg()[0], 1),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []


def show(result: dict) -> None:
    table = Table(title="测量 / measurements")
    table.add_column("项目 / what")
    table.add_column("值 / value", justify="right")
    for name, value in result["machine"].items():
        table.add_row(name, str(value))
    table.add_section()
    for name in ("start_s", "events", "published_s"):
        table.add_row(name, str(result[name]))
    for service, seconds in result["quiet_s"].items():
        table.add_row(f"all done in {service}, s", str(seconds))
    table.add_row("[bold]events/s, whole set[/]", f"[bold]{result['events_per_s']:,}[/]")
    table.add_row("events/s, limit (poll + decode + COPY)", f"{result['limit_events_per_s']:,}")
    table.add_section()
    for name, size in result["per_event"].items():
        table.add_row(f"{name}, an event", ", ".join(f"{value:,} {what}" for what, value in size.items()))
    table.add_section()
    for name, size in result["idle_pss_mb"].items():
        table.add_row(f"{name}, MB idle / after", f"{size} / {result['busy_pss_mb'][name]}")
    Console(stderr=True).print(table)


if __name__ == "__main__":
    main()
