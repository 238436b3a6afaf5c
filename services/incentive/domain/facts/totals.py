"""Annual totals of an exchange and of a provider, and their sums over registers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import msgspec

from services.incentive.domain.facts.reference import Count, FactRef, Fen, Generation, Instant, Year, check_key, decoder
from shared.events.fact_topics import ANNUAL_TOTAL
from shared.values.parties import Party


class Bucket(msgspec.Struct, frozen=True, gc=False):
    """The sum of the trades completed within [start, end): a calendar month of Shanghai, or a piece of one."""

    start: Instant = msgspec.field(name="from")
    end: Instant = msgspec.field(name="until")
    amount_fen: Fen = msgspec.field(name="amount")
    trades: Count
    last_completed_at: Instant


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


class ExchangeTotal(msgspec.Struct, frozen=True):
    """facts.annual-total.v1 of an exchange and a calendar year; buckets are cut at the dates `cut_at`."""

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
    """The buckets of one exchange and year, summed over registers."""
    return merge_buckets(fact.buckets for fact in facts)


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
    )


def _merge_not_counted(shares: Iterable[Share]) -> tuple[NotCounted, ...]:
    sums: dict[str, NotCounted] = {}
    for share in shares:
        for part in share.other:
            known = sums.get(part.reason, NotCounted(part.reason, 0, 0))
            sums[part.reason] = NotCounted(part.reason, known.amount_fen + part.amount_fen, known.trades + part.trades)
    return tuple(sums[reason] for reason in sorted(sums))


class _ExchangeTotal(msgspec.Struct):
    generation: Generation
    seq: Count
    exchange: str
    year: Year
    cut_at: tuple[date, ...]
    buckets: tuple[Bucket, ...]


class _ProviderTotal(msgspec.Struct):
    generation: Generation
    seq: Count
    party: Party
    year: Year
    cut_at: tuple[date, ...]
    by_exchange: dict[str, Share]


_EXCHANGE_TOTAL = decoder(_ExchangeTotal)
_PROVIDER_TOTAL = decoder(_ProviderTotal)


def parse_exchange_total(key: str, register: str, value: bytes) -> ExchangeTotal:
    """Parse a record of facts.annual-total.v1 about an exchange."""
    wire = _EXCHANGE_TOTAL.decode(value)
    check_key(key, f"{register}/exchange/{wire.exchange}/{wire.year}")
    ref = FactRef(f"{ANNUAL_TOTAL}/{key}", wire.generation, wire.seq)
    return ExchangeTotal(ref, register, wire.exchange, wire.year, wire.cut_at, wire.buckets)


def parse_provider_total(key: str, register: str, value: bytes) -> ProviderTotal:
    """Parse a record of facts.annual-total.v1 about a provider."""
    wire = _PROVIDER_TOTAL.decode(value)
    check_key(key, f"{register}/provider/{wire.party.subject}/{wire.year}")
    ref = FactRef(f"{ANNUAL_TOTAL}/{key}", wire.generation, wire.seq)
    return ProviderTotal(ref, register, wire.party, wire.year, wire.cut_at, wire.by_exchange)
