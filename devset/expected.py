"""What the policy gives for a set of sample events: slow, simple, and made without the services' code.

It reads the events' own JSON and knows four rules, (四) 1-3 and (六) 2, and 就高不重复, with figures of its own, so
that what the services say can be held against it. Only for the sample: its exchanges are on the whitelist throughout,
with one operator each.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from exchange_kit.records import SampleRecord

Json = dict[str, Any]

SHANGHAI = timezone(timedelta(hours=8))
FROM = datetime(2025, 10, 15, tzinfo=SHANGHAI)
UNTIL = datetime(2028, 10, 16, tzinfo=SHANGHAI)
YUAN = 100
WAN = 10_000 * YUAN
TIERS = ((10_000 * WAN, 100 * WAN), (50_000 * WAN, 300 * WAN), (100_000 * WAN, 500 * WAN))
# Of equal ceilings the first of these wins.
RULES = ("first_listing", "first_purchase", "annual_listed_trading", "exchange_tiers")


@dataclass(frozen=True)
class Expected:
    """Amounts of one award in fen, and what it loses against."""

    ceiling_fen: int
    payable_fen: int
    suppressed_by: str | None


@dataclass
class Outcome:
    """What must come of the sample: awards by id, and how many records are refused for which reason."""

    awards: dict[str, Expected]
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Trade:
    exchange: str
    data: Json
    at: datetime
    net_fen: int

    @property
    def in_force(self) -> bool:
        return FROM <= self.at < UNTIL

    @property
    def year(self) -> int:
        return self.at.astimezone(SHANGHAI).year


def expected_outcome(records: Iterable[SampleRecord], operators: Mapping[str, str]) -> Outcome:
    """From the records as they were sent; `operators` are the USCCs of the exchanges' operators."""
    refused = Counter(one.outcome for one in records if one.outcome not in (None, "accepted", "duplicate"))
    listings = _newest(records, "listing")
    trades = [
        _Trade(exchange, data, _instant(data["completed_at"]), _fen(data["amount"]) - _fen(data.get("refunded", "0")))
        for (exchange, _), data in _newest(records, "trade").items()
        if data["status"] == "completed" and not data.get("origin_exchange")
    ]
    ceilings: dict[str, tuple[str, int, int]] = {}  # award -> subject, year, ceiling
    ceilings |= _first_listings(listings)
    ceilings |= _first_purchases(trades)
    ceilings |= _annual(trades, listings)
    ceilings |= _tiers(trades, operators)
    return Outcome(_payables(ceilings), Counter({str(reason): count for reason, count in refused.items()}))


def _newest(records: Iterable[SampleRecord], kind: str) -> dict[tuple[str, str], Json]:
    """The documents of the greatest revision, by exchange and number."""
    newest: dict[tuple[str, str], Json] = {}
    for record in records:
        if record.outcome != "accepted" or record.value is None or not record.topic.endswith(f".{kind}s.v1"):
            continue
        event = json.loads(record.value)
        data = event if any(name == "ce_specversion" for name, _ in record.headers) else event["data"]
        place = (record.exchange, data[f"{kind}_no"])
        if place not in newest or newest[place]["revision"] < data["revision"]:
            newest[place] = data
    return newest


def _first_listings(listings: Mapping[tuple[str, str], Json]) -> dict[str, tuple[str, int, int]]:
    firsts: dict[str, tuple[datetime, str, str]] = {}
    for (exchange, number), data in listings.items():
        subject = _subject(data["provider"])
        if subject is None or data["status"] == "annulled" or data.get("origin_exchange"):
            continue
        found = (_instant(data["listed_at"]), exchange, number)
        firsts[subject] = min(firsts.get(subject, found), found)
    return {
        f"first_listing/{subject}": (subject, at.astimezone(SHANGHAI).year, 2 * WAN)
        for subject, (at, _, _) in firsts.items()
        if FROM <= at < UNTIL
    }


def _first_purchases(trades: Iterable[_Trade]) -> dict[str, tuple[str, int, int]]:
    firsts: dict[str, tuple[datetime, str, str, _Trade]] = {}
    for trade in trades:
        subject = _subject(trade.data["buyer"])
        if subject is None:
            continue
        found = (trade.at, trade.exchange, trade.data["trade_no"], trade)
        if subject not in firsts or found[:3] < firsts[subject][:3]:
            firsts[subject] = found
    return {
        f"first_purchase/{subject}": (subject, trade.year, min(_part(trade.net_fen, "0.05"), 20 * WAN))
        for subject, (_, _, _, trade) in firsts.items()
        if trade.in_force
    }


def _annual(trades: Iterable[_Trade], listings: Mapping[tuple[str, str], Json]) -> dict[str, tuple[str, int, int]]:
    totals: dict[tuple[str, int], int] = defaultdict(int)
    for trade in trades:
        subject = _subject(trade.data["provider"])
        listing = listings.get((trade.exchange, trade.data.get("listing_no") or ""))
        if subject is None or trade.data["mode"] != "listed" or listing is None or not trade.in_force:
            continue
        fits = _subject(listing["provider"]) == subject and _instant(listing["listed_at"]) <= trade.at
        if fits and listing["status"] != "annulled":
            totals[subject, trade.year] += trade.net_fen
    return {
        f"annual_listed_trading/{subject}/{year}": (subject, year, min(_part(total, "0.02"), 50 * WAN))
        for (subject, year), total in totals.items()
        if total >= 1_000 * WAN
    }


def _tiers(trades: Iterable[_Trade], operators: Mapping[str, str]) -> dict[str, tuple[str, int, int]]:
    """Trade by trade: a tier earns if a trade in force takes the year's total over it, the first time ever."""
    totals: dict[tuple[str, int], int] = defaultdict(int)
    passed: dict[str, set[int]] = defaultdict(set)
    earned: dict[tuple[str, int], int] = defaultdict(int)
    for trade in sorted(trades, key=lambda one: one.at):
        place = (trade.exchange, trade.year)
        totals[place] += trade.net_fen
        for threshold, reward in TIERS:
            if totals[place] > threshold and threshold not in passed[trade.exchange]:
                passed[trade.exchange].add(threshold)
                earned[place] = max(earned[place], reward) if trade.in_force else earned[place]
    awards = {}
    before: dict[str, int] = defaultdict(int)
    for (exchange, year), reward in sorted(earned.items()):
        ceiling = max(0, reward - before[exchange])
        before[exchange] += ceiling
        awards[f"exchange_tiers/{exchange}/{year}"] = (f"uscc:{operators[exchange]}", year, ceiling)
    return awards


def _payables(ceilings: Mapping[str, tuple[str, int, int]]) -> dict[str, Expected]:
    """就高不重复: of one subject's awards of a year the highest is payable, the others are suppressed by it."""
    groups: dict[tuple[str, int], list[tuple[int, int, str]]] = defaultdict(list)
    for award, (subject, year, ceiling) in ceilings.items():
        if ceiling > 0:
            groups[subject, year].append((-ceiling, RULES.index(award.partition("/")[0]), award))
    expected = {}
    for group in groups.values():
        best = min(group)
        for one in group:
            ceiling = -one[0]
            wins = one == best
            expected[one[2]] = Expected(ceiling, ceiling if wins else 0, None if wins else best[2])
    return expected


def _subject(party: Json) -> str | None:
    """Parties with a USCC earn; others do not."""
    return f"uscc:{party['id']}" if party.get("id_scheme", "uscc") == "uscc" else None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _fen(text: str) -> int:
    return int(Decimal(text) * YUAN)


def _part(total_fen: int, rate: str) -> int:
    return int((total_fen * Decimal(rate)).to_integral_value(ROUND_FLOOR))
