"""Record batches as a broker stores them, built by kafka-python or byte by byte."""

from __future__ import annotations

import struct
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import zstandard
from crc32c import crc32c
from kafka.admin import KafkaAdminClient
from kafka.errors import NotLeaderForPartitionError, for_code
from kafka.protocol.producer import ProduceRequest
from kafka.record import MemoryRecordsBuilder

from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CODECS: Final = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
HEADER: Final = ">qiibIhiqqqhii"

Content = tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]  # key, value, headers


def built(codec: str, contents: Sequence[Content], base_offset: int = 0, timestamp: int = 1_700_000_000_000) -> bytes:
    """Return a batch made by kafka-python."""
    builder = MemoryRecordsBuilder(2, CODECS[codec], 1 << 30)
    for number, (key, value, headers) in enumerate(contents):
        assert builder.append(timestamp + number, key, value, headers) is not None
    builder.close()
    batch = bytearray(builder.buffer())
    struct.pack_into(">q", batch, 0, base_offset)
    return bytes(batch)


def batch_of(codec: str, body: bytes, count: int, base_offset: int = 0, **fields: int) -> bytes:
    """Return a batch around a body that is already compressed, with a correct checksum."""
    values = {"attributes": CODECS[codec], "delta": count - 1, "first": 1000, "most": 2000, "producer": -1} | fields
    tail = struct.pack(
        ">hiqqqhii", *(values[one] for one in ("attributes", "delta", "first", "most", "producer")), -1, -1, count
    )
    after_crc = tail + body
    return struct.pack(">qiibI", base_offset, 9 + len(after_crc), 0, 2, crc32c(after_crc)) + after_crc


def compressed_batch(codec: str, body: bytes, count: int) -> bytes:
    """Return a batch around a body, compressed with zstd or gzip."""
    packer = _compressor(codec)
    return batch_of(codec, packer.compress(body) + packer.flush(), count)


def _compressor(codec: str) -> Any:
    return zstandard.ZstdCompressor(level=3).compressobj() if codec == "zstd" else zlib.compressobj(9, wbits=31)


def varint(number: int) -> bytes:
    """Encode a number as Kafka does."""
    number = number << 1 ^ number >> 63
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def record(
    number: int, key: bytes | None, value: bytes | None, headers: Iterable[tuple[bytes, bytes | None]] = ()
) -> bytes:
    """Return a record as it lies in a batch."""
    headers = list(headers)
    body = b"\0" + varint(number) + varint(number) + _field(key) + _field(value) + varint(len(headers))
    body += b"".join(varint(len(name)) + name + _field(content) for name, content in headers)
    return varint(len(body)) + body


def _field(content: bytes | None) -> bytes:
    return varint(-1) if content is None else varint(len(content)) + content


def send_stored(kafka: str, topic: str, partition: int, batch: bytes) -> type[Exception]:
    """Send a batch as it is to the broker; return its answer, NoError for success.

    Sent again while the broker does not lead the partition yet, as after its topic was created.
    """
    data = ProduceRequest.TopicProduceData
    request = ProduceRequest(
        transactional_id=None,
        acks=-1,
        timeout_ms=60_000,
        topic_data=[data(name=topic, partition_data=[data.PartitionProduceData(index=partition, records=batch)])],
        max_version=12,
    )
    with closing(KafkaAdminClient(bootstrap_servers=kafka, request_timeout_ms=60_000)) as client:

        def answer() -> type[Exception] | None:
            # A producer would make its own batches.
            response = client._manager.run(client._manager.send, request)  # noqa: SLF001 - see above
            error: type[Exception] = for_code(response.responses[0].partition_responses[0].error_code)
            return None if error is NotLeaderForPartitionError else error

        return until(answer)


def bomb(codec: str, size: int, timestamp: int = 1000) -> bytes:
    """Return a batch with one record of `size` zeros, compressed with gzip or zstd without holding them."""
    tail = b"\0"
    head = b"\0\0\0" + varint(-1) + varint(size)
    head = varint(len(head) + size + len(tail)) + head
    packer = _compressor(codec)
    parts = [packer.compress(head)]
    zeros = bytes(1 << 20)
    parts += [packer.compress(zeros[: size - start]) for start in range(0, size, len(zeros))]
    parts += [packer.compress(tail), packer.flush()]
    return batch_of(codec, b"".join(parts), 1, first=timestamp, most=timestamp)
