"""Validate the lines of a file offline, with the services' own decoder.

The decoder cannot tell from one record whether its revision came before with the same or other content; within the file
this module can.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec

from shared.events.decode import REVISION_CONFLICT, TYPES, Accepted, FieldError, Kind, Refusal, decode
from shared.events.documents import Document, Listing, without_industry
from shared.events.records import SampleRecord, from_line
from shared.events.topics import KINDS, topic_of, topics_of

ACCEPTED: Final = "accepted"
DUPLICATE: Final = "duplicate"
# A wrapped record of a topic that no exchange has. Services never see it, so it is not among their reasons.
UNKNOWN_TOPIC: Final = "unknown_topic"

_DIGEST_BYTES: Final = 16
# Placeholder if neither the caller nor the line names an exchange; no source equals it.
_ANY_EXCHANGE: Final = "<id>"


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """The result of one line, counted from 1. `outcome`: accepted, duplicate, or the reason of the refusal."""

    line: int
    outcome: str
    errors: list[FieldError] = []

    @property
    def refused(self) -> bool:
        return self.outcome not in (ACCEPTED, DUPLICATE)


class Judged(NamedTuple):
    """A verdict with the line's record (None if its type is unknown) and document (None if invalid)."""

    verdict: Verdict
    record: SampleRecord | None
    document: Document | None


def judge(lines: Iterable[bytes], exchange: str | None) -> Iterator[Judged]:
    """Yield a verdict for each non-blank line, in order; never raises for the content of a line.

    With `exchange`, every line is judged as a record of its topics, so an event of another exchange is `wrong_source`;
    without it, each as a record of the exchange that it names. Memory grows by 250 bytes an accepted document.
    """
    known: dict[bytes, bytes] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        record = from_line(line, exchange or _ANY_EXCHANGE, None)
        of = exchange or (_ANY_EXCHANGE if record is None else record.exchange)
        decoded = _decode_unknown(of, line.rstrip(b"\r\n")) if record is None else _decode(record, of)
        document = decoded.document if isinstance(decoded, Accepted) else None
        found = decoded if isinstance(decoded, Refusal) else _compare(known, of, decoded.document)
        verdict = Verdict(number, found) if isinstance(found, str) else Verdict(number, found.reason, found.errors)
        yield Judged(verdict, record, document)


def _decode(record: SampleRecord, exchange: str) -> Accepted | Refusal:
    """Decode a record as one of the exchange's topics."""
    for kind in KINDS:
        if record.topic == topic_of(kind, record.exchange):
            return decode(kind, exchange, record.value, record.headers)
    names = topics_of(record.exchange)
    message = f"须为 {' 或 '.join(names)} / must be {' or '.join(names)}"
    return Refusal(UNKNOWN_TOPIC, [FieldError("record.topic", message)])


def _decode_unknown(exchange: str, value: bytes) -> Accepted | Refusal:
    """Decode a value whose event type names neither topic."""
    refusal: Accepted | Refusal
    for kind in KINDS:
        refusal = decode(kind, exchange, value, ())
        if not (isinstance(refusal, Refusal) and refusal.reason == "unknown_type"):
            return refusal
    said = f"须为 {' 或 '.join(TYPES.values())} / must be {' or '.join(TYPES.values())}"
    return Refusal("unknown_type", [FieldError("type", said)])


def _compare(known: dict[bytes, bytes], exchange: str, document: Document) -> str | Refusal:
    """Compare a document with the first one of the same exchange, kind, number and revision."""
    kind, number = place_of(document)
    content = digest(document)
    first = known.setdefault(digest((kind, exchange, number, document.revision)), content)
    if first is content:
        return ACCEPTED
    return DUPLICATE if first == content else REVISION_CONFLICT


def place_of(document: Document) -> tuple[Kind, str]:
    """Return the kind and number of a document."""
    return ("listing", document.listing_no) if isinstance(document, Listing) else ("trade", document.trade_no)


def digest(value: Document | tuple[str, str, str, int]) -> bytes:
    """Hash a value; equal values have equal encodings, as instants are in UTC and fields in one order."""
    content = value if isinstance(value, tuple) else without_industry(value)
    return blake2b(msgspec.json.encode(content), digest_size=_DIGEST_BYTES).digest()
