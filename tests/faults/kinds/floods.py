"""Floods: one exchange publishes tens of thousands of records at once, and another one's events must not wait."""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from kafka import KafkaProducer

from exchange_kit.api import ApiError
from exchange_kit.records import SampleRecord
from shared.events.topics import topic_of
from tests.faults.fault import Fault, Kind
from tests.faults.world import Sent, trade_event

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RUBBISH, GOOD = 60_000, 24_000
QUIET_EVENTS = 3
ANSWERED_WITHIN_S = 300.0
# The share of the flood, and of the time that it takes, for which another exchange's event may wait.
MOST_OF_FLOOD = 2 / 3


class Wait(NamedTuple):
    """How long an event took to be in the answers, and how many records of the flood were handled meanwhile."""

    seconds: float
    records: int


def _trade(exchange: str, number: str) -> SampleRecord:
    value = trade_event(exchange, number)
    return SampleRecord(exchange, topic_of("trade", exchange), number.encode(), value, outcome="accepted")


def _rubbish(exchange: str, number: str) -> SampleRecord:
    return SampleRecord(exchange, topic_of("trade", exchange), number.encode(), b"rubbish", outcome="not_json")


def _publish(fault: Fault, records: Sequence[SampleRecord], transactional_id: str) -> list[Sent]:
    """Publish records in one transaction: all can be read from the same moment on."""
    producer = KafkaProducer(
        bootstrap_servers=fault.rig.kafka.bootstrap_servers,
        transactional_id=transactional_id,
        compression_type="gzip",
        batch_size=256 << 10,
        linger_ms=20,
        allow_auto_create_topics=False,
    )
    try:
        producer.init_transactions()
        producer.begin_transaction()
        futures = [producer.send(one.topic, one.value, one.key) for one in records]
        producer.flush()
        producer.commit_transaction()
        placed = [future.get(timeout=60) for future in futures]
    finally:
        producer.close()
    return [Sent(one, at.partition, at.offset, at.timestamp) for one, at in zip(records, placed, strict=True)]


def _handled(fault: Fault, exchange: str) -> int:
    with fault.rig.database("trade-ingest") as connection:
        statement = "SELECT coalesce(sum(next_offset), 0)::bigint FROM position WHERE topic = %s"
        ((offset,),) = connection.execute(statement, [topic_of("trade", exchange)]).fetchall()
    return int(offset)


class _Other:
    """The exchange that sends one event at a time, and waits until it is in the answers."""

    def __init__(self, fault: Fault, exchange: str, flooding: str) -> None:
        self._fault = fault
        self._exchange = exchange
        self._flooding = flooding
        self._numbers: Iterator[int] = count()
        self._run = fault.rng.randrange(10**9)
        self._producer = KafkaProducer(bootstrap_servers=fault.rig.kafka.bootstrap_servers, acks="all")
        self.sent: list[Sent] = []

    def send_and_wait(self) -> Wait:
        record = _trade(self._exchange, f"LONE-{self._run}-{next(self._numbers)}")
        before, began_s = _handled(self._fault, self._flooding), time.monotonic()
        at = self._producer.send(record.topic, record.value, record.key).get(timeout=60)
        self.sent.append(Sent(record, at.partition, at.offset, at.timestamp))
        number = (record.key or b"").decode()
        self._fault.rig.wait_until(lambda: self._is_answered(number), ANSWERED_WITHIN_S, f"{number} is not answered")
        return Wait(time.monotonic() - began_s, _handled(self._fault, self._flooding) - before)

    def close(self) -> None:
        self._producer.close()

    def _is_answered(self, number: str) -> bool:
        try:
            self._fault.rig.client.get("trade-ingest", f"/v1/trades/{self._exchange}/{number}")
        except ApiError:
            return False
        return True


def _flood(fault: Fault, records: Sequence[SampleRecord], other: _Other) -> None:
    """Flood, and check that no event of the other exchange waits for most of the flood."""
    flooding = records[0].exchange
    quiet = [other.send_and_wait() for _ in range(QUIET_EVENTS)]
    before = _handled(fault, flooding)
    sent = _publish(fault, records, f"flood-{flooding}-{fault.rng.randrange(10**9)}")
    fault.sent_too(sent)
    began_s = time.monotonic()
    waits: list[Wait] = []
    while _handled(fault, flooding) - before < len(records):
        waits.append(other.send_and_wait())
    took_s = time.monotonic() - began_s
    assert waits, "the flood was over at once: it is too small to show anything"
    quietest_s = max(wait.seconds for wait in quiet)
    slowest_s, most = max(wait.seconds for wait in waits), max(wait.records for wait in waits)
    fault.plan.append(
        f"{flooding}: {len(records)} records in {took_s:.1f} s; of another exchange {len(waits)} events, each answered"
        f" within {slowest_s:.2f} s ({quietest_s:.2f} s when quiet) and {most} records of the flood"
    )
    assert most <= MOST_OF_FLOOD * len(records), f"an event waited for {most} of {len(records)} records"
    assert slowest_s <= quietest_s + MOST_OF_FLOOD * took_s, f"an event waited {slowest_s:.1f} s of {took_s:.1f} s"


def _inject(fault: Fault, flood: list[SampleRecord], flooding: str, other_exchange: str) -> None:
    fault.publish()
    other = _Other(fault, other_exchange, flooding)
    try:
        _flood(fault, flood, other)
    finally:
        other.close()
        fault.sent_too(other.sent)


def rubbish_flood(fault: Fault) -> None:
    """An exchange publishes nothing but rubbish at once; every record is kept in quarantine."""
    flooding, other = fault.rng.sample(fault.rig.exchanges.ids, 2)
    run = fault.rng.randrange(10**9)
    _inject(fault, [_rubbish(flooding, f"{run}-{number}") for number in range(RUBBISH)], flooding, other)


def good_flood(fault: Fault) -> None:
    """An exchange publishes a great many valid trades at once; all count."""
    flooding, other = fault.rng.sample(fault.rig.exchanges.ids, 2)
    run = fault.rng.randrange(10**9)
    _inject(fault, [_trade(flooding, f"FLOOD-{run}-{number}") for number in range(GOOD)], flooding, other)


FLOODS = (
    Kind("rubbish flood", f"{RUBBISH:,} records of rubbish by one exchange at once", rubbish_flood),
    Kind("good flood", f"{GOOD:,} valid trades of one exchange at once", good_flood),
)
