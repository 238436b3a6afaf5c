"""The size of a worker's batches, and the share of each exchange in them."""

from collections import Counter
from typing import Final

from shared.events.topics import exchange_of, is_exchanges

MAX_BATCH_RECORDS: Final = 10_000
# Uncompressed records. Two such batches are in memory: one is being read, one written.
MAX_BATCH_BYTES: Final = 8 << 20
# An exchange may add as much to a batch that others have filled, and reads as much in a turn.
SHARE_RECORDS: Final = 500
SHARE_BYTES: Final = 1 << 20
_LEAST_RECORDS: Final = 2_000
_FIRST_RECORDS: Final = 2_000


def sender_of(topic: str) -> str:
    """Return the exchange that writes a topic; the topic itself if it is not an exchange's."""
    return exchange_of(topic) if is_exchanges(topic) else topic


class BatchSize:
    """The number of records of a batch whose transaction takes about `target_s`, estimated from earlier ones.

    A record that arrives during a transaction waits for its end. With `target_s` None batches have MAX_BATCH_RECORDS.
    """

    def __init__(self, target_s: float | None) -> None:
        self._target_s = target_s
        self.most_records = MAX_BATCH_RECORDS if target_s is None else _FIRST_RECORDS

    def observe(self, records: int, seconds: float) -> None:
        """Take a written batch into account, but not a small one, whose time is mostly the fixed cost."""
        if self._target_s is None or records < SHARE_RECORDS:
            return
        fitting = int(records / max(seconds, 0.001) * self._target_s)
        # Halfway: one slow transaction does not make the next batches small.
        self.most_records = min(max((self.most_records + fitting) // 2, _LEAST_RECORDS), MAX_BATCH_RECORDS)


class BatchShares:
    """Records and bytes of a batch by sender."""

    def __init__(self, most_records: int) -> None:
        self._most_records = most_records
        self._records: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._total_records = self._total_bytes = 0

    @property
    def is_full(self) -> bool:
        return self._total_records >= self._most_records or self._total_bytes >= MAX_BATCH_BYTES

    def has_room(self, sender: str) -> bool:
        """Return True if the sender may add to the batch: it is not full, or the sender has less than its share."""
        return not self.is_full or self._is_small(sender)

    def first(self) -> set[str] | None:
        """Return the senders of few records, to be written before the many records of others; None if there are none.

        They wait for the transaction under way, but not for that of the many.
        """
        small = {sender for sender in self._records if self._is_small(sender)}
        many = self._total_records - sum(self._records[sender] for sender in small)
        return small if small and many > 2 * SHARE_RECORDS else None

    def remove(self, senders: set[str]) -> None:
        """Forget what was handed over."""
        for sender in senders:
            self._total_records -= self._records.pop(sender, 0)
            self._total_bytes -= self._bytes.pop(sender, 0)

    def _is_small(self, sender: str) -> bool:
        return self._records[sender] < SHARE_RECORDS and self._bytes[sender] < SHARE_BYTES

    def add(self, sender: str, records: int, size_bytes: int) -> None:
        """Count what was added."""
        self._records[sender] += records
        self._bytes[sender] += size_bytes
        self._total_records += records
        self._total_bytes += size_bytes
