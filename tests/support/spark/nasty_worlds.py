"""Worlds of nasty events in any number, each with the awards that the verifier expects of it.

A world has documents and entities of its own, and shares its exchanges with all others. So the awards of entities are
expected world by world, and the totals of exchanges are added up over the worlds. In a world there are revisions in any
order, conflicts, duplicates, refunds, cancelled and mirrored trades, annulled listings, one number on two exchanges and
of both kinds, wrong fields, reports that are late or ahead, amounts up to the greatest, values that are too large,
binary mode, and days on every limit of policy, year and whitelist.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from devset.expected import policy_tree, settings_of
from services.incentive.verifier.expected import AcceptedDocument, ExpectedAward, expected_awards, expected_facts
from services.incentive.verifier.values import fen, yuan
from shared.events.decode import Accepted, decode
from shared.events.topics import exchange_of, kind_of
from shared.values.parties import is_uscc
from shared.whitelist import parse_whitelist
from tests.support.registers.worlds import KINDS, uscc
from tests.support.spark.nasty_records import IN_PLACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SMALL, LARGE = ("na", "nb", "nc", "nd"), ("ne", "nf", "ng", "nh")
EXCHANGES = (*SMALL, *LARGE)
COMPANIES = 120
FIRST_CODE = 5_000_000
OPERATORS = 4_000_000
AMOUNTS = (
    "0.01", "1", "0.99", "100", "12345.67", "199999.99", "333333.33", "3999999.99", "4000000", "4000000.01",
    "9999999.99", "10000000", "24999999.99", "25000000.00", "100000000", "10000000000.00",
)  # fmt: skip
SMALL_AMOUNTS = 7  # of them, on exchanges that reach the tiers slowly
TOTALS = "facts.annual-total.v1/r1/exchange/"
_TOO_LARGE = "x" * 270_000
_LIMITS = (
    "2018-06-01T00:00:00", "2025-10-14T23:59:59.999999", "2025-10-15T00:00:00", "2025-12-31T23:59:59.999999",
    "2026-01-01T00:00:00", "2026-06-30T23:59:59.999999", "2026-07-01T00:00:00", "2026-12-31T23:59:59",
    "2027-01-01T00:00:00", "2028-10-14T23:59:59.999999", "2028-10-15T00:00:00", "2029-01-01T00:00:00",
)  # fmt: skip

# Wrong and border values, without the numbers and codes that are valid, as several worlds would share them.
_NUMBER = re.compile("[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_NUMBERS = {"trade_no", "listing_no"}
_IN_PLACE = {
    member: [
        value
        for value in values
        if not (member in _NUMBERS and isinstance(value, str) and _NUMBER.fullmatch(value))
        and not (member == "provider" and isinstance(value, dict) and is_uscc(value["id"]))
    ]
    for member, values in IN_PLACE.items()
}  # fmt: skip

Record = tuple[str, bytes, tuple[tuple[str, bytes], ...]]  # topic, value, headers


class NastyWorld(NamedTuple):
    """The records in order of sending, the awards of entities, and the fen of exchanges by year and bucket."""

    records: list[Record]
    accepted: int
    awards: dict[str, ExpectedAward]
    totals: Counter[tuple[str, str, str]]


@cache
def whitelist_text() -> str:
    """The exchanges of all worlds: one leaves, one comes late, and operators change and share exchanges."""

    def operator(number: int, begin: str, until: str | None = None) -> dict[str, str | None]:
        return {"uscc": uscc(OPERATORS + number), "name": "虚构运营", "from": begin, "until": until}

    listed = [
        {"id": exchange, "name": exchange, "from": "2019-01-01", "operators": [operator(number % 5, "2019-01-01")]}
        for number, exchange in enumerate(EXCHANGES)
    ]
    listed[1]["until"], listed[2]["from"] = "2027-01-01", "2026-07-01"
    listed[3]["operators"] = [operator(6, "2019-01-01", "2026-12-31"), operator(7, "2026-12-31")]
    listed[5]["operators"] = [operator(8, "2019-01-01", "2026-07-01"), operator(9, "2027-02-01")]
    return yaml.safe_dump(listed, allow_unicode=True)


@cache
def _settings() -> Any:
    return settings_of(parse_whitelist(whitelist_text()))


def nasty_world(number: int, events: int) -> NastyWorld:
    """The world of a number, with that many events; the same for the same number."""
    rng = random.Random(number)
    companies = [
        {"id": uscc(FIRST_CODE + number * COMPANIES + one), "name": f"虚构主体{one}"} for one in range(COMPANIES)
    ]
    others = [
        {"id_scheme": "overseas", "id": f"X-{number}", "name": "虚构境外主体"},
        {"id_scheme": "natural_person", "id": f"P-{number}", "name": "某自然人"},
    ]
    parties = [*companies, *others]
    exchanges = rng.sample(EXCHANGES, 3)
    records: list[Record] = []
    for _ in range(events):
        if records and rng.random() < 0.06:
            records.append(rng.choice(records[-200:]))
        else:
            exchange = rng.choice(exchanges)
            kind, data = _document(rng, number, exchange, parties, max(2, events // 5))
            records.append(_record(rng, kind, exchange, data))
    return _expected(records)


def _document(
    rng: random.Random, world: int, exchange: str, parties: Sequence[dict[str, str]], numbers: int
) -> tuple[str, dict[str, Any]]:
    provider, buyer = rng.sample(parties, 2)
    data: dict[str, Any] = {"revision": rng.choice((1, 1, 1, 2, 2, 3, 4, 2**31 - 1)), "provider": provider}
    if rng.random() < 0.05:
        data["origin_exchange"] = "外地交易所"
    if rng.random() < 0.2:
        data["certificate_no"] = rng.choice((None, "", "证-1", 'C"\\/'))
    at = _instant(rng)
    # A number names the same provider most of the time, so that listings prove trades.
    listing = rng.randrange(max(1, numbers // 8))
    if rng.random() < 0.85:
        data["provider"] = parties[listing % COMPANIES]
    if rng.random() < 0.25:
        status = rng.choices(("listed", "withdrawn", "annulled"), (8, 1, 1))[0]
        product = {"no": "D1", "name": "虚构数据", "kind": rng.choice(("dataset", "api", "model"))}
        data |= {"listing_no": f"N{world}-{listing}", "status": status, "product": product, "listed_at": at}
        return "listing", data
    if data["provider"] is buyer and rng.random() < 0.9:
        data["provider"] = provider
    amount = rng.choice(AMOUNTS[:SMALL_AMOUNTS]) if exchange in SMALL or rng.random() < 0.7 else rng.choice(AMOUNTS)
    mode = rng.choice(("listed", "listed", "negotiated", "auction"))
    data |= {
        "trade_no": f"N{world}-{rng.randrange(numbers)}", "buyer": buyer, "amount": amount, "mode": mode,
        "status": "cancelled" if rng.random() < 0.08 else "completed", "currency": "CNY", "completed_at": at,
    }  # fmt: skip
    if mode == "listed" or rng.random() < 0.3:
        data["listing_no"] = f"N{world}-{listing}"
    if rng.random() < 0.15:
        data["refunded"] = rng.choice(("0", amount, "0.01"))
    return "trade", data


def _instant(rng: random.Random) -> str:
    if rng.random() < 0.4:
        return f"{rng.choice(_LIMITS)}{rng.choice(('+08:00', '+08:00', 'Z', '-23:59'))}"
    at = datetime(2025, 8, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(3 * 366 * 86400))
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _record(rng: random.Random, kind: str, exchange: str, data: dict[str, Any]) -> Record:
    at = data["listed_at" if kind == "listing" else "completed_at"]
    chance = rng.random()
    if chance < 0.05:
        member = rng.choice(tuple(_IN_PLACE))
        data[member] = rng.choice(_IN_PLACE[member])
    elif chance < 0.0501:
        data["unknown"] = _TOO_LARGE
    elif chance < 0.06:
        del data[rng.choice(tuple(data))]
    # Mostly reported when it happened, sometimes a year late, sometimes a day ahead, or further, which is refused.
    time = at if chance < 0.9 else rng.choice(("2029-06-01T00:00:00Z", "2026-06-30T12:00:00Z"))
    event: dict[str, Any] = {
        "specversion": "1.0", "id": str(rng.randrange(10**9)), "source": f"/exchanges/{exchange}", "type": KINDS[kind],
        "time": time,
    }  # fmt: skip
    is_ascii, spaces = rng.random() < 0.1, rng.choice((None, None, (",", ":"), (" , ", " :\n")))
    topic = f"exchange.{exchange}.{kind}s.v1"
    if rng.random() < 0.15:
        headers = tuple((f"ce_{name}", value.encode()) for name, value in event.items())
        return topic, json.dumps(data, ensure_ascii=is_ascii, separators=spaces).encode(), headers
    event["data"] = data
    return topic, json.dumps(event, ensure_ascii=is_ascii, separators=spaces).encode(), ()


def _expected(records: list[Record]) -> NastyWorld:
    """Decode records as intake does, where the first contents of a revision stand, and compute by the verifier."""
    first: dict[tuple[Any, ...], AcceptedDocument] = {}
    for topic, value, headers in records:
        kind, exchange = kind_of(topic), exchange_of(topic)
        if isinstance(decode(kind, exchange, value, headers), Accepted):
            event = json.loads(value)
            data = event if headers else event["data"]
            key = kind, exchange, data[f"{kind}_no"], data["revision"]
            first.setdefault(key, AcceptedDocument(kind, exchange, data))
    facts = expected_facts(first.values(), _settings())
    totals: Counter[tuple[str, str, str]] = Counter()
    for name in [name for name in facts if name.startswith(TOTALS)]:
        for bucket in facts.pop(name)["buckets"]:
            totals[name, bucket["from"], bucket["until"]] += fen(bucket["amount"])
    return NastyWorld(records, len(first), expected_awards(facts, _settings(), policy_tree()), totals)


def awards_of_exchanges(totals: Mapping[tuple[str, str, str], int]) -> dict[str, ExpectedAward]:
    """The awards of the exchanges' operators, by the totals of all worlds."""
    facts: dict[str, dict[str, Any]] = {}
    for (name, begin, until), amount in sorted(totals.items()):
        exchange, year = name.removeprefix(TOTALS).split("/")
        empty = {"exchange": exchange, "year": int(year), "buckets": [], "cut_at": _settings()["cut_at"]}
        bucket = {"from": begin, "until": until, "amount": yuan(amount), "trades": 1, "last_completed_at": begin}
        facts.setdefault(name, empty)["buckets"].append(bucket)
    return expected_awards(facts, _settings(), policy_tree())


def differences(expected: Mapping[str, ExpectedAward], found: Iterable[Any]) -> list[str]:
    """A line for each award that is not as expected. `found`: rows of awards of the job."""
    awards = {
        one.award_id: (
            one.rule, one.subject, one.exchange, one.year, int(one.base_fen), one.ceiling_fen, one.payable_fen,
            one.suppressed_by,
        )
        for one in found
    }  # fmt: skip
    # All but flags, which the job does not compute.
    wanted = {award_id: tuple(one[:8]) for award_id, one in expected.items()}
    return [
        f"{award_id}: {awards.get(award_id)} computed, {wanted.get(award_id)} expected"
        for award_id in sorted(awards.keys() | wanted.keys())
        if awards.get(award_id) != wanted.get(award_id)
    ]
