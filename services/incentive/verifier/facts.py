"""Facts recomputed from a register's documents: listings, firsts, totals and red-flag measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from heapq import nsmallest
from itertools import groupby
from operator import itemgetter
from typing import Any, Callable, NamedTuple

from .policy import ExchangeWhitelist
from .registers import RegisterDocument, RegisterEvidence
from .report import Unsound
from .rules import ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE, LISTING, RED_FLAG
from .storage.disk import sorted_on_disk
from .values import DAY_US, Json, day_us, instant, local, party_json, subject_of, time_text, yuan

COUNTERPARTIES, REPEATED_AMOUNTS = 10, 5  # the most that a fact lists
REPEATED_FROM = 5  # the least number of trades with the same net amount
# A small first purchase is below SMALL_FIRST, a large later one at least LARGE_PURCHASE (fen), within AFTER_FIRST_US.
SMALL_FIRST, LARGE_PURCHASE, AFTER_FIRST_US = 100_000, 10_000_000, 90 * DAY_US


def recompute_fact(register: RegisterEvidence, topic: str, rest: str, seq: int) -> Json:
    """The value of a fact by its register's first `seq` entries, without its version; `rest`: its key there."""
    kind, *whose = (rest if topic in (ANNUAL_TOTAL, RED_FLAG) else f"/{rest}").split("/")
    if (topic, kind) not in FACTS:
        raise Unsound("没有这种事实", "no such fact")
    return FACTS[topic, kind](register, seq, *whose)


def fact_keys(register: RegisterEvidence) -> Iterator[tuple[str, str, int]]:
    """Yield (topic, key, newest entry that can have changed it) of every fact that the documents can make."""
    is_trade = register.kind == "trade"
    for subject, newest in register.whose(register.earner):
        if subject.startswith("uscc:"):
            yield FIRST_PURCHASE if is_trade else FIRST_LISTING, subject, newest
            if is_trade:
                yield RED_FLAG, f"buyer/{subject}", newest
    if not is_trade:
        return
    for exchange_year, newest in register.whose("exchange_year"):
        yield ANNUAL_TOTAL, f"exchange/{exchange_year}", newest
        yield RED_FLAG, f"exchange/{exchange_year}", newest
    matched = register.newest_listing_fact()
    for subject, newest in register.whose("provider"):
        if subject.startswith("uscc:"):
            for year in register.years("provider", subject):
                yield ANNUAL_TOTAL, f"provider/{subject}/{year}", max(matched, newest)
                yield RED_FLAG, f"provider/{subject}/{year}", max(newest, register.newest("buyer", subject))


def about_of_fact(fact: str) -> str:
    """The subject, or `exchange/<id>`, whose awards follow from a fact."""
    rest = fact.split("/", 2)[2]
    if rest.startswith("exchange/"):
        return rest.rsplit("/", 1)[0]
    return rest.split("/")[1 if rest.startswith(("provider/", "buyer/")) else 0]


def listing_fact(register: RegisterEvidence, seq: int, exchange: str, number: str) -> Json:
    document = register.revision_at((exchange, number), seq)
    if document is None:
        return {
            "exchange": exchange, "listing_no": number, "provider": None, "status": None, "listed_at": None,
            "mirrored": False, "counted": False,
        }  # fmt: skip
    return {
        "exchange": exchange,
        "listing_no": number,
        "provider": party_json(document.provider),
        "status": document.status,
        "listed_at": time_text(document.at),
        "mirrored": document.mirrored,
        "counted": register.settings(seq)[0].counts(exchange, document.at),
    }


def first_fact(register: RegisterEvidence, seq: int, subject: str) -> Json:
    """(四) 1, 2: the least document by instant, exchange and number of those that can be a first.

    Beside it stands the least one before it that was annulled or cancelled, absent for none.
    """
    whitelist, _ = register.settings(seq)
    first: RegisterDocument | None = None
    void: RegisterDocument | None = None
    for document in register.documents(register.earner, subject, seq):
        if document.mirrored or not whitelist.counts(document.exchange, document.at):
            continue
        if document.is_void:
            void = document if void is None or document.place < void.place else void
        else:
            first = document if first is None or document.place < first.place else first
    value: Json = {
        "party": party_json((subject, register.name_of(subject, seq))),
        "first": None if first is None else first_json(register, seq, first),
    }
    if void is not None and register.names_void(seq) and (first is None or void.place < first.place):
        value[void.status] = first_json(register, seq, void)
    return value


def first_json(register: RegisterEvidence, seq: int, document: RegisterDocument) -> Json:
    if document.buyer is None:
        return {
            "exchange": document.exchange,
            "listing_no": document.number,
            "revision": document.revision,
            "listed_at": time_text(document.at),
        }
    return {
        "exchange": document.exchange,
        "trade_no": document.number,
        "revision": document.revision,
        "completed_at": time_text(document.at),
        "amount": yuan(document.amount),
        "refunded": yuan(document.refunded),
        "provider": party_json(document.provider),
        **({"ahead": True} if document.is_ahead and register.names_ahead(seq) else {}),
    }


def counted_trades(register: RegisterEvidence, role: str, whose: str, seq: int) -> Iterator[RegisterDocument]:
    """Yield completed trades, not mirrored, within the exchange's time on the whitelist."""
    whitelist, _ = register.settings(seq)
    for document in register.documents(role, whose, seq):
        is_completed = document.status == "completed" and not document.mirrored
        if is_completed and whitelist.counts(document.exchange, document.at):
            yield document


class TradeSums:
    """Sums of trades, in fen; those of future-dated trades apart, too. `first` and `last` are those entered so."""

    def __init__(self) -> None:
        self.amount = self.trades = self.refunded = self.ahead_amount = self.ahead_trades = 0
        self.last_at: int | None = None
        self.first: RegisterDocument | None = None
        self.last: RegisterDocument | None = None

    def add(self, document: RegisterDocument) -> None:
        self.amount += document.net
        self.trades += 1
        self.refunded += document.refunded
        if document.is_ahead:
            self.ahead_amount += document.net
            self.ahead_trades += 1
        self.last_at = document.at if self.last_at is None else max(self.last_at, document.at)
        if self.first is None or document.seq < self.first.seq:
            self.first = document
        if self.last is None or document.seq > self.last.seq:
            self.last = document

    def sums_json(self) -> Json:
        return {"amount": yuan(self.amount), "trades": self.trades}

    def examples_json(self) -> list[Json]:
        """The trades that were entered first and last."""
        ends = [self.first] if self.first is self.last else [self.first, self.last]
        return [trade_json(one) for one in ends if one is not None]

    def parts_json(self, register: RegisterEvidence, seq: int) -> Json:
        """The part of future-dated trades in a bucket, and the refunds; each absent for none."""
        refunded = self.refunded if register.names_refunds(seq) else 0
        has_ahead = self.ahead_trades and register.names_ahead(seq)
        return {
            **({"ahead": {"amount": yuan(self.ahead_amount), "trades": self.ahead_trades}} if has_ahead else {}),
            **({"refunded": yuan(refunded)} if refunded else {}),
        }


class MonthlyBuckets:
    """Sums of trades by calendar month in Shanghai, split again at the cut dates."""

    def __init__(self, cut_at: Iterable[str]) -> None:
        self._cuts = sorted(map(date.fromisoformat, cut_at))
        self._sums: dict[tuple[date, date], TradeSums] = {}
        self._of_day: dict[date, TradeSums] = {}

    def add(self, document: RegisterDocument) -> None:
        day = local(document.at).date()
        if day not in self._of_day:
            self._of_day[day] = self._sums.setdefault(self._limits(day), TradeSums())
        self._of_day[day].add(document)

    def _limits(self, day: date) -> tuple[date, date]:
        month = day.replace(day=1)
        after = (month + timedelta(days=32)).replace(day=1)
        begin = max([month] + [cut for cut in self._cuts if cut <= day])
        return begin, min([after] + [cut for cut in self._cuts if cut > day])

    def buckets_json(self, register: RegisterEvidence, seq: int) -> list[Json]:
        return [
            {
                "from": time_text(day_us(begin)),
                "until": time_text(day_us(end)),
                **sums.sums_json(),
                "last_completed_at": time_text(sums.last_at or 0),
                **sums.parts_json(register, seq),
            }
            for (begin, end), sums in sorted(self._sums.items(), key=itemgetter(0))
        ]


def exchange_total(register: RegisterEvidence, seq: int, exchange: str, year: str) -> Json:
    """(六) 2: all completed trades of the exchange in the year, without mirrored ones."""
    _, cut_at = register.settings(seq)
    buckets = MonthlyBuckets(cut_at)
    by_kind: dict[str, TradeSums] = {}
    by_industry: dict[str, TradeSums] = {}
    for one in counted_trades(register, "exchange_year", f"{exchange}/{year}", seq):
        buckets.add(one)
        by_kind.setdefault(one.product_kind, TradeSums()).add(one)
        by_industry.setdefault(one.industry, TradeSums()).add(one)
    value: Json = {
        "exchange": exchange, "year": int(year), "cut_at": cut_at, "buckets": buckets.buckets_json(register, seq),
    }  # fmt: skip
    if register.names_products(seq):
        value["by_kind"] = {name: sums.sums_json() for name, sums in by_kind.items()}
        value["by_industry"] = {name: sums.sums_json() for name, sums in by_industry.items()}
    return value


class ProviderShare:
    """A provider's trades of the year on one exchange: those that count, and the others by reason."""

    def __init__(self, cut_at: list[str]) -> None:
        self._buckets = {reason: MonthlyBuckets(cut_at) for reason in ("counted", "unmatched")}
        self._others: dict[str, TradeSums] = {}

    def add(self, reason: str, document: RegisterDocument) -> None:
        if reason in self._buckets:
            self._buckets[reason].add(document)
        else:
            self._others.setdefault(reason, TradeSums()).add(document)

    def share_json(self, register: RegisterEvidence, seq: int) -> Json:
        found: Json = {name: buckets.buckets_json(register, seq) for name, buckets in self._buckets.items()}
        found["other"] = [{"reason": reason, **self._others[reason].sums_json()} for reason in sorted(self._others)]
        return found


def provider_total(register: RegisterEvidence, seq: int, subject: str, year: str) -> Json:
    """(四) 3: the provider's trades of the year by exchange: those that count, and the others by reason."""
    whitelist, cut_at = register.settings(seq)
    shares: dict[str, ProviderShare] = {}
    for document in register.documents("provider", subject, seq):
        if document.year == int(year):
            share = shares.setdefault(document.exchange, ProviderShare(cut_at))
            share.add(reason_of(register, document, whitelist, seq), document)
    return {
        "party": party_json((subject, register.name_of(subject, seq))),
        "year": int(year),
        "cut_at": cut_at,
        "by_exchange": {exchange: share.share_json(register, seq) for exchange, share in shares.items()},
    }


def reason_of(register: RegisterEvidence, document: RegisterDocument, whitelist: ExchangeWhitelist, seq: int) -> str:
    """`counted` if a trade counts in its provider's total, else the first reason why not."""
    if not whitelist.counts(document.exchange, document.at):
        return "not_on_whitelist"
    if document.status != "completed":
        return "cancelled"
    if document.mirrored:
        return "mirrored"
    if document.mode != "listed":
        return "mode"
    fact = register.listing_fact((document.exchange, document.listing_no or ""), seq)
    is_matched = (
        fact is not None
        and fact["provider"] is not None
        and fact["counted"]
        and fact["status"] != "annulled"
        and subject_of(fact["provider"]) == document.provider[0]
        and instant(fact["listed_at"]) <= document.at
    )
    return "counted" if is_matched else "unmatched"


def trade_json(document: RegisterDocument) -> Json:
    return {"exchange": document.exchange, "trade_no": document.number}


def provider_flags(register: RegisterEvidence, seq: int, subject: str, year: str) -> Json:
    """The provider's greatest buyers of the year, its purchases from them, and repeated amounts."""
    sold = TradeSums()

    def trades() -> Iterator[RegisterDocument]:
        for one in counted_trades(register, "provider", subject, seq):
            if one.year == int(year):
                yield one

    def to_buyers() -> Iterator[tuple[str, int]]:
        for one in trades():
            sold.add(one)
            if one.buyer is not None and not one.buyer[0].startswith("natural_person:"):
                yield one.buyer[0], one.net

    greatest = greatest_buyers(to_buyers())
    bought = {other: TradeSums() for other, _ in greatest}
    for one in counted_trades(register, "buyer", subject, seq):
        if one.year == int(year) and one.provider[0] in bought:
            bought[one.provider[0]].add(one)
    return {
        "subject": subject,
        "year": int(year),
        "sold": sold.sums_json(),
        "counterparties": [
            {"subject": other, "sold": to.sums_json(), "bought": bought[other].sums_json()} for other, to in greatest
        ],
        "repeated": repeated_json(trades()),
    }


def greatest_buyers(sales: Iterable[tuple[str, int]]) -> list[tuple[str, SaleSums]]:
    """The buyers of the greatest sums, with these."""
    by_buyer = groupby(sorted_on_disk(sales, 2), key=lambda sale: sale[0])
    sums = ((buyer, SaleSums.of(net for _, net in of_it)) for buyer, of_it in by_buyer)
    return nsmallest(COUNTERPARTIES, sums, key=lambda one: (-one[1].amount, one[0].encode()))


class SaleSums(NamedTuple):
    """How many sales there are and their sum, in fen."""

    amount: int
    trades: int

    @classmethod
    def of(cls, amounts: Iterable[int]) -> SaleSums:
        total = trades = 0
        for amount in amounts:
            total, trades = total + amount, trades + 1
        return cls(total, trades)

    def sums_json(self) -> Json:
        return {"amount": yuan(self.amount), "trades": self.trades}


def repeated_json(trades: Iterable[RegisterDocument]) -> list[Json]:
    """The amounts over zero that occur most, by their sums; the trades of each that were entered first and last."""
    rows = ((one.net, *(one.buyer or ("", "")), one.seq, one.exchange, one.number) for one in trades if one.net > 0)
    amounts = (AmountRepeats.of(amount, of_it) for amount, of_it in groupby(sorted_on_disk(rows, 6), itemgetter(0)))
    repeated = (one for one in amounts if one.trades >= REPEATED_FROM)
    greatest = nsmallest(REPEATED_AMOUNTS, repeated, key=lambda one: (-one.amount * one.trades, -one.amount))
    return [one.json() for one in greatest]


class AmountRepeats(NamedTuple):
    """One amount of trades in fen, how many there are, to how many buyers, and those entered first and last."""

    amount: int
    trades: int
    buyers: int
    first: tuple[int, str, str]
    last: tuple[int, str, str]

    @classmethod
    def of(cls, amount: int, rows: Iterable[tuple[Any, ...]]) -> AmountRepeats:
        """`rows` are of that amount, in order: the buyer with its name, and the trade."""
        trades = buyers = 0
        before: tuple[str, str] | None = None
        first = last = (0, "", "")
        for _, buyer, name, *trade in rows:
            place = (trade[0], trade[1], trade[2])
            first, last = (place, place) if not trades else (min(first, place), max(last, place))
            buyers += before != (buyer, name)
            before, trades = (buyer, name), trades + 1
        return cls(amount, trades, buyers, first, last)

    def json(self) -> Json:
        ends = [self.first] if self.trades == 1 else [self.first, self.last]
        return {
            "amount": yuan(self.amount),
            "trades": self.trades,
            "buyers": self.buyers,
            "examples": [{"exchange": exchange, "trade_no": number} for _, exchange, number in ends],
        }


def buyer_flags(register: RegisterEvidence, seq: int, subject: str) -> Json:
    """A small first purchase, and the greatest of the large ones soon after it."""
    first = min(counted_trades(register, "buyer", subject, seq), key=lambda one: one.place, default=None)
    nothing = {"subject": subject, "first": None, "greatest": None}
    if first is None or first.net >= SMALL_FIRST:
        return nothing
    large = (
        one
        for one in counted_trades(register, "buyer", subject, seq)
        if one.net >= LARGE_PURCHASE and first.at <= one.at <= first.at + AFTER_FIRST_US
    )
    greatest = min(large, key=lambda one: (-one.net, one.place), default=None)
    if greatest is None:
        return nothing

    def purchase_json(one: RegisterDocument) -> Json:
        return {**trade_json(one), "completed_at": time_text(one.at), "amount": yuan(one.net)}

    return {"subject": subject, "first": purchase_json(first), "greatest": purchase_json(greatest)}


def exchange_flags(register: RegisterEvidence, seq: int, exchange: str, year: str) -> Json:
    """Sum the purchases of operators on their exchange in the year, while they operated it."""
    whitelist, _ = register.settings(seq)
    subjects = whitelist.operators_of(exchange)
    bought: dict[str, TradeSums] = {}
    for one in counted_trades(register, "exchange_year", f"{exchange}/{year}", seq):
        if one.buyer is None or one.buyer[0] not in subjects:
            continue
        operator = whitelist.operator_on(exchange, local(one.at).date())
        if operator is not None and one.buyer[0] == f"uscc:{operator['uscc']}":
            bought.setdefault(one.buyer[0], TradeSums()).add(one)
    return {
        "exchange": exchange,
        "year": int(year),
        "operators": [
            {"subject": subject, "examples": sums.examples_json(), **sums.sums_json()}
            for subject, sums in sorted(bought.items(), key=itemgetter(0))
        ],
    }


FACTS: dict[tuple[str, str], Callable[..., Json]] = {
    (LISTING, ""): listing_fact,
    (FIRST_LISTING, ""): first_fact,
    (FIRST_PURCHASE, ""): first_fact,
    (ANNUAL_TOTAL, "exchange"): exchange_total,
    (ANNUAL_TOTAL, "provider"): provider_total,
    (RED_FLAG, "exchange"): exchange_flags,
    (RED_FLAG, "provider"): provider_flags,
    (RED_FLAG, "buyer"): buyer_flags,
}
