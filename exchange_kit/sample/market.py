"""A fictional market for samples: its parties, and the documents of one exchange and their revisions.

All parties are fictional, as their names say; their codes have valid check characters. Amounts have a long tail: a few
providers make most of the total, so some exceed 1000万 a year and most do not.
"""

import random
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final, NamedTuple

from shared.events.decode import Kind
from shared.events.documents import MAX_AMOUNT_FEN
from shared.values.json_types import Json
from shared.values.money import format_yuan, parse_yuan
from shared.values.parties import complete_uscc
from shared.values.times import format_time

_PRODUCTS: Final = (
    ("城市交通流量数据集", "dataset", "G"),
    ("气象格点预报接口", "api", "M"),
    ("花卉价格指数报告", "report", "A"),
    ("企业征信核验服务", "service", "J"),
    ("烟叶分级识别模型", "model", "C"),
    ("普洱茶溯源数据集", "dataset", "F"),
    ("跨境物流时效接口", "api", "G"),
    ("文旅客流数据产品", "other", None),
)
_OUTSIDE_EXCHANGE: Final = "虚构省外数据交易所"
# Amounts: cumulative percentage of trades, and the range of their weights. `MEAN_WEIGHT` is their mean.
_WEIGHTS: Final = ((60, 1, 20), (90, 20, 200), (100, 200, 2000))
MEAN_WEIGHT: Final = 149
_MEMORY: Final = 2000


class People(NamedTuple):
    """The parties of a sample, shared by its exchanges; providers by descending size."""

    providers: tuple[Json, ...]
    buyers: tuple[Json, ...]
    cumulative_weights: tuple[float, ...]


def make_people(providers: int, buyers: int) -> People:
    """Create fictional parties: mostly companies, some overseas, some natural persons among the buyers."""
    weights = accumulate(1 / (rank + 1) for rank in range(providers))
    return People(tuple(map(_provider, range(providers))), tuple(map(_buyer, range(buyers))), tuple(weights))


def _provider(index: int) -> Json:
    if index % 23 == 17:  # noqa: PLR2004 - now and then
        return {"id_scheme": "overseas", "id": f"XX-P{index:05d}", "name": f"Fictional Overseas Provider {index:05d}"}
    return _company(f"91530100MAXP{index:05d}", f"虚构数据供方{index:05d}有限公司")


def _buyer(index: int) -> Json:
    match index % 29:
        case 11:
            return {"id_scheme": "overseas", "id": f"XX-B{index:05d}", "name": f"Fictional Overseas Buyer {index:05d}"}
        case 19:
            return {"id_scheme": "natural_person", "id": f"pseudonym-{index:05d}", "name": f"虚构自然人{index:05d}"}
        case 7:  # providers buy too
            return _provider(index // 29)
        case 3:  # a village body: its code begins with N
            return _company(f"N2530100MAXB{index:05d}", f"虚构村集体{index:05d}")
        case _:
            return _company(f"91530100MAXB{index:05d}", f"虚构数据需方{index:05d}有限公司")


def _company(first_17: str, name: str) -> Json:
    return {"id_scheme": "uscc", "id": complete_uscc(first_17), "name": name}


class SampleDocument(NamedTuple):
    """A document to be sent, and the expected result of intake."""

    kind: Kind
    data: Json
    outcome: str = "accepted"


@dataclass
class Market:
    """One exchange and its documents so far; each method creates a new document or the next revision of one.

    `sent`: its latest accepted documents; `events`, `rubbish`: how many it sent.
    """

    exchange: str
    people: People
    unit_fen: int
    rng: random.Random
    listings: dict[int, list[Json]] = field(default_factory=dict)
    trades: deque[Json] = field(default_factory=lambda: deque(maxlen=_MEMORY))
    sent: deque[SampleDocument] = field(default_factory=lambda: deque(maxlen=_MEMORY))
    listed: int = 0
    traded: int = 0
    events: int = 0
    rubbish: int = 0

    def pick_provider(self) -> int:
        """Pick a provider weighted by size; the order differs by exchange, so that the largest ones differ."""
        count = len(self.people.providers)
        (rank,) = self.rng.choices(range(count), cum_weights=self.people.cumulative_weights)
        return (rank + len(self.exchange)) % count

    def new_listing(self, provider: int, at: datetime) -> Json:
        self.listed += 1
        name, kind, industry = self.rng.choice(_PRODUCTS)
        product = {"no": f"D{self.listed:06d}", "name": f"{name}（虚构）", "kind": kind}
        listing = {
            "listing_no": f"L{at.year}-{self.listed:06d}",
            "revision": 1,
            "status": "listed",
            "product": product if industry is None else {**product, "industry": industry},
            "provider": self.people.providers[provider],
            "listed_at": self._written(at),
            "origin_exchange": _OUTSIDE_EXCHANGE if self.rng.random() < 0.01 else None,  # noqa: PLR2004
            "certificate_no": f"CERT-{self.listed:06d}",
        }
        self.listings.setdefault(provider, []).append(listing)
        return listing

    def new_trade(self, provider: int, at: datetime) -> Json:
        """Create a trade of a provider with a listing; one in a hundred names an unknown listing."""
        self.traded += 1
        rng = self.rng
        listing = rng.choice(self.listings[provider])
        mode = rng.choices(("listed", "negotiated", "auction"), (75, 18, 7))[0]
        number = listing["listing_no"] if rng.random() >= 0.01 else f"L{at.year}-X{self.traded}"  # noqa: PLR2004
        trade = {
            "trade_no": f"T{at.year}-{self.traded:07d}",
            "revision": 1,
            "status": "completed",
            "mode": mode,
            "listing_no": number if mode == "listed" else None,
            "product": listing["product"] if mode == "listed" or rng.random() < 0.5 else None,  # noqa: PLR2004
            "provider": listing["provider"],
            "buyer": self._pick_buyer(listing["provider"]),
            "amount": format_yuan(self._amount_fen()),
            "refunded": "0.00",
            "currency": "CNY",
            "completed_at": self._written(at),
            "origin_exchange": _OUTSIDE_EXCHANGE if rng.random() < 0.01 else None,  # noqa: PLR2004
            "certificate_no": None,
        }
        self.trades.append(trade)
        return trade

    def next_trade_revision(self) -> Json | None:
        """A refund, a cancellation or a corrected amount of a trade that is remembered."""
        if not self.trades:
            return None
        at = self.rng.randrange(len(self.trades))
        trade = self.trades[at] | {"revision": self.trades[at]["revision"] + 1}
        amount_fen = parse_yuan(trade["amount"])
        match self.rng.randrange(10):
            case 0 | 1 | 2 | 3 | 4:
                trade["refunded"] = format_yuan(amount_fen * self.rng.randint(1, 9) // 10)
            case 5:
                trade["refunded"] = trade["amount"]
            case 6 | 7:
                trade["status"] = "cancelled"
            case _:
                trade["amount"] = format_yuan(min(amount_fen + self.rng.randint(1, 5000), MAX_AMOUNT_FEN))
        self.trades[at] = trade
        return trade

    def next_listing_revision(self) -> Json | None:
        """A withdrawal, an annulment or a renamed product; what is withdrawn or annulled is traded no more."""
        candidates = [provider for provider, listings in self.listings.items() if len(listings) > 1]
        if not candidates:
            return None
        listings = self.listings[self.rng.choice(candidates)]
        at = self.rng.randrange(len(listings))
        listing = listings[at] | {"revision": listings[at]["revision"] + 1}
        match self.rng.randrange(4):
            case 0:
                listing["status"] = "annulled"
            case 1 | 2:
                listing["status"] = "withdrawn"
            case _:
                listing["product"] = listing["product"] | {"name": f"{listing['product']['name']}修订"[:200]}
        if listing["status"] == "listed":
            listings[at] = listing
        else:
            del listings[at]
        return listing

    def _pick_buyer(self, provider: Json) -> Json:
        while True:
            buyer = self.rng.choice(self.people.buyers)
            if (buyer["id_scheme"], buyer["id"]) != (provider["id_scheme"], provider["id"]):
                return buyer

    def _amount_fen(self) -> int:
        percent = self.rng.randrange(100)
        low, high = next((low, high) for upto, low, high in _WEIGHTS if percent < upto)
        return min(max(1, self.unit_fen * self.rng.randint(low * 100, high * 100) // 100), MAX_AMOUNT_FEN)

    def _written(self, at: datetime) -> str:
        """The instant as one of the ways in which clients write it."""
        way = self.rng.randrange(4)
        text = format_time(at if way <= 1 else at.replace(microsecond=0))
        return text if way == 0 else text.replace(".000000", "")


def shortly_before(rng: random.Random, at: datetime) -> datetime:
    """When a document was signed that is reported at `at`: some minutes earlier."""
    return at - timedelta(seconds=rng.randint(1, 900), microseconds=rng.randrange(1_000_000))
