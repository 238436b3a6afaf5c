"""What an extract is asked for: the request as its manifest has it, and what follows from it. Pure."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class ExtractRequest(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Who asks (a role), and which transactions, by time (half-open), subject, exchange and rule; None: all.

    `as_of`: the instant as of which everything is told, else that of the last posting. `since`: the size of the
    ledger's log of an earlier extract, from which on transactions are told. Subjects are `<scheme>:<id>`.
    """

    role: str
    from_: Instant | None = None
    until: Instant | None = None
    subjects: tuple[str, ...] = ()
    exchange: str | None = None
    rules: tuple[str, ...] = ()
    as_of: Instant | None = None
    since: int | None = None
    evidence: Literal["awards", "registers"] = "awards"

    @property
    def viewer(self) -> str | None:
        """The exchange whose key asks; None for those who see all."""
        kind, _, exchange = self.role.partition(":")
        return exchange if kind == "exchange" else None

    @property
    def of_all_awards(self) -> bool:
        return not (self.subjects or self.exchange or self.rules or self.viewer)

    @property
    def of_all_times(self) -> bool:
        return self.from_ is None and self.until is None and self.since is None

    @property
    def is_foreign(self) -> bool:
        """Whether an exchange asks for another's: it is told of nothing."""
        return self.viewer is not None and self.exchange not in (None, self.viewer)


def read_request(value: Any) -> ExtractRequest:
    """The request of its JSON values."""
    return msgspec.convert(value, ExtractRequest)
