"""First listings and first purchases, and the first among several registers."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

import msgspec

from services.incentive.domain.facts.reference import Count, FactRef, Fen, Generation, Instant, check_key, decoder
from shared.events.fact_topics import FIRST_LISTING, FIRST_PURCHASE
from shared.values.parties import Party


class Listed(msgspec.Struct, frozen=True, gc=False):
    """The listing that is an entity's first."""

    exchange: str
    listing_no: str
    revision: int
    listed_at: Instant

    @property
    def order(self) -> tuple[datetime, str, str]:
        """The order that decides which one is first (policy.md, details 1); text in code point order."""
        return (self.listed_at, self.exchange, self.listing_no)


class Purchased(msgspec.Struct, frozen=True, gc=False):
    """The trade that is an entity's first purchase."""

    exchange: str
    trade_no: str
    revision: int
    completed_at: Instant
    amount_fen: Fen = msgspec.field(name="amount")
    refunded_fen: Fen = msgspec.field(name="refunded")
    provider: Party

    @property
    def net_fen(self) -> int:
        """The amount net of refunds (G4)."""
        return self.amount_fen - self.refunded_fen

    @property
    def order(self) -> tuple[datetime, str, str]:
        """The order that decides which one is first (policy.md, details 2); text in code point order."""
        return (self.completed_at, self.exchange, self.trade_no)


class FirstListing(msgspec.Struct, frozen=True):
    """facts.first-listing.v1; `first` is None if the party has no first listing (any more)."""

    ref: FactRef
    register: str
    party: Party
    first: Listed | None


class FirstPurchase(msgspec.Struct, frozen=True):
    """facts.first-purchase.v1; `first` is None if the party has no completed purchase (any more)."""

    ref: FactRef
    register: str
    party: Party
    first: Purchased | None


AnyFirst = TypeVar("AnyFirst", FirstListing, FirstPurchase)


def merge_first(facts: Iterable[AnyFirst]) -> AnyFirst | None:
    """The fact with the least first over all registers; None if no register has one."""
    found = [(fact.first.order, fact) for fact in facts if fact.first is not None]
    return min(found, key=lambda pair: pair[0])[1] if found else None


class _FirstListing(msgspec.Struct):
    generation: Generation
    seq: Count
    party: Party
    first: Listed | None


class _FirstPurchase(msgspec.Struct):
    generation: Generation
    seq: Count
    party: Party
    first: Purchased | None


_FIRST_LISTING = decoder(_FirstListing)
_FIRST_PURCHASE = decoder(_FirstPurchase)


def parse_first_listing(key: str, register: str, value: bytes) -> FirstListing:
    """Parse a record of facts.first-listing.v1."""
    wire = _FIRST_LISTING.decode(value)
    check_key(key, f"{register}/{wire.party.subject}")
    ref = FactRef(f"{FIRST_LISTING}/{key}", wire.generation, wire.seq)
    return FirstListing(ref, register, wire.party, wire.first)


def parse_first_purchase(key: str, register: str, value: bytes) -> FirstPurchase:
    """Parse a record of facts.first-purchase.v1."""
    wire = _FIRST_PURCHASE.decode(value)
    check_key(key, f"{register}/{wire.party.subject}")
    ref = FactRef(f"{FIRST_PURCHASE}/{key}", wire.generation, wire.seq)
    return FirstPurchase(ref, register, wire.party, wire.first)
