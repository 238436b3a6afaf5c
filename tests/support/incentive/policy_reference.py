"""A slow, independent computation of awards, written from the policy's description alone.

It works on plain lists of documents (dicts) and looks at every trade one by one; it knows no facts, buckets or rules of
the project. Figures stand here as the policy's text has them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from fractions import Fraction

ZONE = timezone(timedelta(hours=8))
YUAN = 100
POLICY_STARTS = datetime(2025, 10, 15, tzinfo=ZONE)
POLICY_ENDS = datetime(2028, 10, 16, tzinfo=ZONE)
OTHER_ENDS = datetime(2028, 10, 15, tzinfo=ZONE)
STEPS = [(100_000_000, 1_000_000), (500_000_000, 3_000_000), (1_000_000_000, 5_000_000)]
PRECEDENCE = ["first_listing", "first_purchase", "annual_listed_trading", "exchange_tiers"]


@dataclass
class Due:
    """An award of the reference; amounts in fen."""

    rule: str
    subject: str
    exchange: str | None
    year: int
    base: int
    ceiling: int
    last_day: bool = False
    payable: int = 0
    suppressed_by: str | None = None


def reference_awards(listings, trades, whitelist) -> dict[str, Due]:
    """Awards by id. A listing or trade is a dict of its members and `exchange`; `whitelist` is
    {exchange: {"from": instant, "until": instant | None, "operators": [(uscc, first instant, instant after | None)]}}.
    """
    awards = _without_priority(listings, trades, whitelist, POLICY_ENDS)
    other = _without_priority(listings, trades, whitelist, OTHER_ENDS)
    for award_id, due in awards.items():
        due.last_day = award_id not in other or other[award_id].ceiling != due.ceiling
    for award_id, due in awards.items():
        group = [(i, d) for i, d in awards.items() if (d.subject, d.year) == (due.subject, due.year)]
        best = min(group, key=lambda pair: (-pair[1].ceiling, PRECEDENCE.index(pair[1].rule), pair[0].encode()))
        due.payable = due.ceiling if best[0] == award_id else 0
        due.suppressed_by = None if best[0] == award_id else best[0]
    return awards


def _without_priority(listings, trades, whitelist, ends) -> dict[str, Due]:
    listings = [one for one in listings if _on_whitelist(one["exchange"], one["listed_at"], whitelist)]
    trades = [one for one in trades if _on_whitelist(one["exchange"], one["completed_at"], whitelist)]
    good = [one for one in trades if one["status"] == "completed" and not one["origin_exchange"]]
    awards: dict[str, Due] = {}
    awards |= _first_listings(listings, ends)
    awards |= _first_purchases(good, ends)
    awards |= _annual(good, listings, ends)
    for exchange in sorted({one["exchange"] for one in good}):
        awards |= _tiers(exchange, [one for one in good if one["exchange"] == exchange], whitelist, ends)
    return {award_id: due for award_id, due in awards.items() if due.ceiling > 0}


def _on_whitelist(exchange, instant, whitelist) -> bool:
    entry = whitelist.get(exchange)
    return entry is not None and entry["from"] <= instant and (entry["until"] is None or instant < entry["until"])


def _in_force(instant, ends) -> bool:
    return POLICY_STARTS <= instant < ends


def _year(instant) -> int:
    return instant.astimezone(ZONE).year


def _net(trade) -> int:
    return trade["amount"] - trade["refunded"]


def _share_of(amount, numerator, denominator, cap_yuan) -> int:
    exact = Fraction(amount) * numerator / denominator
    return int(min(exact, Fraction(cap_yuan * YUAN)))


def _first_listings(listings, ends) -> dict[str, Due]:
    awards = {}
    providers = {one["provider"] for one in listings if one["provider"].startswith("uscc:")}
    for provider in providers:
        own = [
            one
            for one in listings
            if one["provider"] == provider and one["status"] != "annulled" and not one["origin_exchange"]
        ]
        own.sort(key=lambda one: (one["listed_at"], one["exchange"].encode(), one["no"].encode()))
        if own and _in_force(own[0]["listed_at"], ends):
            first = own[0]
            awards[f"first_listing/{provider}"] = Due(
                "first_listing", provider, first["exchange"], _year(first["listed_at"]), 0, 20_000 * YUAN
            )
    return awards


def _first_purchases(trades, ends) -> dict[str, Due]:
    awards = {}
    for buyer in {one["buyer"] for one in trades if one["buyer"].startswith("uscc:")}:
        own = [one for one in trades if one["buyer"] == buyer]
        own.sort(key=lambda one: (one["completed_at"], one["exchange"].encode(), one["no"].encode()))
        first = own[0]
        if _in_force(first["completed_at"], ends):
            ceiling = _share_of(_net(first), 5, 100, 200_000)
            awards[f"first_purchase/{buyer}"] = Due(
                "first_purchase", buyer, first["exchange"], _year(first["completed_at"]), _net(first), ceiling
            )
    return awards


def _annual(trades, listings, ends) -> dict[str, Due]:
    totals: dict[tuple[str, int], int] = {}
    for trade in trades:
        if not trade["provider"].startswith("uscc:") or trade["mode"] != "listed":
            continue
        proofs = [
            one
            for one in listings
            if (one["exchange"], one["no"]) == (trade["exchange"], trade["listing_no"])
            and one["provider"] == trade["provider"]
            and one["status"] != "annulled"
            and one["listed_at"] <= trade["completed_at"]
        ]
        if proofs and _in_force(trade["completed_at"], ends):
            key = (trade["provider"], _year(trade["completed_at"]))
            totals[key] = totals.get(key, 0) + _net(trade)
    return {
        f"annual_listed_trading/{provider}/{year}": Due(
            "annual_listed_trading", provider, None, year, total, _share_of(total, 2, 100, 500_000)
        )
        for (provider, year), total in totals.items()
        if total >= 10_000_000 * YUAN
    }


def _tiers(exchange, trades, whitelist, ends) -> dict[str, Due]:
    """Trade by trade through time: which steps were ever passed, and which of them by a trade in force."""
    awards = {}
    passed: set[int] = set()
    earned = 0
    for year in sorted({_year(one["completed_at"]) for one in trades}):
        running = 0
        base = 0
        newly: list[int] = []
        for trade in sorted((t for t in trades if _year(t["completed_at"]) == year), key=lambda t: t["completed_at"]):
            running += _net(trade)
            if trade["completed_at"] < ends:
                base = running
            for step, (over, _) in enumerate(STEPS):
                if running > over * YUAN and step not in passed:
                    passed.add(step)
                    if _in_force(trade["completed_at"], ends):
                        newly.append(step)
        operator = _operator_at(exchange, datetime(year, 12, 31, 12, tzinfo=ZONE), whitelist)
        if newly and operator is not None:
            amount = max(0, STEPS[max(newly)][1] * YUAN - earned)
            earned += amount
            awards[f"exchange_tiers/{exchange}/{year}"] = Due(
                "exchange_tiers", f"uscc:{operator}", exchange, year, base, amount
            )
    return awards


def _operator_at(exchange, instant, whitelist) -> str | None:
    for uscc, start, end in whitelist[exchange]["operators"]:
        if start <= instant and (end is None or instant < end):
            return uscc
    return None
