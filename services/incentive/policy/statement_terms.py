"""Terms of statements (决定书): the authority, its posts and contact, and the remedies. Pure."""

from typing import Final, Literal

import msgspec

# The decisions that freeze a statement.
StatementKind = Literal["publish", "approve", "reject", "revoke", "notify_return", "return"]


class Remedy(msgspec.Struct, frozen=True):
    """A remedy against a decision: before whom, and within how many days or months of service."""

    remedy: str
    name: str
    to: str
    days: int | None
    months: int | None
    basis: str


class StatementTerms(msgspec.Struct, frozen=True):
    """The section `statements` of a policy file.

    Numbers are `<prefix>〔year〕n`. `posts` are those in which persons decide, by kind of statement; `contact` stands
    in place of remedies where a statement decides nothing yet.
    """

    authority: str
    prefix: str
    contact: str
    posts: dict[str, str]
    remedies: tuple[Remedy, ...]


KINDS: Final[tuple[StatementKind, ...]] = ("publish", "approve", "reject", "revoke", "notify_return", "return")
