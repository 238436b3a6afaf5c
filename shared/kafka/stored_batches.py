"""Make kafka-python hand out batches as the broker stores them, instead of unpacking them.

`poll` unpacks every batch as a whole, whatever its unpacked size; it raises at every call from a header name on that is
not UTF-8, and never returns if it is called again after a batch with a wrong checksum. A consumer that is created with
STORED_BATCH_OPTIONS gets each stored batch as one record instead: its value is the `StoredBatch`, checked here, its
offset that of the batch's last record. The library still does membership, fetching, positions and aborted transactions.
Other consumers, which check checksums, are not changed.

The library names the class that reads a fetch response in one place, and describes it by `kafka.record.abc`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from kafka import KafkaConsumer
from kafka.consumer import fetcher
from kafka.record import MemoryRecords
from kafka.record.abc import ABCRecordBatch, ABCRecords
from msgspec.structs import replace

from shared.kafka.batch_records import is_abort_marker
from shared.kafka.record_batch import HEADER, LENGTH, StoredBatch, parse_batch
from shared.settings import ClientConfig

# Options of a consumer that gets stored batches. Responses are bounded; a broker's largest batch is 1 MiB by default,
# and the first batch of a response comes even if it is larger than the limits.
STORED_BATCH_OPTIONS: Final = {
    "check_crcs": False,
    # A partition that is resumed waits for the end of the fetch under way.
    "fetch_max_wait_ms": 100,
    "fetch_max_bytes": 8 << 20,
    "max_partition_fetch_bytes": 2 << 20,
    "receive_message_max_bytes": 64 << 20,
    "max_poll_records": 100_000,  # batches: all that was fetched
}
_MAGIC = 2
# Higher than any offset: the library skips records below the position, and a damaged batch must not be skipped.
_DAMAGED_OFFSET = 2**63 - 2


@contextmanager
def stored_batch_reader(client_config: ClientConfig) -> Iterator[KafkaConsumer]:
    """Connect a consumer of committed stored batches that belongs to no group. KafkaError."""
    consumer = KafkaConsumer(
        **client_config,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="none",
        metrics_enabled=False,
        **STORED_BATCH_OPTIONS,
    )
    try:
        yield consumer
    finally:
        consumer.close(autocommit=False)


class _BatchRecord(NamedTuple):
    """A batch as the one record that the library returns from `poll`."""

    offset: int
    timestamp: int
    value: StoredBatch
    timestamp_type: int = 0
    key: None = None
    headers: tuple[()] = ()
    checksum: None = None
    size_in_bytes: int = 0


class _Marker(NamedTuple):
    """The record of a control batch: how a transaction ended."""

    abort: bool


class StoredBatches(ABCRecords):  # type: ignore[misc]  # kafka-python has no types
    """The batches of a fetch response. The broker may cut off the last one, but never the first."""

    def __init__(self, buffer: Any) -> None:
        self._view = memoryview(buffer)
        self._pos = 0

    def size_in_bytes(self) -> int:
        """Return the size of the response."""
        return len(self._view)

    def has_next(self) -> bool:
        """Return True if there is something to read."""
        return self._pos < len(self._view)

    def next_batch(self) -> "_FetchedBatch | None":
        """Return the next batch, None at the end."""
        batch = self._next()
        if batch is None or batch.damage is None:
            return None if batch is None else _FetchedBatch(batch)
        following = self._next()
        self._pos = len(self._view)
        if following is not None and following.damage is None and following.base_offset > batch.base_offset:
            batch = replace(batch, last_offset=following.base_offset - 1)
        return _FetchedBatch(batch)

    def _next(self) -> StoredBatch | None:
        start, left = self._pos, len(self._view) - self._pos
        size = LENGTH.size
        if left >= size:
            size += LENGTH.unpack_from(self._view, start)[1]
        if left <= 0 or (size > left and start > 0):
            return None
        if not HEADER.size <= size <= left:
            size = left  # no batch: parsing the rest as one finds it damaged
        self._pos += size
        return parse_batch(bytes(self._view[start : self._pos]))


class _FetchedBatch(ABCRecordBatch):  # type: ignore[misc]  # kafka-python has no types
    """A batch with the library's interface. A consumer that checks checksums calls `validate_crc` first."""

    def __init__(self, stored: StoredBatch) -> None:
        self._stored = stored
        self._is_sound = stored.damage is None
        self._library_batch: Any = None

    def validate_crc(self) -> bool:
        """Turn into a batch of the library, and check it."""
        self._library_batch = MemoryRecords(self._stored.data).next_batch()
        return bool(self._library_batch.validate_crc())

    @property
    def magic(self) -> int:
        return _MAGIC if self._library_batch is None else int(self._library_batch.magic)

    @property
    def base_offset(self) -> int:
        return self._stored.base_offset

    @property
    def last_offset(self) -> int:
        return self._stored.last_offset

    @property
    def next_offset(self) -> int:
        return self._stored.last_offset + 1 if self._is_sound else _DAMAGED_OFFSET + 1

    @property
    def size_in_bytes(self) -> int:
        return len(self._stored.data)

    @property
    def leader_epoch(self) -> int:
        return self._stored.leader_epoch

    @property
    def producer_id(self) -> int:
        return self._stored.producer_id

    def has_producer_id(self) -> bool:
        """Return True if it may be part of a transaction; a damaged header is not trusted."""
        return self._is_sound and self._stored.producer_id >= 0

    @property
    def is_transactional(self) -> bool:
        return self._is_sound and self._stored.is_transactional

    @property
    def is_control_batch(self) -> bool:
        return self._is_sound and self._stored.is_control

    def __iter__(self) -> Iterator[Any]:
        if self._library_batch is not None:
            return iter(self._library_batch)
        stored = self._stored
        offset = stored.last_offset if self._is_sound else _DAMAGED_OFFSET
        return iter((_BatchRecord(offset, stored.max_timestamp, stored),))

    def __next__(self) -> Any:
        if self._library_batch is not None:
            return next(self._library_batch)
        return _Marker(is_abort_marker(self._stored))


fetcher.MemoryRecords = StoredBatches
