"""A record batch of Kafka (message format 2) as the broker stores it: its header and checksum.

https://kafka.apache.org/documentation/#recordbatch; `shared/kafka/batch_records.py` reads the records.
"""

import struct
from typing import Final

import msgspec
from crc32c import crc32c

# Base offset, length, leader epoch, magic, CRC, attributes, last offset delta, first and greatest timestamp, producer
# id, producer epoch, base sequence, number of records.
HEADER: Final = struct.Struct(">qiibIhiqqqhii")
# Base offset, and the number of bytes behind the length field itself.
LENGTH: Final = struct.Struct(">qi")
_CRC_FROM: Final = 21
_MAGIC: Final = 2
_CODEC, _LOG_APPEND_TIME, _TRANSACTIONAL, _CONTROL = 0x07, 0x08, 0x10, 0x20
_CRC: Final = struct.Struct(">I")


class StoredBatch(msgspec.Struct, frozen=True, gc=False):
    """A batch as stored. `damage` says what is wrong with it, None for nothing; a damaged header cannot be trusted."""

    data: bytes
    base_offset: int
    last_offset: int
    leader_epoch: int
    attributes: int
    first_timestamp: int
    max_timestamp: int
    producer_id: int
    count: int
    damage: str | None = None

    @property
    def codec(self) -> int:
        return self.attributes & _CODEC

    @property
    def has_append_time(self) -> bool:
        """True if records have the broker's time, which is `max_timestamp`."""
        return bool(self.attributes & _LOG_APPEND_TIME)

    @property
    def is_transactional(self) -> bool:
        return bool(self.attributes & _TRANSACTIONAL)

    @property
    def is_control(self) -> bool:
        """True for the marker that ends a transaction."""
        return bool(self.attributes & _CONTROL)

    def __len__(self) -> int:
        return len(self.data)

    @property
    def body(self) -> memoryview:
        """The records, compressed or not."""
        return memoryview(self.data)[HEADER.size :]


def parse_batch(data: bytes) -> StoredBatch:
    """Parse the header of a batch and check it; `damage` says what is wrong."""
    if len(data) < HEADER.size:
        offset = LENGTH.unpack_from(data)[0] if len(data) >= LENGTH.size else -1
        return StoredBatch(data, offset, offset, -1, 0, -1, -1, -1, 0, f"{len(data)} bytes are no batch")
    base, length, epoch, magic, crc, attributes, delta, first, most, producer_id, _, _, count = HEADER.unpack_from(data)
    damage = None
    if length != len(data) - LENGTH.size:
        damage = f"a batch of {len(data) - LENGTH.size} bytes has the length {length}"
    elif magic != _MAGIC:
        damage = f"message format {magic}"
    elif crc32c(memoryview(data)[_CRC_FROM:]) != crc:
        damage = "wrong checksum"
    elif not 0 <= count <= delta + 1:
        damage = f"{count} records at {delta + 1} offsets"
    return StoredBatch(data, base, base + delta, epoch, attributes, first, most, producer_id, count, damage)


def detached(batch: StoredBatch) -> bytes:
    """Return a sound batch as a producer without transactions sends it: no offset, no leader, no producer.

    The broker stores it with the same records, timestamps and compression. Two stored batches with the same records are
    equal when detached.
    """
    _, length, _, magic, _, attributes, *rest = HEADER.unpack_from(batch.data)
    delta, first, most, _, _, _, count = rest
    header = (0, length, -1, magic, 0, attributes & ~_TRANSACTIONAL, delta, first, most, -1, -1, -1, count)
    data = bytearray(HEADER.pack(*header) + batch.body)
    _CRC.pack_into(data, _CRC_FROM - _CRC.size, crc32c(memoryview(data)[_CRC_FROM:]))
    return bytes(data)
