"""Intake of a batch, common to both registers: decoding, resolution of revisions, and recording of outcomes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from shared.events.decode import REVISION_CONFLICT, Kind, Refusal, decode
from shared.events.documents import Document, Trade
from shared.events.topics import exchange_of
from shared.kafka.handler import Record
from shared.kafka.set_aside import SetAside
from shared.register.daily_counts import ACCEPTED, DUPLICATE, DailyCounts
from shared.register.quarantine import RejectedRecord, quarantine
from shared.register.revisions import AnyArrival, AnyResolution, Arrival


def prepare_document(kind: Kind, record: Record) -> AnyArrival | RejectedRecord:
    """Decode a record of an exchange's topic."""
    exchange = exchange_of(record.topic)
    if isinstance(record, SetAside):
        return RejectedRecord(exchange, record, record.reason, record.errors)
    decoded = decode(kind, exchange, record.value, record.headers)
    if isinstance(decoded, Refusal):
        return RejectedRecord(exchange, record, decoded.reason, decoded.errors)
    document = decoded.document
    return Arrival(exchange, number_of(document), document.revision, document, record, decoded.content_mode == "binary")


def number_of(document: Document) -> str:
    return document.trade_no if isinstance(document, Trade) else document.listing_no


def split(prepared: Sequence[object]) -> tuple[list[AnyArrival], list[RejectedRecord], list[object]]:
    """Split a batch into documents, rejected records, and facts of another register."""
    arrivals: list[AnyArrival] = []
    rejected: list[RejectedRecord] = []
    facts: list[object] = []
    for item in prepared:
        if isinstance(item, Arrival):
            arrivals.append(item)
        elif isinstance(item, RejectedRecord):
            rejected.append(item)
        else:
            facts.append(item)
    return arrivals, rejected, facts


def record_outcomes(
    connection: Connection,
    resolution: AnyResolution,
    rejected: Sequence[RejectedRecord],
    daily_bytes: int,
    now: datetime,
) -> None:
    """Quarantine what was rejected or conflicts, and count every record of the batch by day and outcome.

    `daily_bytes`: the quota of the quarantine for each exchange.
    """
    days = DailyCounts(now)
    for entry in resolution.accepted:
        document = entry.arrival.document
        amount_fen = document.amount_fen if isinstance(document, Trade) else 0
        days.add(entry.arrival.exchange, entry.arrival.record, ACCEPTED, amount_fen)
    for arrival in resolution.duplicates:
        days.add(arrival.exchange, arrival.record, DUPLICATE)
    conflicts = [
        RejectedRecord(arrival.exchange, arrival.record, REVISION_CONFLICT.reason, REVISION_CONFLICT.errors)
        for arrival in resolution.conflicts
    ]
    refused = [*rejected, *conflicts]
    cut = quarantine(connection, refused, daily_bytes, now)
    for item, is_cut in zip(refused, cut, strict=True):
        days.add(item.exchange, item.record, item.reason, records=item.count, cut_items=int(is_cut))
    days.store(connection)
