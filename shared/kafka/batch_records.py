"""Read the records of a batch as a stream, with bounded memory whatever its sender compressed.

The unpacked size of a batch is measured before any record is returned. Only a small batch is unpacked as a whole.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

import msgspec

from shared.kafka.codecs import UNCOMPRESSED, BlockTooLargeError, CodecError, pieces
from shared.kafka.record_batch import StoredBatch

MAX_UNPACKED_BYTES: Final = 64 << 20
MAX_HEADERS: Final = 1000
# A batch that unpacks to no more is decoded from memory. A larger one is unpacked twice: measured, then read.
_IN_MEMORY_BYTES: Final = 4 << 20
# A longer record is not held as a whole.
_MAX_WHOLE_BYTES: Final = 1 << 20
_MAX_SHIFT: Final = 63
_MORE: Final = 0x80  # in a byte of a number that goes on
_VARINT_BYTES: Final = 10
_PIECE_BYTES: Final = 1 << 20


class DamagedBatchError(ValueError):
    """A stored batch cannot be read: its checksum, its compression or its structure is wrong."""


class GiantBatchError(ValueError):
    """A batch unpacks to more than MAX_UNPACKED_BYTES."""


class StoredRecord(msgspec.Struct, gc=False):
    """A record as handlers see it (`shared/kafka/handler.py`)."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class CutRecord(msgspec.Struct, gc=False):
    """A record over a limit: the beginning of its value, the size and hash of the whole value, and small headers."""

    offset: int
    timestamp: int
    head: bytes | None
    size: int | None
    digest: bytes | None
    headers: list[tuple[str, bytes]] | None
    headers_size: int


AnyRecord = StoredRecord | CutRecord


class BatchRecords:
    """The records of a batch from `from_offset` on, read in portions.

    A value or key longer than `keep_bytes`, and headers that are longer or more than MAX_HEADERS, make a `CutRecord`;
    None keeps everything. Opening raises DamagedBatchError, or GiantBatchError once more than the bound is unpacked.
    """

    def __init__(
        self, batch: StoredBatch, topic: str, partition: int, from_offset: int, keep_bytes: int | None = None
    ) -> None:
        self.batch = batch
        self.next_offset = max(batch.base_offset, from_offset)
        self._topic = topic
        self._partition = partition
        self._from_offset = from_offset
        self._keep_bytes = MAX_UNPACKED_BYTES if keep_bytes is None else keep_bytes
        self._max_headers = MAX_UNPACKED_BYTES if keep_bytes is None else MAX_HEADERS
        self._left = batch.count
        self._damage: DamagedBatchError | None = None
        self._source = _open(batch)

    @property
    def is_done(self) -> bool:
        return self._left == 0

    @property
    def is_streamed(self) -> bool:
        """True for a large batch, whose decompressor holds up to what the batch unpacks to."""
        return self._source.is_streamed

    def release(self) -> None:
        """Free the decompressor; the next portion decompresses the batch again, up to where it was read."""
        self._source.start_again(pieces(self.batch.codec, self.batch.body, MAX_UNPACKED_BYTES))

    def take(self, most_records: int, most_bytes: int, taken: list[AnyRecord]) -> int:
        """Append up to `most_records`, and no further once they have `most_bytes`; return their bytes in the batch.

        Raises DamagedBatchError at a damaged record; those before it are appended, and `next_offset` is its offset.
        """
        if self._damage is not None:
            raise self._damage
        size_bytes, most = 0, len(taken) + most_records
        try:
            while self._left and len(taken) < most and size_bytes < most_bytes:
                read = self._take_whole(most, most_bytes - size_bytes, taken)
                size_bytes += read or self._take_next(taken)
        except (ValueError, IndexError) as error:
            self._damage = DamagedBatchError(f"{error} at offset {self.next_offset}")
            raise self._damage from error
        if self._left == 0:
            self.next_offset = self.batch.last_offset + 1
        return size_bytes

    def _take_whole(self, most: int, most_bytes: int, taken: list[AnyRecord]) -> int:
        """Take records that the buffer holds as a whole; return their size in bytes, 0 if the next one is not whole."""
        source, size_bytes = self._source, 0
        buffer, end = source.buffer, len(source.buffer)
        while self._left and len(taken) < most and size_bytes < most_bytes:
            try:
                length, start = _varint(buffer, source.pos)
            except IndexError:
                break
            until = start + length
            if length < 0 or until > end:
                break
            self._append(self._record(buffer, start, until), taken)
            source.pos = until
            size_bytes += until - start
        return size_bytes

    def _take_next(self, taken: list[AnyRecord]) -> int:
        """Take a record that the buffer does not hold as a whole yet; return its size in bytes."""
        source = self._source
        source.fill(_VARINT_BYTES)
        length, start = _varint(source.buffer, source.pos)
        if length < 0:
            raise ValueError(f"a record of {length} bytes")
        if length > max(_MAX_WHOLE_BYTES, self._keep_bytes):
            source.pos = start
            self._append(self._long_record(length), taken)
            return length
        size = start - source.pos + length
        if not source.fill(size):
            raise ValueError("the batch ends in a record")
        return self._take_whole(len(taken) + 1, length, taken)

    def _append(self, record: AnyRecord, taken: list[AnyRecord]) -> None:
        if not self.batch.base_offset <= record.offset <= self.batch.last_offset:
            raise ValueError(f"a record at offset {record.offset} outside its batch")
        self._left -= 1
        if record.offset >= self._from_offset:
            taken.append(record)
            self.next_offset = record.offset + 1

    def _record(self, buffer: bytes, pos: int, until: int) -> AnyRecord:
        """Decode the record between two positions. Most numbers have one byte, and are decoded without a call."""
        batch, keep = self.batch, self._keep_bytes
        number = buffer[pos + 1]  # behind the attributes, which Kafka does not use
        delta, pos = (number >> 1 ^ -(number & 1), pos + 2) if number < _MORE else _varint(buffer, pos + 1)
        timestamp = batch.max_timestamp if batch.has_append_time else batch.first_timestamp + delta
        number = buffer[pos]
        delta, pos = (number >> 1 ^ -(number & 1), pos + 1) if number < _MORE else _varint(buffer, pos)
        key_size, pos = _varint(buffer, pos)
        key = None if key_size < 0 else buffer[pos : pos + key_size]
        size, pos = _varint(buffer, pos + max(key_size, 0))
        value = None if size < 0 else buffer[pos : pos + size]
        pos += max(size, 0)
        number = buffer[pos]
        count, pos = (number >> 1 ^ -(number & 1), pos + 1) if number < _MORE else _varint(buffer, pos)
        if count < 0 or pos > until:
            raise ValueError("a record is longer than its length")
        offset, headers = batch.base_offset + delta, None
        if count <= self._max_headers and until - pos <= keep:
            headers = _headers(buffer, pos, until, count)
            if size <= keep and key_size <= keep:
                return StoredRecord(self._topic, self._partition, offset, timestamp, key, value, headers)
        if value is None:
            return CutRecord(offset, timestamp, None, None, None, headers, until - pos)
        return CutRecord(offset, timestamp, value[:keep], size, sha256(value).digest(), headers, until - pos)

    def _long_record(self, length: int) -> CutRecord:
        """Read a record of `length` bytes without holding it: the beginning of its value is kept, the rest hashed."""
        source, batch, keep = self._source, self.batch, self._keep_bytes
        until = source.passed + length
        source.take(1)  # attributes
        timestamp = source.varint()
        timestamp = batch.max_timestamp if batch.has_append_time else batch.first_timestamp + timestamp
        offset = batch.base_offset + source.varint()
        for _ in source.through(source.varint()):  # the key
            pass
        size, head, hashed = source.varint(), b"", sha256()
        for piece in source.through(size):
            head += piece[: keep - len(head)]
            hashed.update(piece)
        count = source.varint()
        headers_size = until - source.passed
        if count < 0 or headers_size < 0:
            raise ValueError("a record is longer than its length")
        headers = None
        if count <= self._max_headers and headers_size <= keep:
            found = source.take(headers_size)
            headers = _headers(found, 0, len(found), count)
        else:
            for _ in source.through(headers_size):
                pass
        if size < 0:
            return CutRecord(offset, timestamp, None, None, None, headers, headers_size)
        return CutRecord(offset, timestamp, head, size, hashed.digest(), headers, headers_size)


def is_abort_marker(batch: StoredBatch) -> bool:
    """Return True for the marker of an aborted transaction, False for that of a committed one. DamagedBatchError."""
    markers: list[AnyRecord] = []
    BatchRecords(batch, "", 0, 0).take(1, 1, markers)
    key = markers[0].key if markers and isinstance(markers[0], StoredRecord) else None
    return key is not None and key[2:4] == b"\0\0"


class _Source:
    """The unpacked bytes of a batch: a buffer, the position in it, and an iterator over the rest."""

    def __init__(self, buffer: bytes, rest: Iterator[bytes], *, is_streamed: bool = False) -> None:
        self.buffer = buffer
        self.pos = 0
        self.is_streamed = is_streamed
        self._rest = rest
        self._dropped = 0
        self._skip = 0  # bytes of the rest that were read before

    @property
    def passed(self) -> int:
        """Bytes that were read so far."""
        return self._dropped + self.pos

    def start_again(self, rest: Iterator[bytes]) -> None:
        """Take an iterator over all unpacked bytes and skip those that were read before."""
        self._skip = self._dropped = self.passed
        self.buffer, self.pos, self._rest = b"", 0, rest

    def fill(self, size: int) -> bool:
        """Unpack until the buffer has `size` bytes from the position on; return False if the batch has fewer."""
        if len(self.buffer) - self.pos >= size:
            return True
        parts = [self.buffer[self.pos :]]
        there = len(parts[0])
        while there < size and (piece := next(self._rest, None)) is not None:
            skipped = min(self._skip, len(piece))
            self._skip -= skipped
            parts.append(piece[skipped:])
            there += len(piece) - skipped
        self._dropped += self.pos
        self.buffer, self.pos = b"".join(parts), 0
        return there >= size

    def take(self, size: int) -> bytes:
        if not self.fill(size):
            raise ValueError("the batch ends in a record")
        self.pos += size
        return self.buffer[self.pos - size : self.pos]

    def varint(self) -> int:
        self.fill(_VARINT_BYTES)
        value, self.pos = _varint(self.buffer, self.pos)
        return value

    def through(self, size: int) -> Iterator[bytes]:
        """Yield the next `size` bytes in pieces; nothing if it is negative."""
        while size > 0:
            piece = self.take(min(size, _PIECE_BYTES))
            size -= len(piece)
            yield piece


def _open(batch: StoredBatch) -> _Source:
    """Measure the unpacked size of a batch and start reading it."""
    if batch.damage is not None:
        raise DamagedBatchError(batch.damage)
    body, codec = batch.body, batch.codec
    if codec == UNCOMPRESSED and len(body) <= _IN_MEMORY_BYTES:
        return _Source(bytes(body), iter(()))
    try:
        parts, size = [], 0
        for piece in pieces(codec, body, MAX_UNPACKED_BYTES):
            size += len(piece)
            if size <= _IN_MEMORY_BYTES:
                parts.append(piece)
            else:
                parts.clear()
            if size > MAX_UNPACKED_BYTES:
                raise GiantBatchError(f"more than {MAX_UNPACKED_BYTES} bytes")
    except BlockTooLargeError as error:
        raise GiantBatchError(str(error)) from error
    except CodecError as error:
        raise DamagedBatchError(str(error)) from error
    if size <= _IN_MEMORY_BYTES:
        return _Source(parts[0] if len(parts) == 1 else b"".join(parts), iter(()))
    return _Source(b"", pieces(codec, body, MAX_UNPACKED_BYTES), is_streamed=True)


def _headers(buffer: bytes, pos: int, until: int, count: int) -> list[tuple[str, bytes]]:
    """Decode headers; a name that is not UTF-8, which C clients can send, has its bytes escaped."""
    headers: list[tuple[str, bytes]] = []
    for _ in range(count):
        size = buffer[pos]
        size, pos = (size >> 1 ^ -(size & 1), pos + 1) if size < _MORE else _varint(buffer, pos)
        if size < 0:
            raise ValueError("a header without a name")
        name = buffer[pos : pos + size].decode("utf-8", "backslashreplace")
        pos += size
        size = buffer[pos]
        size, pos = (size >> 1 ^ -(size & 1), pos + 1) if size < _MORE else _varint(buffer, pos)
        # Kafka allows a header without a value.
        headers.append((name, None if size < 0 else buffer[pos : pos + size]))  # type: ignore[arg-type]
        pos += max(size, 0)
    if pos != until:
        raise ValueError("a record is not as long as its length")
    return headers


def _varint(buffer: bytes, pos: int) -> tuple[int, int]:
    """Decode a zigzag number of variable length; return it and the position behind it. IndexError, ValueError."""
    byte = buffer[pos]
    if byte < _MORE:
        return byte >> 1 ^ -(byte & 1), pos + 1
    value, shift = byte & 0x7F, 7
    while True:
        pos += 1
        byte = buffer[pos]
        value |= (byte & 0x7F) << shift
        if byte < _MORE:
            return value >> 1 ^ -(value & 1), pos + 1
        shift += 7
        if shift > _MAX_SHIFT:
            raise ValueError("a number of more than 64 bits")
