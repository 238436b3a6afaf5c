"""Floods: one exchange publishes tens of thousands of records at once, and another one's events must not wait."""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from kafka import KafkaProducer

from exchange_kit.api import ApiError
from shared.events.records import SampleRecord
from shared.events.topics import topic_of
from tests.faults.fault import Fault, Kind
from tests.faults.world import Sent, trade_event
from tests.support.registers.worlds import uscc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RUBBISH, GOOD = 60_000, 24_000
QUIET_EVENTS = 3
ANSWERED_WITHIN_S = 300.0
# The share of the flood, and of the time that it takes, for which another exchange's event may wait.
MOST_OF_FLOOD = 2 / 3


class Wait(NamedTuple):
    """Seconds until an event was in the answers, and until its award was; records of the flood handled before that."""

    answered_s: float
    award_s: float
    records: int


def _trade(exchange: str, number: str, buyer: str | None = None) -> SampleRecord:
    value = trade_event(exchange, number, buyer=buyer)
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
        sequence = next(self._numbers)
        buyer = uscc(self._run * 1000 + sequence)
        record = _trade(self._exchange, f"LONE-{self._run}-{sequence}", buyer)
        before, began_s = _handled(self._fault, self._flooding), time.monotonic()
        at = self._producer.send(record.topic, record.value, record.key).get(timeout=60)
        self.sent.append(Sent(record, at.partition, at.offset, at.timestamp))
        number = (record.key or b"").decode()
        trade, award = f"/v1/trades/{self._exchange}/{number}", f"/v1/awards/first_purchase/uscc:{buyer}"
        self._await("trade-ingest", trade)
        answered_s, records = time.monotonic() - began_s, _handled(self._fault, self._flooding) - before
        self._await("incentive", award)
        return Wait(answered_s, time.monotonic() - began_s, records)

    def close(self) -> None:
        self._producer.close()

    def _await(self, service: str, path: str) -> None:
        self._fault.rig.wait_until(lambda: self._is_answered(service, path), ANSWERED_WITHIN_S, f"no {path}")

    def _is_answered(self, service: str, path: str) -> bool:
        try:
            self._fault.rig.client.get(service, path)
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
    quietest, slowest = _worst(quiet), _worst(waits)
    fault.plan.append(
        f"{flooding}: {len(records)} records in {took_s:.1f} s; of another exchange {len(waits)} events, each answered"
        f" within {slowest.answered_s:.2f} s ({quietest.answered_s:.2f} s when quiet) and {slowest.records} records of"
        f" the flood, with its award within {slowest.award_s:.2f} s ({quietest.award_s:.2f} s when quiet)"
    )
    most_records, most_s = MOST_OF_FLOOD * len(records), MOST_OF_FLOOD * took_s
    assert slowest.records <= most_records, f"an event waited for {slowest.records} of {len(records)} records"
    for waited_s, quiet_s in ((slowest.answered_s, quietest.answered_s), (slowest.award_s, quietest.award_s)):
        assert waited_s <= quiet_s + most_s, f"an event waited {waited_s:.1f} s of {took_s:.1f} s"


def _worst(waits: Sequence[Wait]) -> Wait:
    return Wait(*(max(values) for values in zip(*waits, strict=True)))


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
