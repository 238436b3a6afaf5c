"""First listings and first purchases: the facts, which of several registers' is the first, and their wire form."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

import msgspec

from services.incentive.domain.facts.reference import Count, FactRef, Generation, Instant, agree
from shared.events.fact_topics import FIRST_LISTING, FIRST_PURCHASE
from shared.values.money import parse_yuan
from shared.values.parties import Party


class Listed(msgspec.Struct, frozen=True, gc=False):
    """The listing that is an entity's first."""

    exchange: str
    listing_no: str
    revision: int
    listed_at: datetime

    @property
    def order(self) -> tuple[datetime, str, str]:
        """What "first" goes by (policy.md, details 1); text in code point order."""
        return (self.listed_at, self.exchange, self.listing_no)


class Purchased(msgspec.Struct, frozen=True, gc=False):
    """The trade that is an entity's first purchase."""

    exchange: str
    trade_no: str
    revision: int
    completed_at: datetime
    amount_fen: int
    refunded_fen: int
    provider: Party

    @property
    def net_fen(self) -> int:
        """G4: the amount net of refunds."""
        return self.amount_fen - self.refunded_fen

    @property
    def order(self) -> tuple[datetime, str, str]:
        """What "first" goes by (policy.md, details 2); text in code point order."""
        return (self.completed_at, self.exchange, self.trade_no)


class FirstListing(msgspec.Struct, frozen=True):
    """facts.first-listing.v1: `first` is None when the party has no first listing (any more)."""

    ref: FactRef
    register: str
    party: Party
    first: Listed | None


class FirstPurchase(msgspec.Struct, frozen=True):
    """facts.first-purchase.v1: `first` is None when the party has no completed purchase (any more)."""

    ref: FactRef
    register: str
    party: Party
    first: Purchased | None


AnyFirst = TypeVar("AnyFirst", FirstListing, FirstPurchase)


def merge_first(facts: Iterable[AnyFirst]) -> AnyFirst | None:
    """The fact with the least first over all registers; None where no register has one."""
    found = [(fact.first.order, fact) for fact in facts if fact.first is not None]
    return min(found, key=lambda pair: pair[0])[1] if found else None


class _Listed(msgspec.Struct):
    exchange: str
    listing_no: str
    revision: int
    listed_at: Instant


class _Purchased(msgspec.Struct):
    exchange: str
    trade_no: str
    revision: int
    completed_at: Instant
    amount: str
    refunded: str
    provider: Party


class _FirstListing(msgspec.Struct):
    generation: Generation
    seq: Count
    party: Party
    first: _Listed | None


class _FirstPurchase(msgspec.Struct):
    generation: Generation
    seq: Count
    party: Party
    first: _Purchased | None


_FIRST_LISTING = msgspec.json.Decoder(_FirstListing)
_FIRST_PURCHASE = msgspec.json.Decoder(_FirstPurchase)


def parse_first_listing(key: str, register: str, value: bytes) -> FirstListing:
    """A record of facts.first-listing.v1."""
    wire = _FIRST_LISTING.decode(value)
    agree(key, f"{register}/{wire.party.subject}")
    first = wire.first
    return FirstListing(
        ref=FactRef(f"{FIRST_LISTING}/{key}", wire.generation, wire.seq),
        register=register,
        party=wire.party,
        first=None if first is None else Listed(first.exchange, first.listing_no, first.revision, first.listed_at),
    )


def parse_first_purchase(key: str, register: str, value: bytes) -> FirstPurchase:
    """A record of facts.first-purchase.v1."""
    wire = _FIRST_PURCHASE.decode(value)
    agree(key, f"{register}/{wire.party.subject}")
    return FirstPurchase(
        ref=FactRef(f"{FIRST_PURCHASE}/{key}", wire.generation, wire.seq),
        register=register,
        party=wire.party,
        first=None if wire.first is None else _purchased(wire.first),
    )


def _purchased(wire: _Purchased) -> Purchased:
    return Purchased(
        exchange=wire.exchange,
        trade_no=wire.trade_no,
        revision=wire.revision,
        completed_at=wire.completed_at,
        amount_fen=parse_yuan(wire.amount),
        refunded_fen=parse_yuan(wire.refunded),
        provider=wire.provider,
    )
