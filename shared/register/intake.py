"""What both registers do with a record before the database sees it, and the frame of each batch's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from shared.events.decode import Kind, Refusal, decode
from shared.events.documents import Trade
from shared.events.topics import exchange_of
from shared.register.quarantine import RejectedRecord
from shared.register.revisions import Arrival

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.events.documents import Document
    from shared.kafka.handler import Record
    from shared.register.head import RegisterSettings
    from shared.register.parties import PartyIds
    from shared.values.parties import Party
    from shared.whitelist import Whitelist

_PG_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class RegisterContext:
    """What a worker knows of its register: its id, the settings under which it counts, and the parties it remembers."""

    id: str
    exchanges: Whitelist
    settings: RegisterSettings
    parties: PartyIds

    @property
    def cut_dates(self) -> list[date]:
        """The dates at which totals are cut."""
        return [date.fromisoformat(day) for day in self.settings.content["cut_at"]]


def prepare_document(kind: Kind, record: Record) -> Arrival[Any] | RejectedRecord:
    """Decode a record of an exchange's topic."""
    exchange = exchange_of(record.topic)
    decoded = decode(kind, exchange, record.value, record.headers)
    if isinstance(decoded, Refusal):
        return RejectedRecord(exchange, record, decoded.reason, decoded.errors)
    document = decoded.document
    return Arrival(exchange, number_of(document), document.revision, document, record, decoded.content_mode == "binary")


def number_of(document: Document) -> str:
    return document.trade_no if isinstance(document, Trade) else document.listing_no


def pg_microseconds(instant: datetime) -> int:
    """Microseconds since 2000-01-01 UTC, PostgreSQL's own form of an instant."""
    since = instant - _PG_EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def split(prepared: Sequence[object]) -> tuple[list[Arrival[Any]], list[RejectedRecord], list[Any]]:
    """Documents, refused records, and what is neither."""
    arrivals: list[Arrival[Any]] = []
    refused: list[RejectedRecord] = []
    others: list[Any] = []
    for item in prepared:
        if isinstance(item, Arrival):
            arrivals.append(item)
        elif isinstance(item, RejectedRecord):
            refused.append(item)
        else:
            others.append(item)
    return arrivals, refused, others


def party_json(party: Party) -> dict[str, str]:
    """A party as facts and answers give it."""
    return {"id_scheme": party.id_scheme, "id": party.id, "name": party.name}
