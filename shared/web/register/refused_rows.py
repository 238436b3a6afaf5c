"""Rows of the quarantine and of accepted entries, and the content of a refused record. Pure."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from shared.values.json_types import Json

_MAX_INT_DIGITS: Final = 32  # Python limits the conversion of longer numbers


class RecordContent(NamedTuple):
    """The attributes and `data` of a record, in either content mode."""

    attributes: Json
    data: object


def record_content(value: bytes, headers: Sequence[Sequence[str | None]]) -> RecordContent:
    """Read a record whose value is whole and JSON. `headers`: pairs of name and base64, as stored."""
    read = json.loads(value, parse_int=_parse_int)
    binary = {name: raw for name, raw in headers if name is not None}
    if "ce_specversion" in binary:
        attributes = {name[3:]: _text(raw) for name, raw in binary.items() if name.startswith("ce_")}
        return RecordContent(attributes, read)
    if not isinstance(read, dict):
        return RecordContent({}, None)
    return RecordContent({name: part for name, part in read.items() if name != "data"}, read.get("data"))


def _parse_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_INT_DIGITS else float(digits)


def _text(raw: str | None) -> str | None:
    return None if raw is None else base64.b64decode(raw).decode("utf-8", "replace")


class QuarantinedRecord(NamedTuple):
    """A refused record, or a batch, as the quarantine has it; `corrected_by`: the seq of the first entry that did."""

    id: int
    exchange: str
    topic: str
    partition: int
    offset: int
    last_offset: int
    records: int | None
    received_at: datetime
    reason: str
    errors: list[Json]
    headers: list[list[str | None]]
    value: bytes | None
    value_size: int | None
    value_sha256: str | None
    cut: bool
    number: str | None
    revision: int | None
    document_at: datetime | None
    corrected_by: int | None

    @property
    def is_whole(self) -> bool:
        """True if the value is kept whole, and is JSON that names a document."""
        return self.number is not None and not self.cut and self.reason != "too_large"

    @property
    def content(self) -> RecordContent:
        """The record's attributes and data, if it is whole."""
        return record_content(self.value or b"", self.headers)


class RegisteredEntry(NamedTuple):
    """An accepted entry of a document; `value` and `headers` are its record's, None where they are not needed."""

    seq: int
    revision: int
    received_at: datetime
    value: bytes | None
    headers: list[list[str | None]] | None

    @property
    def content(self) -> RecordContent:
        """The attributes and data of its record."""
        return record_content(self.value or b"", self.headers or ())
