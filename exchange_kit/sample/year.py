"""Generate a year of events of fictional exchanges, reproducible by its arguments.

Listings mostly precede trades. There are corrections, refunds, cancellations, withdrawals, annulments, late and
reordered reports, duplicates, events in binary mode, and rubbish on request. The first exchange trades about 6.2亿 yuan
a year, the second 1.6亿, others 0.4亿, independent of the number of events.
"""

import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Final, NamedTuple

import msgspec

from exchange_kit.sample.market import MEAN_WEIGHT, Market, SampleDocument, make_people, shortly_before
from exchange_kit.sample.rubbish import make_rubbish
from shared.events.decode import TYPES
from shared.events.records import SampleRecord
from shared.events.topics import topic_of
from shared.values.json_types import Json
from shared.values.times import day_start, format_time

_TOTALS_FEN: Final = (62_000_000_000, 16_000_000_000, 4_000_000_000)
_TRADES_SHARE: Final = 0.7  # of all events, about
_RUBBISH_EVERY: Final = 200
_BINARY_SHARE: Final = 0.25


class _Postponed(NamedTuple):
    """A document to be sent at event `due`; `order` distinguishes those of the same event."""

    due: int
    order: int
    market: Market
    document: SampleDocument


def sample_events(
    seed: int, exchanges: Sequence[str], events: int, year: int, *, rubbish: bool = False
) -> Iterator[SampleRecord]:
    """Yield exactly `events` records in sending order over the Shanghai year `year`. ValueError without an exchange."""
    if not exchanges:
        raise ValueError("a sample needs at least one exchange")
    rng = random.Random(seed)  # noqa: S311 - must be reproducible
    sample = _Sample(rng, _make_markets(rng, exchanges, events), events)
    start = day_start(date(year, 1, 1))
    step = (day_start(date(year + 1, 1, 1)) - start) / max(events, 1)
    for index in range(events):
        yield sample.record(index, start + step * index + step * rng.random(), rubbish=rubbish)


def _make_markets(rng: random.Random, exchanges: Sequence[str], events: int) -> list[Market]:
    people = make_people(providers=min(max(events // 250, 12), 400), buyers=min(max(events // 40, 30), 5000))
    shares = _shares(len(exchanges))
    made = []
    for place, exchange in enumerate(exchanges):
        total_fen = _TOTALS_FEN[min(place, len(_TOTALS_FEN) - 1)]
        unit_fen = max(1, int(total_fen / (events * shares[place] * _TRADES_SHARE * MEAN_WEIGHT + 1)))
        made.append(Market(exchange, people, unit_fen, random.Random(rng.random())))  # noqa: S311
    return made


def _shares(exchanges: int) -> list[float]:
    """Return each exchange's share of the events: 0.6 for the first, equal parts of the rest for the others."""
    return [1.0] if exchanges == 1 else [0.6] + [0.4 / (exchanges - 1)] * (exchanges - 1)


@dataclass
class _Sample:
    rng: random.Random
    markets: list[Market]
    events: int
    postponed: list[_Postponed] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def record(self, index: int, at: datetime, *, rubbish: bool) -> SampleRecord:
        left = self.events - index
        if self.postponed and (self.postponed[0].due <= index or len(self.postponed) >= left):
            due = heapq.heappop(self.postponed)
            return self._send(due.market, due.document, at)
        market = self.rng.choices(self.markets, _shares(len(self.markets)))[0]
        if rubbish and index % _RUBBISH_EVERY == _RUBBISH_EVERY - 1:
            return self._rubbish(market, at)
        return self._send(market, self._happen(market, index, at), at)

    def _happen(self, market: Market, index: int, at: datetime) -> SampleDocument:
        """Return what the exchange reports at this moment."""
        rng = self.rng
        percent = rng.random() * 100
        revised: Json | None = None
        if percent < 3 and market.sent:  # noqa: PLR2004
            return rng.choice(market.sent)._replace(outcome="duplicate")
        if percent < 9:  # noqa: PLR2004
            revised = self._revised_trade(market, index)
            if revised is not None:
                return SampleDocument("trade", revised)
        elif percent < 10.5:  # noqa: PLR2004
            revised = market.next_listing_revision()
            if revised is not None:
                return SampleDocument("listing", revised)
        provider = market.pick_provider()
        signed_at = shortly_before(rng, at)
        if not market.listings.get(provider) or percent < 22:  # noqa: PLR2004
            return self._listing(market, index, market.new_listing(provider, signed_at), provider, signed_at)
        if percent < 25:  # noqa: PLR2004 - reported late, mostly by up to a quarter
            signed_at -= timedelta(days=rng.randint(1, 90) if rng.random() < 0.97 else rng.randint(180, 400))  # noqa: PLR2004
        return SampleDocument("trade", market.new_trade(provider, signed_at))

    def _listing(self, market: Market, index: int, listing: Json, provider: int, signed_at: datetime) -> SampleDocument:
        """Return the listing, or in one of twenty cases a trade of it that is reported before it."""
        document = SampleDocument("listing", listing)
        if self.rng.random() >= 0.05:  # noqa: PLR2004
            return document
        self._postpone(market, index, document)
        return SampleDocument("trade", market.new_trade(provider, signed_at + timedelta(seconds=1)))

    def _revised_trade(self, market: Market, index: int) -> Json | None:
        """Return the next revision of a trade; one in ten arrives after its successor."""
        revised = market.next_trade_revision()
        if revised is None or self.rng.random() >= 0.1:  # noqa: PLR2004
            return revised
        later = revised | {"revision": revised["revision"] + 1, "certificate_no": f"CERT-{revised['trade_no']}"}
        for place, trade in enumerate(market.trades):
            if trade is revised:
                market.trades[place] = later
        self._postpone(market, index, SampleDocument("trade", revised))
        return later

    def _postpone(self, market: Market, index: int, document: SampleDocument) -> None:
        due = index + self.rng.randint(1, max(2, self.events // 50))
        heapq.heappush(self.postponed, _Postponed(due, next(self.numbers), market, document))

    def _send(self, market: Market, document: SampleDocument, at: datetime) -> SampleRecord:
        if document.outcome == "accepted":
            market.sent.append(document)
        event = self._event(market, document, at)
        topic = topic_of(document.kind, market.exchange)
        key = str(document.data[f"{document.kind}_no"]).encode()
        headers: list[tuple[str, bytes]] = []
        if self.rng.random() < _BINARY_SHARE:
            headers = [(f"ce_{name}", str(event[name]).encode()) for name in event if name != "data"]
            headers.append(("content-type", b"application/json; charset=utf-8"))
        value = msgspec.json.encode(document.data if headers else event)
        return SampleRecord(market.exchange, topic, key, value, tuple(headers), document.outcome)

    def _rubbish(self, market: Market, at: datetime) -> SampleRecord:
        """Return a rubbish record: every other one a revision conflict, the rest for each other reason in turn."""
        market.rubbish += 1
        if market.rubbish % 2 and market.sent:
            before = self.rng.choice(market.sent)
            conflicting = before.data | {"certificate_no": f"CONFLICT-{market.rubbish}"}
            return self._send(market, before._replace(data=conflicting, outcome="revision_conflict"), at)
        provider = market.pick_provider()
        if not market.listings.get(provider):
            return self._send(market, SampleDocument("listing", market.new_listing(provider, at)), at)
        trade = market.new_trade(provider, shortly_before(self.rng, at))
        market.trades.pop()  # rejected, so it has no effect
        event = self._event(market, SampleDocument("trade", trade), at)
        reason, value = make_rubbish(market.rubbish // 2, event)
        topic = topic_of("trade", market.exchange)
        return SampleRecord(market.exchange, topic, trade["trade_no"].encode(), value, (), reason)

    def _event(self, market: Market, document: SampleDocument, at: datetime) -> Json:
        market.events += 1
        return {
            "specversion": "1.0",
            "id": f"{market.exchange}-{market.events:08d}",
            "source": f"/exchanges/{market.exchange}",
            "type": TYPES[document.kind],
            "time": format_time(at),
            "data": document.data,
        }
