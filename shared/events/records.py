"""Kafka records of an exchange, and their lines in an NDJSON file.

A line is a structured CloudEvent, sent byte for byte. A record that is none (binary mode, rubbish) is wrapped in a line
`{"record": {"exchange", "topic", "key", "headers": [[name, base64]], "value"}}`, key and value in base64 or null.
"""

import re
from typing import Final

import msgspec

from shared.events.decode import TYPES, Kind
from shared.events.topics import EXCHANGE_PATTERN, topic_of
from shared.values.convert import converter
from shared.values.json_types import Json

_TIME_OF: Final[dict[Kind, str]] = {"listing": "listed_at", "trade": "completed_at"}
_KINDS: Final[dict[str, Kind]] = {event_type: kind for kind, event_type in TYPES.items()}
_SOURCE: Final = re.compile(f"/exchanges/({EXCHANGE_PATTERN})")


class SampleRecord(msgspec.Struct, frozen=True, gc=False):
    """A Kafka record. `outcome` is the expected result of intake: `accepted`, `duplicate` or the reason of a refusal.

    It is None if unknown, as for records read from a file.
    """

    exchange: str
    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    outcome: str | None = None


class _Numbers(msgspec.Struct, gc=False):
    listing_no: object = None
    trade_no: object = None


class _Wrapped(msgspec.Struct, gc=False):
    exchange: str
    topic: str
    key: bytes | None
    headers: list[tuple[str, bytes]]
    value: bytes | None


class _Line(msgspec.Struct, gc=False):
    source: object = None
    type: object = None
    data: object = None
    record: _Wrapped | None = None


_decode_line: Final = msgspec.json.Decoder(_Line).decode
_to_numbers: Final = converter(_Numbers)


def event_of(kind: Kind, exchange: str, document: Json) -> bytes:
    """Encode a document as a structured event; equal documents give equal bytes."""
    event = {
        "specversion": "1.0",
        "id": f"{exchange}-{kind}-{document.get(f'{kind}_no')}-{document.get('revision')}",
        "source": f"/exchanges/{exchange}",
        "type": TYPES[kind],
        # A document without a time gets a placeholder here, so that the error names the document's field.
        "time": document.get(_TIME_OF[kind], "2000-01-01T00:00:00Z"),
        "data": document,
    }
    return msgspec.json.encode(event)


def to_line(record: SampleRecord) -> bytes:
    """Encode a record as a line with its newline."""
    value = record.value
    if not record.headers and value is not None and b"\n" not in value:
        read = from_line(value, record.exchange, None)
        if read is not None and (read.topic, read.key, read.value) == (record.topic, record.key, value):
            return value + b"\n"
    wrapped = _Wrapped(record.exchange, record.topic, record.key, list(record.headers), value)
    return msgspec.json.encode({"record": wrapped}) + b"\n"


def from_line(line: bytes, exchange: str, otherwise: Kind | None) -> SampleRecord | None:
    """Decode a line of `exchange`'s file; the wrapper or the event's source may name another exchange.

    A line of an unknown event type is taken for kind `otherwise`; None if that is None.
    """
    value = line.rstrip(b"\r\n")
    try:
        read = _decode_line(value)
    except ValueError:
        read = _Line()
    if read.record is not None:
        wrapped = read.record
        return SampleRecord(wrapped.exchange, wrapped.topic, wrapped.key, wrapped.value, tuple(wrapped.headers))
    kind = _KINDS.get(read.type, otherwise) if isinstance(read.type, str) else otherwise
    if kind is None:
        return None
    named = _SOURCE.fullmatch(read.source) if isinstance(read.source, str) else None
    of = exchange if named is None else named[1]
    number = number_in(read.data)
    # The number as key keeps the revisions of a document in order.
    return SampleRecord(of, topic_of(kind, of), None if number is None else number.encode(), value)


def number_of(value: bytes) -> str | None:
    """Return the document number in a rejected record's value; None if unreadable."""
    try:
        read = msgspec.json.decode(value)
    except ValueError:
        return None
    return number_in(read.get("data", read)) if isinstance(read, dict) else None


def number_in(data: object) -> str | None:
    """Return the number of a document, valid or not; None if it has none."""
    try:
        numbers = _to_numbers(data)
    except msgspec.ValidationError:
        return None
    number = numbers.trade_no if isinstance(numbers.trade_no, str) else numbers.listing_no
    return number if isinstance(number, str) else None
