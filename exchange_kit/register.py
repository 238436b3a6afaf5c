"""An exchange's documents in the registers, read with its API key."""

import base64
import hashlib
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final

import msgspec

from exchange_kit.api import Api, ApiError
from shared.events.decode import Accepted, Kind, Refusal, decode
from shared.events.documents import Document
from shared.events.records import event_of
from shared.events.validate import digest
from shared.settings import AccessSettings
from shared.values.convert import converter
from shared.values.json_types import Json
from shared.values.money import parse_yuan
from shared.values.times import format_time

_NOT_FOUND: Final = 404
_PATIENCE_S: Final = 30.0
_POLL_S: Final = 0.5


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


_to_counts: Final = converter(DayCounts)
_to_refusal: Final = converter(Refusal)


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
        return _to_counts(answer)

    def digests(self, first: datetime, last: datetime) -> dict[str, bytes]:
        """Return the digests of the current documents of a time span, both ends included, by number."""
        until = format_time(last + timedelta(microseconds=1))
        span = {"from": format_time(first), "until": until}
        items = self.api.items(f"/v1/{self.kind}s", exchange=self.exchange, **span)
        return {item[f"{self.kind}_no"]: digest(self.document(item)) for item in items}

    def find(self, number: str) -> Json | None:
        """Return a document with its `revisions`, as the register answers; None if it has none."""
        try:
            return self.api.get(f"/v1/{self.kind}s/{self.exchange}/{number}")
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def refusal(self, value: bytes | None) -> Refusal | None:
        """Return why a record with this value was rejected; None if none was when first asked."""
        return self._refusals.get(hashlib.sha256(value or b"").hexdigest())

    @cached_property
    def _refusals(self) -> dict[str, Refusal]:
        items = self.api.items("/v1/quarantine", exchange=self.exchange)
        return {_item_key(item): _to_refusal(item) for item in items}

    def document(self, item: Json) -> Document:
        """Decode the document of an answer as if the exchange had sent it."""
        decoded = decode(self.kind, self.exchange, event_of(self.kind, self.exchange, item), ())
        if isinstance(decoded, Accepted):
            return decoded.document
        name, errors = self.api.name, decoded.errors
        raise ApiError(f"{name}: 应答无法识别: {errors}", f"{name}: the answer is not a document: {errors}")


class QuarantineTail:
    """Items of a register's quarantine, each reported once."""

    def __init__(self, register: RegisterReader) -> None:
        self.register = register
        self._query: dict[str, str | int] = {"exchange": register.exchange}
        self._last = 0

    def new(self) -> Iterator[Json]:
        """Yield the items since the last call (all at the first), as `/v1/quarantine` answers them. ApiError."""
        for page in self.register.api.pages("/v1/quarantine", **self._query):
            for item in page["items"]:
                if item["id"] > self._last:
                    self._last = item["id"]
                    yield item
            if page["next_cursor"] is not None:
                self._query["cursor"] = page["next_cursor"]  # of the newest page, which may still grow


def await_handled(registers: Collection[RegisterReader], on_wait: Callable[[int], None]) -> int:
    """Wait up to 30 s until the registers have handled all records; return how many they have not.

    `on_wait` is called once, with the number of records that are waited for, if there are any.
    """
    deadline, is_said = time.monotonic() + _PATIENCE_S, False
    while (waiting := sum(register.waiting() for register in registers)) and time.monotonic() < deadline:
        if not is_said:
            on_wait(waiting)
            is_said = True
        time.sleep(_POLL_S)
    return waiting


def _item_key(item: Json) -> str:
    """Return the SHA-256 of the whole value of an item, of which the quarantine may keep the beginning alone."""
    return item["value_sha256"] or hashlib.sha256(base64.b64decode(item["value_base64"] or "")).hexdigest()


def registers_of(exchange: str, access: AccessSettings) -> dict[Kind, RegisterReader]:
    """Return the clients of both registers of an exchange."""
    listings = Api.with_key("listing", access.listing_url, access.key)
    trades = Api.with_key("trade-ingest", access.trade_ingest_url, access.key)
    return {
        "listing": RegisterReader("listing", exchange, listings),
        "trade": RegisterReader("trade", exchange, trades),
    }
