"""The event id and trace of a record, the only parts of it that may be logged or traced.

An exchange may choose any text as an id, so an id is kept only if it looks like one.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from shared.events.decode import MAX_VALUE_BYTES, Headers

_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,127}")
_IDENTITY_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9])[0-9]{17}[0-9Xx](?![A-Za-z0-9])")
# W3C Trace Context: version, trace, parent, flags.
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_NO_TRACE: Final = "0" * 32


class Marks(NamedTuple):
    """A loggable event id and the `traceparent`, each None if the event has none."""

    event_id: str | None
    traceparent: str | None

    @property
    def trace_id(self) -> str | None:
        """32 hex digits."""
        return None if self.traceparent is None else self.traceparent.split("-")[1]


class _Event(msgspec.Struct):
    id: object = None
    traceparent: object = None


_decode = msgspec.json.Decoder(_Event).decode


def marks_of(value: bytes | None, headers: Headers) -> Marks:
    """Read the marks of a record in either content mode, valid or not. Never raises."""
    by_name = dict(headers) if headers else {}
    event_id: object
    traceparent: object
    if "ce_specversion" in by_name:
        event_id, traceparent = _text(by_name, "ce_id"), _text(by_name, "ce_traceparent")
    else:
        event = _structured(value)
        event_id, traceparent = event.id, event.traceparent
    return Marks(_told(event_id), valid_traceparent(traceparent) or valid_traceparent(_text(by_name, "traceparent")))


def _structured(value: bytes | None) -> _Event:
    if value is None or len(value) > MAX_VALUE_BYTES:
        return _Event()
    try:
        return _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Event()


def _text(headers: Mapping[str, bytes | None], name: str) -> str | None:
    raw = headers.get(name)
    return None if raw is None else raw.decode("utf-8", "replace")


def _told(event_id: object) -> str | None:
    """Return the id, or its hash if it could be a name or a person's number, so that it can still be found."""
    if not isinstance(event_id, str) or not event_id:
        return None
    if _PLAIN_ID.fullmatch(event_id) is not None and _IDENTITY_NUMBER.search(event_id) is None:
        return event_id
    return f"sha256:{hashlib.sha256(event_id.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def valid_traceparent(traceparent: object) -> str | None:
    """The value itself, if it is one of W3C Trace Context."""
    found = _TRACEPARENT.fullmatch(traceparent) if isinstance(traceparent, str) else None
    return None if found is None or found[1] == _NO_TRACE else found[0]
