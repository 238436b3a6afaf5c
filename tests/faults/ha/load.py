"""The load of a highly available set: exchanges that publish, a bureau that decides, readers, and who watches logs.

Every client retries as a client should: a decision with the same Idempotency-Key until it is answered, a record until
the brokers acknowledge it.
"""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import requests
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from shared.translog.checkpoint import TOPIC
from tests.faults.ha.acknowledged import INTAKE, READS, RECORDS, Decided
from tests.faults.ha.oracle import digest_of
from tests.faults.reference import Place
from tests.faults.world import Sent, patient_producer, send

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.faults.ha.acknowledged import Acknowledged
    from tests.faults.world import World

EVENTS_AT_ONCE = 10
EVENTS_EVERY_S = 0.2
ACKNOWLEDGED_WITHIN_S = 300.0
# A client that waits longer for an answer asks another API.
ANSWERED_WITHIN_S = 5.0
ASK_AGAIN_S = 0.2
READ_EVERY_S = 0.2
CHECKPOINTS_EVERY_S = 0.5
POSITIONS_EVERY_S = 0.25
# The steps that the bureau takes with an award again and again, and what each needs.
CYCLE: dict[str, dict[str, str]] = {"apply": {}, "reject": {"reason": "材料不全"}, "reopen": {"reason": "已补正"}}
_OF_STATE = {"estimated": "apply", "applied": "reject", "rejected": "reopen"}


class Client(threading.Thread):
    """A thread that works until it is stopped; `result` raises what ended it before."""

    def __init__(self, name: str, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.stop = stop
        self._failure: Exception | None = None

    def run(self) -> None:
        try:
            self.work()
        except Exception as error:  # noqa: BLE001 - raised again by `result`, in the thread that asks for it
            self._failure = error

    def work(self) -> None:
        raise NotImplementedError

    def result(self) -> None:
        self.join()
        if self._failure is not None:
            raise self._failure


class Exchanges(Client):
    """Publishes events with acks=all at a steady pace; `sent` is complete once the thread has ended."""

    def __init__(self, stop: threading.Event, kafka: Sequence[str], world: World, seen: Acknowledged) -> None:
        super().__init__("exchanges", stop)
        self._kafka = kafka
        self._world = world
        self._seen = seen
        self.sent: list[Sent] = []

    def work(self) -> None:
        producer = patient_producer(self._kafka, ACKNOWLEDGED_WITHIN_S)
        waiting = []
        try:
            while not self.stop.wait(EVENTS_EVERY_S):
                for record in self._world.take(EVENTS_AT_ONCE):
                    time_ms = int(time.time() * 1000)
                    future = send(producer, record, time_ms)
                    future.add_callback(lambda _: self._seen.success(RECORDS))
                    waiting.append((record, future, time_ms))
            for record, future, time_ms in waiting:
                place = future.get(timeout=ACKNOWLEDGED_WITHIN_S)
                self.sent.append(Sent(record, place.partition, place.offset, time_ms))
                self._seen.records[Place(record.topic, place.partition, place.offset)] = digest_of(record.value)
        finally:
            producer.close()
        self.sent.sort(key=lambda one: (one.record.topic, one.partition, one.offset))


class Asker:
    """One client of one service: asks one of its APIs, and the next one after each failure."""

    def __init__(self, apis: Sequence[str], key: str, first: int = 0) -> None:
        self._apis = apis
        self._turn = first
        self._session = requests.Session()
        self._session.trust_env = False  # requests to loopback go through no proxy
        self._session.headers["Authorization"] = f"Bearer {key}"

    def ask(self, method: str, path: str, **given: Any) -> requests.Response | None:
        """Return the answer; None if there is none in time, or one that asks to try later."""
        url = f"http://{self._apis[self._turn % len(self._apis)]}{path}"
        with contextlib.suppress(requests.RequestException):
            answer = self._session.request(method, url, timeout=ANSWERED_WITHIN_S, **given)
            if answer.status_code < requests.codes.internal_server_error:
                return answer
        self._turn += 1
        return None


class Bureau(Client):
    """Takes the steps of CYCLE with some awards, each step under one Idempotency-Key until it is answered.

    A cycle once begun is ended also after the stop: nothing is left unknown, and every award as it was.
    """

    def __init__(self, stop: threading.Event, asker: Asker, awards: Sequence[str], seen: Acknowledged) -> None:
        super().__init__("bureau", stop)
        self._asker = asker
        self._awards = awards
        self._seen = seen

    def work(self) -> None:
        while not self.stop.is_set():
            for award_id in self._awards:
                self._cycle(award_id)

    def _cycle(self, award_id: str) -> None:
        """Take the steps that are left of the award's cycle; give up at one that is refused."""
        state = self._state(award_id)
        if state is not None:
            steps = list(CYCLE)
            all(self._is_taken(award_id, action) for action in steps[steps.index(_OF_STATE[state]) :])

    def _is_taken(self, award_id: str, action: str) -> bool:
        """Take a step; return False if it is refused."""
        headers, body = {"Idempotency-Key": uuid.uuid4().hex}, {"action": action, **CYCLE[action]}
        path = f"/v1/awards/{award_id}/decisions"
        while (answer := self._asker.ask("POST", path, json=body, headers=headers)) is None:
            time.sleep(ASK_AGAIN_S)
        if answer.ok:
            said = answer.json()
            self._seen.decided(Decided(award_id, action, said["decision_id"], said["transaction"]))
        else:
            self._seen.refused.append(f"{action} of {award_id}: {answer.status_code} {answer.text[:300]}")
        return answer.ok

    def _state(self, award_id: str) -> str | None:
        """Return the award's state; None if it cannot be read before the stop."""
        while not self.stop.is_set():
            answer = self._asker.ask("GET", f"/v1/awards/{award_id}")
            if answer is not None and answer.ok:
                return str(answer.json()["state"])
            time.sleep(ASK_AGAIN_S)
        return None


class Reader(Client):
    """Reads awards."""

    def __init__(self, stop: threading.Event, asker: Asker, seen: Acknowledged) -> None:
        super().__init__("reader", stop)
        self._asker = asker
        self._seen = seen

    def work(self) -> None:
        while not self.stop.wait(READ_EVERY_S):
            answer = self._asker.ask("GET", "/v1/awards?limit=20")
            if answer is not None and answer.ok:
                self._seen.success(READS)


class CheckpointPoller(Client):
    """Asks one API for its newest checkpoint again and again."""

    def __init__(self, stop: threading.Event, api: str, key: str, seen: Acknowledged) -> None:
        super().__init__(f"checkpoints of {api}", stop)
        self._api = api
        self._asker = Asker([api], key)
        self._seen = seen

    def work(self) -> None:
        while not self.stop.wait(CHECKPOINTS_EVERY_S):
            answer = self._asker.ask("GET", "/v1/log/checkpoint")
            if answer is not None and answer.ok:
                self._seen.see_checkpoint(answer.text, self._api)


class CheckpointReader(Client):
    """Reads every checkpoint that is published in Kafka, from the beginning of the topic on."""

    def __init__(self, stop: threading.Event, kafka: Sequence[str], seen: Acknowledged) -> None:
        super().__init__("published checkpoints", stop)
        self._kafka = kafka
        self._seen = seen

    def work(self) -> None:
        while not self.stop.is_set():
            with contextlib.suppress(KafkaError):
                self._read()

    def _read(self) -> None:
        consumer = KafkaConsumer(bootstrap_servers=self._kafka, auto_offset_reset="earliest", metrics_enabled=False)
        try:
            numbers = consumer.partitions_for_topic(TOPIC) or ()
            consumer.assign([TopicPartition(TOPIC, number) for number in numbers])
            while numbers and not self.stop.is_set():
                for records in consumer.poll(timeout_ms=500).values():
                    for record in records:
                        self._seen.see_checkpoint(record.value.decode(), TOPIC)
        finally:
            consumer.close(autocommit=False)


class Positions:
    """The stored positions that standbys have: what they show, a failover keeps. One thread asks one server.

    A former primary is in recovery too, and may show what no other server has: until it follows the new one, it does
    not count.
    """

    def __init__(self, seen: Acknowledged) -> None:
        self._seen = seen
        self._greatest: dict[str, int] = {}
        self._lock = threading.Lock()

    def client(self, stop: threading.Event, database: str, url: str) -> Client:
        return _PositionReader(stop, database, url, self)

    def read(self, database: str, total: int) -> None:
        """Take note of the sum of the positions in a database."""
        with self._lock:
            if total > self._greatest.get(database, 0):
                self._greatest[database] = total
                self._seen.success(INTAKE)


class _PositionReader(Client):
    def __init__(self, stop: threading.Event, database: str, url: str, positions: Positions) -> None:
        super().__init__(f"positions of {database}", stop)
        self._database = database
        self._url = url
        self._positions = positions

    def work(self) -> None:
        while not self.stop.wait(POSITIONS_EVERY_S):
            with (
                contextlib.suppress(psycopg.Error),
                psycopg.connect(self._url, autocommit=True, connect_timeout=2, tcp_user_timeout=2000) as connection,
            ):
                self._ask(connection)

    def _ask(self, connection: psycopg.Connection[Any]) -> None:
        statement = """
            SELECT EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming'),
                coalesce(sum(next_offset), 0)::bigint FROM position
        """
        while not self.stop.wait(POSITIONS_EVERY_S):
            (row,) = connection.execute(statement).fetchall()
            if row[0]:
                self._positions.read(self._database, row[1])


@contextlib.contextmanager
def working(clients: Sequence[Client], stop: threading.Event) -> Iterator[None]:
    """Run the clients until the block ends; raise what ended one of them early."""
    for client in clients:
        client.start()
    try:
        yield
    finally:
        stop.set()
    for client in clients:
        client.result()
