"""Documents of two exchanges whose prices are worked by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.cases import uscc
from tests.support.registers import worlds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EXCHANGES = ("hand", "paper")


def _party(name: str) -> dict[str, str]:
    return {"id": uscc(f"by hand {name}"), "name": name}


def _trade(number: str, sides: tuple[str, str], amount: str, at: str, **members: object) -> dict[str, object]:
    provider, buyer = sides
    return {
        "trade_no": number, "revision": 1, "status": "completed", "mode": "negotiated", "provider": _party(provider),
        "buyer": _party(buyer), "amount": amount, "currency": "CNY", "completed_at": at,
    } | members  # fmt: skip


def _listing(number: str, provider: str, at: str) -> dict[str, object]:
    product = {"no": "D1", "name": "虚构数据", "kind": "dataset"}
    return {
        "listing_no": number, "revision": 1, "status": "listed", "product": product, "provider": _party(provider),
        "listed_at": at,
    }  # fmt: skip


# The seller S and the buyers A, B and C trade in 2026; L lists and never trades.
_LISTINGS = [
    ("hand", _listing("L1", "S", "2026-02-01T00:00:00+08:00")),
    ("paper", _listing("L2", "L", "2026-02-28T23:59:59+08:00")),
]
_TRADES = [
    ("hand", _trade("T1", ("S", "A"), "333333.33", "2026-03-05T10:00:00+08:00")),
    ("hand", _trade("T2", ("S", "B"), "100000.00", "2026-03-31T16:30:00Z")),  # April in Shanghai
    ("paper", _trade("T3", ("S", "C"), "150000.01", "2026-04-30T10:00:00+08:00", refunded="50000.00")),
    # These add to no one's trades of 2026: another year, cancelled, mirrored.
    ("hand", _trade("T4", ("B", "A"), "50000000.00", "2027-01-01T00:00:00+08:00")),
    ("hand", _trade("T5", ("S", "B"), "70000000.00", "2026-05-01T10:00:00+08:00", status="cancelled")),
    ("hand", _trade("T6", ("L", "B"), "80000000.00", "2026-05-01T10:00:00+08:00", origin_exchange="外地交易所")),
]
# Awards and fen by dimension and value. First listings of S and L: 20,000 each. First purchases, 5 %: A 16,666.66,
# B 5,000.00, C 5,000.00 of 100,000.01. Bought and sold in 2026: A 333,333.33; B 100,000.00; C 100,000.01;
# S 533,333.34; L nothing.
PRICES = {
    "total": {"": (5, 6_666_666)},
    "rule": {"first_listing": (2, 4_000_000), "first_purchase": (3, 2_666_666)},
    "exchange": {"hand": (3, 4_166_666), "paper": (2, 2_500_000)},
    "year": {"2026": (5, 6_666_666)},
    "month": {"2026-02": (2, 4_000_000), "2026-03": (1, 1_666_666), "2026-04": (2, 1_000_000)},
    "size": {"10000": (2, 1_000_000), "100000": (3, 5_666_666)},
    "traded": {"0": (1, 2_000_000), "100000": (1, 500_000), "1000000": (3, 4_166_666)},
}
# By the yuan only the first purchase of A is less.
TO_THE_YUAN = "general.rounding=down_to_the_yuan"
LESS_FEN = 66
LESS = {
    ("total", ""), ("rule", "first_purchase"), ("exchange", "hand"), ("year", "2026"), ("month", "2026-03"),
    ("size", "100000"), ("traded", "1000000"),
}  # fmt: skip


def records_by_hand() -> Iterator[tuple[str, bytes | None, Sequence[tuple[str, bytes]]]]:
    """Topic, value and headers of each."""
    for kind, documents in (("listing", _LISTINGS), ("trade", _TRADES)):
        for exchange, data in documents:
            record = worlds.record(kind, exchange, data, 0)
            yield record.topic, record.value, ()
