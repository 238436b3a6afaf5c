"""An exchange's documents in the registers, read with its API key."""

import base64
import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from exchange_kit.api import Api, ApiError
from exchange_kit.records import event_of
from exchange_kit.validate import digest
from shared.events.decode import MAX_VALUE_BYTES, Accepted, FieldError, Kind, decode
from shared.events.documents import Document
from shared.language import say
from shared.settings import AccessSettings
from shared.values.json_types import Json
from shared.values.money import parse_yuan
from shared.values.times import format_time

_NOT_FOUND: Final = 404
_PATIENCE_S: Final = 30.0
_POLL_S: Final = 0.5
# The fields of a log entry that `revisions` answers; the others follow from the document.
_ENTRY: Final = (
    "seq",
    "revision",
    "topic",
    "partition",
    "offset",
    "value_sha256",
    "content_mode",
    "headers_sha256",
)


class DayCounts(msgspec.Struct, frozen=True):
    """Counts of a day, as `/v1/reconciliation` answers."""

    received: int
    accepted: int
    duplicates: int
    refused: dict[str, int]
    amount: str

    @property
    def amount_fen(self) -> int:
        return parse_yuan(self.amount)


class QuarantineReason(msgspec.Struct, frozen=True):
    """Why a record is in quarantine."""

    reason: str
    errors: list[FieldError]


class DocumentState(msgspec.Struct, frozen=True, gc=False):
    """The current revision of a document, and a digest of its content."""

    revision: int
    digest: bytes


@dataclass(frozen=True)
class RegisterReader:
    """Client of the register of one kind of documents."""

    kind: Kind
    exchange: str
    api: Api

    def waiting(self) -> int:
        """Return the number of records not handled yet."""
        return int(self.api.get("/v1/progress")["lag"])

    def day(self, day: date) -> DayCounts:
        """Return the counts of a day in Shanghai."""
        answer = self.api.get("/v1/reconciliation", exchange=self.exchange, date=day.isoformat())
        return msgspec.convert(answer, DayCounts)

    def states(self, first: datetime, last: datetime) -> dict[str, DocumentState]:
        """Return the documents of a time span, both ends included, by number."""
        until = format_time(last + timedelta(microseconds=1))
        span = {"from": format_time(first), "until": until}
        items = self.api.items(f"/v1/{self.kind}s", exchange=self.exchange, **span)
        documents = ((item[f"{self.kind}_no"], self._read(item)) for item in items)
        return {number: DocumentState(document.revision, digest(document)) for number, document in documents}

    def revisions(self, number: str) -> tuple[Document | None, set[int]]:
        """Return the current document (None if unknown) and the numbers of its revisions."""
        try:
            item = self.api.get(f"/v1/{self.kind}s/{self.exchange}/{number}")
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None, set()
            raise
        return self._read(item), {revision["revision"] for revision in item["revisions"]}

    def entries(self, number: str) -> dict[int, Json]:
        """Return the log entry of each revision of a document, by revision."""
        try:
            item = self.api.get(f"/v1/{self.kind}s/{self.exchange}/{number}")
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return {}
            raise
        document = {"kind": self.kind, "exchange": self.exchange, "number": number}
        return {one["revision"]: document | {name: one[name] for name in _ENTRY} for one in item["revisions"]}

    def quarantine(self) -> dict[bytes, QuarantineReason]:
        """Return the reasons of rejected records by `value_key`."""
        items = self.api.items("/v1/quarantine", exchange=self.exchange)
        return {
            value_key(
                None if item["value_base64"] is None else base64.b64decode(item["value_base64"])
            ): QuarantineReason(item["reason"], msgspec.convert(item["errors"], list[FieldError]))
            for item in items
        }

    def _read(self, item: Json) -> Document:
        """Decode the document of an answer as if the exchange had sent it."""
        decoded = decode(self.kind, self.exchange, event_of(self.kind, self.exchange, item), ())
        if not isinstance(decoded, Accepted):
            unreadable = say("应答无法识别", "the answer is not a document")
            raise ApiError(f"{self.api.name}: {unreadable}: {decoded.errors}", None)
        return decoded.document


def await_handled(registers: Sequence[RegisterReader]) -> int:
    """Wait up to 30 s until the registers have handled all records; return how many they have not."""
    deadline = time.monotonic() + _PATIENCE_S
    while (waiting := sum(register.waiting() for register in registers)) and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    return waiting


def value_key(value: bytes | None) -> bytes:
    """Return the key of a value in the quarantine, which keeps its first 256 KiB."""
    return hashlib.sha256((value or b"")[:MAX_VALUE_BYTES]).digest()


def registers_of(exchange: str, access: AccessSettings) -> Iterator[RegisterReader]:
    """Yield the clients of both registers of an exchange."""
    yield RegisterReader("listing", exchange, Api.with_key("listing", access.listing_url, access.key))
    yield RegisterReader("trade", exchange, Api.with_key("trade-ingest", access.trade_ingest_url, access.key))
