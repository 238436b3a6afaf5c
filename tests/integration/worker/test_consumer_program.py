"""Consumer programs as processes: they wait for what they need, stop in time, and record each run."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import psutil
import psycopg
import pytest
import yaml
from sqlalchemy import text

from deploy.health import health
from services.listing.app import create_app
from shared.events.fact_topics import ANNUAL_TOTAL, LISTING
from shared.process.liveness import STUCK_AFTER_S
from shared.register.publish.outbox import mark_dirty
from shared.settings import Settings
from shared.translog.note import VerifierKey
from shared.values.times import now
from tests.support.consumer_program import STOP_WITHIN_S, Place, Running, frozen, prepared_place
from tests.support.consumption import silent
from tests.support.engines.litewitness import litewitness
from tests.support.registers import worlds
from tests.support.until import until
from tests.support.web.closing import close_app
from tests.support.web.keys import KEYS, headers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devset.kafka import Kafka
    from shared.register.publish.outbox import DirtyKey
    from tests.support.engines.replicated import Replicated


# Log event of a program that is ended by the shutdown deadline.
DEADLINE = "shutdown deadline passed, exiting"


@dataclass
class BrokenPlace(Place):
    """A place with a broker that a test may stop, freeze and damage."""

    broker: Kafka = field(kw_only=True)


@pytest.fixture
def place_of(tmp_path, server, broker, fork_server):
    """`place_of(service)`: an empty place; its programs are ended with the test."""
    with ExitStack() as stack:

        def make(service: str) -> Place:
            place = BrokenPlace(service, tmp_path, server, broker.bootstrap_servers, fork_server, broker=broker)
            stack.callback(place.end)
            return place

        yield make


def consuming(place: Place, **settings: str) -> Running:
    """Start a consumer and wait until it has begun."""
    earlier = len(place.runs())
    program = place.run("consume", **settings)
    until(lambda: len(place.runs()) > earlier or program.process.poll() is not None)
    assert program.process.poll() is None, program.lines()[-3:]
    return program


@contextmanager
def head_locked(place: Place) -> Iterator[None]:
    """Hold a lock on the row that the register's single writer needs."""
    engine = place.engine
    with engine.begin() as connection:
        connection.execute(text("SELECT 1 FROM register_head FOR UPDATE"))
        yield
    engine.dispose()


@contextmanager
def read_only(place: Place) -> Iterator[None]:
    """Make the database refuse writes, as with a full disk or on a standby."""
    with psycopg.connect(place.server.url(), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {place.name} SET default_transaction_read_only = on")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [place.name])
        yield
        connection.execute(f"ALTER DATABASE {place.name} RESET default_transaction_read_only")


@contextmanager
def damaged(place: BrokenPlace) -> Iterator[None]:
    """Send the first record and corrupt a byte of it on the broker's disk before the consumer reads it."""
    file = place.broker.directory / "data" / f"{place.topic}-0" / f"{0:020}.log"
    with frozen(place.started[-1].process.pid):
        place.send(1)
        whole = file.read_bytes()
        write_at(file, whole.index(b"listing_no"), b"L")
    yield
    write_at(file, 0, whole)


def write_at(file: Path, at: int, content: bytes) -> None:
    """Write in place, because the broker has the file open."""
    with file.open("r+b") as log:
        log.seek(at)
        log.write(content)


def waits_for_head(place: Place) -> bool:
    return bool(place.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))


def test_waits_in_turn_for_what_it_needs_and_says_why(place_of, server, broker) -> None:
    place = place_of("listing")
    database = place.database
    server.stop()
    broker.stop()
    program = place.run("consume", database=database)

    def told(*words: str) -> list[dict[str, Any]]:
        return [line for line in program.lines("waiting") if all(word in line["reason"] for word in words)]

    until(lambda: len(told("数据库不可用", "Connection refused")) >= 3)
    server.start()
    until(lambda: len(told("run `listing migrate`")) >= 4)
    place.migrate()
    until(lambda: told("消息系统不可用"))
    broker.start()
    until(lambda: told("run `jiangbu topics apply`", place.topic))
    place.make_topics()
    until(place.runs)
    waits = program.lines("waiting")
    assert {line["level"] for line in waits} == {"warning"}
    told_at = [datetime.fromisoformat(line["timestamp"]) for line in waits if "listing migrate" in line["reason"]]
    assert [later - earlier > timedelta(seconds=1.5) for earlier, later in pairwise(told_at)][-1]
    # kafka-python's messages about an unavailable broker are limited to one each a minute.
    of_library = [line for line in program.lines() if line["logger"].startswith("kafka.")]
    assert len(of_library) < 15
    code, _ = program.terminate()
    assert code == 0
    assert [run.ending for run in place.runs()] == ["stopped"]


@pytest.mark.parametrize("service", ["listing", "incentive"])
def test_idle_it_stops_at_once(place_of, service) -> None:
    place = place_of(service)
    place.prepare()
    program = consuming(place)
    code, _ = program.terminate()
    assert code == 0
    assert program.lines(DEADLINE) == []
    (run,) = place.runs()
    assert (run.ending, run.reason, run.pid) == ("stopped", None, program.process.pid)
    assert run.ended_at >= run.started_at


@pytest.mark.parametrize("missing", ["database", "topics"])
def test_waiting_at_its_start_it_stops_at_once(place_of, missing) -> None:
    place = place_of("listing")
    if missing == "topics":
        place.migrate()
    program = place.run("consume")
    program.until("waiting")
    code, _ = program.terminate()
    assert code == 0
    assert program.lines(DEADLINE) == []


def test_a_batch_behind_a_lock_is_rolled_back(place_of) -> None:
    place = place_of("listing")
    place.prepare()
    program = consuming(place)
    with head_locked(place):
        place.send(3)
        until(lambda: waits_for_head(place))
        code, took_s = program.terminate()
    assert code == 1
    assert took_s < STOP_WITHIN_S
    (told,) = program.lines(DEADLINE)
    assert any(where.startswith("MainThread: shared/register/head.py") for where in told["waits_in"])
    until(lambda: not waits_for_head(place))
    assert place.rows("SELECT 1 FROM listing") == []
    again = consuming(place)
    until(lambda: len(place.rows("SELECT 1 FROM listing")) == 3)
    assert again.terminate()[0] == 0
    assert [run.ending for run in place.runs()] == [None, "stopped"]


def test_a_batch_under_way_is_finished_if_it_can_be(place_of) -> None:
    place = place_of("listing")
    place.prepare()
    program = consuming(place)
    with head_locked(place):
        place.send(3)
        until(lambda: waits_for_head(place))
        program.process.terminate()
        program.until("stopping")
    assert program.process.wait(STOP_WITHIN_S) == 0
    # The whole batch is stored with its offsets; it may contain fewer records than were sent.
    finished = len(place.rows("SELECT 1 FROM listing"))
    assert finished > 0
    assert place.rows("SELECT sum(next_offset)::int FROM position") == [(finished,)]


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "in a batch"])
def test_a_frozen_database_does_not_keep_it(place_of, server, busy) -> None:
    place = place_of("listing")
    place.prepare()
    program = consuming(place)
    with ExitStack() as stack:
        if busy:
            stack.enter_context(head_locked(place))
            place.send(3)
            until(lambda: waits_for_head(place))
        with frozen(server.program.process.pid):
            code, took_s = program.terminate()
    assert code == int(busy)
    assert took_s < STOP_WITHIN_S
    assert place.rows("SELECT 1 FROM listing") == []


@pytest.mark.parametrize("harm", ["frozen", "away"])
def test_a_broker_that_is_silent_does_not_keep_it(place_of, broker, harm) -> None:
    place = place_of("listing")
    place.prepare()
    program = consuming(place)
    with head_locked(place):
        place.send(3)
        until(lambda: waits_for_head(place))
        stack = ExitStack()
        if harm == "frozen":
            stack.enter_context(frozen(broker.program.process.pid))
        else:
            broker.program.process.kill()
            broker.program.process.wait()
            stack.callback(broker.start)
    with stack:
        # Some records are committed, and their facts cannot be sent.
        until(lambda: place.rows("SELECT 1 FROM listing"))
        _, took_s = program.terminate()
    assert took_s < STOP_WITHIN_S
    again = consuming(place)
    until(lambda: place.rows("SELECT 1 FROM outbox") == [])
    assert again.terminate()[0] == 0


def test_retries_end_at_once(place_of) -> None:
    """With a read-only database nothing is lost; the program keeps retrying and stops on SIGTERM."""
    place = place_of("listing")
    place.prepare()
    program = consuming(place)
    with read_only(place):
        place.send(3)
        until(lambda: len(program.lines("database unavailable, retrying")) >= 3)
        assert place.rows("SELECT 1 FROM listing") == []
        code, _ = program.terminate()
    assert code == 0
    assert program.lines(DEADLINE) == []
    again = consuming(place)
    until(lambda: len(place.rows("SELECT 1 FROM listing")) == 3)
    assert again.terminate()[0] == 0


def test_a_halt_before_it_begins_is_one_row(place_of) -> None:
    place = place_of("listing")
    place.prepare()
    for _ in range(2):
        assert place.run("consume", REGISTER="another").process.wait(180) == 1
    assert [(run.ending, "but REGISTER is 'another'" in run.reason) for run in place.runs()] == [("halted", True)] * 2


def test_a_killed_run_has_no_end(place_of) -> None:
    place = place_of("listing")
    place.prepare()
    program = consuming(place)
    program.process.kill()
    program.process.wait()
    assert [(run.ending, run.ended_at) for run in place.runs()] == [(None, None)]


def sender_of(program: Running) -> psutil.Process:
    (sender,) = psutil.Process(program.process.pid).children()
    return sender


def test_the_sender_ends_with_a_program_that_is_killed(place_of) -> None:
    place = place_of("listing")
    place.prepare()
    program = consuming(place)
    sender = sender_of(program)
    program.process.kill()
    until(lambda: not sender.is_running() or sender.status() == psutil.STATUS_ZOMBIE)


def test_it_gives_way_to_those_who_answer_a_person_and_so_does_its_sender(place_of) -> None:
    place = place_of("listing")
    place.prepare()
    program = consuming(place)
    ours = psutil.Process().nice()
    assert min(psutil.Process(program.process.pid).nice(), sender_of(program).nice()) > ours


def test_a_program_whose_sender_is_killed_ends(place_of) -> None:
    place = place_of("listing")
    place.prepare()
    program = consuming(place)
    sender_of(program).kill()
    assert program.process.wait(180) == 1
    (run,) = place.runs()
    assert (run.ending, "the process was killed" in run.reason) == ("failed", True)
    again = consuming(place)
    place.send(1)
    until(lambda: len(place.rows("SELECT 1 FROM listing")) == 1)
    until(lambda: place.rows("SELECT 1 FROM outbox") == [])
    assert again.terminate()[0] == 0


def test_a_fault_of_the_sender_ends_the_program_and_is_reported(place_of) -> None:
    place = place_of("trade-ingest")
    place.prepare()
    engine = place.engine
    with engine.begin() as connection:
        mark_dirty(connection, [(ANNUAL_TOTAL, f"provider/uscc:{worlds.uscc(77)}/2026")], now())
    engine.dispose()
    program = place.run("consume")
    assert program.process.wait(180) == 1
    assert [run.ending for run in place.runs()] == ["failed"]
    (told,) = program.lines("child process failed")
    assert "LookupError" in told["exception"]


def test_a_sender_that_hangs_is_ended_in_time(place_of) -> None:
    place = place_of("listing")
    place.prepare()
    program = consuming(place)
    with frozen(sender_of(program).pid):
        code, took_s = program.terminate()
    assert code == 0
    assert took_s < STOP_WITHIN_S
    assert program.lines("child process did not exit in time, killing it")


def test_a_topic_that_is_deleted_while_it_is_read_stops_it(place_of) -> None:
    place = place_of("listing")
    place.prepare()
    program = consuming(place)
    place.send(3)
    until(lambda: len(place.rows("SELECT 1 FROM listing")) == 3)
    place.delete_topics(place.topic)
    assert program.process.wait(180) == 1
    (run,) = place.runs()
    assert run.ending == "halted"
    assert place.topic in run.reason
    # After a restart by a supervisor it waits and logs the reason; the halted run stays the newest.
    again = place.run("consume")
    again.until("waiting")
    assert place.topic in again.reasons()[0]
    assert len(place.runs()) == 1
    # A recreated topic is not the topic that was read.
    place.make_topics()
    assert again.process.wait(180) == 1
    assert [(run.ending, "recreated" in run.reason) for run in place.runs()] == [("halted", False), ("halted", True)]


@pytest.mark.parametrize(
    ("service", "is_idle", "wrong_by_s"),
    [("listing", False, 60.0), ("listing", True, -86_400.0), ("trade-ingest", True, 365 * 86_400.0)],
)
def test_a_wrong_clock_stops_it_until_the_clock_is_right(place_of, service, is_idle, wrong_by_s) -> None:
    place = place_of(service)
    place.prepare()
    program = consuming(place)
    place.set_clock(wrong_by_s)
    if not is_idle:
        place.send(3)
    assert program.process.wait(180) == 1
    # The supervisor starts it again and again.
    again = place.run("consume")
    assert again.process.wait(180) == 1
    for one in (program, again):
        # The client of Kafka may log that it was closed while it read.
        ours = [line for line in one.lines() if not line["logger"].startswith("kafka.")]
        (line,) = [line for line in ours if line["level"] in ("critical", "error")]
        assert (line["event"], line["state"]) == ("stopped, needs an operator", "WrongClockError")
        assert ("ahead of" if wrong_by_s > 0 else "behind") in line["reason"]
    runs = place.runs()
    assert [(run.ending, "NTP" in run.reason) for run in runs] == [("halted", True)] * 2
    # Recorded by the clock that is right.
    ages_s = place.rows("SELECT extract(epoch FROM now() - least(started_at, ended_at)) AS age FROM worker_run")
    assert all(0 <= row.age < 600 for row in ages_s)
    if not is_idle:
        assert place.rows("SELECT 1 FROM listing") == []
    place.set_clock(0)
    consuming_again = place.run("consume")
    until(lambda: len(place.runs()) == 3)
    if not is_idle:
        until(lambda: len(place.rows("SELECT 1 FROM listing")) == 3)
    assert consuming_again.terminate()[0] == 0
    assert place.runs()[-1].ending == "stopped"


@pytest.mark.usefixtures("patient_checks")
@pytest.mark.parametrize("harm", ["locked", "read-only", "damaged", "frozen"])
def test_a_consumer_that_does_not_move_is_not_ready(place_of, monkeypatch, harm) -> None:
    """After 60 s without progress, whatever the cause, `/readyz` reports it until the consumer moves again.

    The heartbeat does the same, by part.
    """
    place = place_of("listing")
    place.prepare()
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    app = create_app(Settings("listing"))
    sampler, readiness = app.extensions["jiangbu.sampler"], app.extensions["jiangbu.readiness"]
    clock_s = [0.0]
    monkeypatch.setattr(sampler, "monotonic", lambda: clock_s[0])

    def faults() -> list[str]:
        return [fault.field for fault in readiness.state().faults]

    program = consuming(place)
    try:
        with {"locked": head_locked, "read-only": read_only, "damaged": damaged}.get(
            harm, lambda _: frozen(program.process.pid)
        )(place):
            if harm != "damaged":
                place.send(1)
            until(lambda: sampler.look() or sampler.movement.waiting_s(1.0))
            assert faults() == []
            if harm != "damaged":  # reported after more than 10 s: tests/integration/kafka/test_heartbeat.py
                until(lambda: "writer" in silent(place.heartbeat))
            clock_s[0] += STUCK_AFTER_S
            assert faults() == ["progress"]
        until(lambda: faults() == [])
        until(lambda: health(str(place.heartbeat)) is None and not silent(place.heartbeat))
        assert program.terminate()[0] == 0
    finally:
        close_app(app)


def test_figures_are_reported_in_time_though_the_database_is_frozen(place_of, server, monkeypatch) -> None:
    place = place_of("listing")
    place.prepare()
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    keys_file = place.folder / "keys.yaml"
    keys_file.write_text(yaml.safe_dump([{"name": "a", "role": "auditor", "sha256": KEYS["auditor"]}]), "utf-8")
    app = create_app(Settings("listing"))
    ask = partial(app.test_client().get, "/metrics", headers=headers("auditor"))
    try:
        until(lambda: 'jiangbu_up{part="database"} 1.0' in ask().text)
        with frozen(server.program.process.pid):
            began_s = time.monotonic()
            told = ask().text
            took_s = time.monotonic() - began_s
        assert {"jiangbu_ready 0.0", 'jiangbu_up{part="database"} 0.0'} <= set(told.splitlines())
        assert took_s < 30  # an answer without a deadline would wait until the database goes on
    finally:
        close_app(app)


def test_a_commit_of_unknown_outcome_is_recorded_though_no_record_follows(pair, kafka, fork_server, tmp_path) -> None:
    with prepared_place("listing", tmp_path, pair.primary, kafka, fork_server) as place:
        consuming(place)
        with pair.no_acknowledgement():
            place.send(1)
            # The batch is visible, and is not written again; the standby still does not answer.
            until(lambda: place.rows("SELECT 1 FROM listing") or pair.end_waits())
            until(lambda: place.runs()[0].unknown_commits > 0)


@pytest.mark.parametrize("service", ["listing", "incentive"])
def test_a_commit_of_the_child_of_unknown_outcome_is_recorded(pair, own_kafka, fork_server, tmp_path, service) -> None:
    with prepared_place(service, tmp_path, pair.primary, own_kafka, fork_server) as place:
        child = sender_of(consuming(place))
        if service == "listing":
            place.send(1)
            until(lambda: place.rows("SELECT 1 FROM listing"))
        until(lambda: sessions_of(pair, child))
        with pair.no_acknowledgement():
            if service == "listing":
                mark_dirty_without_standby(place, (LISTING, f"{place.exchange}/L0"))
            else:
                # The publisher begins again, by a commit that shows whether the standby has what it reads.
                for pid in sessions_of(pair, child):
                    pair.ask_primary(f"SELECT pg_terminate_backend({pid})::integer")

            def cancel() -> None:
                """Cancel commits of the child, and none of its parent."""
                for pid in sessions_of(pair, child, "wait_event = 'SyncRep'"):
                    pair.ask_primary(f"SELECT pg_cancel_backend({pid})::integer")

            until(lambda: place.runs()[0].unknown_commits > 0 or cancel())


def sessions_of(pair: Replicated, program: psutil.Process, which: str = "TRUE") -> list[int]:
    """Return the sessions of PostgreSQL that the program has."""
    ports = [one.laddr.port for one in program.net_connections()]
    statement = f"SELECT pid FROM pg_stat_activity WHERE client_port = ANY (ARRAY{ports}::integer[]) AND {which}"
    return [pid for (pid,) in pair.ask_primary(statement)]


def mark_dirty_without_standby(place: Place, key: DirtyKey) -> None:
    engine = place.engine
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL synchronous_commit = local"))
        mark_dirty(connection, [key], now())
    engine.dispose()


def test_it_asks_the_witnesses_that_its_settings_name(place_of, litewitness_program) -> None:
    place = place_of("listing")
    place.prepare()
    assert consuming(place).terminate()[0] == 0  # its log now has a key
    keys = [VerifierKey.parse(key) for (key,) in place.rows("SELECT vkey FROM log_key")]
    with litewitness(litewitness_program, keys) as witness:
        consuming(place, WITNESSES=f"{witness.key},{witness.url}")
        place.send(2)
        cosigned = "SELECT size, vkey FROM log_cosignature JOIN log_checkpoint c ON c.id = checkpoint_id"
        until(lambda: [row for row in place.rows(cosigned) if row.size >= 2 and row.vkey == str(witness.key)])
