"""Documents to facts to awards in memory: what the services do with Kafka and PostgreSQL, for tests of the pure core.

A plain recomputation, in the shapes of the contract's section 3, so that reading facts is tested too.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from services.incentive.domain.event_rules import Entitlement, SubjectFacts, exchange_awards, subject_awards
from services.incentive.domain.facts import (
    ExchangeTotal,
    Fact,
    FirstListing,
    FirstPurchase,
    ProviderTotal,
    parse_fact,
)
from services.incentive.domain.highest_only import payables
from services.incentive.policy.terms import Policy
from shared.events.documents import Document, Listing, Trade
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE
from shared.values.money import format_yuan
from shared.values.parties import Party
from shared.values.times import SHANGHAI, day_start, format_time, shanghai_year
from shared.whitelist import Whitelist

CUT_AT = (date(2025, 10, 15), date(2028, 10, 15), date(2028, 10, 16))

Key = tuple[str, str, str]


class Documents:
    """The state of all documents: the highest revision of each; of two contents of one revision the first stays."""

    def __init__(self) -> None:
        self.current: dict[Key, Document] = {}

    def accept(self, exchange: str, document: Document) -> None:
        kind, number = (
            ("listing", document.listing_no) if isinstance(document, Listing) else ("trade", document.trade_no)
        )
        known = self.current.get((kind, exchange, number))
        if known is None or known.revision < document.revision:
            self.current[kind, exchange, number] = document

    def listings(self) -> list[tuple[str, Listing]]:
        return [(key[1], document) for key, document in self.current.items() if isinstance(document, Listing)]

    def trades(self) -> list[tuple[str, Trade]]:
        return [(key[1], document) for key, document in self.current.items() if isinstance(document, Trade)]


class KnownFacts:
    """Facts by whom they are of."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.parties: dict[str, Party] = {}
        self.listings: dict[str, list[FirstListing]] = {}
        self.purchases: dict[str, list[FirstPurchase]] = {}
        self.providers: dict[str, dict[int, list[ProviderTotal]]] = {}
        self.exchanges: dict[str, dict[int, list[ExchangeTotal]]] = {}
        for fact in facts:
            if isinstance(fact, ExchangeTotal):
                self.exchanges.setdefault(fact.exchange, {}).setdefault(fact.year, []).append(fact)
                continue
            subject = fact.party.subject
            self.parties[subject] = fact.party
            if isinstance(fact, FirstListing):
                self.listings.setdefault(subject, []).append(fact)
            elif isinstance(fact, FirstPurchase):
                self.purchases.setdefault(subject, []).append(fact)
            else:
                self.providers.setdefault(subject, {}).setdefault(fact.year, []).append(fact)

    def of(self, subject: str) -> SubjectFacts:
        return SubjectFacts(
            first_listing=tuple(self.listings.get(subject, ())),
            first_purchase=tuple(self.purchases.get(subject, ())),
            totals=self.providers.get(subject, {}),
        )


def facts_of(documents: Documents, exchanges: Whitelist, register: str = "r1", seq: int = 1) -> list[Fact]:
    """All facts of a register that holds these documents."""
    listings = [(e, one) for e, one in documents.listings() if exchanges.counts(e, one.listed_at)]
    trades = [(e, one) for e, one in documents.trades() if exchanges.counts(e, one.completed_at)]
    values = [
        *_first_listings(listings),
        *_first_purchases(trades),
        *_exchange_totals(trades),
        *_provider_totals(trades, dict_of(listings)),
    ]
    facts = []
    for topic, key, value in values:
        content = json.dumps({"generation": 1, "seq": seq, **value}).encode()
        facts.append(parse_fact(topic, f"{register}/{key}", content))
    return facts


def dict_of(listings: Iterable[tuple[str, Listing]]) -> dict[tuple[str, str], Listing]:
    return {(exchange, one.listing_no): one for exchange, one in listings}


def entitlements_of(facts: Iterable[Fact], exchanges: Whitelist, policy: Policy) -> list[Entitlement]:
    """Every award that has a ceiling."""
    known = KnownFacts(facts)
    found = [one for s, party in known.parties.items() for one in subject_awards(party, known.of(s), policy)]
    for exchange, totals in known.exchanges.items():
        found += exchange_awards(exchange, totals, exchanges, policy)
    return found


def awards_of(facts: Iterable[Fact], exchanges: Whitelist, policy: Policy) -> dict[str, dict[str, Any]]:
    """Awards as the API gives them, by award_id, without what only a ledger knows."""
    found = entitlements_of(facts, exchanges, policy)
    groups: dict[tuple[str, int], list[Entitlement]] = {}
    for one in found:
        groups.setdefault((one.subject.subject, one.year), []).append(one)
    awards = {}
    for group in groups.values():
        due = payables([(one.award_id, one.rule, one.ceiling_fen) for one in group], policy.rule_order)
        awards.update({one.award_id: _award(one, *due[one.award_id]) for one in group})
    return awards


def _award(one: Entitlement, payable_fen: int, suppressed_by: str | None) -> dict[str, Any]:
    return {
        "award_id": one.award_id,
        "rule": one.rule,
        "article": one.article,
        "subject": _party(one.subject),
        "exchange": one.exchange,
        "year": one.year,
        "base": format_yuan(one.base_fen),
        "rate": None if one.rate is None else str(one.rate),
        "cap": None if one.cap_fen is None else format_yuan(one.cap_fen),
        "ceiling": format_yuan(one.ceiling_fen),
        "payable": format_yuan(payable_fen),
        "suppressed_by": suppressed_by,
        "flags": list(one.flags),
    }


def _first_listings(listings: list[tuple[str, Listing]]) -> Iterable[tuple[str, str, dict[str, Any]]]:
    firsts: dict[str, tuple[str, Listing]] = {}
    for exchange, one in sorted(listings, key=lambda pair: (pair[1].listed_at, pair[0], pair[1].listing_no)):
        if one.status != "annulled" and one.origin_exchange is None and one.provider.id_scheme == "uscc":
            firsts.setdefault(one.provider.subject, (exchange, one))
    for subject, (exchange, one) in firsts.items():
        first = {
            "exchange": exchange,
            "listing_no": one.listing_no,
            "revision": one.revision,
            "listed_at": format_time(one.listed_at),
        }
        yield FIRST_LISTING, subject, {"party": _party(one.provider), "first": first}


def _first_purchases(trades: list[tuple[str, Trade]]) -> Iterable[tuple[str, str, dict[str, Any]]]:
    firsts: dict[str, tuple[str, Trade]] = {}
    for exchange, one in sorted(trades, key=lambda pair: (pair[1].completed_at, pair[0], pair[1].trade_no)):
        if one.status == "completed" and one.origin_exchange is None and one.buyer.id_scheme == "uscc":
            firsts.setdefault(one.buyer.subject, (exchange, one))
    for subject, (exchange, one) in firsts.items():
        first = {
            "exchange": exchange,
            "trade_no": one.trade_no,
            "revision": one.revision,
            "completed_at": format_time(one.completed_at),
            "amount": format_yuan(one.amount_fen),
            "refunded": format_yuan(one.refunded_fen),
            "provider": _party(one.provider),
        }
        yield FIRST_PURCHASE, subject, {"party": _party(one.buyer), "first": first}


def _exchange_totals(trades: list[tuple[str, Trade]]) -> Iterable[tuple[str, str, dict[str, Any]]]:
    totals: dict[tuple[str, int], list[Trade]] = {}
    for exchange, one in trades:
        if one.status == "completed" and one.origin_exchange is None:
            totals.setdefault((exchange, shanghai_year(one.completed_at)), []).append(one)
    for (exchange, year), counted in totals.items():
        value = {"exchange": exchange, "year": year, "cut_at": _cut_at(), "buckets": _buckets(counted)}
        yield ANNUAL_TOTAL, f"exchange/{exchange}/{year}", value


def _provider_totals(
    trades: list[tuple[str, Trade]], listings: Mapping[tuple[str, str], Listing]
) -> Iterable[tuple[str, str, dict[str, Any]]]:
    years: dict[tuple[str, int], dict[str, dict[str, list[Trade]]]] = {}
    parties: dict[str, Party] = {}
    for exchange, one in trades:
        if one.provider.id_scheme != "uscc":
            continue
        parties[one.provider.subject] = one.provider
        shares = years.setdefault((one.provider.subject, shanghai_year(one.completed_at)), {})
        outcome = _outcome(one, listings.get((exchange, one.listing_no or "")))
        shares.setdefault(exchange, {}).setdefault(outcome, []).append(one)
    for (subject, year), shares in years.items():
        by_exchange = {exchange: _share(by_outcome) for exchange, by_outcome in shares.items()}
        value = {"party": _party(parties[subject]), "year": year, "cut_at": _cut_at(), "by_exchange": by_exchange}
        yield ANNUAL_TOTAL, f"provider/{subject}/{year}", value


def _outcome(trade: Trade, listing: Listing | None) -> str:
    if trade.status == "cancelled":
        return "cancelled"
    if trade.origin_exchange is not None:
        return "mirrored"
    if trade.mode != "listed":
        return "mode"
    fits = (
        listing is not None
        and listing.status != "annulled"
        and listing.provider.subject == trade.provider.subject
        and listing.listed_at <= trade.completed_at
    )
    return "counted" if fits else "unmatched"


def _share(by_outcome: Mapping[str, list[Trade]]) -> dict[str, Any]:
    return {
        "counted": _buckets(by_outcome.get("counted", [])),
        "unmatched": _buckets(by_outcome.get("unmatched", [])),
        "other": [
            {"reason": reason, "amount": format_yuan(sum(map(_net, trades))), "trades": len(trades)}
            for reason, trades in sorted(by_outcome.items())
            if reason not in {"counted", "unmatched"}
        ],
    }


def _buckets(trades: Iterable[Trade]) -> list[dict[str, Any]]:
    buckets: dict[tuple[datetime, datetime], list[Trade]] = {}
    for one in trades:
        buckets.setdefault(_span(one.completed_at), []).append(one)
    return [
        {
            "from": format_time(start),
            "until": format_time(end),
            "amount": format_yuan(sum(map(_net, within))),
            "trades": len(within),
            "last_completed_at": format_time(max(one.completed_at for one in within)),
        }
        for (start, end), within in sorted(buckets.items())
    ]


def _span(instant: datetime) -> tuple[datetime, datetime]:
    """The month of an instant in Shanghai, cut at CUT_AT."""
    local = instant.astimezone(SHANGHAI)
    following = date(local.year + local.month // 12, local.month % 12 + 1, 1)
    limits = sorted(map(day_start, {date(local.year, local.month, 1), following, *CUT_AT}))
    return max(limit for limit in limits if limit <= instant), min(limit for limit in limits if limit > instant)


def _net(trade: Trade) -> int:
    return trade.amount_fen - trade.refunded_fen


def _party(party: Party) -> dict[str, str]:
    return {"id_scheme": party.id_scheme, "id": party.id, "name": party.name}


def _cut_at() -> list[str]:
    return [day.isoformat() for day in CUT_AT]
