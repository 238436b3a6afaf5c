"""Workers killed at named points, paused and back as zombies, joining and leaving."""

from __future__ import annotations

import json
import re
import signal
import threading
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from devset.programs import SERVICES
from services.incentive.commands.publish_awards.topic import all_versions
from shared.events.award_events import AWARDS
from shared.kafka.replay import replay_records
from shared.process.child_process import ChildProcessDiedError
from tests.faults.fault import QUIET_WITHIN_S, Fault, Kind
from tests.faults.rig import Worker
from tests.faults.wire import Trap
from tests.faults.world import committed_ends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from tests.faults.rig import Rig

# Statements of a batch's transaction that mark its stages.
BATCH = re.compile(r"UPDATE position p SET next_offset")
FIRST = {
    "listing": re.compile(r"FROM register_head FOR UPDATE"),
    "trade-ingest": re.compile(r"FROM register_head FOR UPDATE"),
    "incentive": re.compile(r"pg_advisory_xact_lock"),
}
COPIES = re.compile(r"^COPY ")
LAST = {
    "listing": re.compile(r"UPDATE register_head SET next_seq = "),
    "trade-ingest": re.compile(r"UPDATE register_head SET next_seq = "),
    "incentive": re.compile(r"INSERT INTO award_version"),
}
COMMIT = re.compile(r"^COMMIT")
MARK = re.compile(r"DELETE FROM outbox")
RECORDED = re.compile(r"^\s*WITH given AS")  # new versions of awards

# Longer than the group's session timeout of 10 s.
SILENT_S = 12.0
# Longer than the database's idle-in-transaction timeout of 30 s and the group's session timeout of 10 s.
SILENT_IN_TRANSACTION_S = 42.0
HELD_UP_S = 2.0
TRAP_WITHIN_S = 180.0  # with many parallel sets a program takes half a minute to start


def _break_each(
    fault: Fault,
    statement: re.Pattern[str] | Mapping[str, re.Pattern[str]],
    services: Iterable[str] = SERVICES,
    *,
    seen: re.Pattern[str] | None = BATCH,
    answered: bool = False,
    harm: Callable[[Worker], None] = Worker.kill,
) -> None:
    """Break one worker of each service at the statement; killed ones are restarted."""
    rig = fault.rig
    traps = {}
    for service in services:
        worker = rig.worker(service)
        pattern = statement if isinstance(statement, re.Pattern) else statement[service]
        traps[service] = Trap(pattern, partial(harm, worker), seen=seen, answered=answered, cuts=True)
        worker.line.set(traps[service])
    fault.publish()
    for service, trap in traps.items():
        rig.wait_until(trap.closed.is_set, TRAP_WITHIN_S, f"{service} does not come to where it is to be broken")


def killed_before(fault: Fault) -> None:
    _break_each(fault, FIRST, seen=None)


def killed_while_copying(fault: Fault) -> None:
    _break_each(fault, COPIES)


def killed_in(fault: Fault) -> None:
    _break_each(fault, LAST)


def killed_at_commit(fault: Fault) -> None:
    _break_each(fault, COMMIT)


def killed_after(fault: Fault) -> None:
    _break_each(fault, COMMIT, answered=True)


def killed_before_the_mark(fault: Fault) -> None:
    _break_each(fault, MARK, ("listing", "trade-ingest"), seen=None)


def sender_killed(fault: Fault) -> None:
    """Kill the sender process alone; the program notices, ends and is restarted."""
    _break_each(fault, MARK, ("listing", "trade-ingest"), seen=None, harm=Worker.kill_parts)
    for service in ("listing", "trade-ingest"):
        worker = fault.rig.worker(service)
        fault.rig.wait_until(
            lambda worker=worker: ChildProcessDiedError.__name__ in worker.log, 180, f"{service} does not notice"
        )


def publisher_killed(fault: Fault) -> None:
    """Kill the publisher of awards once its versions are recorded, before it sends them; it sends each of them once."""
    rig = fault.rig
    rig.await_quiet(QUIET_WITHIN_S)
    rig.wait_until(partial(_have_no_backlog, rig), QUIET_WITHIN_S, "awards are not published before")
    sent_before = Counter(_versions(rig))
    _break_each(fault, COMMIT, ("incentive",), seen=RECORDED, answered=True, harm=Worker.kill_parts)
    fault.repaired()
    fault.await_published()
    rig.await_quiet(QUIET_WITHIN_S)
    rig.wait_until(partial(_have_no_backlog, rig), QUIET_WITHIN_S, "awards are not published")
    sent = Counter(_versions(rig)) - sent_before
    assert sent, "no award has changed"
    assert sent.total() == len(sent), f"sent twice: {[one for one, times in sent.items() if times > 1]}"
    newest = all_versions({"bootstrap_servers": rig.bootstrap_servers})
    with rig.database("incentive") as connection:
        recorded = dict(connection.execute("SELECT award_id, version FROM published_award").fetchall())
    assert newest == recorded, f"not the newest versions: {sorted(newest.items() ^ recorded.items())[:5]}"


def _have_no_backlog(rig: Rig) -> bool:
    """Return True if every entry was compared with its award and every version was sent."""
    waiting = rig.metric("incentive", "jiangbu_backlog_items")
    return len(waiting) == 2 and not any(waiting.values())


def _versions(rig: Rig) -> Iterator[tuple[str, int]]:
    """Yield the award and version of each committed record, in any order."""
    kafka = rig.bootstrap_servers
    for records in replay_records({"bootstrap_servers": kafka}, committed_ends(kafka, [AWARDS])):
        for record in records:
            award = json.loads(record.value)["data"]
            yield award["award_id"], award["version"]


def commit_lost(fault: Fault) -> None:
    """The server commits, and the connection breaks before the answer."""
    _break_each(fault, COMMIT, answered=True, harm=lambda _worker: None)


def killed_at_random(fault: Fault) -> None:
    fault.publish()
    for _ in range(3):
        fault.some_moment(1.0)
        worker = fault.rng.choice(fault.rig.workers)
        fault.plan.append(f"kill {worker.name}")
        worker.kill()


def _await_partitions(fault: Fault, worker: Worker) -> None:
    fault.rig.wait_until(lambda: "partitions assigned" in worker.log, 180, f"{worker.name} is given nothing")


def second_worker(fault: Fault, service: str, clock: Path | None = None) -> Worker:
    """Add a worker of a service, with a clock of its own if given, and wait until it has partitions."""
    other = fault.rig.add_worker(service, clock)
    _await_partitions(fault, other)
    return other


def zombie(fault: Fault) -> None:
    """A worker is silent for longer than its session, another takes over, and it comes back."""
    rig = fault.rig
    service = fault.rng.choice(SERVICES)
    other = second_worker(fault, service)
    fault.publish()
    fault.some_moment()
    silent = fault.rng.choice([rig.worker(service), other])
    fault.plan.append(f"{silent.name} is silent for {SILENT_S:.0f} s")
    silent.send_all(signal.SIGSTOP)
    rig.pause(SILENT_S)
    silent.send_all(signal.SIGCONT)
    fault.repaired()
    fault.await_published()
    rig.await_quiet(120)
    rig.remove(other)


def zombie_in_transaction(fault: Fault) -> None:
    """The same in the middle of its transaction: the database releases its locks."""
    rig = fault.rig
    service = fault.rng.choice(SERVICES)
    other = second_worker(fault, service)
    trap = Trap(LAST[service], partial(rig.worker(service).send_all, signal.SIGSTOP), seen=BATCH)
    rig.worker(service).line.set(trap)
    fault.publish()
    rig.wait_until(trap.closed.is_set, TRAP_WITHIN_S, f"{service} does not come to where it is to be stopped")
    fault.plan.append(f"{service} is silent for {SILENT_IN_TRANSACTION_S:.0f} s with all locks of a batch")
    rig.pause(SILENT_IN_TRANSACTION_S)
    rig.worker(service).send_all(signal.SIGCONT)
    fault.repaired()
    fault.await_published()
    rig.await_quiet(120)
    rig.remove(other)


def delayed_commit(fault: Fault) -> None:
    """One of two workers is delayed at the end of its transaction by a stalled connection."""
    rig = fault.rig
    for service in SERVICES:
        other = second_worker(fault, service)
        traps = [
            Trap(LAST[service], partial(threading.Event().wait, HELD_UP_S), seen=BATCH)
            for worker in (rig.worker(service), other)
        ]
        for worker, trap in zip((rig.worker(service), other), traps, strict=True):
            worker.line.set(trap)
        fault.publish()
        for trap in traps:
            rig.wait_until(trap.closed.is_set, TRAP_WITHIN_S, f"{service} does not reach the statement of the delay")
        fault.await_published()
        rig.await_quiet(120)
        rig.remove(other)


def _come_and_go(fault: Fault, extra: int) -> None:
    rig = fault.rig
    service = fault.rng.choice(SERVICES)
    fault.plan.append(f"{extra} more of {service}")
    fault.publish()
    others = []
    for _ in range(extra):
        fault.some_moment(1.0)
        others.append(rig.add_worker(service))
    fault.publish()
    for other in others:
        _await_partitions(fault, other)
    fault.publish()
    for index, other in enumerate(others):
        fault.some_moment(1.0)
        other.watched = False
        if index:
            other.kill()
        rig.remove(other)


def two_workers(fault: Fault) -> None:
    _come_and_go(fault, 1)


def three_workers(fault: Fault) -> None:
    _come_and_go(fault, 2)


def stopped_by_sigterm(fault: Fault) -> None:
    """SIGTERM in the middle of each consumer's batch: it ends with code 0, and leaves nothing half done.

    A consumer that misses its deadline (`shared/process/shutdown.py`) ends with code 1.
    """
    rig = fault.rig
    workers = [rig.worker(service) for service in SERVICES]

    def ask(worker: Worker) -> None:
        worker.send(signal.SIGTERM)
        # The batch is held until the signal has certainly arrived.
        threading.Event().wait(0.3)

    traps = [Trap(LAST[worker.service], partial(ask, worker), seen=BATCH) for worker in workers]
    for worker, trap in zip(workers, traps, strict=True):
        worker.watched = False
        worker.line.set(trap)
    fault.publish()
    for worker, trap in zip(workers, traps, strict=True):
        rig.wait_until(
            trap.closed.is_set, TRAP_WITHIN_S, f"{worker.service} does not come to where it is to be stopped"
        )
        rig.wait_until(lambda worker=worker: not worker.program.alive(), 180, f"{worker.service} does not end")
        code = worker.program.process.returncode
        fault.plan.append(f"{worker.service} ended with {code}")
        assert code == 0, f"{worker.service} ended with {code}"
        # The next service in the chain needs the facts that it publishes.
        rig.start_worker(worker.service)


WORKERS = (
    Kind("killed before the transaction", "SIGKILL of each consumer, its batch decoded, nothing done", killed_before),
    Kind("killed while copying", "SIGKILL of each consumer at the first COPY of its batch", killed_while_copying),
    Kind("killed in the transaction", "SIGKILL of each consumer, all of its batch written, not committed", killed_in),
    Kind("killed at the commit", "SIGKILL of each consumer, COMMIT not sent", killed_at_commit),
    Kind("killed after the transaction", "SIGKILL of each consumer, committed, the answer not received", killed_after),
    Kind(
        "killed before the mark",
        "SIGKILL of each register's sender, facts sent, outbox not marked",
        killed_before_the_mark,
    ),
    Kind(
        "sender killed",
        "SIGKILL of each register's sending process alone, facts sent, outbox not marked",
        sender_killed,
    ),
    Kind(
        "publisher of awards killed",
        "SIGKILL of the process that publishes awards, versions recorded, not sent",
        publisher_killed,
    ),
    Kind(
        "commit answer lost", "each consumer's COMMIT is executed, and its answer lost with the connection", commit_lost
    ),
    Kind("killed at random", "SIGKILL of three consumers at moments of the seed", killed_at_random),
    Kind("zombie", "SIGSTOP past the group's session; another worker takes over; it returns", zombie),
    Kind("zombie in a transaction", "SIGSTOP with all locks of a batch; it returns", zombie_in_transaction),
    Kind("delayed commit", "each of two workers is delayed at the end of a transaction", delayed_commit),
    Kind("two workers", "a second worker joins and leaves under load", two_workers),
    Kind("three workers", "two more workers join under load; one leaves, one is killed", three_workers),
    Kind("stopped by SIGTERM", "SIGTERM of each consumer in the middle of its batch", stopped_by_sigterm),
)
