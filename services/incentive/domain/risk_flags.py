"""Red flags for a person to look at (G10), found on an award by its facts and the policy's numbers. Pure.

A red flag marks an award and changes no amount. Its measures were taken where the trades are (facts.sign.v1), or are in
the facts that the award rests on.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from services.incentive.domain.awards import Award
from services.incentive.domain.event_rules import rate_up_to
from services.incentive.domain.explain_format import money
from services.incentive.domain.facts import (
    BuyerMeasures,
    Counterparty,
    ExchangeMeasures,
    ExchangeTotal,
    Fact,
    FactRef,
    FirstPurchase,
    ProviderMeasures,
    ProviderTotal,
    Purchased,
    RepeatedAmount,
    TradeRef,
    TradeSum,
    merge_buckets,
    merge_first,
)
from services.incentive.policy.terms import Interval, Policy, RiskFlagTerms, Texts
from shared.values.parties import Party
from shared.values.times import SHANGHAI, shanghai_year

_DECEMBER: Final = 12


class Peers(msgspec.Struct, frozen=True):
    """Others that matter to a subject's red flags: its related parties, and all first purchases near the cap."""

    related: frozenset[str] = frozenset()
    similar: tuple[FirstPurchase, ...] = ()


class PeerIndex(NamedTuple):
    """First purchases near the cap, and related parties by subject, of all whose awards are computed together."""

    similar: tuple[FirstPurchase, ...] = ()
    related: Mapping[str, frozenset[str]] = {}

    def around(self, about: str) -> Peers:
        """The peers of a subject or exchange."""
        return Peers(self.related.get(about, frozenset()), self.similar)


class AwardFigures(NamedTuple):
    """The values of an award that red flags need; amounts in fen, `subject` is `<scheme>:<id>`."""

    rule: str
    subject: str
    year: int
    base_fen: int
    cap_fen: int | None


class RiskFlag(msgspec.Struct, frozen=True):
    """A red flag: what was found, in which facts, and trades as examples."""

    flag: str
    text: Texts
    refs: tuple[FactRef, ...]
    trades: tuple[TradeRef, ...] = ()


class UnattachedFlag(NamedTuple):
    """A red flag that no award carries, with its party and year."""

    party: Party
    year: int
    found: RiskFlag


def with_risk_flags(award: Award, facts: Sequence[Fact], peers: Peers, policy: Policy) -> Award:
    """The award with its red flags, in the policy file's order."""
    figures = AwardFigures(award.rule, award.subject, award.year, award.base_fen, award.cap_fen)
    found = tuple(one.flag for one in find_risk_flags(figures, facts, peers, policy))
    return msgspec.structs.replace(award, flags=(*award.flags, *found)) if found else award


def find_risk_flags(award: AwardFigures, facts: Sequence[Fact], peers: Peers, policy: Policy) -> list[RiskFlag]:
    """The red flags of an award, in the policy file's order; `facts` are all about its subject or exchange."""
    found = (
        _DETECTORS[terms.flag, award.rule](award, terms, facts, peers, policy)
        for terms in policy.risk_flags
        if (terms.flag, award.rule) in _DETECTORS
    )
    return [one for one in found if one is not None]


def unattached_flag(facts: Sequence[Fact], policy: Policy) -> UnattachedFlag | None:
    """A red flag that no award can carry: a first purchase too small to earn a fen, before a large one."""
    terms = next((terms for terms in policy.risk_flags if terms.flag == "small_first"), None)
    fact, first = _first(facts)
    if terms is None or fact is None or first is None or first.completed_at not in policy.in_force:
        return None
    reward = policy.first_purchase
    if rate_up_to(first.net_fen, reward.rate, reward.cap_fen) > 0:
        return None
    year = shanghai_year(first.completed_at)
    figures = AwardFigures(reward.rule, fact.party.subject, year, first.net_fen, reward.cap_fen)
    found = _small_first(figures, terms, facts, Peers(), policy)
    return None if found is None else UnattachedFlag(fact.party, year, found)


def amounts_near_cap(policy: Policy) -> range:
    """Net amounts of a first purchase, in fen, that are about as large as the cap needs; empty without that flag."""
    for terms in policy.risk_flags:
        if terms.flag == "split_purchases":
            numerator, denominator = policy.first_purchase.rate.as_integer_ratio()
            needed_fen = -(-policy.first_purchase.cap_fen * denominator // numerator)
            near_fen = terms.share_of("near", needed_fen)
            return range(needed_fen - near_fen, needed_fen + near_fen + 1)
    return range(0)


def first_near_cap(facts: Iterable[Fact], policy: Policy) -> FirstPurchase | None:
    """The first purchase among the facts of one subject, if it is rewarded and near the cap."""
    fact, first = _first(facts)
    if first is None or first.completed_at not in policy.in_force or first.net_fen not in amounts_near_cap(policy):
        return None
    return fact


def similar_purchases(facts_of_each: Iterable[Iterable[Fact]], policy: Policy) -> tuple[FirstPurchase, ...]:
    """All first purchases near the cap, given the facts of each subject."""
    return tuple(near for facts in facts_of_each if (near := first_near_cap(facts, policy)) is not None)


# --- totals ----------------------------------------------------------------------------------------------------


def _late_annual(
    award: AwardFigures, terms: RiskFlagTerms, facts: Sequence[Fact], _: Peers, policy: Policy
) -> RiskFlag | None:
    totals = [fact for fact in facts if isinstance(fact, ProviderTotal) and fact.year == award.year]
    buckets = merge_buckets(share.counted for fact in totals for share in fact.by_exchange.values())
    december_fen = sum(bucket.amount_fen for bucket in buckets if _is_december(bucket.start, policy.in_force))
    return _late(award, terms, policy.annual_listed_trading.at_least_fen, december_fen, totals)


def _late_tiers(
    award: AwardFigures, terms: RiskFlagTerms, facts: Sequence[Fact], _: Peers, policy: Policy
) -> RiskFlag | None:
    totals = [fact for fact in facts if isinstance(fact, ExchangeTotal) and fact.year == award.year]
    buckets = merge_buckets(fact.buckets for fact in totals)
    december_fen = sum(bucket.amount_fen for bucket in buckets if _is_december(bucket.start, policy.in_force))
    over_fen = next(tier.over_fen for tier in policy.exchange_tiers.tiers if tier.amount_fen == award.cap_fen)
    return _late(award, terms, over_fen, december_fen, totals)


def _late(
    award: AwardFigures,
    terms: RiskFlagTerms,
    threshold_fen: int,
    december_fen: int,
    totals: Sequence[ProviderTotal | ExchangeTotal],
) -> RiskFlag | None:
    over_fen = award.base_fen - threshold_fen
    if over_fen > terms.share_of("over_by", threshold_fen) or december_fen < terms.share_of("december", award.base_fen):
        return None
    text = Texts(
        f"年度合计 {money(award.base_fen)} 元，仅比门槛 {money(threshold_fen)} 元多 {money(over_fen)} 元，"
        f"其中 12 月 {money(december_fen)} 元。",
        f"The year's total of {money(award.base_fen)} yuan exceeds the threshold of {money(threshold_fen)} yuan by "
        f"only {money(over_fen)} yuan; {money(december_fen)} yuan of it fell in December.",
    )
    return RiskFlag(terms.flag, text, _refs(totals))


def _is_december(start: datetime, in_force: Interval) -> bool:
    return start in in_force and start.astimezone(SHANGHAI).month == _DECEMBER


# --- what a provider sold --------------------------------------------------------------------------------------


def _round_trip(
    award: AwardFigures, terms: RiskFlagTerms, facts: Sequence[Fact], _: Peers, __: Policy
) -> RiskFlag | None:
    measures = _of_provider(facts, award.year)
    both = [
        one
        for one in _counterparties(measures)
        if one.sold.amount_fen >= terms.whole("sold")
        and one.bought.amount_fen >= terms.share_of("back", one.sold.amount_fen)
    ]
    if not both:
        return None
    text = Texts(
        "".join(
            f"向 {one.subject} 售出 {money(one.sold.amount_fen)} 元，同年从其购入 {money(one.bought.amount_fen)} 元。"
            for one in both
        ),
        " ".join(
            f"Sold {money(one.sold.amount_fen)} yuan to {one.subject} and bought {money(one.bought.amount_fen)} yuan "
            f"from it in the same year."
            for one in both
        ),
    )
    return RiskFlag(terms.flag, text, _refs(measures))


def _same_amount(
    award: AwardFigures, terms: RiskFlagTerms, facts: Sequence[Fact], _: Peers, __: Policy
) -> RiskFlag | None:
    measures = _of_provider(facts, award.year)
    sold_fen = sum(one.sold.amount_fen for one in measures)
    repeated = [
        one
        for one in _repeated(measures)
        if one.trades >= terms.whole("trades")
        and one.buyers <= terms.whole("buyers")
        and one.amount_fen * one.trades >= terms.share_of("share", sold_fen)
    ]
    if not repeated:
        return None
    text = Texts(
        "".join(
            f"净额同为 {money(one.amount_fen)} 元的交易 {one.trades} 笔，买方 {one.buyers} 家，"
            f"全年售出 {money(sold_fen)} 元。"
            for one in repeated
        ),
        " ".join(
            f"{one.trades} trades of exactly {money(one.amount_fen)} yuan net, to {one.buyers} buyers; total sales of "
            f"the year: {money(sold_fen)} yuan."
            for one in repeated
        ),
    )
    return RiskFlag(terms.flag, text, _refs(measures), tuple(trade for one in repeated for trade in one.examples))


def _sold_to_related(
    award: AwardFigures, terms: RiskFlagTerms, facts: Sequence[Fact], peers: Peers, _: Policy
) -> RiskFlag | None:
    measures = _of_provider(facts, award.year)
    sold_fen = sum(one.sold.amount_fen for one in measures)
    related = [one for one in _counterparties(measures) if one.subject in peers.related]
    related_fen = sum(one.sold.amount_fen for one in related)
    if not related or related_fen < terms.share_of("share", sold_fen):
        return None
    names = [one.subject for one in related]
    text = Texts(
        f"全年售出 {money(sold_fen)} 元，其中 {money(related_fen)} 元售予名单内关联方：{'、'.join(names)}。",
        f"{money(related_fen)} of the {money(sold_fen)} yuan sold in the year went to listed related parties: "
        f"{', '.join(names)}.",
    )
    return RiskFlag(terms.flag, text, _refs(measures))


def _of_provider(facts: Iterable[Fact], year: int) -> list[ProviderMeasures]:
    return [fact for fact in facts if isinstance(fact, ProviderMeasures) and fact.year == year]


def _counterparties(measures: Iterable[ProviderMeasures]) -> list[Counterparty]:
    """Summed over registers, in code point order of the other party."""
    merged: dict[str, Counterparty] = {}
    for one in (one for measure in measures for one in measure.counterparties):
        known = merged.get(one.subject, Counterparty(one.subject, TradeSum(0, 0), TradeSum(0, 0)))
        merged[one.subject] = Counterparty(one.subject, _add(known.sold, one.sold), _add(known.bought, one.bought))
    return [merged[subject] for subject in sorted(merged)]


def _repeated(measures: Iterable[ProviderMeasures]) -> list[RepeatedAmount]:
    """Summed over registers, by amount; a buyer in two registers counts twice."""
    merged: dict[int, RepeatedAmount] = {}
    for one in (one for measure in measures for one in measure.repeated):
        known = merged.get(one.amount_fen, RepeatedAmount(one.amount_fen, 0, 0, ()))
        merged[one.amount_fen] = RepeatedAmount(
            one.amount_fen, known.trades + one.trades, known.buyers + one.buyers, (*known.examples, *one.examples)
        )
    return [merged[amount] for amount in sorted(merged)]


# --- first purchases -------------------------------------------------------------------------------------------


def _small_first(
    _: AwardFigures, terms: RiskFlagTerms, facts: Sequence[Fact], __: Peers, ___: Policy
) -> RiskFlag | None:
    fact, first = _first(facts)
    if fact is None or first is None or first.net_fen >= terms.whole("first_below"):
        return None
    until = first.completed_at + timedelta(days=terms.whole("days"))
    later = [
        (one, one.greatest)
        for one in facts
        if isinstance(one, BuyerMeasures)
        and one.greatest is not None
        and one.greatest.amount_fen >= terms.whole("later")
        and first.completed_at <= one.greatest.completed_at <= until
    ]
    if not later:
        return None
    measures, greatest = max(later, key=lambda pair: pair[1].amount_fen)
    text = Texts(
        f"首单 {first.trade_no} 净额 {money(first.net_fen)} 元，{_day(greatest.completed_at)} 又购买 "
        f"{greatest.trade.trade_no}，净额 {money(greatest.amount_fen)} 元。",
        f"The first purchase, {first.trade_no}, is {money(first.net_fen)} yuan net; {greatest.trade.trade_no} followed "
        f"on {_day(greatest.completed_at)} with {money(greatest.amount_fen)} yuan net.",
    )
    trades = (TradeRef(first.exchange, first.trade_no), greatest.trade)
    return RiskFlag(terms.flag, text, _refs([fact, measures]), trades)


def _bought_from_related(
    _: AwardFigures, terms: RiskFlagTerms, facts: Sequence[Fact], peers: Peers, __: Policy
) -> RiskFlag | None:
    fact, first = _first(facts)
    if fact is None or first is None or first.provider.subject not in peers.related:
        return None
    provider = first.provider.subject
    text = Texts(
        f"首单的提供方 {provider} 是名单内关联方。",
        f"The provider of the first purchase, {provider}, is a listed related party.",
    )
    return RiskFlag(terms.flag, text, (fact.ref,), (TradeRef(first.exchange, first.trade_no),))


def _split_purchases(
    award: AwardFigures, terms: RiskFlagTerms, facts: Sequence[Fact], peers: Peers, policy: Policy
) -> RiskFlag | None:
    fact, first = _first(facts)
    near = amounts_near_cap(policy)
    if fact is None or first is None or first.net_fen not in near:
        return None
    span = timedelta(days=terms.whole("days"))
    others = [
        (one, one.first)
        for one in peers.similar
        if one.first is not None
        and one.party.subject != award.subject
        and one.first.provider.subject == first.provider.subject
        and one.first.net_fen in near
        and abs(one.first.completed_at - first.completed_at) <= span
    ]
    if len(others) + 1 < terms.whole("purchases"):
        return None
    others.sort(key=lambda pair: pair[1].order)
    text = Texts(
        f"{terms.whole('days')} 天内，另有 {len(others)} 家主体从 {first.provider.subject} 首单，金额均接近封顶所需。",
        f"Within {terms.whole('days')} days, {len(others)} other subjects made their first purchase from "
        f"{first.provider.subject}, each for about the amount that the cap needs.",
    )
    trades = tuple(TradeRef(one.exchange, one.trade_no) for _, one in others)
    return RiskFlag(terms.flag, text, _refs([fact, *(one for one, _ in others)]), trades)


def _first(facts: Iterable[Fact]) -> tuple[FirstPurchase | None, Purchased | None]:
    fact = merge_first(fact for fact in facts if isinstance(fact, FirstPurchase))
    return fact, None if fact is None else fact.first


# --- exchanges -------------------------------------------------------------------------------------------------


def _own_exchange(
    award: AwardFigures, terms: RiskFlagTerms, facts: Sequence[Fact], _: Peers, __: Policy
) -> RiskFlag | None:
    measures = [fact for fact in facts if isinstance(fact, ExchangeMeasures) and fact.year == award.year]
    bought = [one for measure in measures for one in measure.operators]
    bought_fen = sum(one.amount_fen for one in bought)
    if not bought or bought_fen < terms.share_of("share", award.base_fen):
        return None
    trades = sum(one.trades for one in bought)
    text = Texts(
        f"运营主体在本交易场所购买 {trades} 笔、{money(bought_fen)} 元，当年合计 {money(award.base_fen)} 元。",
        f"Operators bought on their own exchange: {trades} trades, {money(bought_fen)} yuan, out of the year's total "
        f"of {money(award.base_fen)} yuan.",
    )
    return RiskFlag(terms.flag, text, _refs(measures), tuple(trade for one in bought for trade in one.examples))


_Detector = Callable[[AwardFigures, RiskFlagTerms, Sequence[Fact], Peers, Policy], RiskFlag | None]
# By flag, and by the rule of the awards that it is looked for on.
_DETECTORS: Final[Mapping[tuple[str, str], _Detector]] = {
    ("late_burst", "annual_listed_trading"): _late_annual,
    ("late_burst", "exchange_tiers"): _late_tiers,
    ("round_trip", "annual_listed_trading"): _round_trip,
    ("same_amount", "annual_listed_trading"): _same_amount,
    ("small_first", "first_purchase"): _small_first,
    ("own_exchange", "exchange_tiers"): _own_exchange,
    ("split_purchases", "first_purchase"): _split_purchases,
    ("related_parties", "first_purchase"): _bought_from_related,
    ("related_parties", "annual_listed_trading"): _sold_to_related,
}


def _refs(facts: Iterable[Fact]) -> tuple[FactRef, ...]:
    return tuple(fact.ref for fact in facts)


def _add(left: TradeSum, right: TradeSum) -> TradeSum:
    return TradeSum(left.amount_fen + right.amount_fen, left.trades + right.trades)


def _day(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d")
