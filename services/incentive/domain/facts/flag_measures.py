"""What trade-ingest measured that a person should perhaps look at (G10): the facts, and their wire form."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from services.incentive.domain.facts.reference import (
    Count,
    FactError,
    FactRef,
    Generation,
    Instant,
    Year,
    agree,
)
from shared.events.fact_topics import SIGN
from shared.values.money import parse_yuan


class TradeSum(msgspec.Struct, frozen=True, gc=False):
    """Net amounts summed up, and how many trades they are of."""

    amount_fen: int
    trades: int


class TradeRef(msgspec.Struct, frozen=True, order=True, gc=False):
    """A trade by its number."""

    exchange: str
    trade_no: str


class Counterparty(msgspec.Struct, frozen=True, gc=False):
    """What a provider sold to one party in a year, and what it bought of it."""

    subject: str
    sold: TradeSum
    bought: TradeSum


class RepeatedAmount(msgspec.Struct, frozen=True, gc=False):
    """Trades of a provider's year that have one and the same net amount, and to how many buyers."""

    amount_fen: int
    trades: int
    buyers: int
    examples: tuple[TradeRef, ...]


class MeasuredPurchase(msgspec.Struct, frozen=True, gc=False):
    """One trade of a buyer, by its net amount."""

    trade: TradeRef
    completed_at: datetime
    amount_fen: int


class OperatorPurchases(msgspec.Struct, frozen=True, gc=False):
    """What an operator bought on its own exchange in a year."""

    subject: str
    bought: TradeSum
    examples: tuple[TradeRef, ...]


class ProviderMeasures(msgspec.Struct, frozen=True):
    """facts.sign.v1 of a provider and a calendar year: to whom it sold most, and the amounts that repeat."""

    ref: FactRef
    register: str
    subject: str
    year: int
    sold: TradeSum
    counterparties: tuple[Counterparty, ...]
    repeated: tuple[RepeatedAmount, ...]


class BuyerMeasures(msgspec.Struct, frozen=True):
    """facts.sign.v1 of a buyer: a small first purchase and the greatest soon after it; None where there is none."""

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


class _Sum(msgspec.Struct):
    amount: str
    trades: Count


class _TradeNo(msgspec.Struct):
    exchange: str
    trade_no: str


class _Counterparty(msgspec.Struct):
    subject: str
    sold: _Sum
    bought: _Sum


class _Repeated(msgspec.Struct):
    amount: str
    trades: Count
    buyers: Count
    examples: list[_TradeNo]


class _OnePurchase(msgspec.Struct):
    exchange: str
    trade_no: str
    completed_at: Instant
    amount: str


class _OperatorPurchases(msgspec.Struct):
    subject: str
    amount: str
    trades: Count
    examples: list[_TradeNo]


class _ProviderSign(msgspec.Struct):
    generation: Generation
    seq: Count
    subject: str
    year: Year
    sold: _Sum
    counterparties: list[_Counterparty]
    repeated: list[_Repeated]


class _BuyerSign(msgspec.Struct):
    generation: Generation
    seq: Count
    subject: str
    first: _OnePurchase | None
    greatest: _OnePurchase | None


class _ExchangeSign(msgspec.Struct):
    generation: Generation
    seq: Count
    exchange: str
    year: Year
    operators: list[_OperatorPurchases]


_PROVIDER_SIGN = msgspec.json.Decoder(_ProviderSign)
_BUYER_SIGN = msgspec.json.Decoder(_BuyerSign)
_EXCHANGE_SIGN = msgspec.json.Decoder(_ExchangeSign)


def _provider_sign(key: str, register: str, value: bytes) -> FlagMeasures:
    wire = _PROVIDER_SIGN.decode(value)
    agree(key, f"{register}/provider/{wire.subject}/{wire.year}")
    return ProviderMeasures(
        ref=FactRef(f"{SIGN}/{key}", wire.generation, wire.seq),
        register=register,
        subject=wire.subject,
        year=wire.year,
        sold=_sum(wire.sold),
        counterparties=tuple(
            Counterparty(one.subject, _sum(one.sold), _sum(one.bought)) for one in wire.counterparties
        ),
        repeated=tuple(
            RepeatedAmount(parse_yuan(one.amount), one.trades, one.buyers, _trade_numbers(one.examples))
            for one in wire.repeated
        ),
    )


def _buyer_sign(key: str, register: str, value: bytes) -> FlagMeasures:
    wire = _BUYER_SIGN.decode(value)
    agree(key, f"{register}/buyer/{wire.subject}")
    return BuyerMeasures(
        ref=FactRef(f"{SIGN}/{key}", wire.generation, wire.seq),
        register=register,
        subject=wire.subject,
        first=None if wire.first is None else _one_purchase(wire.first),
        greatest=None if wire.greatest is None else _one_purchase(wire.greatest),
    )


def _exchange_sign(key: str, register: str, value: bytes) -> FlagMeasures:
    wire = _EXCHANGE_SIGN.decode(value)
    agree(key, f"{register}/exchange/{wire.exchange}/{wire.year}")
    return ExchangeMeasures(
        ref=FactRef(f"{SIGN}/{key}", wire.generation, wire.seq),
        register=register,
        exchange=wire.exchange,
        year=wire.year,
        operators=tuple(
            OperatorPurchases(one.subject, TradeSum(parse_yuan(one.amount), one.trades), _trade_numbers(one.examples))
            for one in wire.operators
        ),
    )


_PARSE = {"provider": _provider_sign, "buyer": _buyer_sign, "exchange": _exchange_sign}


def parse_flag_measures(key: str, register: str, value: bytes) -> FlagMeasures:
    """A record of facts.sign.v1."""
    of = key.removeprefix(f"{register}/").partition("/")[0]
    if of not in _PARSE:
        raise FactError("no such fact")
    return _PARSE[of](key, register, value)


def _sum(wire: _Sum) -> TradeSum:
    return TradeSum(parse_yuan(wire.amount), wire.trades)


def _trade_numbers(wire: Iterable[_TradeNo]) -> tuple[TradeRef, ...]:
    return tuple(TradeRef(one.exchange, one.trade_no) for one in wire)


def _one_purchase(wire: _OnePurchase) -> MeasuredPurchase:
    return MeasuredPurchase(TradeRef(wire.exchange, wire.trade_no), wire.completed_at, parse_yuan(wire.amount))
