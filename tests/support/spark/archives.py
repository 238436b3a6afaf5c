"""Archives made of records in memory, through the code that archives topics, and the awards that they must earn."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from deploy.archive.records import SCHEMA, record_row
from deploy.archive.store import ArchiveStore, TableWriter
from devset.expected import settings_of
from services.incentive.verifier.expected import AcceptedDocument, ExpectedAward, expected_awards, expected_facts
from shared.events.decode import Accepted, decode
from shared.events.topics import exchange_of, kind_of
from shared.whitelist import parse_whitelist

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from shared.events.documents import Document

RECORD_MS = 1_900_000_000_000


class SentRecord(NamedTuple):
    """A record as the decoder hands it on."""

    topic: str
    offset: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    timestamp: int = RECORD_MS
    partition: int = 0
    key: bytes | None = None


def in_order(sent: Iterable[tuple[str, bytes | None, Sequence[tuple[str, bytes]]]]) -> list[SentRecord]:
    """Records of (topic, value, headers) with the offsets that their topics would give them."""
    ends: Counter[str] = Counter()
    records = []
    for topic, value, headers in sent:
        records.append(SentRecord(topic, ends[topic], value, headers))
        ends[topic] += 1
    return records


def write_archive(folder: Path, records: Iterable[SentRecord]) -> ArchiveStore:
    """An archive of these records, a range of files for each partition."""
    store = ArchiveStore(str(folder))
    topics: dict[str, list[SentRecord]] = defaultdict(list)
    for record in records:
        topics[record.topic].append(record)
    for topic, of_it in topics.items():
        writer = TableWriter(store, SCHEMA, f"0-0-{len(of_it)}.parquet")
        place = f"records/kind={kind_of(topic)}/exchange={exchange_of(topic)}/month=2030-03"
        for record in of_it:
            writer.add(place, record_row(record), len(record.value or b""))
        writer.finish()
    store.commit()
    return store


def accepted(records: Iterable[SentRecord]) -> Iterator[tuple[SentRecord, Document]]:
    """Yield the records that the services' decoder accepts, duplicates and conflicts too, each with its document."""
    for record in records:
        decoded = decode(kind_of(record.topic), exchange_of(record.topic), record.value, record.headers)
        if isinstance(decoded, Accepted):
            yield record, decoded.document


def awards_of_records(
    records: Iterable[SentRecord], whitelist: str, trees: Mapping[str, Any]
) -> dict[str, dict[str, ExpectedAward]]:
    """The awards that the verifier computes from these records, by each policy; a revision's first document counts.

    `trees`: contents of policy files by name, every leaf as text.
    """
    first: dict[tuple[Any, ...], AcceptedDocument] = {}
    for record, _ in accepted(records):
        kind, event = kind_of(record.topic), json.loads(record.value or b"")
        data = event if any(name == "ce_specversion" for name, _ in record.headers) else event["data"]
        document = AcceptedDocument(kind, exchange_of(record.topic), data)
        first.setdefault((kind, document.exchange, data[f"{kind}_no"], data["revision"]), document)
    settings = settings_of(parse_whitelist(whitelist))
    facts = expected_facts(first.values(), settings)
    return {name: expected_awards(facts, settings, tree) for name, tree in trees.items()}
