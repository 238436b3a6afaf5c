"""The whole set: throughput end to end, API response times while nothing and while events flow, memory and disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil
import psycopg

from deploy.databases import database_of
from devset.client import Client
from devset.programs import SERVICES
from exchange_kit.sample.year import sample_events
from tests.bench.bed import SEED, YEAR, say
from tests.bench.clients import ask
from tests.bench.steady.backlog import backlog_rate
from tests.bench.steady.publisher import flowing

if TYPE_CHECKING:
    from devset.supervisor import LocalSet

FIRST, SECOND = "kmdex", "dcdex"  # exchanges of the sample whitelist
QUIET_WITHIN_S: Final = 900.0
FLOWS_S: Final = 110
CLIENTS: Final = (1, 8, 32)


@dataclass
class Whole:
    """A running set and its measurements: one process sends it requests and events."""

    local: LocalSet
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = Client.with_key(self.local.addresses, self.local.secrets.keys["auditor"])

    def measure(self, events: int) -> dict[str, Any]:
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
        say("应答，有事件 / answers while events flow ...")
        half = round(result["end_to_end_per_s"] / 2)
        steady = list(sample_events(SEED + 1, (SECOND,), half * FLOWS_S, YEAR, rubbish=False))
        with flowing(self.local.addresses.kafka, steady, half):
            result["api"]["flowing"] = self.answers()
        self.quiet()
        result["busy_pss_mb"] = memory_mb(self.local)
        return result

    def quiet(self) -> None:
        self.client.await_quiet(QUIET_WITHIN_S, self.local.tend)

    def throughput(self, events: int) -> float:
        """Measure events a second with a backlog."""
        records = list(sample_events(SEED, (FIRST,), events, YEAR, rubbish=False))
        programs = self.local.processes().items()
        consumers = [psutil.Process(pid) for name, pid in programs if name.endswith(" consume")]
        register = self.local.engines.admin_url(database_of("trade-ingest"))
        return backlog_rate(records, self.local.addresses.kafka, self.client, register, consumers)

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
