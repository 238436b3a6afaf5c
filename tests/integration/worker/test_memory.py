"""The memory of a consumer under what senders can choose, in a cgroup of 512 MB as in `docker-compose.yml`."""

from __future__ import annotations

from contextlib import closing
from hashlib import sha256
from typing import TYPE_CHECKING

import lz4.frame
import pytest
import snappy
import zstandard
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import NoError

from shared.events.decode import MAX_VALUE_BYTES
from shared.events.topics import topic_of
from shared.kafka.stored_batches import STORED_BATCH_OPTIONS
from tests.support.broker.record_batches import batch_of, bomb, record, send_stored
from tests.support.consumer_program import Place
from tests.support.engines.memory_limit import limited_memory, peak_bytes
from tests.support.registers.web_register import SIDES
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator

MB = 10**6
LIMIT_BYTES = 512 << 20
# The promised peak, with room below the limit.
PROMISED_BYTES = 384 << 20


@pytest.fixture
def place(tmp_path, server, broker) -> Iterator[Place]:
    place = Place("trade-ingest", tmp_path, server, broker.bootstrap_servers, None)
    place.prepare()
    with limited_memory(LIMIT_BYTES) as wrapper:
        place.wrapper = wrapper or ()
        try:
            yield place
        finally:
            place.end()


def zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(body)


def records_of(exchange: str, count: int, size: int, name: str) -> bytes:
    """Return the body of `count` trades, each padded with blanks."""
    side = SIDES["trade-ingest"]
    return b"".join(
        record(number, None, side.event(exchange, f"{name}-{number}").ljust(size)) for number in range(count)
    )


def positions(place: Place, topic: str) -> list[int]:
    found = place.rows("SELECT topic, partition, next_offset FROM position ORDER BY partition")
    return [row.next_offset for row in found if row.topic == topic]


def stored_batches(kafka: str, topic: str) -> dict[tuple[int, int], bytes]:
    """Return the bytes of each batch as the broker keeps them, by partition and first offset."""
    found: dict[tuple[int, int], bytes] = {}
    with closing(KafkaConsumer(bootstrap_servers=kafka, **STORED_BATCH_OPTIONS)) as consumer:
        partitions = [TopicPartition(topic, number) for number in range(3)]
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(partitions)
        while any(consumer.position(one) < ends[one] for one in partitions):
            for one, polled in consumer.poll(timeout_ms=500).items():
                found.update({(one.partition, record.value.base_offset): record.value.data for record in polled})
    return found


def batches(exchange: str) -> dict[str, tuple[bytes, int]]:
    """Return what a sender may try, each a batch of some records."""
    return {
        "300 MB in one record, zstd": (bomb("zstd", 300 * MB), 1),
        "300 MB in one record, gzip": (bomb("gzip", 300 * MB), 1),
        "900 MB in one record, zstd": (bomb("zstd", 900 * MB), 1),
        "200 MB in one record, lz4": (
            batch_of("lz4", lz4.frame.compress(record(0, None, bytes(200 * MB)), block_linked=False), 1),
            1,
        ),
        "60 MB in one record, zstd": (bomb("zstd", 60 * MB), 1),
        "20 MB in one record, a block of snappy": (
            batch_of("snappy", snappy.compress(record(0, None, bytes(20 * MB))), 1),
            1,
        ),
        "60 MB of headers": (batch_of("zstd", zstd(record(0, b"k", b"v", [(b"", None)] * (30 * MB))), 1), 1),
        "400 records of legal size": (
            batch_of("zstd", zstd(records_of(exchange, 400, MAX_VALUE_BYTES, "R")), 400),
            400,
        ),
    }


def test_what_a_sender_chooses_does_not_choose_our_memory(place: Place) -> None:
    topic, sent = topic_of("trade", place.exchange), batches(place.exchange)
    program = place.run("consume")
    until(place.runs)
    peaks, ends = {"idle": peak_bytes(program.process.pid)}, [0, 0, 0]
    for number, (name, (batch, count)) in enumerate(sent.items()):
        assert send_stored(place.kafka, topic, number % 3, batch) is NoError, name
        ends[number % 3] += count
        until(lambda: positions(place, topic) == ends)
        assert program.process.poll() is None, name
        peaks[name] = peak_bytes(program.process.pid)
    report(peaks)
    assert max(peaks.values()) < PROMISED_BYTES
    rows = place.rows("SELECT * FROM quarantine ORDER BY id")
    assert [row.reason for row in rows] == ["too_large"] * len(sent)
    kept = stored_batches(place.kafka, topic)
    for row, (batch, count) in zip(rows, sent.values(), strict=True):
        if row.errors[0]["field"] == "batch":
            assert (row.last_offset, row.records, row.value_size) == (row.offset + count - 1, count, len(batch))
            stored = kept[row.partition, row.offset]
            assert (row.value, row.value_sha256) == (stored[:MAX_VALUE_BYTES], sha256(stored).digest())
        else:
            assert (row.last_offset, row.records) == (None, None)
    assert [row.errors[0]["field"] for row in rows] == ["batch"] * 4 + ["value", "value", "headers", "batch"]
    (counted,) = place.rows("SELECT * FROM intake_day")
    assert (counted.outcome, counted.records) == ("too_large", sum(ends))


def test_many_large_records_of_all_partitions_at_once(place: Place) -> None:
    """Every record is legal, and 60 MB of them are in a batch of some kilobytes."""
    topic, each = topic_of("trade", place.exchange), 240
    for partition in range(3):
        for name in ("A", "B"):
            body = records_of(place.exchange, each, MAX_VALUE_BYTES, f"{partition}{name}")
            assert send_stored(place.kafka, topic, partition, batch_of("zstd", zstd(body), each)) is NoError
    program = place.run("consume")
    until(lambda: positions(place, topic) == [2 * each] * 3, 180)
    report({"1,440 legal records of 256 KiB in six batches": peak_bytes(program.process.pid)})
    assert peak_bytes(program.process.pid) < PROMISED_BYTES
    assert place.rows("SELECT count(*) AS n FROM trade")[0].n == 6 * each
    assert [run.ending for run in place.runs()] == [None]


def report(peaks: dict[str, int]) -> None:
    """Show the figures of a run with `-s`."""
    print({name: f"{peak >> 20} MiB" for name, peak in peaks.items()})  # noqa: T201
