"""Facts as plain values (contract, section 3): their parsing, and the merge of those of several registers. Pure.

Listing and trade-ingest publish a fact about one party or exchange; the bureau does so by a declaration. The greatest
(generation, seq) of a key counts. Amounts are fen, in the wire form yuan as text; instants are aware.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, TypeVar

import msgspec

from shared.events.documents import NOT_STATED
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE, SIGN
from shared.values.canonical_json import canonical_json
from shared.values.money import format_yuan, parse_yuan
from shared.values.parties import Party
from shared.values.times import format_time

TOPICS: Final = (FIRST_LISTING, FIRST_PURCHASE, ANNUAL_TOTAL, SIGN)
DECLARED: Final = "declared"  # the topic of declarations, which is in no broker
_BUREAU: Final = "bureau"  # the register of declarations: the ledger itself, whose `seq` counts them from 1

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Generation = Annotated[int, msgspec.Meta(ge=1)]
Year = Annotated[int, msgspec.Meta(ge=1999, le=2100)]
Registers = tuple[str, ...] | None  # ids in code point order; None: all that publish

# `is_counted` for SQL: of a row with `topic` and `key`, given the parameter `registers`.
IS_COUNTED: Final = (
    f"(CAST(%(registers)s AS text[]) IS NULL OR topic = '{DECLARED}' OR split_part(key, '/', 1) = ANY(%(registers)s))"
)

if TYPE_CHECKING:
    Fen = int
else:

    class Fen(int):
        """Fen of an amount that the wire form has as yuan in text."""


class FactError(ValueError):
    """A record of a fact topic that the contract does not allow; the message names topic, key and fault."""


class FactRef(msgspec.Struct, frozen=True, order=True, gc=False):
    """A fact as of a state of its register: `fact` is "<topic>/<register>/<key>"."""

    fact: str
    generation: int
    seq: int


def is_counted(topic: str, key: str, registers: Registers) -> bool:
    """Return True if a fact counts: its register is in force, or the bureau declared it."""
    return registers is None or topic == DECLARED or key.partition("/")[0] in registers


class _VersionedFact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact as of a state of its register, which the record's key names and the value does not."""

    topic: ClassVar[str]
    generation: Generation
    seq: Count
    register: str = ""

    @property
    def key(self) -> str:
        """The key of the fact's record, which follows from register and value."""
        raise NotImplementedError

    @property
    def ref(self) -> FactRef:
        return FactRef(f"{self.topic}/{self.key}", self.generation, self.seq)


# --- firsts ----------------------------------------------------------------------------------------------------


class Listed(msgspec.Struct, frozen=True, gc=False):
    """The listing that is an entity's first."""

    exchange: str
    listing_no: str
    revision: int
    listed_at: Instant

    @property
    def at(self) -> datetime:
        """The instant that a listing belongs to (G3)."""
        return self.listed_at

    @property
    def order(self) -> tuple[datetime, str, str]:
        """The order that decides which one is first (policy.md, details 1); text in code point order."""
        return (self.listed_at, self.exchange, self.listing_no)


class Purchased(msgspec.Struct, frozen=True, gc=False):
    """The trade that is an entity's first purchase; `ahead`: dated more than 24 hours after its record."""

    exchange: str
    trade_no: str
    revision: int
    completed_at: Instant
    amount_fen: Fen = msgspec.field(name="amount")
    refunded_fen: Fen = msgspec.field(name="refunded")
    provider: Party
    ahead: bool = False

    @property
    def at(self) -> datetime:
        """The instant that a trade belongs to (G3)."""
        return self.completed_at

    @property
    def net_fen(self) -> int:
        """The amount net of refunds (G4)."""
        return self.amount_fen - self.refunded_fen

    @property
    def order(self) -> tuple[datetime, str, str]:
        """The order that decides which one is first (policy.md, details 2); text in code point order."""
        return (self.completed_at, self.exchange, self.trade_no)


class _First(_VersionedFact, frozen=True):
    party: Party

    @property
    def key(self) -> str:
        return f"{self.register}/{self.party.subject}"


class FirstListing(_First, frozen=True):
    """facts.first-listing.v1; `first` is None if the party has no first listing (any more).

    `annulled` is the listing that would be the first otherwise; a register of an earlier version does not name it.
    """

    topic = FIRST_LISTING
    first: Listed | None
    annulled: Listed | None = None

    @property
    def void(self) -> Listed | None:
        """The document that would be the first had it not been annulled."""
        return self.annulled


class FirstPurchase(_First, frozen=True):
    """facts.first-purchase.v1; `first` is None if the party has no completed purchase (any more).

    `cancelled` is the trade that would be the first otherwise; a register of an earlier version does not name it.
    """

    topic = FIRST_PURCHASE
    first: Purchased | None
    cancelled: Purchased | None = None

    @property
    def void(self) -> Purchased | None:
        """The document that would be the first had it not been cancelled."""
        return self.cancelled


AnyFirst = TypeVar("AnyFirst", FirstListing, FirstPurchase)


def voids_before(facts: Iterable[FirstListing | FirstPurchase]) -> list[Listed | Purchased]:
    """Documents of all registers that would be the first had they not been annulled or cancelled, the least first."""
    known = list(facts)
    orders = [fact.first.order for fact in known if fact.first is not None]
    voids = [fact.void for fact in known if fact.void is not None]
    return sorted((one for one in voids if not orders or one.order < min(orders)), key=lambda one: one.order)


def merge_first(facts: Iterable[AnyFirst]) -> AnyFirst | None:
    """The fact with the least first over all registers; None if no register has one."""
    found = [(fact.first.order, fact) for fact in facts if fact.first is not None]
    return min(found, key=lambda pair: pair[0])[1] if found else None


# --- totals of a year ------------------------------------------------------------------------------------------


class TradeSum(msgspec.Struct, frozen=True, gc=False):
    """A sum of net amounts, and the number of trades."""

    amount_fen: Fen = msgspec.field(name="amount")
    trades: Count

    def __add__(self, other: "TradeSum") -> "TradeSum":
        return TradeSum(self.amount_fen + other.amount_fen, self.trades + other.trades)


NO_TRADES: Final = TradeSum(0, 0)


class Bucket(msgspec.Struct, frozen=True, gc=False):
    """The sum of the trades completed within [start, end): a calendar month of Shanghai, or a piece of one.

    `ahead` is the part of future-dated trades: dated more than 24 hours after their records (contract, section 2).
    `refunded_fen` was deducted from the trades' amounts (G4); a register of an earlier version does not name it.
    """

    start: Instant = msgspec.field(name="from")
    end: Instant = msgspec.field(name="until")
    amount_fen: Fen = msgspec.field(name="amount")
    trades: Count
    last_completed_at: Instant
    ahead: TradeSum = NO_TRADES
    refunded_fen: Fen = msgspec.field(name="refunded", default=0)


class NotCounted(msgspec.Struct, frozen=True, gc=False):
    """The sum of a year's trades that do not count for one reason."""

    reason: str
    amount_fen: Fen = msgspec.field(name="amount")
    trades: Count


class Share(msgspec.Struct, frozen=True):
    """The contribution of one exchange to a provider's year."""

    counted: tuple[Bucket, ...] = ()
    unmatched: tuple[Bucket, ...] = ()
    other: tuple[NotCounted, ...] = ()


class _OfExchange(_VersionedFact, frozen=True):
    """A fact about an exchange and a calendar year."""

    exchange: str
    year: Year

    @property
    def key(self) -> str:
        return f"{self.register}/exchange/{self.exchange}/{self.year}"


class ExchangeTotal(_OfExchange, frozen=True):
    """facts.annual-total.v1 of an exchange and a calendar year; buckets are cut at the dates `cut_at`.

    The sums by kind and by industry of what was traded each add up to those of the buckets, with NOT_STATED for what
    documents do not state; a register of an earlier version does not name them.
    """

    topic = ANNUAL_TOTAL
    cut_at: tuple[date, ...]
    buckets: tuple[Bucket, ...]
    by_kind: Mapping[str, TradeSum] = {}
    by_industry: Mapping[str, TradeSum] = {}


class ProviderTotal(_VersionedFact, frozen=True):
    """facts.annual-total.v1 of a provider and a calendar year, by exchange."""

    topic = ANNUAL_TOTAL
    party: Party
    year: Year
    cut_at: tuple[date, ...]
    by_exchange: Mapping[str, Share]

    @property
    def key(self) -> str:
        return f"{self.register}/provider/{self.party.subject}/{self.year}"


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
    """The buckets of one exchange and year, summed over registers."""
    return merge_buckets(fact.buckets for fact in facts)


def merge_products(facts: Iterable[ExchangeTotal], part: Literal["kind", "industry"]) -> dict[str, TradeSum]:
    """The sums of one exchange and year by kind or industry, over registers; what a register does not name included."""
    merged: dict[str, TradeSum] = {}
    for fact in facts:
        named = fact.by_kind if part == "kind" else fact.by_industry
        whole = sum((TradeSum(one.amount_fen, one.trades) for one in fact.buckets), NO_TRADES)
        sums = named or ({NOT_STATED: whole} if whole.trades else {})
        for name, one in sums.items():
            merged[name] = merged.get(name, NO_TRADES) + one
    return merged


def merge_shares(facts: Iterable[ProviderTotal]) -> dict[str, Share]:
    """The shares of one provider and year by exchange, summed over registers; exchanges in code point order."""
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
        ahead=left.ahead + right.ahead,
        refunded_fen=left.refunded_fen + right.refunded_fen,
    )


def _merge_not_counted(shares: Iterable[Share]) -> tuple[NotCounted, ...]:
    sums: dict[str, NotCounted] = {}
    for share in shares:
        for part in share.other:
            known = sums.get(part.reason, NotCounted(part.reason, 0, 0))
            sums[part.reason] = NotCounted(part.reason, known.amount_fen + part.amount_fen, known.trades + part.trades)
    return tuple(sums[reason] for reason in sorted(sums))


# --- measures for red flags (G10) ------------------------------------------------------------------------------


class TradeRef(msgspec.Struct, frozen=True, order=True, gc=False):
    """A trade by its exchange and number."""

    exchange: str
    trade_no: str


class Counterparty(msgspec.Struct, frozen=True, gc=False):
    """A provider's sales to one party in a year, and its purchases from it."""

    subject: str
    sold: TradeSum
    bought: TradeSum


class RepeatedAmount(msgspec.Struct, frozen=True, gc=False):
    """Trades of a provider's year with the same net amount, and the number of their buyers."""

    amount_fen: Fen = msgspec.field(name="amount")
    trades: Count
    buyers: Count
    examples: tuple[TradeRef, ...]


class MeasuredPurchase(msgspec.Struct, frozen=True, gc=False):
    """One trade of a buyer, by its net amount."""

    exchange: str
    trade_no: str
    completed_at: Instant
    amount_fen: Fen = msgspec.field(name="amount")


class OperatorPurchases(msgspec.Struct, frozen=True, gc=False):
    """An operator's purchases on its own exchange in a year."""

    subject: str
    amount_fen: Fen = msgspec.field(name="amount")
    trades: Count
    examples: tuple[TradeRef, ...]


class ProviderMeasures(_VersionedFact, frozen=True):
    """facts.sign.v1 of a provider and a calendar year: its main buyers, and the amounts that repeat."""

    topic = SIGN
    subject: str
    year: Year
    sold: TradeSum
    counterparties: tuple[Counterparty, ...]
    repeated: tuple[RepeatedAmount, ...]

    @property
    def key(self) -> str:
        return f"{self.register}/provider/{self.subject}/{self.year}"


class BuyerMeasures(_VersionedFact, frozen=True):
    """facts.sign.v1 of a buyer: a small first purchase and the greatest one soon after it; None if there is none."""

    topic = SIGN
    subject: str
    first: MeasuredPurchase | None
    greatest: MeasuredPurchase | None

    @property
    def key(self) -> str:
        return f"{self.register}/buyer/{self.subject}"


class ExchangeMeasures(_OfExchange, frozen=True):
    """facts.sign.v1 of an exchange and a calendar year: the purchases of its operators on it."""

    topic = SIGN
    operators: tuple[OperatorPurchases, ...]


# --- declarations of the bureau, for rewards that no event drives ----------------------------------------------


class DocumentRef(msgspec.Struct, frozen=True):
    """A document that a declaration rests on: its name, and its SHA-256 in hex."""

    name: str
    sha256: str


class Declaration(_VersionedFact, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The current declaration of one item of a subject under a rule.

    `measure` holds the measured values as they were written, `assessed_fen` the amount that the bureau assessed (None:
    it did not, or not yet). `exchange` is the one whose operator earns the reward
    (None: the rule is not for operators). `declared_by` is the name of the key or account, `declared_person` its person
    (None in declarations of versions that kept the name alone), `declared_at` the clock's time.
    """

    topic = DECLARED
    register: str = _BUREAU
    party: Party
    rule: str
    item: str
    earned_on: date
    measure: Mapping[str, str]
    exchange: str | None
    documents: tuple[DocumentRef, ...]
    withdrawn: bool
    declared_by: str = msgspec.field(name="by")
    declared_at: Instant = msgspec.field(name="at")
    declared_person: str | None = msgspec.field(name="person", default=None)
    assessed_fen: Fen | None = msgspec.field(name="assessed", default=None)

    @property
    def key(self) -> str:
        """A later declaration of the same subject, rule, year and item replaces it."""
        return f"{_BUREAU}/{self.party.subject}/{self.rule}/{self.earned_on.year}/{self.item}"

    @property
    def award_id(self) -> str:
        return f"{self.rule}/{self.party.subject}/{self.earned_on.year}/{self.item}"

    @property
    def content(self) -> tuple[object, ...]:
        """The values that are equal in two declarations with the same content."""
        what = (self.earned_on, dict(self.measure), self.assessed_fen, self.exchange)
        return (self.party.name, *what, self.documents, self.withdrawn)


def declaration_value(declaration: Declaration) -> bytes:
    """A declaration as it is recorded, in canonical form; the ledger's log has the SHA-256 of these bytes."""
    value = msgspec.to_builtins(declaration)
    del value["register"]
    if declaration.declared_person is None:  # the form, and so the hash, of an earlier version
        del value["person"]
    del value["assessed"]
    if declaration.assessed_fen is not None:  # absent from those of earlier versions, too
        value["assessed"] = format_yuan(declaration.assessed_fen)
    return canonical_json({**value, "at": format_time(declaration.declared_at)})


# --- any fact --------------------------------------------------------------------------------------------------

PartyFact = FirstListing | FirstPurchase | ProviderTotal | Declaration
AwardFact = PartyFact | ExchangeTotal
FlagMeasures = ProviderMeasures | BuyerMeasures | ExchangeMeasures
Fact = AwardFact | FlagMeasures


def about_of(fact: Fact) -> str:
    """The subject or exchange whose awards follow from a fact: `<scheme>:<id>` or `exchange/<id>`."""
    if isinstance(fact, _OfExchange):
        return f"exchange/{fact.exchange}"
    return fact.subject if isinstance(fact, ProviderMeasures | BuyerMeasures) else fact.party.subject


def named_exchanges(fact: Fact) -> set[str]:
    """The exchanges that a fact names; measures for red flags do not name those of their documents."""
    if isinstance(fact, ExchangeTotal):
        return {fact.exchange}
    if isinstance(fact, ProviderTotal):
        return set(fact.by_exchange)
    if isinstance(fact, FirstListing | FirstPurchase):
        return {one.exchange for one in (fact.first, fact.void) if one is not None}
    if isinstance(fact, Declaration) and fact.exchange is not None:
        return {fact.exchange}
    return set()


def parse_fact(topic: str, key: str, value: bytes) -> Fact:
    """Parse a record of a fact topic; `key` is "<register>/...". Raises FactError."""
    try:
        return _parse(topic, key, value)
    except (msgspec.DecodeError, ValueError) as error:
        raise FactError(f"{topic} {key}: {error}") from error


def _parse(topic: str, key: str, value: bytes) -> Fact:
    register, _, rest = key.partition("/")
    if not (register and rest):
        raise FactError("the key is not <register>/<key>")
    decoder = _DECODERS.get(topic) or _DECODERS.get(f"{topic}/{rest.partition('/')[0]}")
    if decoder is None:
        raise FactError("no such fact")
    fact = msgspec.structs.replace(decoder.decode(value), register=register)
    if fact.key != key:
        raise FactError(f"the value is of {fact.key}")
    return fact


def _fen(_: type, value: object) -> Fen:
    if not isinstance(value, str):
        raise ValueError("an amount must be text")  # noqa: TRY004 - what msgspec reports as a fault of the value
    return _fen_of(value)


# A trade changes one bucket of a year; the amounts of the others are in the next version again.
@lru_cache(maxsize=1 << 15)  # some 5 MB
def _fen_of(text: str) -> Fen:
    return Fen(parse_yuan(text))


# By topic, or by topic and the part of the key after the register.
_FACTS: Final[Mapping[str, type[Fact]]] = {
    FIRST_LISTING: FirstListing,
    FIRST_PURCHASE: FirstPurchase,
    f"{ANNUAL_TOTAL}/exchange": ExchangeTotal,
    f"{ANNUAL_TOTAL}/provider": ProviderTotal,
    f"{SIGN}/provider": ProviderMeasures,
    f"{SIGN}/buyer": BuyerMeasures,
    f"{SIGN}/exchange": ExchangeMeasures,
    DECLARED: Declaration,
}
_DECODERS: Final = {name: msgspec.json.Decoder(fact, dec_hook=_fen) for name, fact in _FACTS.items()}
