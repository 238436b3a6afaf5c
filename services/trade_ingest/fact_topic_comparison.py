"""Comparison of facts.listing.v1, read again, with the stored facts: the register must have the newest it has read.

The topic is compacted: a replaced fact may be gone, and its replacement may not have been read yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.trade_ingest.listing_facts import ListingFact, newest, read_listing_fact
from shared.events.fact_topics import LISTING
from shared.kafka.replay import replay_records, stable_end_offsets
from shared.language import say
from shared.postgres.query import fetch
from shared.register.head import read_head
from shared.register.rebuild.topic_comparison import TopicComparison
from shared.register.revisions import Key
from shared.register.stored_documents import key_arrays

_STORED = """
    SELECT f.exchange, f.listing_no, f.generation, f.fact_seq, f.seq, f.value
    FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[])) AS k(exchange, listing_no)
    JOIN listing_fact f ON f.exchange = k.exchange AND f.listing_no = k.listing_no
    """
_PLACES = 'SELECT seq, exchange, listing_no, topic, partition, "offset" FROM listing_fact ORDER BY seq'


class _StoredFact(NamedTuple):
    exchange: str
    listing_no: str
    generation: int
    fact_seq: int
    seq: int
    value: bytes


class _StoredPlace(NamedTuple):
    seq: int
    exchange: str
    listing_no: str
    topic: str
    partition: int
    offset: int


def compare_fact_topic(topics: TopicComparison) -> None:
    """Compare the facts of the listing register with the same id."""
    positions = {
        (one.topic, one.partition): one.next_offset for one in topics.positions(lambda topic: topic == LISTING)
    }
    comparison = _FactComparison(topics, positions)
    for records in replay_records(topics.client_config, stable_end_offsets(topics.client_config, positions)):
        facts = [read_listing_fact(record) for record in records]
        comparison.compare([fact for fact in facts if fact.register == topics.register.id])
        topics.report.compared(say("Kafka 事实", "Kafka facts"), len(records))
    comparison.close()


@dataclass
class _FactComparison:
    topics: TopicComparison
    positions: dict[tuple[str, int], int]
    _lost: dict[Key, ListingFact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A bit for each entry: the stored facts that the topic explains.
        self._explained = bytearray(read_head(self.topics.connection).next_seq // 8 + 1)

    def compare(self, facts: Sequence[ListingFact]) -> None:
        """Compare a batch of facts, including facts that the register has not read yet."""
        read = newest(fact for fact in facts if self._is_read(fact))
        latest = newest(facts)
        for row in self._load_stored(latest):
            key, stored = (row.exchange, row.listing_no), (row.generation, row.fact_seq)
            fact = read.pop(key, None)
            if fact is not None and fact.version > stored:
                self._add_lost(fact)
            is_same = any(f.version == stored and f.record.value == row.value for f in facts if f.key == key)
            if is_same or latest[key].version > stored:  # the latter: it was compacted away
                self._explain(row.seq)
        for fact in read.values():
            self._add_lost(fact)

    def _is_read(self, fact: ListingFact) -> bool:
        record = fact.record
        return record.offset < self.positions[record.topic, record.partition]

    def _load_stored(self, keys: Iterable[Key]) -> list[_StoredFact]:
        return fetch(self.topics.connection, _STORED, _StoredFact, **key_arrays(keys))

    def _add_lost(self, fact: ListingFact) -> None:
        known = self._lost.get(fact.key)
        if known is None or fact.version > known.version:
            self._lost[fact.key] = fact

    def _explain(self, seq: int) -> None:
        if 0 <= seq < len(self._explained) * 8:
            self._explained[seq // 8] |= 1 << seq % 8

    def _is_explained(self, seq: int) -> bool:
        return 0 <= seq < len(self._explained) * 8 and bool(self._explained[seq // 8] >> seq % 8 & 1)

    def close(self) -> None:
        """Report facts stored but not in the topic, and facts read but not stored."""
        for row in fetch(self.topics.connection, _PLACES, _StoredPlace):
            if not self._is_explained(row.seq):
                what = f"{row.topic}[{row.partition}]@{row.offset} {say('外来', 'foreign')}"
                stored = f"listing_fact {row.exchange}/{row.listing_no} ({say('条目', 'entry')} {row.seq})"
                self.topics.report.add(what, stored, None, repairable=False)
        for key, fact in sorted(self._lost.items()):
            record = fact.record
            place = f"{record.topic}[{record.partition}]@{record.offset}"
            self.topics.add_lost(place, fact, f"listing_fact {'/'.join(key)}")
        self.topics.take_in_lost()
