"""Red flags for a person to look at (G10), found on an award by its facts and the policy's numbers. Pure.

A red flag marks an award and changes no amount. Its measures come from trade-ingest (facts.sign.v1) or from the
facts that the award rests on.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final, NamedTuple, TypeVar

import msgspec

from services.incentive.domain.awards import Award
from services.incentive.domain.event_readings import counted_buckets, counted_period
from services.incentive.domain.event_rules import annual_ahead, first_ahead, tiers_ahead
from services.incentive.domain.explanations.wording import day, future_dated, money
from services.incentive.domain.facts import (
    NO_TRADES,
    Bucket,
    BuyerMeasures,
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
    merge_first,
)
from services.incentive.domain.rounding import rate_up_to
from services.incentive.domain.similar_purchases import (
    NO_SIMILAR,
    SPLIT_PURCHASES,
    SimilarPurchases,
    amounts_near_cap,
    are_enough,
)
from services.incentive.policy.terms import Interval, Policy, RiskFlagTerms, Texts
from shared.values.parties import Party
from shared.values.times import SHANGHAI, shanghai_year

# The flag of an award that contains a trade dated more than 24 hours after the Kafka timestamp of its revision's first
# record. The contract (section 2) names it, not the policy file; trade-ingest compares the instants.
FUTURE_DATED: Final = "future_dated"
FUTURE_DATED_NAME: Final = Texts("日期超前", "future-dated trades")
_DECEMBER: Final = 12
_OfYear = TypeVar("_OfYear", ProviderTotal, ExchangeTotal, ProviderMeasures, ExchangeMeasures)


class Peers(NamedTuple):
    """First purchases near the cap, and related parties by subject, of all subjects computed together."""

    similar: SimilarPurchases = NO_SIMILAR
    related: Mapping[str, frozenset[str]] = {}


class FlagCase(NamedTuple):
    """An award, and a red flag to look for; `facts` are all about its subject or exchange."""

    award: Award
    terms: RiskFlagTerms
    facts: Sequence[Fact]
    peers: Peers
    policy: Policy

    @property
    def related(self) -> frozenset[str]:
        return self.peers.related.get(self.award.about, frozenset())

    def of_year(self, kind: type[_OfYear]) -> list[_OfYear]:
        """The facts of a kind about the award's year."""
        return _of_year(self.facts, kind, self.award.year)


class RiskFlag(msgspec.Struct, frozen=True):
    """A red flag: its text, the facts that raise it, and trades as examples."""

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
    """The award with its red flags, in the policy file's order; future-dated trades last."""
    found = tuple(one.flag for one in find_risk_flags(award, facts, peers, policy))
    return msgspec.structs.replace(award, flags=(*award.flags, *found)) if found else award


def find_risk_flags(award: Award, facts: Sequence[Fact], peers: Peers, policy: Policy) -> list[RiskFlag]:
    """The red flags of an award, in the policy file's order; `facts` are all about its subject or exchange.

    Last comes the flag of future-dated trades, which is not in the file.
    """
    found = [
        _DETECTORS[terms.flag, award.rule](FlagCase(award, terms, facts, peers, policy))
        for terms in policy.risk_flags
        if (terms.flag, award.rule) in _DETECTORS
    ]
    return [one for one in (*found, _future_dated(award, facts, policy)) if one is not None]


def unattached_flag(facts: Sequence[Fact], policy: Policy) -> UnattachedFlag | None:
    """A red flag that no award can carry: a first purchase too small to earn a fen, before a large one."""
    terms = next((terms for terms in policy.risk_flags if terms.flag == "small_first"), None)
    fact, first = _first(facts)
    if terms is None or fact is None or first is None or first.at not in policy.in_force:
        return None
    reward = policy.first_purchase
    if rate_up_to(first.net_fen, reward.rate, reward.cap_fen, policy.rounding) > 0:
        return None
    found = _small_before_large(facts, terms)
    return None if found is None else UnattachedFlag(fact.party, shanghai_year(first.at), found)


def _future_dated(award: Award, facts: Sequence[Fact], policy: Policy) -> RiskFlag | None:
    """Future-dated trades in the amount of the award."""
    trades: tuple[TradeRef, ...] = ()
    if award.rule == policy.first_purchase.rule:
        fact, first = _first(facts)
        parts = [] if fact is None or first is None else [(fact.ref, first_ahead(first))]
        trades = () if first is None else (TradeRef(first.exchange, first.trade_no),)
    else:
        parts = _ahead_of_totals(award, facts, policy)
    refs = tuple(ref for ref, ahead in parts if ahead.trades)
    if not refs:
        return None
    text = future_dated(sum((ahead for _, ahead in parts), NO_TRADES))
    return RiskFlag(FUTURE_DATED, Texts(text.zh, text.en.lstrip()), refs, trades)


def _ahead_of_totals(award: Award, facts: Sequence[Fact], policy: Policy) -> list[tuple[FactRef, TradeSum]]:
    """Future-dated trades in the award's total, by the fact that names them; empty for other awards."""
    if award.rule == policy.annual_listed_trading.rule:
        sold = _of_year(facts, ProviderTotal, award.year)
        return [(one.ref, annual_ahead([one], policy)) for one in sold]
    if award.rule == policy.exchange_tiers.rule:
        served = _of_year(facts, ExchangeTotal, award.year)
        return [(one.ref, tiers_ahead([one], policy)) for one in served]
    return []


# --- totals ----------------------------------------------------------------------------------------------------


def _late_annual(case: FlagCase) -> RiskFlag | None:
    totals, terms = case.of_year(ProviderTotal), case.policy.annual_listed_trading
    buckets = [counted_buckets(share, terms) for fact in totals for share in fact.by_exchange.values()]
    period = counted_period(case.award.year, terms, case.policy.in_force)
    return _late(case, terms.at_least_fen, _in_december(buckets, period), totals)


def _late_tiers(case: FlagCase) -> RiskFlag | None:
    totals = case.of_year(ExchangeTotal)
    tiers = case.policy.exchange_tiers.tiers
    over_fen = next(tier.over_fen for tier in tiers if tier.amount_fen == case.award.cap_fen)
    december_fen = _in_december((fact.buckets for fact in totals), case.policy.in_force)
    return _late(case, over_fen, december_fen, totals)


def _late(
    case: FlagCase,
    threshold_fen: int,
    december_fen: int,
    totals: Sequence[ProviderTotal | ExchangeTotal],
) -> RiskFlag | None:
    terms, base_fen = case.terms, case.award.base_fen
    over_fen = base_fen - threshold_fen
    if over_fen > terms.share_of("over_by", threshold_fen) or december_fen < terms.share_of("december", base_fen):
        return None
    base, threshold, over, december = map(money, (base_fen, threshold_fen, over_fen, december_fen))
    text = Texts(
        f"年度合计 {base} 元，仅比门槛 {threshold} 元多 {over} 元，其中 12 月 {december} 元。",
        f"The year's total of {base} yuan exceeds the threshold of {threshold} yuan by only {over} yuan; {december} "
        "yuan of it fell in December.",
    )
    return RiskFlag(terms.flag, text, _refs(totals))


def _in_december(buckets: Iterable[Sequence[Bucket]], period: Interval) -> int:
    """The amount of a period's trades in December, in fen."""
    amount_fen = 0
    for part in buckets:
        start, end = period.limits_in(part[0].start.tzinfo if part else None)
        within = (one for one in part if start <= one.start < end)
        amount_fen += sum(one.amount_fen for one in within if one.start.astimezone(SHANGHAI).month == _DECEMBER)
    return amount_fen


# --- sales of a provider ---------------------------------------------------------------------------------------


def _round_trip(case: FlagCase) -> RiskFlag | None:
    terms, measures = case.terms, case.of_year(ProviderMeasures)
    both = [
        (subject, money(sold_fen), money(bought_fen))
        for subject, sold_fen, bought_fen in _counterparties(measures)
        if sold_fen >= terms.whole("sold") and bought_fen >= terms.share_of("back", sold_fen)
    ]
    if not both:
        return None
    text = Texts(
        "".join(f"向 {other} 售出 {sold} 元，同年从其购入 {bought} 元。" for other, sold, bought in both),
        " ".join(
            f"Sold {sold} yuan to {other} and bought {bought} yuan from it in the same year."
            for other, sold, bought in both
        ),
    )
    return RiskFlag(terms.flag, text, _refs(measures))


def _same_amount(case: FlagCase) -> RiskFlag | None:
    terms, measures = case.terms, case.of_year(ProviderMeasures)
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
    sold, sums = money(sold_fen), [(money(one.amount_fen), one.trades, one.buyers) for one in repeated]
    text = Texts(
        "".join(
            f"净额同为 {amount} 元的交易 {trades} 笔，买方 {buyers} 家，全年售出 {sold} 元。"
            for amount, trades, buyers in sums
        ),
        " ".join(
            f"{trades} trades of exactly {amount} yuan net, to {buyers} buyers; total sales of the year: {sold} yuan."
            for amount, trades, buyers in sums
        ),
    )
    return RiskFlag(terms.flag, text, _refs(measures), tuple(trade for one in repeated for trade in one.examples))


def _sold_to_related(case: FlagCase) -> RiskFlag | None:
    measures = case.of_year(ProviderMeasures)
    sold_fen = sum(one.sold.amount_fen for one in measures)
    related = {one: fen for one, fen, _ in _counterparties(measures) if one in case.related}
    related_fen = sum(related.values())
    if not related or related_fen < case.terms.share_of("share", sold_fen):
        return None
    text = Texts(
        f"全年售出 {money(sold_fen)} 元，其中 {money(related_fen)} 元售予名单内关联方：{'、'.join(related)}。",
        f"{money(related_fen)} of the {money(sold_fen)} yuan sold in the year went to listed related parties: "
        f"{', '.join(related)}.",
    )
    return RiskFlag(case.terms.flag, text, _refs(measures))


def _counterparties(measures: Iterable[ProviderMeasures]) -> list[tuple[str, int, int]]:
    """Fen sold to and bought from each other party, summed over registers, in code point order of the party."""
    sold_fen, bought_fen = Counter[str](), Counter[str]()
    for one in (one for measure in measures for one in measure.counterparties):
        sold_fen[one.subject] += one.sold.amount_fen
        bought_fen[one.subject] += one.bought.amount_fen
    return [(subject, sold_fen[subject], bought_fen[subject]) for subject in sorted(sold_fen)]


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


def _small_first(case: FlagCase) -> RiskFlag | None:
    return _small_before_large(case.facts, case.terms)


def _small_before_large(facts: Sequence[Fact], terms: RiskFlagTerms) -> RiskFlag | None:
    fact, first = _first(facts)
    if fact is None or first is None or first.net_fen >= terms.whole("first_below"):
        return None
    until = first.at + timedelta(days=terms.whole("days"))
    later = [
        (one, one.greatest)
        for one in facts
        if isinstance(one, BuyerMeasures)
        and one.greatest is not None
        and one.greatest.amount_fen >= terms.whole("later")
        and first.at <= one.greatest.completed_at <= until
    ]
    if not later:
        return None
    measures, greatest = max(later, key=lambda pair: pair[1].amount_fen)
    small, large, on = money(first.net_fen), money(greatest.amount_fen), day(greatest.completed_at)
    text = Texts(
        f"首单 {first.trade_no} 净额 {small} 元，{on} 又购买 {greatest.trade_no}，净额 {large} 元。",
        f"The first purchase, {first.trade_no}, is {small} yuan net; {greatest.trade_no} followed on {on} with {large} "
        "yuan net.",
    )
    trades = (TradeRef(first.exchange, first.trade_no), TradeRef(greatest.exchange, greatest.trade_no))
    return RiskFlag(terms.flag, text, _refs([fact, measures]), trades)


def _bought_from_related(case: FlagCase) -> RiskFlag | None:
    fact, first = _first(case.facts)
    if fact is None or first is None or first.provider.subject not in case.related:
        return None
    provider = first.provider.subject
    text = Texts(
        f"首单的提供方 {provider} 是名单内关联方。",
        f"The provider of the first purchase, {provider}, is a listed related party.",
    )
    return RiskFlag(case.terms.flag, text, (fact.ref,), (TradeRef(first.exchange, first.trade_no),))


def _split_purchases(case: FlagCase) -> RiskFlag | None:
    terms, near = case.terms, amounts_near_cap(case.policy)
    fact, first = _first(case.facts)
    if fact is None or first is None or first.net_fen not in near:
        return None
    days, provider = terms.whole("days"), first.provider.subject
    around = case.peers.similar.around(fact, first, days)
    if not are_enough(around, terms):
        return None
    named = len(around.nearest)
    is_cut = named < around.others
    text = Texts(
        f"{days} 天内，另有 {around.others} 家主体从 {provider} 首单，金额均接近封顶所需。"
        + (f"此处列出在其前后成交时间最近的 {named} 家。" if is_cut else ""),
        f"Within {days} days, {around.others} other subjects made their first purchase from {provider}, each for about "
        "the amount that the cap needs."
        + (f" The {named} nearest before and after it are listed here." if is_cut else ""),
    )
    trades = tuple(TradeRef(one.exchange, one.trade_no) for _, one in around.nearest)
    return RiskFlag(terms.flag, text, _refs([fact, *(one for one, _ in around.nearest)]), trades)


def _first(facts: Iterable[Fact]) -> tuple[FirstPurchase | None, Purchased | None]:
    fact = merge_first(fact for fact in facts if isinstance(fact, FirstPurchase))
    return fact, None if fact is None else fact.first


# --- exchanges -------------------------------------------------------------------------------------------------


def _own_exchange(case: FlagCase) -> RiskFlag | None:
    measures = case.of_year(ExchangeMeasures)
    bought = [one for measure in measures for one in measure.operators]
    bought_fen = sum(one.amount_fen for one in bought)
    if not bought or bought_fen < case.terms.share_of("share", case.award.base_fen):
        return None
    trades, amount, total = sum(one.trades for one in bought), money(bought_fen), money(case.award.base_fen)
    text = Texts(
        f"运营主体在本交易场所购买 {trades} 笔、{amount} 元，当年合计 {total} 元。",
        f"Operators bought on their own exchange: {trades} trades, {amount} yuan, out of the year's total of {total} "
        "yuan.",
    )
    return RiskFlag(case.terms.flag, text, _refs(measures), tuple(trade for one in bought for trade in one.examples))


# By flag and rule of the award.
_DETECTORS: Final[Mapping[tuple[str, str], Callable[[FlagCase], RiskFlag | None]]] = {
    ("late_burst", "annual_listed_trading"): _late_annual,
    ("late_burst", "exchange_tiers"): _late_tiers,
    ("round_trip", "annual_listed_trading"): _round_trip,
    ("same_amount", "annual_listed_trading"): _same_amount,
    ("small_first", "first_purchase"): _small_first,
    ("own_exchange", "exchange_tiers"): _own_exchange,
    (SPLIT_PURCHASES, "first_purchase"): _split_purchases,
    ("related_parties", "first_purchase"): _bought_from_related,
    ("related_parties", "annual_listed_trading"): _sold_to_related,
}


def _of_year(facts: Iterable[Fact], kind: type[_OfYear], year: int) -> list[_OfYear]:
    return [fact for fact in facts if isinstance(fact, kind) and fact.year == year]


def _refs(facts: Iterable[Fact]) -> tuple[FactRef, ...]:
    return tuple(fact.ref for fact in facts)
