"""The ingest's own verdict on the lines of a file, offline.

Each line is read by the code that the services read it with. What that code cannot know of one record alone, whether
its revision came before with the same or with other content, is known here within the file, in its order.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec

from exchange_kit.records import SampleRecord, from_line
from shared.events.decode import REVISION_CONFLICT, TYPES, Accepted, FieldError, Kind, Refusal, decode
from shared.events.documents import Document, Listing
from shared.events.topics import KINDS, topic_of, topics_of

ACCEPTED: Final = "accepted"
DUPLICATE: Final = "duplicate"
# A wrapped record of a topic that is none of an exchange's. No service would ever see it, so they have no word for it.
UNKNOWN_TOPIC: Final = "unknown_topic"

_DIGEST_BYTES: Final = 16
# Stands for the exchange where neither the caller nor the line names one; no source can be equal to it.
_ANY_EXCHANGE: Final = "<id>"


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What intake makes of one line, counted from 1. `outcome`: accepted, duplicate, or the reason of its refusal."""

    line: int
    outcome: str
    errors: list[FieldError] = []

    @property
    def refused(self) -> bool:
        return self.outcome not in (ACCEPTED, DUPLICATE)


class Judged(NamedTuple):
    """A verdict, with what the line is as a record (None if nobody can tell) and as a document (None if it is none)."""

    verdict: Verdict
    record: SampleRecord | None
    document: Document | None


def judge(lines: Iterable[bytes], exchange: str | None) -> Iterator[Judged]:
    """A verdict for each line that is not blank, in order; never raises for what a line holds.

    With `exchange` every line is judged as one of its topics, so that one of another exchange is `wrong_source`;
    without, each as one of the exchange that it names. Some 250 bytes are kept for each accepted document.
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
    """The verdict on a record alone, as one of the exchange's topics."""
    for kind in KINDS:
        if record.topic == topic_of(kind, record.exchange):
            return decode(kind, exchange, record.value, record.headers)
    return _refuse_topic(record)


def _decode_unknown(exchange: str, value: bytes) -> Accepted | Refusal:
    """The verdict on what does not say to which of the two topics it belongs."""
    refusal: Accepted | Refusal
    for kind in KINDS:
        refusal = decode(kind, exchange, value, ())
        if not (isinstance(refusal, Refusal) and refusal.reason == "unknown_type"):
            return refusal
    said = f"须为 {' 或 '.join(TYPES.values())} / must be {' or '.join(TYPES.values())}"
    return Refusal("unknown_type", [FieldError("type", said)])


def _refuse_topic(record: SampleRecord) -> Refusal:
    topics = topics_of(record.exchange)
    said = f"须为 {' 或 '.join(topics)} / must be {' or '.join(topics)}"
    return Refusal(UNKNOWN_TOPIC, [FieldError("record.topic", said)])


def _compare(known: dict[bytes, bytes], exchange: str, document: Document) -> str | Refusal:
    """Hold a document against the one of the same exchange, kind, number and revision that came first, if any did."""
    kind, number = place_of(document)
    content = digest(document)
    first = known.setdefault(digest((kind, exchange, number, document.revision)), content)
    if first is content:
        return ACCEPTED
    return DUPLICATE if first == content else REVISION_CONFLICT


def place_of(document: Document) -> tuple[Kind, str]:
    """Of which kind a document is, and its number."""
    return ("listing", document.listing_no) if isinstance(document, Listing) else ("trade", document.trade_no)


def digest(value: Document | tuple[str, str, str, int]) -> bytes:
    """Equal for equal values alone: instants are in UTC and members in one order, so that equal ones encode alike."""
    return blake2b(msgspec.json.encode(value), digest_size=_DIGEST_BYTES).digest()
