"""What must stand after what was published: slow, simple, from the records' own JSON, without the services' code."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from devset.expected import Expected, expected_outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exchange_kit.records import SampleRecord
    from shared.whitelist import Whitelist
    from tests.faults.world import Sent

Json = dict[str, Any]
Number = tuple[str, str, str]  # kind, exchange, number
Sum = tuple[int, int]  # fen, trades

SHANGHAI = timezone(timedelta(hours=8))
VALID = ("accepted", "duplicate", "revision_conflict")


class Place(NamedTuple):
    """Where a record stands in Kafka."""

    topic: str
    partition: int
    offset: int


@dataclass
class Reference:
    """Takes records in the order of each partition; says what must stand afterwards."""

    exchanges: Whitelist
    accepted: Counter[Place] = field(default_factory=Counter)
    refused: Counter[tuple[Place, str]] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)  # by topic
    _revisions: dict[Number, dict[int, Json]] = field(default_factory=lambda: defaultdict(dict))
    _stored: list[SampleRecord] = field(default_factory=list)

    def take(self, sent: Iterable[Sent]) -> None:
        """Of each revision of a number the first content is stored; the same again is a duplicate, another refused."""
        for record, partition, offset in sent:
            place = Place(record.topic, partition, offset)
            if record.outcome not in VALID:
                self.refused[place, str(record.outcome)] += 1
                continue
            data = _data(record)
            kind = record.topic.split(".")[2].removesuffix("s")
            known = self._revisions[kind, record.exchange, data[f"{kind}_no"]]
            first = known.setdefault(data["revision"], data)
            if first is data:
                self.accepted[place] += 1
                self._stored.append(msgspec.structs.replace(record, outcome="accepted"))
            elif first == data:
                self.duplicates[record.topic] += 1
            else:
                self.refused[place, "revision_conflict"] += 1

    def awards(self) -> dict[str, Expected]:
        """Ceiling, payable and suppression of every award over zero."""
        operators = {name: self.exchanges.operator_on(name, date(2026, 12, 31)).uscc for name in self.exchanges.ids}
        return expected_outcome(self._stored, operators).awards

    def revisions(self, kind: str) -> dict[tuple[str, str], int]:
        """The highest revision of every number, by exchange and number."""
        return {place[1:]: max(known) for place, known in self._revisions.items() if place[0] == kind}

    def first_listings(self) -> dict[str, tuple[str, str, int]]:
        """Exchange, number and revision of each subject's first listing."""
        listings = [
            (exchange, number, data)
            for (exchange, number), data in self._states("listing").items()
            if data["status"] != "annulled" and not data.get("origin_exchange")
        ]
        return _least(listings, "provider", "listed_at")

    def first_purchases(self) -> dict[str, tuple[str, str, int]]:
        """The same of each subject's first purchase."""
        return _least(self._counted(), "buyer", "completed_at")

    def exchange_totals(self) -> dict[tuple[str, int], dict[str, Sum]]:
        """By exchange and year: of each month (`2026-01`) what was traded."""
        totals: dict[tuple[str, int], dict[str, Sum]] = defaultdict(dict)
        for exchange, _, data in self._counted():
            month = _month(data)
            _add(totals[exchange, int(month[:4])], month, _net_fen(data))
        return dict(totals)

    def provider_totals(self) -> dict[tuple[str, int], dict[tuple[str, str], Sum]]:
        """By subject and year: of each exchange and category what was sold."""
        listings = self._states("listing")
        totals: dict[tuple[str, int], dict[tuple[str, str], Sum]] = defaultdict(dict)
        for (exchange, _), data in self._states("trade").items():
            subject = _subject(data["provider"])
            if subject is not None:
                category = _category(data, listings.get((exchange, data.get("listing_no") or "")))
                _add(totals[subject, int(_month(data)[:4])], (exchange, category), _net_fen(data))
        return dict(totals)

    def _states(self, kind: str) -> dict[tuple[str, str], Json]:
        return {place[1:]: known[max(known)] for place, known in self._revisions.items() if place[0] == kind}

    def _counted(self) -> list[tuple[str, str, Json]]:
        return [
            (exchange, number, data)
            for (exchange, number), data in self._states("trade").items()
            if data["status"] == "completed" and not data.get("origin_exchange")
        ]


def _data(record: SampleRecord) -> Json:
    event: Json = json.loads(record.value or b"null")
    is_binary = any(name == "ce_specversion" for name, _ in record.headers)
    return event if is_binary else event["data"]


def _least(documents: Iterable[tuple[str, str, Json]], party: str, at: str) -> dict[str, tuple[str, str, int]]:
    least: dict[str, tuple[datetime, str, str, int]] = {}
    for exchange, number, data in documents:
        subject = _subject(data[party])
        if subject is not None:
            found = (datetime.fromisoformat(data[at]).astimezone(UTC), exchange, number, data["revision"])
            least[subject] = min(least.get(subject, found), found)
    return {subject: found[1:] for subject, found in least.items()}


def _category(trade: Json, listing: Json | None) -> str:
    if trade["status"] == "cancelled":
        return "cancelled"
    if trade.get("origin_exchange"):
        return "mirrored"
    if trade["mode"] != "listed":
        return "mode"
    fits = (
        listing is not None
        and listing["status"] != "annulled"
        and _subject(listing["provider"]) == _subject(trade["provider"])
        and datetime.fromisoformat(listing["listed_at"]) <= datetime.fromisoformat(trade["completed_at"])
    )
    return "counted" if fits else "unmatched"


def _subject(party: Json) -> str | None:
    return f"uscc:{party['id']}" if party.get("id_scheme", "uscc") == "uscc" else None


def _month(trade: Json) -> str:
    return datetime.fromisoformat(trade["completed_at"]).astimezone(SHANGHAI).strftime("%Y-%m")


def _net_fen(trade: Json) -> int:
    return int(Decimal(trade["amount"]) * 100) - int(Decimal(trade.get("refunded", "0")) * 100)


def _add(sums: dict[Any, Sum], key: Any, fen: int) -> None:
    before = sums.get(key, (0, 0))
    sums[key] = (before[0] + fen, before[1] + 1)
