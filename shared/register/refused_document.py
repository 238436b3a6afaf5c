"""The document that a refused record was to bring: its number, revision and time, as far as they can be read.

A refused record has faults, so nothing in it can be relied on: what cannot be read, or is not of the contract's form,
is None. A record without a readable number belongs to no document.
"""

from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from shared.events.decode import Headers, Kind
from shared.events.documents import MAX_REVISION
from shared.values.convert import converter
from shared.values.parties import is_number
from shared.values.times import parse_time

# Reasons of records without JSON.
_WITHOUT_JSON: Final = frozenset({"not_json", "unreadable"})


class RefusedDocument(NamedTuple):
    """The number, revision and time (`listed_at` or `completed_at`) in a refused record."""

    number: str | None = None
    revision: int | None = None
    at: datetime | None = None


class _Data(msgspec.Struct, gc=False):
    listing_no: object = None
    trade_no: object = None
    revision: object = None
    listed_at: object = None
    completed_at: object = None


class _Event(msgspec.Struct, gc=False):
    data: object = None


_NONE: Final = RefusedDocument()
_decode_event: Final = msgspec.json.Decoder(_Event).decode
_decode_data: Final = msgspec.json.Decoder(_Data).decode
_to_data: Final = converter(_Data)


def refused_document(kind: Kind, reason: str, value: bytes | None, headers: Headers) -> RefusedDocument:
    """Read the document of a record that was refused for `reason`, in either content mode. Never raises."""
    if value is None or reason in _WITHOUT_JSON:
        return _NONE
    try:
        data = _decode_data(value) if "ce_specversion" in dict(headers) else _to_data(_decode_event(value).data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NONE
    number = data.trade_no if kind == "trade" else data.listing_no
    if not isinstance(number, str) or not is_number(number):
        return _NONE
    revision = data.revision
    if type(revision) is not int or not 1 <= revision <= MAX_REVISION:
        revision = None
    return RefusedDocument(number, revision, _time(data.completed_at if kind == "trade" else data.listed_at))


def _time(value: object) -> datetime | None:
    try:
        return parse_time(value) if isinstance(value, str) else None
    except ValueError:
        return None
