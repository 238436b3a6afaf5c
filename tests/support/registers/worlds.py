"""Random sets of documents, their records, and the facts that the verifier expects of them."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from kafka.consumer.fetcher import ConsumerRecord

from services.incentive.verifier.expected import AcceptedDocument, expected_facts
from shared.values.parties import is_uscc

LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOG_ORIGIN = "example.org/tests"
# Kafka timestamp of every record (2026-06-30): trades of a random world on 2026-12-31 are future-dated.
RECORD_MS = 1_782_777_600_000
EXCHANGES = ("dcdex", "kmdex")
KINDS = {"listing": "cn.kunming.data-exchange.listing.v1", "trade": "cn.kunming.data-exchange.trade.v1"}
PRODUCTS = (
    None,
    {"no": "D1", "name": "虚构数据", "kind": "dataset"},
    {"no": "D2", "name": "虚构接口", "kind": "api", "industry": "I"},
    {"no": "D3", "name": "虚构数据", "kind": "dataset", "industry": "A"},
)


def uscc(number: int) -> str:
    """Return a valid fictional code; the check character is found by trying."""
    body = f"9153{number:013d}"
    return next(body + check for check in "0123456789ABCDEFGHJKLMNPQRTUWXY" if is_uscc(body + check))


@dataclass
class World:
    """Documents by kind, each `(exchange, data)`, in no particular order."""

    listings: list[tuple[str, dict]] = field(default_factory=list)
    trades: list[tuple[str, dict]] = field(default_factory=list)


def random_world(seed: int, documents: int, exchanges: tuple[str, ...] = EXCHANGES) -> World:
    rng = random.Random(seed)
    world = World()
    parties = [{"id_scheme": "uscc", "id": uscc(n), "name": f"虚构主体{n}"} for n in range(6)]
    parties.append({"id_scheme": "overseas", "id": "X-1", "name": "虚构境外主体"})
    instants = [datetime(2025, 10, 13, 16, tzinfo=UTC) + timedelta(hours=8 * n) for n in range(8)]
    instants += [datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC)]
    # Before the exchanges' term on the whitelist.
    instants.append(datetime(2018, 6, 1, tzinfo=UTC))
    for _ in range(documents):
        exchange = rng.choice(exchanges)
        at = rng.choice(instants).isoformat()
        common = {
            "revision": rng.randint(1, 4),
            "provider": rng.choice(parties),
            "origin_exchange": rng.choice([None, None, None, "外地交易所"]),
        }
        if rng.random() < 0.3:
            world.listings.append(
                (
                    exchange,
                    common
                    | {
                        "listing_no": f"L{rng.randint(1, 4)}",
                        "status": rng.choice(["listed", "listed", "withdrawn", "annulled"]),
                        "product": {"no": "D1", "name": "虚构数据", "kind": "dataset"},
                        "listed_at": at,
                    },
                )
            )
        else:
            amount = rng.choice([1, 100, 12345, 1000000])
            world.trades.append(
                (
                    exchange,
                    common
                    | {
                        "trade_no": f"T{rng.randint(1, 12)}",
                        "status": rng.choice(["completed", "completed", "completed", "cancelled"]),
                        "mode": (mode := rng.choice(["listed", "listed", "negotiated", "auction"])),
                        "listing_no": f"L{rng.randint(1, 4)}" if mode == "listed" else None,
                        "buyer": rng.choice([p for p in parties if p["id"] != common["provider"]["id"]]),
                        "amount": f"{amount}.00",
                        "refunded": rng.choice(["0", "0", "0.50", f"{amount}"]),
                        "currency": "CNY",
                        "completed_at": at,
                        "product": PRODUCTS[len(world.trades) % len(PRODUCTS)],
                    },
                )
            )
    # One content per revision, because which of two conflicting contents came first depends on the order.
    world.listings = _one_content(world.listings, "listing_no")
    world.trades = _one_content(world.trades, "trade_no")
    return world


SELLER, FRIEND, BEGINNER = (f"uscc:{uscc(number)}" for number in (101, 102, 103))


def telling_trades(operator: str) -> list[tuple[str, dict]]:
    """Return trades with red flags: repeated amounts, round trips, a tiny first purchase, an operator's purchases."""
    seller, friend, beginner = ({"id": uscc(number), "name": f"虚构主体{number}"} for number in (101, 102, 103))
    person = {"id_scheme": "natural_person", "id": "P-1", "name": "某自然人"}
    made = [
        *((seller, friend, "1000.00") for _ in range(6)),
        (seller, person, "9000.00"),
        (friend, seller, "500.00"),
        (friend, seller, "700.00"),
        (friend, beginner, "0.01"),
        (friend, beginner, "4000000.00"),
        (seller, {"id": operator, "name": "虚构运营公司"}, "30.00"),
        (friend, {"id": operator, "name": "虚构运营公司"}, "40.00"),
    ]
    return [
        (
            "kmdex",
            {
                "trade_no": f"S{number}",
                "revision": 1,
                "status": "completed",
                "mode": "negotiated",
                "provider": provider,
                "buyer": buyer,
                "amount": amount,
                "currency": "CNY",
                "completed_at": f"2026-03-{number + 1:02d}T10:00:00+08:00",
            },
        )
        for number, (provider, buyer, amount) in enumerate(made)
    ]


def _one_content(documents: list[tuple[str, dict]], number: str) -> list[tuple[str, dict]]:
    return list({(exchange, data[number], data["revision"]): (exchange, data) for exchange, data in documents}.values())


def record(kind: str, exchange: str, data: dict, offset: int, partition: int = 0) -> ConsumerRecord:
    event = {
        "specversion": "1.0",
        "id": f"{offset}",
        "source": f"/exchanges/{exchange}",
        "type": KINDS[kind],
        "time": data.get("listed_at") or data["completed_at"],
        "data": data,
    }
    value = json.dumps(event, ensure_ascii=False).encode()
    return raw_record(f"exchange.{exchange}.{kind}s.v1", value, offset, partition)


def raw_record(
    topic: str, value: bytes | None, offset: int, partition: int = 0, key: bytes | None = None, headers: tuple = ()
) -> ConsumerRecord:
    return ConsumerRecord(
        topic, partition, 0, offset, RECORD_MS, 0, key, value, headers, None, -1, len(value or b""), -1
    )


def states(documents: list[tuple[str, dict]], number: str) -> dict[tuple[str, str], dict]:
    """Return the highest revision of each number."""
    found: dict[tuple[str, str], dict] = {}
    for exchange, data in documents:
        key = (exchange, data[number])
        if key not in found or data["revision"] > found[key]["revision"]:
            found[key] = data
    return found


def facts_of(world: World, settings: dict[str, Any]) -> dict[tuple[str, str], dict]:
    """Return the facts of the documents by topic and key, as the verifier computes them for whitelist and cut dates."""
    documents = [AcceptedDocument("listing", *one) for one in world.listings]
    documents += [AcceptedDocument("trade", *one, RECORD_MS * 1000) for one in world.trades]
    return {tuple(name.split("/r1/")): value for name, value in expected_facts(documents, settings).items()}
