"""Workers killed, stopped and doubled under load, PostgreSQL's sessions cut, Kafka killed: the outcome is the same.

A seeded plan on real processes; the outcome is compared with a slow reckoning from the published events alone.
"""

from __future__ import annotations

import random
import subprocess
import time
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from deploy.local.expected import Expected, expected_outcome
from deploy.local.processes import LocalError
from exchange_kit.publish import publish
from exchange_kit.sample import sample_events
from shared.exchanges import load_exchanges
from shared.times import now, shanghai_date
from tests.e2e.conftest import client_of, up_while_used
from tests.e2e.test_cases_kafka import signed_fen
from tests.e2e.test_up import ROOT, Up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.local.client import Client

SEED = 4
EVENTS = 6_000
CHUNKS = 8
DOUBLED = ("services.trade_ingest", "services.trade_ingest", "services.listing", "services.incentive")
PLAN = ("kill", "stop", "cut sessions", "kill", "kill Kafka", "stop", "cut sessions", "kill")
# Longer than the session that the group gives a silent worker: it comes back as a zombie.
STOPPED_S = 12.0
CUT_PART = 0.5


class Faults:
    """What is broken, and the extra workers; all of it on one set."""

    def __init__(self, up: Up, seed: int) -> None:
        self._up = up
        self._rng = random.Random(seed)
        self._stopped: list[tuple[psutil.Process, float]] = []
        self._extra = [self._double(package) for package in DOUBLED]

    def _found(self, *words: str) -> list[psutil.Process]:
        found = []
        for one in self._up.programs():
            try:
                if set(words) <= set(one.cmdline()):
                    found.append(one)
            except psutil.Error:
                continue
        return found

    def _double(self, package: str) -> subprocess.Popen[bytes]:
        """One more worker of a service, with the settings of the first."""
        first = self._found(package, "consume")[0]
        return subprocess.Popen(
            first.cmdline(), env=first.environ(), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def _worker(self) -> psutil.Process:
        extra = [psutil.Process(one.pid) for one in self._extra if one.poll() is None]
        return self._rng.choice([*self._found("consume"), *extra])

    def inject(self, what: str) -> None:
        if what == "kill":
            self._worker().kill()
        elif what == "stop":
            worker = self._worker()
            worker.suspend()
            self._stopped.append((worker, time.monotonic()))
        elif what == "kill Kafka":
            self._found("kafka.Kafka")[0].kill()
        else:
            for session in self._sessions():
                if self._rng.random() < CUT_PART:
                    session.terminate()

    def _sessions(self) -> list[psutil.Process]:
        """PostgreSQL's processes that serve a client of this set."""
        found = []
        for one in self._up.programs():
            try:
                title = "".join(one.cmdline()[:1])
            except psutil.Error:
                continue
            if title.startswith("postgres: ") and "127.0.0.1(" in title:
                found.append(one)
        return found

    def let_go(self, *, all_of_them: bool = False) -> None:
        """Let stopped workers go on once they have been silent for long enough."""
        for worker, since in list(self._stopped):
            silent_s = time.monotonic() - since
            if all_of_them:
                time.sleep(max(0.0, STOPPED_S - silent_s))
            elif silent_s < STOPPED_S:
                continue
            self._stopped.remove((worker, since))
            if worker.is_running():
                worker.resume()

    def end(self) -> None:
        for one in self._extra:
            one.kill()
            one.wait()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[tuple[Up, dict[str, Any]]]:
    up = Up(tmp_path / "data")
    for known in up_while_used(up):
        yield up, known


def test_nothing_is_lost_or_doubled(up: tuple[Up, dict[str, Any]]) -> None:
    started, known = up
    exchanges = load_exchanges(ROOT / "exchanges.yaml")
    records = list(sample_events(SEED, exchanges.ids, EVENTS, 2026, rubbish=True))
    days = {shanghai_date(now())}
    faults = Faults(started, SEED)
    try:
        size = len(records) // CHUNKS
        for index, what in enumerate(PLAN):
            last = index == CHUNKS - 1
            send(records[index * size : None if last else (index + 1) * size], known["kafka"])
            faults.inject(what)
            faults.let_go()
        faults.let_go(all_of_them=True)
        client = client_of(known)
        await_quiet(client)
    finally:
        faults.end()
    days.add(shanghai_date(now()))
    operators = {name: exchanges.operator_on(name, date(2026, 12, 31)).uscc for name in exchanges.ids}
    outcome = expected_outcome(records, operators)
    assert awards_of(client) == outcome.awards
    quarantined = (item for service in ("listing", "trade-ingest") for item in client.items(service, "/v1/quarantine"))
    assert Counter(item["reason"] for item in quarantined) == outcome.refused
    assert counts_of(client, exchanges.ids, days) == Counter(
        {kind: sum(record.outcome == kind for record in records) for kind in ("accepted", "duplicate")}
    )
    check_ledger(client)


def send(records: list[Any], kafka: str) -> None:
    """Publish in order; the broker may be on its way back."""
    config = {"bootstrap_servers": [kafka], "reconnect_backoff_max_ms": 1000}
    assert publish(records, config, lambda _: None).failed == 0


def await_quiet(client: Client) -> None:
    """Wait until all is in the answers; answers may fail while the engines come back."""
    deadline = time.monotonic() + 180
    while True:
        try:
            client.await_quiet(60, lambda: None)
        except LocalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


def awards_of(client: Client) -> dict[str, Expected]:
    found = client.items("incentive", "/v1/awards")
    return {
        award["award_id"]: Expected(signed_fen(award["ceiling"]), signed_fen(award["payable"]), award["suppressed_by"])
        for award in found
        if award["ceiling"] != "0.00"
    }


def counts_of(client: Client, exchanges: tuple[str, ...], days: set[date]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for service in ("listing", "trade-ingest"):
        for exchange in exchanges:
            for day in days:
                told = client.get(service, "/v1/reconciliation", exchange=exchange, date=day.isoformat())
                counts.update(accepted=told["accepted"], duplicate=told["duplicates"])
    return counts


def check_ledger(client: Client) -> None:
    """Numbered without a gap, in order of time, and what was posted for an award is its ceiling."""
    transactions = list(client.items("incentive", "/v1/ledger/transactions"))
    assert [one["seq"] for one in transactions] == list(range(len(transactions)))
    assert [one["posted_at"] for one in transactions] == sorted(one["posted_at"] for one in transactions)
    posted: Counter[str] = Counter()
    for one in transactions:
        posted[one["award_id"]] += signed_fen(one["amount"])
    ceilings = {award["award_id"]: signed_fen(award["ceiling"]) for award in client.items("incentive", "/v1/awards")}
    assert dict(posted) == ceilings
