"""Work that does not go on, or not fast enough: records, facts, events of awards; and a ledger that is ahead."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from shared.events.topics import topic_of
from tests.faults.alerts.fault import AlertFault
from tests.faults.alerts.recording import STEP_S
from tests.faults.world import trade_event
from tests.support.broker.record_batches import compressed_batch, record, send_stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from tests.faults.alerts.scene import Scene

# The thresholds of the rules, in the figures' own seconds, which are true: these faults last.
_WAITS_S = 60
_WITHIN_S = 600.0
# Before records or facts count as waiting, also on a machine on which a scrape takes seconds.
_MOVES_EVERY_S = 40.0
_FAR_BEHIND = 160_000
_BATCHES = 16
_AGED = "20 minutes"
_COMPARED = "SELECT ledger_size FROM compared_ledger"
_SET_BACK = "UPDATE ledger_transaction SET posted_at = posted_at - %s::interval WHERE seq = %s"
_AHEAD = "1 minute"
_SET_AHEAD = "UPDATE fact SET recorded_at = recorded_at + %s::interval WHERE id = (SELECT max(id) FROM fact)"


def records_wait(scene: Scene) -> None:
    """The consumer of listing does not run for more than a minute."""
    rig = scene.rig
    rig.stop_worker("listing")
    waits = scene.exceeds("jiangbu_waiting_seconds", "listing", _WAITS_S, minutes=1.5)
    scene.hold_until(waits, _WITHIN_S, "no record waits")
    rig.start_worker("listing")


def falls_behind(scene: Scene) -> None:
    """More is published than the database takes in: it is held most of the time, and moves now and then."""
    rig = scene.rig
    exchange = rig.exchanges.ids[0]
    topic = topic_of("trade", exchange)
    event = trade_event(exchange, "AGAIN")
    body = b"".join(record(number, None, event) for number in range(_FAR_BEHIND // _BATCHES))
    batch = compressed_batch("zstd", body, _FAR_BEHIND // _BATCHES)
    with _position_held(scene, "trade-ingest"):
        for _ in range(_BATCHES):
            send_stored(rig.bootstrap_servers, topic, 0, batch)
    for hold in _stretches(scene, minutes=16):
        before = _handled(scene)
        with _position_held(scene, "trade-ingest"):
            hold()
        rig.wait_until(lambda before=before: _handled(scene) > before, _WITHIN_S, "no record is handled")


def _stretches(scene: Scene, minutes: float) -> Iterator[Callable[[], None]]:
    """Divide so many minutes by the stamps into stretches, each held by the caller, between which something moves."""
    end = scene.recording.steps + round(minutes * 60 / STEP_S)
    while scene.recording.steps < end:
        yield partial(scene.hold_while, lambda: scene.recording.steps < end, _MOVES_EVERY_S)


def _handled(scene: Scene) -> float:
    return sum(scene.rig.metric("trade-ingest", "jiangbu_next_offset").values())


@contextlib.contextmanager
def _position_held(scene: Scene, service: str) -> Iterator[None]:
    """Hold a lock that every batch needs."""
    with scene.rig.database(service) as connection, connection.transaction():
        connection.execute("LOCK TABLE position IN SHARE ROW EXCLUSIVE MODE")
        yield


@contextlib.contextmanager
def _led_by_none(scene: Scene, service: str, work: str) -> Iterator[psycopg.Connection[Any]]:
    """Have a session that does nothing lead some work, as a worker that hangs; yields a session of the superuser."""
    with scene.rig.database(service) as leader, scene.rig.database(service) as other, ThreadPoolExecutor(1) as pool:
        taken = pool.submit(leader.execute, "SELECT pg_advisory_lock(hashtextextended('jiangbu.' || %s, 0))", [work])
        # The session that waits gets the lock once the leader's session ends; workers only try to take it.
        end_leader = "SELECT pg_terminate_backend(pid) FROM unnest(pg_blocking_pids(%s)) AS pid"
        scene.rig.wait_until(
            lambda: taken.done() or (other.execute(end_leader, [leader.info.backend_pid]).fetchall() and False),
            180,
            f"{work} of {service} is led by another",
        )
        taken.result()
        yield other


def facts_wait(scene: Scene) -> None:
    """The sender of listing hangs for more than a minute, while records are taken in."""
    with _led_by_none(scene, "listing", "outbox"):
        waits = scene.exceeds("jiangbu_outbox_waiting_seconds", "listing", _WAITS_S, minutes=1.5)
        scene.hold_until(waits, _WITHIN_S, "no fact waits")


def facts_late(scene: Scene) -> None:
    """The sender of trade-ingest hangs for a while, and the age of what waits is set back in the database."""
    with _led_by_none(scene, "trade-ingest", "outbox") as connection:
        scene.hold_until(scene.exceeds("jiangbu_outbox_keys", "trade-ingest", 0), _WITHIN_S, "no fact waits")
        connection.execute("UPDATE outbox SET dirty_at = dirty_at - %s::interval", [_AGED])
        for hold in _stretches(scene, minutes=6):
            # Another is the oldest, as when some are published.
            connection.execute("UPDATE outbox SET id = DEFAULT WHERE id = (SELECT min(id) FROM outbox)")
            hold()


def awards_late(scene: Scene) -> None:
    """The publisher of awards hangs for a while; the age of what waits is set back in the database, and restored."""
    with scene.rig.database("incentive") as connection:
        compared = partial(connection.execute, _COMPARED)
        scene.rig.wait_until(lambda: compared().fetchall(), _WITHIN_S, "no award of a new set is published", 0.25)
    with _led_by_none(scene, "incentive", "awards") as connection:
        connection.execute("SET session_replication_role = replica")  # without the triggers that forbid it
        # Nothing is compared any more, so this stays the first that waits; figures may be older than the lock.
        ((seq,),) = connection.execute(_COMPARED).fetchall()
        set_back = partial(connection.execute, _SET_BACK, [_AGED, seq])
        scene.hold_until(lambda: set_back().rowcount == 1, _WITHIN_S, "no award waits")
        scene.hold(6)
        connection.execute(_SET_BACK, [f"-{_AGED}", seq])


def ledger_ahead(scene: Scene) -> None:
    """The instant of the ledger's last fact is set ahead in the database, and back again."""
    with scene.rig.database("incentive") as connection:
        scene.rig.stop_worker("incentive")
        connection.execute("SET session_replication_role = replica")  # without the triggers that forbid it
        connection.execute(_SET_AHEAD, [_AHEAD])
        scene.hold(0.5)
        connection.execute(_SET_AHEAD, [f"-{_AHEAD}"])
        scene.rig.start_worker("incentive")


WORK = (
    AlertFault(
        "consumer stopped",
        "the consumer of listing does not run for over a minute",
        frozenset({"JiangbuRecordsWait listing"}),
        records_wait,
    ),
    AlertFault(
        "database held",
        f"{_FAR_BEHIND:,} records are published while a lock holds up trade-ingest most of the time",
        frozenset({"JiangbuFallsBehind trade-ingest"}),
        falls_behind,
    ),
    AlertFault(
        "sender hangs",
        "the sender of listing hangs for over a minute",
        frozenset({"JiangbuFactsWait listing"}),
        facts_wait,
    ),
    AlertFault(
        "facts aged",
        "the sender of trade-ingest hangs, and the age of its facts is set back by 20 minutes in the database",
        frozenset({"JiangbuFactsLate trade-ingest"}),
        facts_late,
    ),
    AlertFault(
        "awards aged",
        "the publisher of awards hangs, and the age of what waits is set back by 20 minutes in the database",
        frozenset({"JiangbuAwardsLate incentive"}),
        awards_late,
    ),
    AlertFault(
        "fact dated ahead",
        "the instant of the ledger's last fact is set ahead in the database",
        frozenset({"JiangbuLedgerAhead incentive"}),
        ledger_ahead,
    ),
)
