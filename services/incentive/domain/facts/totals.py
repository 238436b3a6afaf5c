"""Totals of a year, of an exchange and of a provider: the facts, their sum over registers, and their wire form."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import msgspec

from services.incentive.domain.facts.reference import Count, FactRef, Generation, Instant, Year, agree
from shared.events.fact_topics import ANNUAL_TOTAL
from shared.values.money import parse_yuan
from shared.values.parties import Party


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


class _Bucket(msgspec.Struct):
    start: Instant = msgspec.field(name="from")
    end: Instant = msgspec.field(name="until")
    amount: str
    trades: Count
    last_completed_at: Instant


class _NotCounted(msgspec.Struct):
    reason: str
    amount: str
    trades: Count


class _Share(msgspec.Struct):
    counted: list[_Bucket] = []
    unmatched: list[_Bucket] = []
    other: list[_NotCounted] = []


class _ExchangeTotal(msgspec.Struct):
    generation: Generation
    seq: Count
    exchange: str
    year: Year
    cut_at: list[date]
    buckets: list[_Bucket]


class _ProviderTotal(msgspec.Struct):
    generation: Generation
    seq: Count
    party: Party
    year: Year
    cut_at: list[date]
    by_exchange: dict[str, _Share]


_EXCHANGE_TOTAL = msgspec.json.Decoder(_ExchangeTotal)
_PROVIDER_TOTAL = msgspec.json.Decoder(_ProviderTotal)


def parse_exchange_total(key: str, register: str, value: bytes) -> ExchangeTotal:
    """A record of facts.annual-total.v1 about an exchange."""
    wire = _EXCHANGE_TOTAL.decode(value)
    agree(key, f"{register}/exchange/{wire.exchange}/{wire.year}")
    return ExchangeTotal(
        ref=FactRef(f"{ANNUAL_TOTAL}/{key}", wire.generation, wire.seq),
        register=register,
        exchange=wire.exchange,
        year=wire.year,
        cut_at=tuple(wire.cut_at),
        buckets=_buckets(wire.buckets),
    )


def parse_provider_total(key: str, register: str, value: bytes) -> ProviderTotal:
    """A record of facts.annual-total.v1 about a provider."""
    wire = _PROVIDER_TOTAL.decode(value)
    agree(key, f"{register}/provider/{wire.party.subject}/{wire.year}")
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


def _buckets(wire: Sequence[_Bucket]) -> tuple[Bucket, ...]:
    return tuple(
        Bucket(bucket.start, bucket.end, parse_yuan(bucket.amount), bucket.trades, bucket.last_completed_at)
        for bucket in wire
    )
