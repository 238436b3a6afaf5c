"""Reconcile an exchange's file of a day with the registers (对账)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Final, Literal

import msgspec
from marshmallow import Schema
from msgspec.structs import replace

from exchange_kit.register import DayCounts, RegisterReader
from shared.events.decode import FieldError, Kind, Refusal
from shared.events.documents import Document, Listing, without_industry
from shared.events.schemas import ListingSchema, TradeSchema
from shared.events.topics import KINDS, topic_of
from shared.events.validate import ACCEPTED, DUPLICATE, Judged, digest, judge, place_of
from shared.language import say
from shared.values.money import format_yuan

Fate = Literal["missing", "refused", "different"]
_SCHEMAS: Final[dict[Kind, Schema]] = {"listing": ListingSchema(), "trade": TradeSchema()}


class FileCounts(msgspec.Struct):
    """Counts of one kind in the file: lines, distinct valid documents and their time span, invalid lines."""

    records: int = 0
    documents: int = 0
    faulty: int = 0
    amount_fen: int = 0
    span: tuple[datetime, datetime] | None = None

    def add(self, judged: Judged) -> None:
        self.records += 1
        document = judged.document
        if document is not None and judged.verdict.outcome == ACCEPTED:
            at = document.listed_at if isinstance(document, Listing) else document.completed_at
            self.documents += 1
            self.amount_fen += 0 if isinstance(document, Listing) else document.amount_fen
            first, last = self.span or (at, at)
            self.span = min(first, at), max(last, at)
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


def findings(
    lines: Iterable[bytes],
    exchange: str,
    registers: Mapping[Kind, RegisterReader],
    own: Mapping[Kind | None, FileCounts],
) -> Iterator[LineDifference]:
    """Yield the lines that differ from the registers, and those of unknown kind. `own`: the counts of the file."""
    digests = {kind: register.digests(*span) for kind, register in registers.items() if (span := own[kind].span)}
    for kind, judged in own_lines(lines, exchange):
        if kind is None:
            verdict = judged.verdict
            yield LineDifference(verdict.line, None, None, None, "missing", verdict.outcome, verdict.errors)
        elif kind in registers:
            found = _find(registers[kind], digests.get(kind, {}), judged)
            if found is not None:
                yield found


def _find(register: RegisterReader, digests: Mapping[str, bytes], judged: Judged) -> LineDifference | None:
    """Return how a line differs; None if the register has it, or it repeats an earlier line."""
    verdict, record, document = judged
    if verdict.outcome == DUPLICATE:
        return None
    refused = register.refusal(None if record is None else record.value)
    if document is None:
        fate: Fate = "missing" if refused is None else "refused"
        said = refused or Refusal(verdict.outcome, verdict.errors)
        return LineDifference(verdict.line, register.kind, None, None, fate, said.reason, said.errors)
    found = LineDifference(verdict.line, register.kind, place_of(document)[1], document.revision, "missing")
    return _compare(found, document, register, digests, refused)


def _compare(
    found: LineDifference,
    document: Document,
    register: RegisterReader,
    digests: Mapping[str, bytes],
    refused: Refusal | None,
) -> LineDifference | None:
    """Complete the difference of a valid document; None if there is none."""
    number = str(found.number)
    if digests.get(number) == digest(document):
        return None
    item = register.find(number)
    there = None if item is None else register.document(item)
    if there == document:
        return None
    if refused is not None:
        return replace(found, fate="refused", reason=refused.reason, errors=refused.errors)
    if item is None or document.revision not in {one["revision"] for one in item["revisions"]}:
        return found
    if there is not None and there.revision == document.revision:
        return replace(found, fate="different", errors=_differences(register.kind, document, there))
    # An earlier revision: with other content it would be in quarantine.
    return None


def _differences(kind: Kind, own: Document, there: Document) -> list[FieldError]:
    schema = _SCHEMAS[kind]
    ours, theirs = schema.dump(without_industry(own)), schema.dump(without_industry(there))
    as_text = partial(json.dumps, ensure_ascii=False)
    return [
        FieldError(name, say(f"文件 {mine}，登记簿 {other}", f"file {mine}, register {other}"))
        for name in ours
        if (mine := as_text(ours[name])) != (other := as_text(theirs[name]))
    ]
