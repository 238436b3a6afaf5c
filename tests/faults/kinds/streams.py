"""Faults of the records in Kafka: deleted records, recreated topics, damaged bytes, repeated facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from deploy.broker.topics import EVENTS_CONFIG, PARTITIONS
from shared.events.fact_topics import FACT_TOPICS
from shared.kafka.replay import replay_records
from tests.faults.fault import Fault, Kind
from tests.faults.reference import Place

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

OLD_FACTS = 200
DAMAGED_FOR_S = 6.0


def _admin(fault: Fault) -> KafkaAdminClient:
    return KafkaAdminClient(bootstrap_servers=fault.rig.kafka.bootstrap_servers)


def _halts(fault: Fault, service: str, *words: str) -> None:
    """Check that the restarted worker ends with 1 and one line with these words, and skips nothing."""
    rig = fault.rig
    with rig.database(service) as connection:
        stood = connection.execute("SELECT topic, partition, next_offset FROM position ORDER BY 1, 2").fetchall()
    said = rig.start_to_see_it_halt(service)
    assert len(said) == 1, said
    assert all(word in said[0] for word in words), said[0]
    fault.plan.append(said[0])
    rig.wait_until(
        lambda: rig.readyz(service)[0] == 503 and words[0] in rig.readyz(service)[1],
        180,
        f"readyz of {service} does not say why: {rig.readyz(service)}",
    )
    assert rig.metric(service, "jiangbu_worker_halted")[""] == 1
    with rig.database(service) as connection:
        now = connection.execute("SELECT topic, partition, next_offset FROM position ORDER BY 1, 2").fetchall()
    assert now == stood, "positions moved although the service halted"


def _accept(fault: Fault, service: str) -> None:
    done = fault.rig.operate(service, "accept-loss", "--service", service, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    fault.plan.append(done.stdout.strip().splitlines()[0])
    fault.rig.start_worker(service)


def topic_cut(fault: Fault) -> None:
    """Retention deletes unread records; an operator accepts that loss, and nothing else is lost."""
    rig = fault.rig
    exchange = fault.rng.choice(rig.exchanges.ids)
    topic = f"exchange.{exchange}.trades.v1"
    assert rig.stop_worker("trade-ingest") == 0
    fault.publish()
    sent = fault.await_published()
    mine = [one for one in sent if one.record.topic == topic]
    cut = fault.rng.choice(mine)
    with _admin(fault) as admin:
        admin.delete_records({TopicPartition(topic, cut.partition): cut.offset + 1})
    with rig.database("trade-ingest") as connection:
        ((stood,),) = connection.execute(
            "SELECT next_offset FROM position WHERE topic = %s AND partition = %s", [topic, cut.partition]
        ).fetchall()
    _halts(fault, "trade-ingest", topic, str(stood), str(cut.offset))
    fault.gone = {
        Place(topic, one.partition, one.offset)
        for one in mine
        if one.partition == cut.partition and one.offset <= cut.offset
    }
    _accept(fault, "trade-ingest")


def topic_recreated(fault: Fault) -> None:
    """An exchange's topic is deleted and recreated; the new topic is read from its beginning."""
    rig = fault.rig
    exchange = fault.rng.choice(rig.exchanges.ids)
    topic = f"exchange.{exchange}.trades.v1"
    fault.publish()
    fault.await_published()
    rig.await_quiet(120)
    assert rig.stop_worker("trade-ingest") == 0
    with _admin(fault) as admin:
        admin.delete_topics([topic])
        rig.wait_until(lambda: topic not in admin.list_topics(), 180, f"{topic} is not deleted")
        admin.create_topics(
            {topic: {"num_partitions": PARTITIONS, "configs": dict(EVENTS_CONFIG)}}, wait_for_metadata=True
        )
    fault.publish()
    fault.await_published()
    _halts(fault, "trade-ingest", topic)
    _accept(fault, "trade-ingest")


def damaged(fault: Fault) -> None:
    """A byte of a stored batch is wrong: the batch is neither accepted nor skipped, and is read once repaired."""
    rig = fault.rig
    exchange = fault.rng.choice(rig.exchanges.ids)
    service, kind = fault.rng.choice([("listing", "listings"), ("trade-ingest", "trades")])
    topic = f"exchange.{exchange}.{kind}.v1"
    assert rig.stop_worker(service) == 0
    fault.publish()
    last = max((one for one in fault.await_published() if one.record.topic == topic), key=lambda one: one.offset)
    segment = rig.kafka.directory / "data" / f"{topic}-{last.partition}" / f"{0:020d}.log"
    worker = rig.worker(service)
    logged = len(worker.log)
    flip_last_byte(segment)
    rig.start_worker(service)
    rig.wait_until(lambda: "stored batch is corrupt" in worker.log[logged:], 180, "nobody tells of the damaged record")
    rig.pause(DAMAGED_FOR_S)
    told = [one for one in rig.client.get(service, "/v1/progress")["partitions"] if one["topic"] == topic]
    stood = next(one["next_offset"] for one in told if one["partition"] == last.partition)
    assert stood <= last.offset, "the damaged record was passed over"
    assert rig.metric(service, "jiangbu_waiting_seconds")[""] > 0
    fault.plan.append(f"{topic}[{last.partition}]@{last.offset} damaged for {DAMAGED_FOR_S:.0f} s")
    flip_last_byte(segment)


def flip_last_byte(segment: Path) -> None:
    """Flip the bits of the last byte; a second call restores it."""
    with segment.open("r+b") as file:
        file.seek(-1, 2)
        (byte,) = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([byte ^ 0xFF]))


def old_facts_repeated(fault: Fault) -> None:
    """Facts published before arrive again after newer ones, repeated by a network, sender or broker."""
    rig = fault.rig
    fault.publish()
    fault.await_published()
    rig.await_quiet(120)
    config: dict[str, Any] = {"bootstrap_servers": rig.kafka.bootstrap_servers}
    records = [record for batch in replay_records(config, rig.ends(FACT_TOPICS)) for record in batch]
    newest = {(record.topic, record.key): record.offset for record in records}
    old = [record for record in records if newest[record.topic, record.key] != record.offset]
    again = fault.rng.sample(old, min(OLD_FACTS, len(old)))
    fault.plan.append(f"{len(again)} of {len(old)} old facts again")
    producer = KafkaProducer(**config, acks="all")
    try:
        for record in again:
            producer.send(record.topic, record.value, record.key, partition=record.partition)
        producer.flush()
    finally:
        producer.close()


STREAMS = (
    Kind("topic cut", "records deleted before they were read: stopped, reported, accepted by a person", topic_cut),
    Kind("topic recreated", "an exchange's topic deleted and recreated: stopped, reported, accepted", topic_recreated),
    Kind("bad CRC", "a byte of a stored batch is wrong for a while", damaged),
    Kind("old facts repeated", "facts repeated after newer ones of their keys", old_facts_repeated),
)
