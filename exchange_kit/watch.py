"""The quarantine of an exchange as it grows."""

import base64
from collections.abc import Iterator
from typing import Any

import msgspec

from exchange_kit.api import PAGE
from exchange_kit.records import number_in
from exchange_kit.register import Register


class Tail:
    """What comes to a register's quarantine; an item is told once."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self._cursor: str | None = None  # of the newest page, which may grow
        self._last = 0

    def new(self) -> Iterator[dict[str, Any]]:
        """What came since the last call, as `/v1/quarantine` gives it; all that there is in the first. ApiError."""
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


def number_of(item: dict[str, Any]) -> str | None:
    """The number of the document in a refused record, as far as it can be read."""
    try:
        read = msgspec.json.decode(base64.b64decode(item["value_base64"] or ""))
    except ValueError:
        return None
    return number_in(read.get("data", read)) if isinstance(read, dict) else None
