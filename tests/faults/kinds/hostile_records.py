"""Records that harm a worker: batches that unpack to more than it may hold, and a record that kills it."""

from __future__ import annotations

import re
import time
from functools import partial
from typing import TYPE_CHECKING

from kafka import KafkaProducer
from kafka.errors import NoError

from shared.events.decode import MAX_VALUE_BYTES
from shared.events.topics import prefix_of, topic_of
from shared.kafka.poison import MOST_ATTEMPTS
from tests.faults.fault import Fault, Kind
from tests.faults.reference import Place
from tests.faults.world import trade_event
from tests.support.broker.record_batches import bomb, compressed_batch, record, send_stored
from tests.support.engines.memory_limit import peak_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

# Documented: a consumer stays below it, whatever is sent.
PROMISED_BYTES = 384 << 20
# Latency of the other exchanges on a machine that several sets share; 2 s without them.
OTHERS_WITHIN_S = 60.0
BOMB_BYTES = 300_000_000
GIANT_RECORDS = 400
# The group waits for a killed member for 10 s, and each start takes some.
POISON_WITHIN_S = 300.0
_COPY_TRADES = re.compile(r'^COPY "?trade"? ')


def _others_wait_s(fault: Fault, exchange: str) -> float:
    """Publish under load, and return how long the records of other exchanges then wait."""
    rig = fault.rig
    fault.publish()
    fault.await_published()
    began_s = time.monotonic()

    def waiting() -> int:
        partitions = rig.client.get("trade-ingest", "/v1/progress")["partitions"]
        others = [one for one in partitions if not one["topic"].startswith((prefix_of(exchange), "facts."))]
        return sum(one["end_offset"] > one["next_offset"] for one in others)

    rig.wait_until(lambda: waiting() == 0, OTHERS_WITHIN_S, "other exchanges wait")
    return time.monotonic() - began_s


def _sent_by(fault: Fault, batches: Iterable[tuple[bytes, int]]) -> None:
    """Send batches of one exchange, and check what the worker needs for them and how long the others wait."""
    rig = fault.rig
    exchange = fault.rng.choice(rig.exchanges.ids)
    topic, partition = topic_of("trade", exchange), fault.rng.randrange(3)
    for batch, count in batches:
        end = rig.ends([topic]).get((topic, partition), 0)
        assert send_stored(rig.kafka.bootstrap_servers, topic, partition, batch) is NoError
        assert rig.ends([topic])[topic, partition] == end + count
        fault.refused.append((Place(topic, partition, end), "too_large"))
    waited_s = _others_wait_s(fault, exchange)
    peak = peak_bytes(rig.worker("trade-ingest").pid)
    fault.plan.append(f"{topic}[{partition}]: others wait {waited_s:.1f} s, peak {peak >> 20} MiB")
    assert peak < PROMISED_BYTES, f"{peak >> 20} MiB"


def bombed(fault: Fault) -> None:
    """Batches of some kilobytes that unpack to 300 MB are set aside without being unpacked."""
    _sent_by(fault, [(bomb(codec, BOMB_BYTES), 1) for codec in ("zstd", "gzip", "zstd")])


def giant(fault: Fault) -> None:
    """A batch of 400 records of legal size, 100 MB, is one item of quarantine."""
    body = b"".join(record(number, None, b" " * MAX_VALUE_BYTES) for number in range(GIANT_RECORDS))
    _sent_by(fault, [(compressed_batch("zstd", body, GIANT_RECORDS), GIANT_RECORDS)])


def poisoned(fault: Fault) -> None:
    """A valid trade kills the worker each time that it is written: it alone is set aside, all others are taken in."""
    rig = fault.rig
    exchange = fault.rng.choice(rig.exchanges.ids)
    topic, number = topic_of("trade", exchange), f"POISON-{fault.rng.randrange(10**9)}"
    worker = rig.worker("trade-ingest")
    deaths: list[float] = []

    def kill() -> None:
        deaths.append(time.monotonic())
        worker.kill()

    fault.publish()
    worker.line.poison(_COPY_TRADES, number.encode(), kill)
    try:
        producer = KafkaProducer(bootstrap_servers=rig.kafka.bootstrap_servers, acks="all")
        sent = producer.send(topic, trade_event(exchange, number), partition=0).get(60)
        producer.close()
        fault.refused.append((Place(topic, 0, sent.offset), "unreadable"))
        fault.publish()
        rig.wait_until(partial(_is_set_aside, fault), POISON_WITHIN_S, "the poison is not set aside")
    finally:
        worker.line.end_poison()
    fault.plan.append(f"{topic}[0]@{sent.offset} killed the worker {len(deaths)} times")
    assert len(deaths) >= MOST_ATTEMPTS


def _is_set_aside(fault: Fault) -> bool:
    place = fault.refused[-1][0]
    with fault.rig.database("trade-ingest") as connection:
        statement = 'SELECT reason FROM quarantine WHERE (topic, partition, "offset") = (%s, %s, %s)'
        return connection.execute(statement, list(place)).fetchall() == [("unreadable",)]


HOSTILE_RECORDS = (
    Kind("bomb", "300 MB of zeros in a batch of some kilobytes: set aside unread, others do not wait", bombed),
    Kind("giant batch", "400 records of legal size in one batch: one item of quarantine, others do not wait", giant),
    Kind("poison place", "a record kills the worker each time: set aside after three times alone", poisoned),
)
