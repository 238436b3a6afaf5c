"""Follow the quarantine of an exchange."""

import base64
from collections.abc import Iterator

import msgspec

from exchange_kit.api import PAGE
from exchange_kit.records import number_in
from exchange_kit.register import RegisterReader
from shared.values.json_types import Json


class Tail:
    """Items of a register's quarantine, each reported once."""

    def __init__(self, register: RegisterReader) -> None:
        self.register = register
        self._cursor: str | None = None  # of the newest page, which may still grow
        self._last = 0

    def new(self) -> Iterator[Json]:
        """Yield the items since the last call (all at the first), as `/v1/quarantine` answers them. ApiError."""
        while True:
            query: dict[str, str | int] = {"exchange": self.register.exchange, "limit": PAGE}
            if self._cursor is not None:
                query["cursor"] = self._cursor
            page = self.register.api.get("/v1/quarantine", **query)
            for item in page["items"]:
                if item["id"] > self._last:
                    self._last = item["id"]
                    yield item
            if page["next_cursor"] is None:
                return
            self._cursor = page["next_cursor"]


def number_of(item: Json) -> str | None:
    """Return the document number of a rejected record; None if unreadable."""
    try:
        read = msgspec.json.decode(base64.b64decode(item["value_base64"] or ""))
    except ValueError:
        return None
    return number_in(read.get("data", read)) if isinstance(read, dict) else None
