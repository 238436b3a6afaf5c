"""Comparison of facts.listing.v1, read again, with the stored facts: the register must have the newest it has read.

The topic is compacted: a replaced fact may be gone, and its replacement may not have been read yet.
"""

from collections.abc import Iterator, Sequence
from operator import itemgetter

from sqlalchemy import Connection

from services.trade_ingest.listing_facts import ListingFact, newest, read_listing_fact
from shared.disk_rows import DiskRows, full_join
from shared.events.fact_topics import LISTING
from shared.kafka.replay import replay_records, stable_end_offsets
from shared.language import say
from shared.postgres.query import fetch, stream
from shared.register.rebuild.topic_comparison import TopicComparison
from shared.register.revisions import Key
from shared.register.stored_documents import key_arrays

_STORED = """
    SELECT f.exchange, f.listing_no, f.generation, f.fact_seq, f.seq, f.value
    FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[])) AS k(exchange, listing_no)
    JOIN listing_fact f ON f.exchange = k.exchange AND f.listing_no = k.listing_no
    """
_ALL = 'SELECT seq, exchange, listing_no, topic, partition, "offset" FROM listing_fact ORDER BY seq'


def compare_fact_topic(topics: TopicComparison) -> None:
    """Compare the facts of the listing register with the same id; report what is only stored or only in the topic."""
    connection, report = topics.connection, topics.report
    ends = {(one.topic, one.partition): one.next_offset for one in topics.positions(lambda topic: topic == LISTING)}
    explained = DiskRows[tuple[int, ...]](1)  # entries of stored facts that are in the topic, or may have been
    lost: dict[Key, ListingFact] = {}
    # Facts that the register has not read yet may have replaced others.
    for records in replay_records(topics.client_config, stable_end_offsets(topics.client_config, ends)):
        facts = [fact for fact in map(read_listing_fact, records) if fact.register == topics.register.id]
        read = [fact for fact in facts if fact.record.offset < ends[fact.record.topic, fact.record.partition]]
        lost = newest([*lost.values(), *_not_stored(connection, facts, newest(read), explained)])
        report.compared(say("Kafka 事实", "Kafka facts"), len(records))
    rows = stream(connection, _ALL, tuple[int, str, str, str, int, int])
    for _, row, found in full_join(rows, explained, itemgetter(0), itemgetter(0)):
        if row is None or found is not None:
            continue
        seq, exchange, listing_no, topic, partition, offset = row
        stored = f"listing_fact {exchange}/{listing_no} ({say('条目', 'entry')} {seq})"
        report.add(f"{topic}[{partition}]@{offset} {say('外来', 'foreign')}", stored, None, repairable=False)
    for key, fact in sorted(lost.items()):
        record = fact.record
        place = f"{record.topic}[{record.partition}]@{record.offset}"
        topics.add_lost(place, fact, f"listing_fact {'/'.join(key)}")
    topics.take_in_lost()


def _not_stored(
    connection: Connection,
    facts: Sequence[ListingFact],
    read: dict[Key, ListingFact],
    explained: DiskRows[tuple[int, ...]],
) -> Iterator[ListingFact]:
    """Note which stored facts are explained by `facts`, and yield those of `read` that are newer than the stored."""
    latest, known = newest(facts), {(fact.key, fact.version, fact.record.value) for fact in facts}
    versions: dict[Key, tuple[int, int]] = {}
    for exchange, listing_no, generation, fact_seq, seq, value in fetch(
        connection, _STORED, tuple[str, str, int, int, int, bytes], **key_arrays(latest)
    ):
        key, version = (exchange, listing_no), (generation, fact_seq)
        versions[key] = version
        if (key, version, value) in known or latest[key].version > version:  # the latter: it was compacted away
            explained.add((seq,))
    return (fact for key, fact in read.items() if key not in versions or fact.version > versions[key])
