"""Decoding of stored batches, against kafka-python's own builder and reader and against what senders can do."""

from __future__ import annotations

import gzip
import tracemalloc
from hashlib import sha256

import lz4.frame
import pytest
import snappy
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st
from kafka.record import MemoryRecords

from shared.events.decode import MAX_VALUE_BYTES
from shared.kafka.batch_records import (
    MAX_HEADERS,
    MAX_UNPACKED_BYTES,
    AnyRecord,
    BatchRecords,
    CutRecord,
    DamagedBatchError,
    GiantBatchError,
    StoredRecord,
    is_abort_marker,
)
from shared.kafka.record_batch import StoredBatch, parse_batch
from shared.kafka.set_aside import cut_record
from shared.kafka.stored_batches import StoredBatches
from tests.support.broker.record_batches import CODECS, batch_of, built, record, varint

MIB = 1 << 20
SNAPPY_STREAM = b"\x82SNAPPY\0" + (1).to_bytes(4, "big") * 2


def snappy_stream(body: bytes, block: int = 32 << 10) -> bytes:
    """Compress as Java does: blocks with their lengths."""
    blocks = [snappy.compress(body[start : start + block]) for start in range(0, len(body), block)]
    return SNAPPY_STREAM + b"".join(len(one).to_bytes(4, "big") + one for one in blocks)


COMPRESS = {
    "none": lambda body: body,
    "gzip": lambda body: gzip.compress(body, 6),
    "snappy": snappy.compress,
    "lz4": lz4.frame.compress,
    "zstd": lambda body: zstandard.ZstdCompressor(level=3).compress(body),
}


def read(data: bytes, from_offset: int = 0, keep: int | None = MAX_VALUE_BYTES, portion: int = 1000) -> list[AnyRecord]:
    records = BatchRecords(parse_batch(data), "t", 3, from_offset, keep)
    found: list[AnyRecord] = []
    while not records.is_done:
        records.take(portion, MIB, found)
    assert records.next_offset == parse_batch(data).last_offset + 1
    return found


def fetched(response: bytes) -> list[StoredBatch]:
    """Return what a consumer gets of a fetch response."""
    batches, found = StoredBatches(response), []
    while batches.has_next() and (batch := batches.next_batch()) is not None:
        found += [one.value for one in batch]
    return found


fields = st.none() | st.binary(max_size=300)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
contents = st.lists(st.tuples(fields, fields, st.lists(st.tuples(names, fields), max_size=5)), min_size=1, max_size=40)


@given(contents, st.sampled_from(sorted(CODECS)), st.integers(0, 2**40), st.integers(1, 7))
def test_reads_what_the_library_builds_as_the_library_reads_it(content, codec, base, portion) -> None:
    data = built(codec, content, base)
    expected = [
        (one.offset, one.timestamp, one.key, one.value, one.headers) for one in MemoryRecords(data).next_batch()
    ]
    found = read(data, portion=portion)
    assert [(one.offset, one.timestamp, one.key, one.value, one.headers) for one in found] == expected
    assert {(one.topic, one.partition) for one in found if isinstance(one, StoredRecord)} == {("t", 3)}
    later = base + len(content) // 2
    assert [one.offset for one in read(data, later)] == list(range(later, base + len(content)))


@given(st.lists(contents, min_size=1, max_size=4), st.sampled_from(sorted(CODECS)), st.data())
def test_a_batch_that_the_broker_cut_off_is_left_for_the_next_response(batches, codec, data) -> None:
    """The broker fills a response to its last byte, wherever a batch then ends, but never cuts the first."""
    stored: list[bytes] = []
    base = 0
    for content in batches:
        stored.append(built(codec, content, base))
        base += len(content)
    whole = b"".join(stored)
    least = len(whole) - len(stored[-1]) if len(stored) > 1 else len(whole)
    end = data.draw(st.integers(least, len(whole)))
    found = fetched(whole[:end])
    assert [one.damage for one in found] == [None] * len(found)
    assert len(found) == len(batches) - (end < len(whole))


@given(contents, st.sampled_from(sorted(CODECS)), st.data())
def test_a_changed_byte_is_noticed(content, codec, data) -> None:
    batch = bytearray(built(codec, content))
    # The offset, the length and the leader's epoch are the broker's, and not under the checksum.
    batch[data.draw(st.integers(16, len(batch) - 1))] ^= data.draw(st.integers(1, 255))
    assert parse_batch(bytes(batch)).damage is not None
    with pytest.raises(DamagedBatchError):
        read(bytes(batch))


@example("none", b"\x0e\x00\x00\x01\x00\x00\x80\x00", 1)  # a record before the first offset of its batch
@given(st.sampled_from(sorted(CODECS)), st.binary(max_size=200), st.integers(1, 50))
def test_rubbish_under_a_right_checksum_is_damaged_or_read(codec, body, count) -> None:
    for packed in (body, COMPRESS[codec](body)):
        try:
            found = read(batch_of(codec, packed, count))
        except (DamagedBatchError, GiantBatchError):  # rubbish of snappy may claim any size
            continue
        assert len(found) == count


@pytest.mark.parametrize("codec", sorted(CODECS))
def test_a_large_batch_is_read_as_a_stream(codec) -> None:
    """Its records are unpacked a few at a time, and the memory does not grow with what it unpacks to."""
    values = [bytes([number]) * (200 << 10) for number in range(250)]  # 50 MB
    data = built(codec, [(b"k", value, [("h", b"v")]) for value in values])
    batch = parse_batch(data)
    tracemalloc.start()
    records = BatchRecords(batch, "t", 0, 0, MAX_VALUE_BYTES)
    for number, value in enumerate(values):
        found: list[AnyRecord] = []
        records.take(1, MIB, found)
        ((one,), peak) = found, tracemalloc.get_traced_memory()[1]
        assert (one.offset, one.value, one.headers) == (number, value, [("h", b"v")])
    tracemalloc.stop()
    assert records.is_done
    assert peak < len(data) + 20 * MIB, f"{codec}: {peak / MIB:.0f} MiB"


@pytest.mark.parametrize("codec", sorted(CODECS))
def test_batches_that_are_read_in_turn_do_not_mix(codec) -> None:
    opened = []
    for name in (b"a", b"b"):
        read(built(codec, [(None, name, [])]))  # a small one, whose decompressor may be used again
        values = [name * (100_000 + number) for number in range(60)]
        batch = parse_batch(built(codec, [(None, value, []) for value in values]))
        opened.append((BatchRecords(batch, "t", 0, 0), values))
    for number in range(60):
        for records, values in opened:
            found: list[AnyRecord] = []
            records.take(1, MIB, found)
            assert [one.value for one in found] == [values[number]]
            if number % 7 == 0 and not records.is_done:
                records.release()  # and goes on where it was


@pytest.mark.parametrize("codec", ["gzip", "lz4", "zstd", "snappy stream"])
def test_a_giant_batch_is_noticed_without_unpacking_it(codec) -> None:
    body = record(0, None, bytes(MAX_UNPACKED_BYTES))
    packed = snappy_stream(body) if codec == "snappy stream" else COMPRESS[codec](body)
    batch = parse_batch(batch_of(codec.split()[0], packed, 1))
    del body
    tracemalloc.start()
    with pytest.raises(GiantBatchError):
        BatchRecords(batch, "t", 0, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * MIB, f"{peak / MIB:.0f} MiB"


def test_a_block_of_snappy_is_measured_by_what_it_claims() -> None:
    claims = bytes([0xFF, 0xFF, 0xFF, 0xFF, 0x0F]) + b"\0" * 100
    stream = SNAPPY_STREAM + len(claims).to_bytes(4, "big") + claims
    tracemalloc.start()
    for packed in (claims, stream):
        with pytest.raises(GiantBatchError, match="4294967295"):
            read(batch_of("snappy", packed, 1))
    assert tracemalloc.get_traced_memory()[1] < MIB
    tracemalloc.stop()


@pytest.mark.parametrize("size", [MAX_VALUE_BYTES, MAX_VALUE_BYTES + 1, 3 * MIB, 30 * MIB])
@pytest.mark.parametrize("codec", ["none", "zstd", "snappy stream"])
def test_a_long_value_is_cut(codec, size) -> None:
    value = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    body = record(0, b"key", b"short") + record(1, b"key" * 9, value, [(b"n", b"v")]) + record(2, None, b"last")
    packed = snappy_stream(body) if codec == "snappy stream" else COMPRESS[codec](body)
    first, long, last = read(batch_of(codec.split()[0], packed, 3))
    assert (first.value, last.value, last.offset) == (b"short", b"last", 2)
    if size <= MAX_VALUE_BYTES:
        assert isinstance(long, StoredRecord)
        assert long.value == value
    else:
        assert long == CutRecord(
            1, 1001, value[:MAX_VALUE_BYTES], size, sha256(value).digest(), [("n", b"v")], long.headers_size
        )
    assert read(batch_of(codec.split()[0], packed, 3), keep=None)[1].value == value


@pytest.mark.parametrize("headers", [[(b"", None)] * (MAX_HEADERS + 1), [(b"n" * 100, b"v" * MAX_VALUE_BYTES)]])
@pytest.mark.parametrize("padding", [0, 5 * MIB])
def test_too_many_or_too_long_headers_are_left_out(headers, padding) -> None:
    body = record(0, b"k", b"v" * padding, headers) + record(1, None, b"next")
    cut, after = read(batch_of("none", body, 2))
    assert isinstance(cut, CutRecord)
    assert cut.headers is None
    assert cut.headers_size >= 2 * len(headers)
    assert (cut.size, after.value) == (padding, b"next")


@pytest.mark.parametrize("size", [MAX_VALUE_BYTES, MAX_VALUE_BYTES + 1, 5 * MIB])
def test_a_long_key_makes_a_record_too_large(size) -> None:
    (one,) = read(batch_of("zstd", COMPRESS["zstd"](record(0, b"k" * size, b"value")), 1))
    assert isinstance(one, StoredRecord if size == MAX_VALUE_BYTES else CutRecord)
    if isinstance(one, CutRecord):
        assert (one.head, one.size, one.headers) == (b"value", 5, [])
        assert [error.field for error in cut_record("t", 0, one).errors] == ["key"]


def test_a_header_without_value_or_with_a_name_that_is_not_utf_8() -> None:
    (one,) = read(batch_of("none", record(0, None, None, [(b"\xff\xfe", None), ("名".encode(), b"")]), 1))
    assert one.headers == [("\\xff\\xfe", None), ("名", b"")]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(varint(5) + b"\0\0\0\x01\x01", id="no header count"),
        pytest.param(varint(-1), id="a negative length"),
        pytest.param(varint(7) + b"\0\0\0\x01" + varint(90) + b"\0\0", id="a value beyond the end"),
        pytest.param(b"\xff" * 12, id="an endless number"),
        pytest.param(record(0, None, b"x")[:-1], id="cut off"),
        pytest.param(varint(8) + b"\0\0\0\x01\x01" + varint(1) + varint(-3) + b"\0", id="a header without name"),
        pytest.param(varint(2 * MIB) + b"\0\0\0" + varint(9 * MIB) + bytes(100), id="a long record that is not there"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_wrong_record_is_damaged_and_those_before_it_are_read(body) -> None:
    batch = parse_batch(batch_of("none", record(0, None, b"first") + body, 2))
    records = BatchRecords(batch, "t", 0, 0, MAX_VALUE_BYTES)
    found: list[AnyRecord] = []
    for _ in range(2):  # and stays damaged
        with pytest.raises(DamagedBatchError):
            records.take(10, MIB, found)
    assert [one.value for one in found] == [b"first"]
    assert records.next_offset == 1


def test_the_brokers_time_counts_if_the_topic_says_so() -> None:
    (one,) = read(batch_of("none", record(0, None, b"x"), 1, attributes=0x08))
    assert one.timestamp == 2000


def test_concatenated_streams_of_gzip_and_snappy_are_one_body() -> None:
    halves = record(0, None, b"a"), record(1, None, b"b")
    for codec, packed in (
        ("gzip", b"".join(map(gzip.compress, halves)) + b"junk that Java ignores"),
        ("snappy", b"".join(map(snappy_stream, halves))),
    ):
        assert [one.value for one in read(batch_of(codec, packed, 2))] == [b"a", b"b"]


@pytest.mark.parametrize(("kind", "aborted"), [(0, True), (1, False)])
def test_a_marker_says_how_a_transaction_ended(kind, aborted) -> None:
    marker = record(0, b"\0\0" + kind.to_bytes(2, "big"), b"\0" * 6)
    assert is_abort_marker(parse_batch(batch_of("none", marker, 1, attributes=0x30))) is aborted
