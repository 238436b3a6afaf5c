"""The expected state after what was published: records by outcome; facts and awards by the verifier."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from devset.expected import document_of, policy_tree, settings_of
from services.incentive.verifier.expected import AcceptedDocument, ExpectedAward, expected_awards, expected_facts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.whitelist import Whitelist
    from tests.faults.world import Sent

Json = dict[str, Any]
Number = tuple[str, str, str]  # kind, exchange, number

VALID = ("accepted", "duplicate", "revision_conflict")


class Place(NamedTuple):
    """The position of a record in Kafka."""

    topic: str
    partition: int
    offset: int


@dataclass
class Reference:
    """Takes records in the order of each partition and computes the expected state."""

    exchanges: Whitelist
    accepted: Counter[Place] = field(default_factory=Counter)
    refused: Counter[tuple[Place, str]] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)  # by topic
    _revisions: dict[Number, dict[int, Json]] = field(default_factory=lambda: defaultdict(dict))
    _stored: list[AcceptedDocument] = field(default_factory=list)

    def take(self, sent: Iterable[Sent]) -> None:
        """Store the first content of each revision; the same content again is a duplicate, another is refused."""
        for record, partition, offset, timestamp_ms in sent:
            place = Place(record.topic, partition, offset)
            if record.outcome not in VALID:
                self.refused[place, str(record.outcome)] += 1
                continue
            document = document_of(record)._replace(record_us=timestamp_ms * 1000)
            kind, exchange, data = document[:3]
            known = self._revisions[kind, exchange, data[f"{kind}_no"]]
            first = known.setdefault(data["revision"], data)
            if first is data:
                self.accepted[place] += 1
                self._stored.append(document)
            elif first == data:
                self.duplicates[record.topic] += 1
            else:
                self.refused[place, "revision_conflict"] += 1

    def facts(self) -> dict[str, Json]:
        """Return the facts of the accepted documents by name, without versions."""
        return expected_facts(self._stored, settings_of(self.exchanges))

    def awards(self, facts: dict[str, Json]) -> dict[str, ExpectedAward]:
        """Return every award over zero that these facts earn."""
        return expected_awards(facts, settings_of(self.exchanges), policy_tree())

    def revisions(self, kind: str) -> dict[tuple[str, str], int]:
        """Return the highest revision of every document, by exchange and number."""
        return {place[1:]: max(known) for place, known in self._revisions.items() if place[0] == kind}
