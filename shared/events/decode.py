"""Decode a record of an exchange's topic to an accepted document or a refusal with its reason.

The marshmallow schemas are authoritative (`decode_slowly`). A msgspec fast path (`shared.events.fast`) runs first and
can only accept; a record that it does not accept is decoded again by the schemas, which report the errors.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NoReturn, cast

import msgspec
from marshmallow import Schema, ValidationError

from shared.events import fast
from shared.events.documents import Document, Trade
from shared.events.fields import NOT_OBJECT, REQUIRED
from shared.events.schemas import AttributesSchema, ListingSchema, TradeSchema
from shared.values.json_types import Json

Kind = Literal["listing", "trade"]
ContentMode = Literal["structured", "binary"]
Headers = Sequence[tuple[str, bytes]]

EVENT_REASONS: Final = (
    "too_large",
    "not_json",
    "not_cloudevent",
    "wrong_source",
    "unknown_type",
    "invalid_data",
    "same_party",
    "revision_conflict",
)
# A record that cannot be read is no event yet (`shared/kafka/set_aside.py`).
REASONS: Final = (*EVENT_REASONS, "unreadable")
TYPES: Final[dict[Kind, str]] = {
    "listing": "cn.kunming.data-exchange.listing.v1",
    "trade": "cn.kunming.data-exchange.trade.v1",
}
MAX_VALUE_BYTES: Final = 256 * 1024
MAX_NESTING: Final = 100
MAX_COMPLETED_AHEAD: Final = timedelta(hours=24)

_ATTRIBUTES: Final = ("specversion", "id", "source", "type", "time")
_ATTRIBUTES_SCHEMA: Final = AttributesSchema()
_SCHEMAS: Final[dict[Kind, Schema]] = {"listing": ListingSchema(), "trade": TradeSchema()}

# Strings and brackets. A truncated string matches too, or the search would restart at every quote in it.
_BRACKETS: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z|\\\Z)|[{}\[\]]', re.DOTALL)
# No known field takes a number this long; Python limits the conversion of longer ones.
_MAX_INT_DIGITS: Final = 32


class FieldError(msgspec.Struct, frozen=True, gc=False):
    """An error at a path within the document (`provider.id`), an attribute, `data` or `value`."""

    field: str
    message: str


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """A valid event's document."""

    document: Document
    content_mode: ContentMode


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """The reason why an event is refused, one of EVENT_REASONS, with its errors."""

    reason: str
    errors: list[FieldError]


# `decode` knows no other documents; the intake, which does, refuses with this.
REVISION_CONFLICT: Final = Refusal(
    "revision_conflict",
    [FieldError("revision", "该修订号已登记了不同的内容 / this revision is registered with other content")],
)


def too_large_error(size_bytes: int) -> FieldError:
    """The error of a value over MAX_VALUE_BYTES."""
    limit = MAX_VALUE_BYTES
    return FieldError("value", f"{size_bytes} 字节，超过 {limit} / {size_bytes} bytes, over {limit}")


class _Refused(Exception):  # noqa: N818 - carries a Refusal out of nested checks; never leaves this module
    def __init__(self, reason: str, *errors: FieldError) -> None:
        super().__init__(reason)
        self.refusal = Refusal(reason, list(errors))


def decode(kind: Kind, exchange: str, value: bytes | None, headers: Headers) -> Accepted | Refusal:
    """Decode a record of `exchange.<exchange>.<kind>s.v1`; every check but `revision_conflict`. Never raises."""
    if value is not None and len(value) <= MAX_VALUE_BYTES and not _nested_too_deeply(value):
        attributes = dict(headers) if headers else {}
        if "ce_specversion" in attributes:
            document = fast.binary(kind, exchange, value, attributes)
            if document is not None:
                return Accepted(document, "binary")
        else:
            document = fast.structured(kind, exchange, value)
            if document is not None:
                return Accepted(document, "structured")
    return decode_slowly(kind, exchange, value, headers)


def decode_slowly(kind: Kind, exchange: str, value: bytes | None, headers: Headers) -> Accepted | Refusal:
    """Decode by the schemas alone, with the same result as `decode`."""
    try:
        parsed = _parse(value)
        binary = dict(headers)
        if "ce_specversion" in binary:
            time = _check_attributes(kind, exchange, _binary_attributes(binary))
            return Accepted(_document(kind, parsed, time), "binary")
        event = _structured_attributes(parsed)
        time = _check_attributes(kind, exchange, event)
        return Accepted(_document(kind, _structured_data(event), time), "structured")
    except _Refused as refused:
        return refused.refusal


def _parse(value: bytes | None) -> object:
    if value is None or not value:
        raise _not_json("记录为空 / the record is empty")
    if len(value) > MAX_VALUE_BYTES:
        raise _Refused("too_large", too_large_error(len(value)))
    if _nested_too_deeply(value):
        raise _not_json(f"嵌套超过 {MAX_NESTING} 层 / nested deeper than {MAX_NESTING} levels")
    try:
        text = value.decode()
        # From text, because `json` also accepts UTF-16 and UTF-32 bytes. A byte order mark is an error here.
        return json.loads(text, parse_int=_parse_int, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise _not_json(f"不是 UTF-8（第 {error.start} 字节） / is not UTF-8 (byte {error.start})") from error
    except json.JSONDecodeError as error:
        said = (
            f"第 {error.lineno} 行第 {error.colno} 列不是 JSON / not JSON at line {error.lineno} column {error.colno}"
        )
        raise _not_json(said) from error


def _not_json(said: str) -> _Refused:
    return _Refused("not_json", FieldError("value", said))


def _nested_too_deeply(value: bytes) -> bool:
    """Return True if nested deeper than MAX_NESTING; unlike the limits of parsers, it does not depend on the stack."""
    if value.count(b"{") + value.count(b"[") <= MAX_NESTING:
        return False
    depth = 0
    for token in _BRACKETS.finditer(value):
        bracket = token[0]
        if bracket in (b"{", b"["):
            depth += 1
            if depth > MAX_NESTING:
                return True
        elif bracket in (b"}", b"]"):
            depth -= 1
    return False


def _parse_int(digits: str) -> int | float:
    # A number too long becomes a float: harmless in an unknown field, invalid in every known one.
    return int(digits) if len(digits) <= _MAX_INT_DIGITS else float("inf")


def _refuse_constant(constant: str) -> NoReturn:
    raise _not_json(f"JSON 没有 {constant} / JSON has no {constant}")


def _structured_attributes(parsed: object) -> Json:
    if not isinstance(parsed, dict):
        raise _Refused("not_cloudevent", FieldError("value", NOT_OBJECT))
    return parsed


def _structured_data(event: Json) -> object:
    if "data_base64" in event:
        said = "不接受 data_base64，请用 data / data_base64 is not accepted, use data"
        raise _Refused("invalid_data", FieldError("data_base64", said))
    if "data" not in event:
        raise _Refused("invalid_data", FieldError("data", REQUIRED))
    return event["data"]


def _binary_attributes(headers: dict[str, bytes]) -> Json:
    attributes: Json = {}
    for name in _ATTRIBUTES:
        if f"ce_{name}" not in headers:
            continue
        raw: bytes | None = headers[f"ce_{name}"]  # Kafka allows headers without a value
        try:
            attributes[name] = None if raw is None else raw.decode()
        except UnicodeDecodeError:
            said = "不是 UTF-8 / is not UTF-8"
            raise _Refused("not_cloudevent", FieldError(name, said)) from None
    return attributes


def _check_attributes(kind: Kind, exchange: str, attributes: Json) -> datetime:
    """Validate the attributes and return the event's time."""
    try:
        loaded = _ATTRIBUTES_SCHEMA.load(attributes)
    except ValidationError as error:
        raise _Refused("not_cloudevent", *_field_errors(error.messages)) from error
    if loaded["source"] != f"/exchanges/{exchange}":
        said = f"须为 /exchanges/{exchange} / must be /exchanges/{exchange}"
        raise _Refused("wrong_source", FieldError("source", said))
    if loaded["type"] != TYPES[kind]:
        said = f"本主题只收 {TYPES[kind]} / this topic takes {TYPES[kind]} alone"
        raise _Refused("unknown_type", FieldError("type", said))
    time: datetime = loaded["time"]
    return time


def _document(kind: Kind, data: object, time: datetime) -> Document:
    document: Document | None = None
    completed_at: datetime | None = None
    errors: list[FieldError] = []
    try:
        document = _SCHEMAS[kind].load(cast("Json", data))  # which refuses anything else
        if isinstance(document, Trade):
            completed_at = document.completed_at
    except ValidationError as error:
        errors = _field_errors(error.messages)
        if isinstance(error.valid_data, dict):
            completed_at = error.valid_data.get("completed_at")
    if completed_at is not None and completed_at - time > MAX_COMPLETED_AHEAD:
        said = "不得晚于事件 time 24 小时以上 / must be at most 24 h after the event's time"
        errors.append(FieldError("completed_at", said))
    if document is None or errors:
        raise _Refused("invalid_data", *errors)
    if isinstance(document, Trade) and document.provider.subject == document.buyer.subject:
        said = "买卖双方不得为同一主体 / provider and buyer must not be the same entity"
        raise _Refused("same_party", FieldError("buyer", said))
    return document


def _field_errors(messages: Iterable[object], path: str = "") -> list[FieldError]:
    """Flatten the nested messages of marshmallow; a message for a whole object gets the object's path."""
    if not isinstance(messages, dict):
        return [FieldError(path or "data", str(message)) for message in messages]
    errors: list[FieldError] = []
    for name, inner in messages.items():
        below = path if name == "_schema" else f"{path}.{name}" if path else str(name)
        errors += _field_errors(inner, below)
    return errors
