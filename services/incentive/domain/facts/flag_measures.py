"""Measures of trade-ingest for red flags (G10): `facts.sign.v1`."""

import msgspec

from services.incentive.domain.facts.reference import (
    Count,
    FactError,
    FactRef,
    Fen,
    Generation,
    Instant,
    Year,
    check_key,
    decoder,
)
from shared.events.fact_topics import SIGN


class TradeSum(msgspec.Struct, frozen=True, gc=False):
    """A sum of net amounts, and the number of trades."""

    amount_fen: Fen = msgspec.field(name="amount")
    trades: Count


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

    @property
    def trade(self) -> TradeRef:
        return TradeRef(self.exchange, self.trade_no)


class OperatorPurchases(msgspec.Struct, frozen=True, gc=False):
    """An operator's purchases on its own exchange in a year."""

    subject: str
    amount_fen: Fen = msgspec.field(name="amount")
    trades: Count
    examples: tuple[TradeRef, ...]


class ProviderMeasures(msgspec.Struct, frozen=True):
    """facts.sign.v1 of a provider and a calendar year: its main buyers, and the amounts that repeat."""

    ref: FactRef
    register: str
    subject: str
    year: int
    sold: TradeSum
    counterparties: tuple[Counterparty, ...]
    repeated: tuple[RepeatedAmount, ...]


class BuyerMeasures(msgspec.Struct, frozen=True):
    """facts.sign.v1 of a buyer: a small first purchase and the greatest one soon after it; None if there is none."""

    ref: FactRef
    register: str
    subject: str
    first: MeasuredPurchase | None
    greatest: MeasuredPurchase | None


class ExchangeMeasures(msgspec.Struct, frozen=True):
    """facts.sign.v1 of an exchange and a calendar year: what its operators bought on it."""

    ref: FactRef
    register: str
    exchange: str
    year: int
    operators: tuple[OperatorPurchases, ...]


FlagMeasures = ProviderMeasures | BuyerMeasures | ExchangeMeasures


class _ProviderMeasures(msgspec.Struct):
    generation: Generation
    seq: Count
    subject: str
    year: Year
    sold: TradeSum
    counterparties: tuple[Counterparty, ...]
    repeated: tuple[RepeatedAmount, ...]


class _BuyerMeasures(msgspec.Struct):
    generation: Generation
    seq: Count
    subject: str
    first: MeasuredPurchase | None
    greatest: MeasuredPurchase | None


class _ExchangeMeasures(msgspec.Struct):
    generation: Generation
    seq: Count
    exchange: str
    year: Year
    operators: tuple[OperatorPurchases, ...]


_PROVIDER = decoder(_ProviderMeasures)
_BUYER = decoder(_BuyerMeasures)
_EXCHANGE = decoder(_ExchangeMeasures)


def parse_flag_measures(key: str, register: str, value: bytes) -> FlagMeasures:
    """Parse a record of facts.sign.v1."""
    match key.removeprefix(f"{register}/").partition("/")[0]:
        case "provider":
            provider = _PROVIDER.decode(value)
            check_key(key, f"{register}/provider/{provider.subject}/{provider.year}")
            ref = FactRef(f"{SIGN}/{key}", provider.generation, provider.seq)
            sold, counterparties, repeated = provider.sold, provider.counterparties, provider.repeated
            return ProviderMeasures(ref, register, provider.subject, provider.year, sold, counterparties, repeated)
        case "buyer":
            buyer = _BUYER.decode(value)
            check_key(key, f"{register}/buyer/{buyer.subject}")
            ref = FactRef(f"{SIGN}/{key}", buyer.generation, buyer.seq)
            return BuyerMeasures(ref, register, buyer.subject, buyer.first, buyer.greatest)
        case "exchange":
            exchange = _EXCHANGE.decode(value)
            check_key(key, f"{register}/exchange/{exchange.exchange}/{exchange.year}")
            ref = FactRef(f"{SIGN}/{key}", exchange.generation, exchange.seq)
            return ExchangeMeasures(ref, register, exchange.exchange, exchange.year, exchange.operators)
        case _:
            raise FactError("no such fact")
