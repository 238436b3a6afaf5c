"""APIs, consumers, engines and their clocks: away, halted, restarting, slow, wrong."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import requests
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

from devset.programs import SERVICES
from shared.events.topics import topic_of
from tests.faults.alerts.fault import AlertFault
from tests.faults.world import trade_event

if TYPE_CHECKING:
    from tests.faults.alerts.scene import Scene

# Wrong enough for the alert; programs refuse to work from 5 s on.
_WRONG_CLOCK_S = 3.5
_RESTARTS = 8
_SLOW_ANSWERS = 3
_SLOW_S = 3.0


def nothing(scene: Scene) -> None:
    """Let the set work for longer than any alert waits."""
    scene.hold(18)


def not_watched(scene: Scene) -> None:
    """The job of the configuration has another name, so its figures are not those that the rules ask for."""
    ours = scene.targets
    scene.targets = [replace(target, job="of-somebody-else") for target in ours]
    scene.hold(6)
    scene.targets = ours


def api_down(scene: Scene) -> None:
    scene.rig.kill_api("listing")
    scene.hold(3)
    scene.rig.start_api("listing")


def database_away(scene: Scene) -> None:
    scene.rig.stop_engine("postgres")
    scene.hold(2)
    scene.rig.start_engine("postgres")


def broker_away(scene: Scene) -> None:
    scene.rig.stop_engine("kafka")
    scene.hold(2)
    scene.rig.start_engine("kafka")


def consumer_halted(scene: Scene) -> None:
    """Retention deletes a record before it is read: the consumer halts until a person accepts the loss."""
    rig = scene.rig
    exchange = rig.exchanges.ids[0]
    topic = topic_of("trade", exchange)
    rig.stop_worker("trade-ingest")
    end = rig.ends([topic]).get((topic, 0), 0)
    for number in range(2):
        scene.flow.send_event("trade", exchange, trade_event(exchange, f"CUT-{end}-{number}"), partition=0)
    scene.flow.flush()
    with KafkaAdminClient(bootstrap_servers=rig.bootstrap_servers) as admin:
        admin.delete_records({TopicPartition(topic, 0): end + 1})
    rig.start_to_see_it_halt("trade-ingest")
    scene.hold(1)
    done = rig.operate("trade-ingest", "accept-loss", "--service", "trade-ingest", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    rig.start_worker("trade-ingest")


def consumer_restarts(scene: Scene) -> None:
    """A supervisor starts the consumer again and again: each run works, and then ends."""
    rig = scene.rig
    for _ in range(_RESTARTS):
        before = rig.metric("listing", "jiangbu_worker_starts_total")[""]
        rig.stop_worker("listing")
        rig.start_worker("listing")
        rig.wait_until(
            lambda before=before: rig.metric("listing", "jiangbu_worker_starts_total")[""] > before,
            180,
            "the consumer does not work",
            0.25,
        )
        scene.step()
    scene.hold(1.5)


def server_error(scene: Scene) -> None:
    """A right is missing in the database, which the API does not expect: it answers as for any bug."""
    url, given = _listings(scene, "quarantine")
    roles = "listing_service, listing_service_viewer"
    with scene.rig.database("listing") as connection:
        connection.execute(f"REVOKE SELECT ON quarantine FROM {roles}")
        answer = requests.get(url, headers=given, timeout=60)
        scene.hold(0.5)
        connection.execute(f"GRANT SELECT ON quarantine TO {roles}")
    assert answer.status_code == 500, answer.text


def _listings(scene: Scene, path: str) -> tuple[str, dict[str, str]]:
    """Return the URL of a list of listing, and the headers of a request for it."""
    rig = scene.rig
    return f"{rig.addresses.url('listing')}/v1/{path}", {"Authorization": f"Bearer {rig.keys['auditor']}"}


def slow_answers(scene: Scene) -> None:
    """Somebody holds a table: each request for it takes seconds, and is answered."""
    url, given = _listings(scene, "listings")
    assert requests.get(url, headers=given, timeout=60).status_code == 200
    scene.step()
    with ThreadPoolExecutor(1) as pool:
        for _ in range(_SLOW_ANSWERS):
            with scene.rig.database("listing") as connection, connection.transaction():
                connection.execute("LOCK TABLE listing IN ACCESS EXCLUSIVE MODE")
                answer = pool.submit(requests.get, url, headers=given, timeout=60)
                threading.Event().wait(_SLOW_S)
            assert answer.result().status_code == 200
            scene.hold(5)


def clock_wrong(scene: Scene) -> None:
    scene.rig.set_clock(_WRONG_CLOCK_S)
    scene.hold(2)
    scene.rig.set_clock(0)


def not_ready(scene: Scene) -> None:
    """An API is started with cut dates that its consumer does not have."""
    scene.rig.kill_api("trade-ingest")
    scene.rig.start_api("trade-ingest", TOTALS_CUT_AT="2026-05-05")
    scene.rig.wait_until(
        lambda: scene.rig.readyz("trade-ingest")[0] == 503, 180, "the API is ready with other settings", 0.25
    )
    scene.hold(6)
    scene.rig.kill_api("trade-ingest")
    scene.rig.start_api("trade-ingest")


def _all(alert: str) -> frozenset[str]:
    return frozenset(f"{alert} {service}" for service in SERVICES)


PROGRAMS = (
    AlertFault("nothing", "the set works, and nothing is wrong", frozenset(), nothing, everyday=True),
    AlertFault(
        "job renamed",
        "Prometheus scrapes the APIs under another job",
        frozenset({"JiangbuNotWatched"}),
        not_watched,
    ),
    AlertFault(
        "API killed",
        "SIGKILL of the API of listing",
        frozenset({"JiangbuApiDown listing"}),
        api_down,
        everyday=True,
    ),
    AlertFault(
        "PostgreSQL stopped",
        "its server is stopped",
        _all("JiangbuDatabaseAway"),
        database_away,
        everyday=True,
    ),
    AlertFault("Kafka stopped", "the broker is stopped", _all("JiangbuBrokerAway"), broker_away),
    AlertFault(
        "records deleted unread",
        "retention deletes records before trade-ingest reads them",
        frozenset({"JiangbuConsumerHalted trade-ingest"}),
        consumer_halted,
    ),
    AlertFault(
        "consumer restarted",
        f"the consumer of listing is started {_RESTARTS} times",
        frozenset({"JiangbuConsumerRestarts listing"}),
        consumer_restarts,
        goes_on=True,
    ),
    AlertFault(
        "right revoked",
        "a right of listing's role is revoked, and a request needs it",
        frozenset({"JiangbuServerErrors listing"}),
        server_error,
        goes_on=True,
        everyday=True,
    ),
    AlertFault(
        "table held",
        "another session holds a table of listing for 3 s, three times",
        frozenset({"JiangbuSlowAnswers listing"}),
        slow_answers,
        goes_on=True,
    ),
    AlertFault(
        "clock ahead",
        "the clocks of all programs are 3.5 s ahead of the database's",
        _all("JiangbuClockWrong"),
        clock_wrong,
        everyday=True,
    ),
    AlertFault(
        "other settings",
        "the API of trade-ingest is started with other cut dates than its consumer",
        frozenset({"JiangbuNotReady trade-ingest"}),
        not_ready,
    ),
)
