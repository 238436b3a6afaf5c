"""Facts as incentive reads them (contract, section 3): plain values, and how registers are merged.

A fact is what listing and trade-ingest say of one party or exchange. Each has a reference with the register's
generation and seq; of one key the greatest (generation, seq) counts. Amounts are fen, instants are aware.

What no event drives is declared by the bureau. A declaration is a fact as well, of a topic that is in no broker: its
register is the ledger itself, where `seq` counts all declarations from 1.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Final, TypeVar

import msgspec

from shared.canonical import canonical_json
from shared.facts import ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE, SIGN
from shared.money import parse_yuan
from shared.parties import Party
from shared.times import format_time

TOPICS = (FIRST_LISTING, FIRST_PURCHASE, ANNUAL_TOTAL, SIGN)
DECLARED: Final = "declared"
_BUREAU: Final = "bureau"


class FactError(ValueError):
    """A record of a fact topic that is not what the contract says; the message names topic, key and fault."""


class FactRef(msgspec.Struct, frozen=True, order=True, gc=False):
    """Which fact, as of which state of its register: `fact` is "<topic>/<register>/<key>"."""

    fact: str
    generation: int
    seq: int


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


class Bucket(msgspec.Struct, frozen=True, gc=False):
    """Sum of the trades completed within [start, end): a calendar month of Shanghai, or a piece of one."""

    start: datetime
    end: datetime
    amount_fen: int
    trades: int
    last_completed_at: datetime


class NotCounted(msgspec.Struct, frozen=True, gc=False):
    """Sum of the trades of a year that do not count for one reason."""

    reason: str
    amount_fen: int
    trades: int


class Share(msgspec.Struct, frozen=True):
    """What one exchange adds to a provider's year."""

    counted: tuple[Bucket, ...]
    unmatched: tuple[Bucket, ...]
    other: tuple[NotCounted, ...]


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


class ExchangeTotal(msgspec.Struct, frozen=True):
    """facts.annual-total.v1 of an exchange and a calendar year; `cut_at` are the dates at which buckets are cut."""

    ref: FactRef
    register: str
    exchange: str
    year: int
    cut_at: tuple[date, ...]
    buckets: tuple[Bucket, ...]


class ProviderTotal(msgspec.Struct, frozen=True):
    """facts.annual-total.v1 of a provider and a calendar year, by exchange."""

    ref: FactRef
    register: str
    party: Party
    year: int
    cut_at: tuple[date, ...]
    by_exchange: Mapping[str, Share]


class Document(msgspec.Struct, frozen=True):
    """A document that a declaration rests on: its name, and its SHA-256 in hex."""

    name: str
    sha256: str


class Declaration(msgspec.Struct, frozen=True):
    """What the bureau declared of one matter (`item`) of a subject under a rule, as it stands.

    `measure` are the measured values as they were written. `exchange`: the one whose operator earns it, else None.
    `withdrawn`: it was taken back. `declared_by` is the name of the key, `declared_at` the clock's word.
    """

    ref: FactRef
    register: str
    party: Party
    rule: str
    item: str
    earned_on: date
    measure: Mapping[str, str]
    exchange: str | None
    documents: tuple[Document, ...]
    withdrawn: bool
    declared_by: str
    declared_at: datetime

    @property
    def award_id(self) -> str:
        """The award that follows from it, if any."""
        return f"{self.rule}/{self.party.subject}/{self.earned_on.year}/{self.item}"

    @property
    def content(self) -> tuple[object, ...]:
        """What two declarations of one matter must have in common to be the same."""
        return (self.party.name, self.earned_on, dict(self.measure), self.exchange, self.documents, self.withdrawn)


class Sum(msgspec.Struct, frozen=True, gc=False):
    """Net amounts summed up, and how many trades they are of."""

    amount_fen: int
    trades: int


class TradeNo(msgspec.Struct, frozen=True, order=True, gc=False):
    """A trade by its number."""

    exchange: str
    trade_no: str


class Counterparty(msgspec.Struct, frozen=True, gc=False):
    """What a provider sold to one party in a year, and what it bought of it."""

    subject: str
    sold: Sum
    bought: Sum


class Repeated(msgspec.Struct, frozen=True, gc=False):
    """Trades of a provider's year that have one and the same net amount, and to how many buyers."""

    amount_fen: int
    trades: int
    buyers: int
    examples: tuple[TradeNo, ...]


class OnePurchase(msgspec.Struct, frozen=True, gc=False):
    """One trade of a buyer, by its net amount."""

    trade: TradeNo
    completed_at: datetime
    amount_fen: int


class OperatorPurchases(msgspec.Struct, frozen=True, gc=False):
    """What an operator bought on its own exchange in a year."""

    subject: str
    bought: Sum
    examples: tuple[TradeNo, ...]


class ProviderSign(msgspec.Struct, frozen=True):
    """facts.sign.v1 of a provider and a calendar year: to whom it sold most, and the amounts that repeat."""

    ref: FactRef
    register: str
    subject: str
    year: int
    sold: Sum
    counterparties: tuple[Counterparty, ...]
    repeated: tuple[Repeated, ...]


class BuyerSign(msgspec.Struct, frozen=True):
    """facts.sign.v1 of a buyer: a small first purchase and the greatest soon after it; None where there is none."""

    ref: FactRef
    register: str
    subject: str
    first: OnePurchase | None
    greatest: OnePurchase | None


class ExchangeSign(msgspec.Struct, frozen=True):
    """facts.sign.v1 of an exchange and a calendar year: what its operators bought on it."""

    ref: FactRef
    register: str
    exchange: str
    year: int
    operators: tuple[OperatorPurchases, ...]


Earning = FirstListing | FirstPurchase | ExchangeTotal | ProviderTotal | Declaration
Sign = ProviderSign | BuyerSign | ExchangeSign
Fact = Earning | Sign
AnyFirst = TypeVar("AnyFirst", FirstListing, FirstPurchase)


def whose(fact: Fact) -> str:
    """Whose awards follow from a fact: `<scheme>:<id>` or `exchange/<id>`."""
    if isinstance(fact, ExchangeTotal | ExchangeSign):
        return f"exchange/{fact.exchange}"
    return fact.subject if isinstance(fact, ProviderSign | BuyerSign) else fact.party.subject


def merge_first(facts: Iterable[AnyFirst]) -> AnyFirst | None:
    """The fact with the least first over all registers; None where no register has one."""
    found = [(fact.first.order, fact) for fact in facts if fact.first is not None]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def merge_buckets(parts: Iterable[Sequence[Bucket]]) -> tuple[Bucket, ...]:
    """Sum over registers, bucket by bucket, in order of time."""
    merged: dict[tuple[datetime, datetime], Bucket] = {}
    for part in parts:
        for bucket in part:
            span = (bucket.start, bucket.end)
            known = merged.get(span)
            merged[span] = bucket if known is None else _add(known, bucket)
    return tuple(merged[span] for span in sorted(merged))


def merge_totals(facts: Iterable[ExchangeTotal]) -> tuple[Bucket, ...]:
    """Buckets of one exchange and year, summed over registers."""
    return merge_buckets(fact.buckets for fact in facts)


def merge_shares(facts: Iterable[ProviderTotal]) -> dict[str, Share]:
    """Shares of one provider and year by exchange, summed over registers; exchanges in code point order."""
    shares: dict[str, list[Share]] = {}
    for fact in facts:
        for exchange, share in fact.by_exchange.items():
            shares.setdefault(exchange, []).append(share)
    return {
        exchange: Share(
            counted=merge_buckets(share.counted for share in parts),
            unmatched=merge_buckets(share.unmatched for share in parts),
            other=_merge_not_counted(parts),
        )
        for exchange, parts in sorted(shares.items())
    }


def _add(left: Bucket, right: Bucket) -> Bucket:
    return Bucket(
        start=left.start,
        end=left.end,
        amount_fen=left.amount_fen + right.amount_fen,
        trades=left.trades + right.trades,
        last_completed_at=max(left.last_completed_at, right.last_completed_at),
    )


def _merge_not_counted(shares: Iterable[Share]) -> tuple[NotCounted, ...]:
    sums: dict[str, NotCounted] = {}
    for share in shares:
        for part in share.other:
            known = sums.get(part.reason, NotCounted(part.reason, 0, 0))
            sums[part.reason] = NotCounted(part.reason, known.amount_fen + part.amount_fen, known.trades + part.trades)
    return tuple(sums[reason] for reason in sorted(sums))


# --- the wire form ---------------------------------------------------------------------------------------------

_Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_Count = Annotated[int, msgspec.Meta(ge=0)]
_Generation = Annotated[int, msgspec.Meta(ge=1)]
_Year = Annotated[int, msgspec.Meta(ge=1999, le=2100)]


class _Listed(msgspec.Struct):
    exchange: str
    listing_no: str
    revision: int
    listed_at: _Instant


class _Purchased(msgspec.Struct):
    exchange: str
    trade_no: str
    revision: int
    completed_at: _Instant
    amount: str
    refunded: str
    provider: Party


class _Bucket(msgspec.Struct):
    start: _Instant = msgspec.field(name="from")
    end: _Instant = msgspec.field(name="until")
    amount: str
    trades: _Count
    last_completed_at: _Instant


class _NotCounted(msgspec.Struct):
    reason: str
    amount: str
    trades: _Count


class _Share(msgspec.Struct):
    counted: list[_Bucket] = []
    unmatched: list[_Bucket] = []
    other: list[_NotCounted] = []


class _FirstListing(msgspec.Struct):
    generation: _Generation
    seq: _Count
    party: Party
    first: _Listed | None


class _FirstPurchase(msgspec.Struct):
    generation: _Generation
    seq: _Count
    party: Party
    first: _Purchased | None


class _ExchangeTotal(msgspec.Struct):
    generation: _Generation
    seq: _Count
    exchange: str
    year: _Year
    cut_at: list[date]
    buckets: list[_Bucket]


class _Declaration(msgspec.Struct, forbid_unknown_fields=True):
    generation: _Generation
    seq: _Count
    party: Party
    rule: str
    item: str
    earned_on: date
    measure: dict[str, str]
    exchange: str | None
    documents: tuple[Document, ...]
    withdrawn: bool
    by: str
    at: _Instant


class _ProviderTotal(msgspec.Struct):
    generation: _Generation
    seq: _Count
    party: Party
    year: _Year
    cut_at: list[date]
    by_exchange: dict[str, _Share]


class _Sum(msgspec.Struct):
    amount: str
    trades: _Count


class _TradeNo(msgspec.Struct):
    exchange: str
    trade_no: str


class _Counterparty(msgspec.Struct):
    subject: str
    sold: _Sum
    bought: _Sum


class _Repeated(msgspec.Struct):
    amount: str
    trades: _Count
    buyers: _Count
    examples: list[_TradeNo]


class _OnePurchase(msgspec.Struct):
    exchange: str
    trade_no: str
    completed_at: _Instant
    amount: str


class _OperatorPurchases(msgspec.Struct):
    subject: str
    amount: str
    trades: _Count
    examples: list[_TradeNo]


class _ProviderSign(msgspec.Struct):
    generation: _Generation
    seq: _Count
    subject: str
    year: _Year
    sold: _Sum
    counterparties: list[_Counterparty]
    repeated: list[_Repeated]


class _BuyerSign(msgspec.Struct):
    generation: _Generation
    seq: _Count
    subject: str
    first: _OnePurchase | None
    greatest: _OnePurchase | None


class _ExchangeSign(msgspec.Struct):
    generation: _Generation
    seq: _Count
    exchange: str
    year: _Year
    operators: list[_OperatorPurchases]


_FIRST_LISTING = msgspec.json.Decoder(_FirstListing)
_FIRST_PURCHASE = msgspec.json.Decoder(_FirstPurchase)
_EXCHANGE_TOTAL = msgspec.json.Decoder(_ExchangeTotal)
_PROVIDER_TOTAL = msgspec.json.Decoder(_ProviderTotal)
_DECLARATION = msgspec.json.Decoder(_Declaration)
_PROVIDER_SIGN = msgspec.json.Decoder(_ProviderSign)
_BUYER_SIGN = msgspec.json.Decoder(_BuyerSign)
_EXCHANGE_SIGN = msgspec.json.Decoder(_ExchangeSign)


def parse_fact(topic: str, key: str, value: bytes) -> Fact:
    """One record of a fact topic; `key` is "<register>/...". Raises FactError for what the contract does not know."""
    try:
        return _parse(topic, key, value)
    except (msgspec.DecodeError, ValueError) as error:
        raise FactError(f"{topic} {key}: {error}") from error


def _parse(topic: str, key: str, value: bytes) -> Fact:
    register, slash, rest = key.partition("/")
    if not (register and slash and rest):
        raise FactError("the key is not <register>/<key>")
    if topic == FIRST_LISTING:
        return _first_listing(topic, key, register, value)
    if topic == FIRST_PURCHASE:
        return _first_purchase(topic, key, register, value)
    if topic == ANNUAL_TOTAL and rest.startswith("exchange/"):
        return _exchange_total(key, register, value)
    if topic == ANNUAL_TOTAL and rest.startswith("provider/"):
        return _provider_total(key, register, value)
    if topic == DECLARED:
        return _declaration(key, value)
    if topic == SIGN and (parse := _SIGNS.get(rest.partition("/")[0])) is not None:
        return parse(key, register, value)
    raise FactError("no such fact")


def _first_listing(topic: str, key: str, register: str, value: bytes) -> FirstListing:
    wire = _FIRST_LISTING.decode(value)
    _agree(key, f"{register}/{wire.party.subject}")
    first = wire.first
    return FirstListing(
        ref=FactRef(f"{topic}/{key}", wire.generation, wire.seq),
        register=register,
        party=wire.party,
        first=None if first is None else Listed(first.exchange, first.listing_no, first.revision, first.listed_at),
    )


def _first_purchase(topic: str, key: str, register: str, value: bytes) -> FirstPurchase:
    wire = _FIRST_PURCHASE.decode(value)
    _agree(key, f"{register}/{wire.party.subject}")
    return FirstPurchase(
        ref=FactRef(f"{topic}/{key}", wire.generation, wire.seq),
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


def _exchange_total(key: str, register: str, value: bytes) -> ExchangeTotal:
    wire = _EXCHANGE_TOTAL.decode(value)
    _agree(key, f"{register}/exchange/{wire.exchange}/{wire.year}")
    return ExchangeTotal(
        ref=FactRef(f"{ANNUAL_TOTAL}/{key}", wire.generation, wire.seq),
        register=register,
        exchange=wire.exchange,
        year=wire.year,
        cut_at=tuple(wire.cut_at),
        buckets=_buckets(wire.buckets),
    )


def _provider_total(key: str, register: str, value: bytes) -> ProviderTotal:
    wire = _PROVIDER_TOTAL.decode(value)
    _agree(key, f"{register}/provider/{wire.party.subject}/{wire.year}")
    return ProviderTotal(
        ref=FactRef(f"{ANNUAL_TOTAL}/{key}", wire.generation, wire.seq),
        register=register,
        party=wire.party,
        year=wire.year,
        cut_at=tuple(wire.cut_at),
        by_exchange={
            exchange: Share(
                counted=_buckets(share.counted),
                unmatched=_buckets(share.unmatched),
                other=tuple(NotCounted(part.reason, parse_yuan(part.amount), part.trades) for part in share.other),
            )
            for exchange, share in wire.by_exchange.items()
        },
    )


def _declaration(key: str, value: bytes) -> Declaration:
    wire = _DECLARATION.decode(value)
    _agree(key, declaration_key(wire.party.subject, wire.rule, wire.earned_on.year, wire.item))
    return Declaration(
        ref=FactRef(f"{DECLARED}/{key}", wire.generation, wire.seq),
        register=_BUREAU,
        party=wire.party,
        rule=wire.rule,
        item=wire.item,
        earned_on=wire.earned_on,
        measure=wire.measure,
        exchange=wire.exchange,
        documents=wire.documents,
        withdrawn=wire.withdrawn,
        declared_by=wire.by,
        declared_at=wire.at,
    )


def declaration_key(subject: str, rule: str, year: int, item: str) -> str:
    """The key of a declaration: a later one of the same rule, subject, year and item takes its place."""
    return f"{_BUREAU}/{subject}/{rule}/{year}/{item}"


def declaration_value(declaration: Declaration) -> bytes:
    """A declaration as it is recorded, in canonical form: its SHA-256 is what the ledger's log has of it."""
    return canonical_json(
        {
            "generation": declaration.ref.generation,
            "seq": declaration.ref.seq,
            "party": msgspec.to_builtins(declaration.party),
            "rule": declaration.rule,
            "item": declaration.item,
            "earned_on": declaration.earned_on.isoformat(),
            "measure": dict(declaration.measure),
            "exchange": declaration.exchange,
            "documents": msgspec.to_builtins(declaration.documents),
            "withdrawn": declaration.withdrawn,
            "by": declaration.declared_by,
            "at": format_time(declaration.declared_at),
        }
    )


def _provider_sign(key: str, register: str, value: bytes) -> Sign:
    wire = _PROVIDER_SIGN.decode(value)
    _agree(key, f"{register}/provider/{wire.subject}/{wire.year}")
    return ProviderSign(
        ref=FactRef(f"{SIGN}/{key}", wire.generation, wire.seq),
        register=register,
        subject=wire.subject,
        year=wire.year,
        sold=_sum(wire.sold),
        counterparties=tuple(
            Counterparty(one.subject, _sum(one.sold), _sum(one.bought)) for one in wire.counterparties
        ),
        repeated=tuple(
            Repeated(parse_yuan(one.amount), one.trades, one.buyers, _trade_numbers(one.examples))
            for one in wire.repeated
        ),
    )


def _buyer_sign(key: str, register: str, value: bytes) -> Sign:
    wire = _BUYER_SIGN.decode(value)
    _agree(key, f"{register}/buyer/{wire.subject}")
    return BuyerSign(
        ref=FactRef(f"{SIGN}/{key}", wire.generation, wire.seq),
        register=register,
        subject=wire.subject,
        first=None if wire.first is None else _one_purchase(wire.first),
        greatest=None if wire.greatest is None else _one_purchase(wire.greatest),
    )


def _exchange_sign(key: str, register: str, value: bytes) -> Sign:
    wire = _EXCHANGE_SIGN.decode(value)
    _agree(key, f"{register}/exchange/{wire.exchange}/{wire.year}")
    return ExchangeSign(
        ref=FactRef(f"{SIGN}/{key}", wire.generation, wire.seq),
        register=register,
        exchange=wire.exchange,
        year=wire.year,
        operators=tuple(
            OperatorPurchases(one.subject, Sum(parse_yuan(one.amount), one.trades), _trade_numbers(one.examples))
            for one in wire.operators
        ),
    )


_SIGNS = {"provider": _provider_sign, "buyer": _buyer_sign, "exchange": _exchange_sign}


def _sum(wire: _Sum) -> Sum:
    return Sum(parse_yuan(wire.amount), wire.trades)


def _trade_numbers(wire: Iterable[_TradeNo]) -> tuple[TradeNo, ...]:
    return tuple(TradeNo(one.exchange, one.trade_no) for one in wire)


def _one_purchase(wire: _OnePurchase) -> OnePurchase:
    return OnePurchase(TradeNo(wire.exchange, wire.trade_no), wire.completed_at, parse_yuan(wire.amount))


def _buckets(wire: Sequence[_Bucket]) -> tuple[Bucket, ...]:
    return tuple(
        Bucket(bucket.start, bucket.end, parse_yuan(bucket.amount), bucket.trades, bucket.last_completed_at)
        for bucket in wire
    )


def _agree(key: str, expected: str) -> None:
    if key != expected:
        raise FactError(f"the value is of {expected}")
