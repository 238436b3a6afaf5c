"""The request of an extract, as the manifest has it. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class ExtractRequest(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """The role that asks, and filters of transactions by time (half-open), subject, exchange and rule.

    `as_of` is the instant of the whole extract, by default that of the last posting. `since` is the ledger's log size
    in an earlier extract, from which on transactions are included. Subjects are `<scheme>:<id>`.
    Evidence `own` is of one subject, without the records of others. `workbooks`: tables for people as workbooks, too.
    """

    role: str
    from_: Instant | None = None
    until: Instant | None = None
    subjects: tuple[str, ...] = ()
    exchange: str | None = None
    rules: tuple[str, ...] = ()
    as_of: Instant | None = None
    since: int | None = None
    evidence: Literal["awards", "registers", "own"] = "awards"
    workbooks: bool = True

    @property
    def viewer(self) -> str | None:
        """The exchange whose key asks; None for roles that see all."""
        kind, _, exchange = self.role.partition(":")
        return exchange if kind == "exchange" else None

    @property
    def asking_subject(self) -> str | None:
        """The subject (`<scheme>:<id>`) whose key asks; None for other roles. It asks for its own records alone."""
        kind, _, subject = self.role.partition(":")
        return subject if kind == "subject" else None

    @property
    def reader(self) -> str | None:
        """The exchange or subject that row security shows the ledger to; None for roles that see all."""
        return self.viewer or self.asking_subject

    @property
    def own(self) -> str | None:
        """The one subject whose own records alone are asked for (None: not only those of one)."""
        return self.subjects[0] if self.evidence == "own" else None

    @property
    def of_all_awards(self) -> bool:
        return not (self.subjects or self.exchange or self.rules or self.viewer)

    @property
    def of_all_times(self) -> bool:
        return self.from_ is None and self.until is None and self.since is None

    @property
    def is_foreign(self) -> bool:
        """True if an exchange asks for another exchange's data; such an extract is empty."""
        return self.viewer is not None and self.exchange not in (None, self.viewer)
