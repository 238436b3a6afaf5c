"""facts.listing.v1 read again: of each listing the register must hold the newest fact of its own that it has read.

The topic is compacted: what a newer fact replaced may be gone, and the newer one may not be read yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from services.trade_ingest.listing_facts import newest, read_listing_fact
from shared.events.fact_topics import LISTING
from shared.kafka.replay import replay_records, stable_end_offsets
from shared.register.stored_documents import key_arrays

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Row

    from services.trade_ingest.listing_facts import ListingFact
    from shared.register.rebuild.topic_comparison import TopicComparison
    from shared.register.revisions import Key


def compare_fact_topic(reread: TopicComparison) -> None:
    """Hold the facts of the register of listings that has the same id against those that are stored."""
    positions = {
        (one.topic, one.partition): one.next_offset for one in reread.positions(lambda topic: topic == LISTING)
    }
    comparison = _Comparison(reread, positions)
    for records in replay_records(reread.client_config, stable_end_offsets(reread.client_config, positions)):
        facts = [read_listing_fact(record) for record in records]
        comparison.compare([fact for fact in facts if fact.register == reread.register.id])
        reread.report.compared("Kafka 事实 / facts", len(records))
    comparison.close()


class _Comparison:
    def __init__(self, reread: TopicComparison, positions: dict[tuple[str, int], int]) -> None:
        self._reread = reread
        self._positions = positions
        self._lost: dict[Key, ListingFact] = {}
        # A bit for each entry: the stored facts that the topic explains.
        next_seq = reread.connection.execute(text("SELECT next_seq FROM register_head")).scalar_one()
        self._explained = bytearray(next_seq // 8 + 1)

    def compare(self, facts: Sequence[ListingFact]) -> None:
        """A batch of facts, read or not yet read."""
        read = newest(fact for fact in facts if self._is_read(fact))
        latest = newest(facts)
        for row in self._stored(latest):
            key, stored = (row.exchange, row.listing_no), (row.generation, row.fact_seq)
            fact = read.get(key)
            if fact is not None and (fact.generation, fact.seq) > stored:
                self._lose(fact)
            if any((f.generation, f.seq) == stored and f.record.value == row.value for f in facts if f.key == key):
                self._explain(row.seq)
            elif (latest[key].generation, latest[key].seq) > stored:
                self._explain(row.seq)  # compacted away
            read.pop(key, None)
        for fact in read.values():
            self._lose(fact)

    def _is_read(self, fact: ListingFact) -> bool:
        record = fact.record
        return record.offset < self._positions[record.topic, record.partition]

    def _stored(self, keys: Iterable[Key]) -> Sequence[Row[Any]]:
        return self._reread.connection.execute(
            text(
                """
                SELECT f.exchange, f.listing_no, f.generation, f.fact_seq, f.seq, f.value
                FROM unnest(CAST(:exchanges AS text[]), CAST(:numbers AS text[])) AS k(exchange, listing_no)
                JOIN listing_fact f ON f.exchange = k.exchange AND f.listing_no = k.listing_no
                """
            ),
            key_arrays(keys),
        ).all()

    def _lose(self, fact: ListingFact) -> None:
        known = self._lost.get(fact.key)
        if known is None or (fact.generation, fact.seq) > (known.generation, known.seq):
            self._lost[fact.key] = fact

    def _explain(self, seq: int) -> None:
        if 0 <= seq < len(self._explained) * 8:
            self._explained[seq // 8] |= 1 << seq % 8

    def close(self) -> None:
        """What is stored without a fact, and what was read without being stored."""
        rows = self._reread.connection.execute(
            text('SELECT seq, exchange, listing_no, topic, partition, "offset" FROM listing_fact ORDER BY seq')
        )
        for row in rows:
            if not (0 <= row.seq < len(self._explained) * 8 and self._explained[row.seq // 8] >> row.seq % 8 & 1):
                what = f"{row.topic}[{row.partition}]@{row.offset} 外来 / foreign"
                told = f"listing_fact {row.exchange}/{row.listing_no} (条目 / entry {row.seq})"
                self._reread.report.add(what, told, None, mendable=False)
        for key, fact in sorted(self._lost.items()):
            record = fact.record
            where = f"{record.topic}[{record.partition}]@{record.offset}"
            self._reread.lose(where, fact, f"listing_fact {'/'.join(key)}")
        self._reread.take_in()
