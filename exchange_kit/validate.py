"""The ingest's own verdict on the lines of a file, offline.

Each line is read by the code that the services read it with. What that code cannot know of one record alone, whether
its revision came before with the same or with other content, is known here within the file, in its order.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final

import msgspec

from exchange_kit.records import SampleRecord, from_line
from shared.events.decode import REVISION_CONFLICT, TYPES, Accepted, FieldError, Refusal, decode
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


def judge(lines: Iterable[bytes], exchange: str | None) -> Iterator[Verdict]:
    """A verdict for each line that is not blank, in order; never raises for what a line holds.

    With `exchange` every line is judged as one of its topics, so that one of another exchange is `wrong_source`;
    without, each as one of the exchange that it names. Some 250 bytes are kept for each accepted document.
    """
    known: dict[bytes, bytes] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        decoded, of = _decode_line(line, exchange)
        found = _compare(known, of, decoded.document) if isinstance(decoded, Accepted) else decoded
        if isinstance(found, Refusal):
            yield Verdict(number, found.reason, found.errors)
        else:
            yield Verdict(number, found)


def _decode_line(line: bytes, exchange: str | None) -> tuple[Accepted | Refusal, str]:
    """The verdict on a line alone, and the exchange whose topic it would be in."""
    record = from_line(line, exchange or _ANY_EXCHANGE, None)
    if record is None:
        of = exchange or _ANY_EXCHANGE
        return _decode_unknown(of, line.rstrip(b"\r\n")), of
    of = exchange or record.exchange
    for kind in KINDS:
        if record.topic == topic_of(kind, record.exchange):
            return decode(kind, of, record.value, record.headers), of
    return _refuse_topic(record), of


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
    if isinstance(document, Listing):
        version = ("listing", exchange, document.listing_no, document.revision)
    else:
        version = ("trade", exchange, document.trade_no, document.revision)
    content = _digest(document)
    first = known.setdefault(_digest(version), content)
    if first is content:
        return ACCEPTED
    return DUPLICATE if first == content else REVISION_CONFLICT


def _digest(value: Document | tuple[str, str, str, int]) -> bytes:
    """Equal for equal values alone: instants are in UTC and members in one order, so that equal ones encode alike."""
    return blake2b(msgspec.json.encode(value), digest_size=_DIGEST_BYTES).digest()
