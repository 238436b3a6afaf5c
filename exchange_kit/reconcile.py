"""Reconcile an exchange's file of a day with the registers (对账)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec
from marshmallow import Schema

from exchange_kit.register import DayCounts, DocumentState, QuarantineReason, RegisterReader, value_key
from exchange_kit.validate import ACCEPTED, DUPLICATE, Judged, digest, judge, place_of
from shared.events.decode import FieldError, Kind
from shared.events.documents import Document, Listing
from shared.events.schemas import ListingSchema, TradeSchema
from shared.events.topics import KINDS, topic_of
from shared.language import say
from shared.values.money import format_yuan

Fate = Literal["missing", "refused", "different"]
MISSING: Final = "missing"
REFUSED: Final = "refused"
DIFFERENT: Final = "different"

_SCHEMAS: Final[dict[Kind, Schema]] = {"listing": ListingSchema(), "trade": TradeSchema()}


class FileCounts(msgspec.Struct):
    """Counts of one kind in the file: lines, distinct valid documents, invalid lines."""

    records: int = 0
    documents: int = 0
    faulty: int = 0
    amount_fen: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, judged: Judged) -> None:
        self.records += 1
        document = judged.document
        if document is not None and judged.verdict.outcome == ACCEPTED:
            at = document.listed_at if isinstance(document, Listing) else document.completed_at
            self.documents += 1
            self.amount_fen += 0 if isinstance(document, Listing) else document.amount_fen
            self.first = at if self.first is None else min(self.first, at)
            self.last = at if self.last is None else max(self.last, at)
        elif judged.verdict.refused:
            self.faulty += 1

    def agrees_with(self, day: DayCounts) -> bool:
        """Return True if the register's counts of the day equal the file's; duplicates change nothing."""
        same = (self.documents, self.amount_fen) == (day.accepted, day.amount_fen)
        return same and not self.faulty and not day.refused

    @property
    def amount(self) -> str:
        return format_yuan(self.amount_fen)


class LineDifference(msgspec.Struct, frozen=True):
    """A line whose document the register lacks or has differently, and why, as far as known.

    `number` and `revision` are null if unreadable. `reason` and `errors` come from the quarantine; for a difference
    `errors` lists the fields that differ.
    """

    line: int
    kind: Kind | None
    number: str | None
    revision: int | None
    fate: Fate
    reason: str | None = None
    errors: list[FieldError] = []


def count(lines: Iterable[bytes], exchange: str) -> dict[Kind | None, FileCounts]:
    """Count the exchange's events in a file by kind; events of an unknown kind under None."""
    found: dict[Kind | None, FileCounts] = {}
    for kind, judged in own_lines(lines, exchange):
        found.setdefault(kind, FileCounts()).add(judged)
    return found


def own_lines(lines: Iterable[bytes], exchange: str) -> Iterator[tuple[Kind | None, Judged]]:
    """Yield the lines that `publish` would send for the exchange, each with its kind."""
    for judged in judge(lines, exchange):
        record = judged.record
        if record is None:
            yield None, judged
        elif record.exchange == exchange:
            yield next((kind for kind in KINDS if record.topic == topic_of(kind, exchange)), None), judged


class DocumentSearch:
    """Look up single documents in the registers; needed only if the counts differ."""

    def __init__(self, registers: Mapping[Kind, RegisterReader], own: Mapping[Kind | None, FileCounts]) -> None:
        self.kinds = frozenset(registers)
        self._registers = registers
        self._states: dict[Kind, dict[str, DocumentState]] = {}
        self._quarantine: dict[Kind, dict[bytes, QuarantineReason]] = {}
        for kind, register in registers.items():
            first, last = own[kind].first, own[kind].last
            self._states[kind] = register.states(first, last) if first is not None and last is not None else {}
            self._quarantine[kind] = register.quarantine()

    def find(self, kind: Kind, judged: Judged) -> LineDifference | None:
        """Return how a line differs; None if the register has it, or it repeats an earlier line."""
        verdict, record, document = judged
        if verdict.outcome == DUPLICATE:
            return None
        refused = self._quarantine[kind].get(value_key(None if record is None else record.value))
        if document is None:
            fate: Fate = MISSING if refused is None else REFUSED
            said = refused or QuarantineReason(verdict.outcome, verdict.errors)
            return LineDifference(verdict.line, kind, None, None, fate, said.reason, said.errors)
        _, number = place_of(document)
        return self._find_document(kind, number, document, verdict.line, refused)

    def _find_document(
        self, kind: Kind, number: str, document: Document, line: int, refused: QuarantineReason | None
    ) -> LineDifference | None:
        state = self._states[kind].get(number)
        if state == DocumentState(document.revision, digest(document)):
            return None
        there, revisions = self._registers[kind].revisions(number)
        if there == document:
            return None
        if refused is not None:
            return LineDifference(line, kind, number, document.revision, REFUSED, refused.reason, refused.errors)
        if document.revision not in revisions:
            return LineDifference(line, kind, number, document.revision, MISSING)
        if there is not None and there.revision == document.revision:
            return LineDifference(
                line, kind, number, document.revision, DIFFERENT, None, _differences(kind, document, there)
            )
        # An earlier revision: with other content it would be in quarantine.
        return None


def _differences(kind: Kind, own: Document, there: Document) -> list[FieldError]:
    schema = _SCHEMAS[kind]
    theirs = schema.dump(there)
    return [
        FieldError(
            name,
            say(
                f"文件 {_text(value)}，登记簿 {_text(theirs[name])}",
                f"file {_text(value)}, register {_text(theirs[name])}",
            ),
        )
        for name, value in schema.dump(own).items()
        if value != theirs[name]
    ]


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def findings(lines: Iterable[bytes], exchange: str, search: DocumentSearch) -> Iterator[LineDifference]:
    """Yield the lines that differ from the register: those of the search's kinds, and those of unknown kind."""
    for kind, judged in own_lines(lines, exchange):
        if kind is None:
            verdict = judged.verdict
            yield LineDifference(verdict.line, None, None, None, MISSING, verdict.outcome, verdict.errors)
        elif kind in search.kinds:
            found = search.find(kind, judged)
            if found is not None:
                yield found
