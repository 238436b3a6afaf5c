"""Annual totals in buckets, and the category of a trade in them. Pure.

A bucket is a month in Shanghai, cut again at the dates of TOTALS_CUT_AT, so that any period between such dates or month
boundaries is a sum of buckets. Instants are microseconds since 2000-01-01 UTC.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import msgspec

from shared.events.fact_topics import AHEAD_HOURS, LARGE_PURCHASE_FEN, SMALL_FIRST_FEN
from shared.postgres.binary_copy import pg_microseconds
from shared.values.times import day_start, shanghai_year

# Documents have years 2000 to 2099 with any offset: in Shanghai that includes the days around them.
_FIRST_YEAR, _LAST_YEAR = 1999, 2100
_PG_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD_US = AHEAD_HOURS * 3_600_000_000

COUNTED, UNMATCHED = "counted", "unmatched"


class BucketCalendar:
    """The start and end of buckets."""

    def __init__(self, cut_dates: Iterable[date]) -> None:
        self.cut_at = sorted(set(cut_dates))
        months = [date(year, month, 1) for year in range(_FIRST_YEAR, _LAST_YEAR + 1) for month in range(1, 13)]
        days = sorted({*months, *self.cut_at, date(_LAST_YEAR + 1, 1, 1)})
        self.starts = [day_start(day) for day in days]
        self._starts_us = [pg_microseconds(start) for start in self.starts]

    def start_of(self, instant_us: int) -> int:
        return self._starts_us[bisect_right(self._starts_us, instant_us) - 1]

    def until_of(self, start_us: int) -> datetime:
        return self.starts[bisect_right(self._starts_us, start_us)]


@lru_cache(maxsize=8)
def bucket_calendar(cut_at: tuple[str, ...]) -> BucketCalendar:
    """Return the calendar of the cut dates of settings, cached: a register has one at a time."""
    return BucketCalendar(map(date.fromisoformat, cut_at))


def instant_of(instant_us: int) -> datetime:
    return _PG_EPOCH + timedelta(microseconds=instant_us)


@lru_cache(maxsize=4096)
def year_of_bucket(bucket_us: int) -> int:
    return shanghai_year(instant_of(bucket_us))


def is_ahead(completed_us: int, record_us: int) -> bool:
    """Return True for a future-dated trade; IS_AHEAD of totals_store.py states the same in SQL."""
    return completed_us - record_us > _AHEAD_US


class Sums(NamedTuple):
    """Sums over trades: net amounts and number, the part of future-dated ones, refunds. Columns of the totals."""

    amount_fen: int
    trades: int
    ahead_fen: int = 0
    ahead_trades: int = 0
    refunded_fen: int = 0


class TradeState(msgspec.Struct, gc=False, frozen=True):
    """The fields of a trade that totals and firsts need; parties by their internal ids."""

    exchange: str
    number: str
    listing_no: str | None
    provider: int
    buyer: int
    provider_earns: bool  # has a USCC
    buyer_earns: bool
    net_fen: int
    refunded_fen: int
    completed_us: int
    record_us: int  # the Kafka timestamp of the revision's first record
    completed: bool
    listed: bool  # mode is `listed` (挂牌交易)
    mirrored: bool
    counted: bool  # within the exchange's time on the whitelist
    product_kind: str  # or NOT_STATED, as the next
    industry: str

    @property
    def is_ahead(self) -> bool:
        return is_ahead(self.completed_us, self.record_us)

    @property
    def sums(self) -> Sums:
        """The trade's addition to its buckets."""
        ahead = (self.net_fen, 1) if self.is_ahead else (0, 0)
        return Sums(self.net_fen, 1, *ahead, self.refunded_fen)

    @property
    def is_in_exchange_total(self) -> bool:
        """(六) 2: completed trades of the exchange, including negotiated ones, without mirrored ones."""
        return self.completed and not self.mirrored and self.counted

    @property
    def can_be_first(self) -> bool:
        """(四) 2: completed, not mirrored, in any mode, by a buyer with a USCC."""
        return self.completed and not self.mirrored and self.counted and self.buyer_earns

    @property
    def is_void(self) -> bool:
        """Cancelled, but could be a first otherwise."""
        return not self.completed and not self.mirrored and self.counted and self.buyer_earns


class Proof(NamedTuple):
    """A listing as its fact describes it; `proves`: it counts and is not annulled."""

    provider: int
    listed_us: int
    proves: bool


def category(trade: TradeState, proof: Proof | None) -> str:
    """Return the trade's category in its provider's totals, (四) 3: `counted`, or the reason why not.

    The database view trade_category defines the same in SQL.
    """
    if not trade.counted:
        return "not_on_whitelist"
    if not trade.completed:
        return "cancelled"
    if trade.mirrored:
        return "mirrored"
    if not trade.listed:
        return "mode"
    if (
        proof is not None
        and proof.proves
        and proof.provider == trade.provider
        and proof.listed_us <= trade.completed_us
    ):
        return COUNTED
    return UNMATCHED


# Plain tuples, as there are many.
ExchangeBucket = tuple[str, int]  # exchange, bucket
ProviderBucket = tuple[int, int, str, str]  # provider, bucket, exchange, category
ProductPart = tuple[str, int, str, str]  # exchange, year, `kind` or `industry`, its value
Purchases = tuple[int, int, str, bool]  # buyer, bucket, exchange, is large


class Delta(msgspec.Struct, gc=False):
    """A change of a bucket. `last_us`: the last instant of what was added; `gone_us`: of what was removed."""

    amount_fen: int = 0
    trades: int = 0
    ahead_fen: int = 0
    ahead_trades: int = 0
    refunded_fen: int = 0
    last_us: int | None = None
    gone_us: int | None = None

    def add(self, sums: Sums, last_us: int) -> None:
        self.amount_fen += sums.amount_fen
        self.trades += sums.trades
        self.ahead_fen += sums.ahead_fen
        self.ahead_trades += sums.ahead_trades
        self.refunded_fen += sums.refunded_fen
        if self.last_us is None or last_us > self.last_us:
            self.last_us = last_us

    def remove(self, sums: Sums, last_us: int) -> None:
        self.amount_fen -= sums.amount_fen
        self.trades -= sums.trades
        self.ahead_fen -= sums.ahead_fen
        self.ahead_trades -= sums.ahead_trades
        self.refunded_fen -= sums.refunded_fen
        if self.gone_us is None or last_us > self.gone_us:
            self.gone_us = last_us


class MovedTrades(NamedTuple):
    """Trades of a provider, exchange and bucket whose listing now proves them (`fits`) or no longer does."""

    provider: int
    exchange: str
    bucket_us: int
    fits: bool
    last_us: int
    sums: Sums


class Deltas:
    """The changes of a batch in the totals of exchanges and providers."""

    def __init__(self, buckets: BucketCalendar) -> None:
        self._buckets = buckets
        self.exchanges: defaultdict[ExchangeBucket, Delta] = defaultdict(Delta)
        self.providers: defaultdict[ProviderBucket, Delta] = defaultdict(Delta)
        self.products: defaultdict[ProductPart, list[int]] = defaultdict(lambda: [0, 0])  # net amount, trades
        self.purchases: set[Purchases] = set()  # by buyers with a USCC, of trades that count
        self.small_firsts_gone: set[int] = set()  # buyers of small trades that were replaced

    def replace(
        self, old: TradeState | None, new: TradeState, proof_of_old: Proof | None, proof_of_new: Proof | None
    ) -> None:
        """Replace a document by another; `old` None: by a new one."""
        if old is not None:
            bucket_us = self._buckets.start_of(old.completed_us)
            if old.is_in_exchange_total:
                self.exchanges[old.exchange, bucket_us].remove(old.sums, old.completed_us)
                self._product(old, bucket_us, -1)
                self._purchase(old, bucket_us)
                if old.buyer_earns and old.net_fen < SMALL_FIRST_FEN:
                    self.small_firsts_gone.add(old.buyer)
            if old.provider_earns:
                kept_in = category(old, proof_of_old)
                self.providers[old.provider, bucket_us, old.exchange, kept_in].remove(old.sums, old.completed_us)
        bucket_us = self._buckets.start_of(new.completed_us)
        if new.is_in_exchange_total:
            self.exchanges[new.exchange, bucket_us].add(new.sums, new.completed_us)
            self._product(new, bucket_us, 1)
            self._purchase(new, bucket_us)
        if new.provider_earns:
            now_in = category(new, proof_of_new)
            self.providers[new.provider, bucket_us, new.exchange, now_in].add(new.sums, new.completed_us)

    def move(self, moved: MovedTrades) -> None:
        """Move trades between counted and unmatched after a change of their listing."""
        to, from_ = (COUNTED, UNMATCHED) if moved.fits else (UNMATCHED, COUNTED)
        self.providers[moved.provider, moved.bucket_us, moved.exchange, from_].remove(moved.sums, moved.last_us)
        self.providers[moved.provider, moved.bucket_us, moved.exchange, to].add(moved.sums, moved.last_us)

    def _product(self, trade: TradeState, bucket_us: int, sign: int) -> None:
        year = year_of_bucket(bucket_us)
        for part in (("kind", trade.product_kind), ("industry", trade.industry)):
            sums = self.products[trade.exchange, year, *part]
            sums[0] += sign * trade.net_fen
            sums[1] += sign

    def _purchase(self, trade: TradeState, bucket_us: int) -> None:
        if trade.buyer_earns:
            is_large = trade.net_fen >= LARGE_PURCHASE_FEN
            self.purchases.add((trade.buyer, bucket_us, trade.exchange, is_large))
