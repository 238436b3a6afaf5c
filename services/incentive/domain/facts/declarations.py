"""Declarations of the bureau, for rewards that no event drives: facts of a topic that is in no broker.

Their register is the ledger itself, whose `seq` counts all declarations from 1.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

import msgspec

from services.incentive.domain.facts.reference import DECLARED, Count, FactRef, Generation, Instant, check_key
from shared.values.canonical_json import canonical_json
from shared.values.parties import Party
from shared.values.times import format_time

_BUREAU: Final = "bureau"


class DocumentRef(msgspec.Struct, frozen=True):
    """A document that a declaration rests on: its name, and its SHA-256 in hex."""

    name: str
    sha256: str


class Declaration(msgspec.Struct, frozen=True):
    """The current declaration of one item of a subject under a rule.

    `measure` holds the measured values as they were written. `exchange` is the one whose operator earns the reward
    (None: the rule is not for operators). `declared_by` is the name of the key, `declared_at` the clock's time.
    """

    ref: FactRef
    register: str
    party: Party
    rule: str
    item: str
    earned_on: date
    measure: Mapping[str, str]
    exchange: str | None
    documents: tuple[DocumentRef, ...]
    withdrawn: bool
    declared_by: str
    declared_at: datetime

    @property
    def award_id(self) -> str:
        """The id of the award that may follow from it."""
        return f"{self.rule}/{self.party.subject}/{self.earned_on.year}/{self.item}"

    @property
    def content(self) -> tuple[object, ...]:
        """The values that are equal in two declarations with the same content."""
        return (self.party.name, self.earned_on, dict(self.measure), self.exchange, self.documents, self.withdrawn)


def declaration_key(subject: str, rule: str, year: int, item: str) -> str:
    """The key of a declaration: a later one of the same rule, subject, year and item replaces it."""
    return f"{_BUREAU}/{subject}/{rule}/{year}/{item}"


class _Declaration(msgspec.Struct, forbid_unknown_fields=True):
    generation: Generation
    seq: Count
    party: Party
    rule: str
    item: str
    earned_on: date
    measure: dict[str, str]
    exchange: str | None
    documents: tuple[DocumentRef, ...]
    withdrawn: bool
    by: str
    at: Instant


_DECLARATION = msgspec.json.Decoder(_Declaration)


def declaration_value(declaration: Declaration) -> bytes:
    """A declaration as it is recorded, in canonical form; the ledger's log has the SHA-256 of these bytes."""
    return canonical_json(
        {
            "generation": declaration.ref.generation,
            "seq": declaration.ref.seq,
            "party": msgspec.to_builtins(declaration.party),
            "rule": declaration.rule,
            "item": declaration.item,
            "earned_on": declaration.earned_on.isoformat(),
            "measure": dict(declaration.measure),
            "exchange": declaration.exchange,
            "documents": msgspec.to_builtins(declaration.documents),
            "withdrawn": declaration.withdrawn,
            "by": declaration.declared_by,
            "at": format_time(declaration.declared_at),
        }
    )


def parse_declaration(key: str, value: bytes) -> Declaration:
    """Parse what `declaration_value` wrote."""
    wire = _DECLARATION.decode(value)
    check_key(key, declaration_key(wire.party.subject, wire.rule, wire.earned_on.year, wire.item))
    return Declaration(
        ref=FactRef(f"{DECLARED}/{key}", wire.generation, wire.seq),
        register=_BUREAU,
        party=wire.party,
        rule=wire.rule,
        item=wire.item,
        earned_on=wire.earned_on,
        measure=wire.measure,
        exchange=wire.exchange,
        documents=wire.documents,
        withdrawn=wire.withdrawn,
        declared_by=wire.by,
        declared_at=wire.at,
    )
