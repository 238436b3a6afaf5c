"""The four rules that events drive (policy.md): awards from facts, whitelist and policy. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from services.incentive.domain.awards import Award, EvidenceItem, award_of
from services.incentive.domain.event_readings import (
    PeriodSplit,
    counted_buckets,
    counted_period,
    deducted_history,
    exceeds,
    inherits,
    operator_of_year,
    reaches,
    running_total,
    served_period,
)
from services.incentive.domain.facts import (
    NO_TRADES,
    Bucket,
    Declaration,
    ExchangeTotal,
    FirstListing,
    FirstPurchase,
    Listed,
    ProviderTotal,
    Purchased,
    TradeSum,
    merge_first,
    merge_totals,
)
from services.incentive.domain.rounding import rate_up_to
from services.incentive.domain.step_difference import earned_of_steps
from services.incentive.policy.terms import Interval, OnceAtRate, OnceFixed, Policy, Tier, Tiers
from shared.operator_errors import OperatorError
from shared.values.parties import Party
from shared.values.times import format_time, shanghai_year
from shared.whitelist import Whitelist


class CutDatesError(OperatorError):
    """Totals are not cut at a date that the policy names, so they cannot be computed: the program stops."""


class SubjectFacts(msgspec.Struct, frozen=True):
    """All facts of one subject, of every register: firsts, totals by calendar year, declarations.

    `linked` are the declarations of all subjects with which it shares items, its own among them.
    """

    first_listing: tuple[FirstListing, ...] = ()
    first_purchase: tuple[FirstPurchase, ...] = ()
    totals: Mapping[int, Sequence[ProviderTotal]] = {}
    declared: tuple[Declaration, ...] = ()
    linked: tuple[Declaration, ...] = ()

    @property
    def declared_together(self) -> tuple[Declaration, ...]:
        """The declarations that decide what its own are worth."""
        return self.linked or self.declared

    @property
    def listed(self) -> Listed | None:
        """The first listing over all registers."""
        fact = merge_first(self.first_listing)
        return None if fact is None else fact.first

    @property
    def purchased(self) -> Purchased | None:
        """The first purchase over all registers."""
        fact = merge_first(self.first_purchase)
        return None if fact is None else fact.first


class ExchangeFacts(msgspec.Struct, frozen=True):
    """All totals of one exchange by calendar year, of every register, and the whitelist."""

    totals: Mapping[int, Sequence[ExchangeTotal]]
    exchanges: Whitelist


class TierYear(msgspec.Struct, frozen=True):
    """One calendar year of an exchange under (六) 2; amounts in fen.

    `before_fen` is the part of the running total before the policy, `base_fen` the total at the last instant in force,
    `total_fen` that of the whole year. `passed_fen` is the highest total of an earlier year (0: none), `tier` the
    highest tier that earns. Deducted are `earned_before_fen`, the ceilings of earlier years under this policy, and
    `history_fen`, for tiers passed before it; `deducted_years` are the earlier years behind both.
    """

    year: int
    before_fen: int
    base_fen: int
    total_fen: int
    passed_fen: int
    tier: Tier | None
    subject: Party | None
    history_fen: int
    deducted_years: tuple[int, ...]
    earned_before_fen: int = 0
    ceiling_fen: int = 0


def ahead_until(buckets: Iterable[Bucket], end: datetime, start: datetime | None = None) -> TradeSum:
    """The part of future-dated trades in the buckets from `start` (None: any) until `end`."""
    ahead = (one for one in buckets if one.ahead != NO_TRADES)  # few have any
    within = (one.ahead for one in ahead if one.end <= end and (start is None or one.start >= start))
    return sum(within, NO_TRADES)


def first_ahead(first: Listed | Purchased) -> TradeSum:
    """The net amount of a first purchase if it is future-dated."""
    return TradeSum(first.net_fen, 1) if isinstance(first, Purchased) and first.ahead else NO_TRADES


def annual_ahead(facts: Sequence[ProviderTotal], policy: Policy) -> TradeSum:
    """The part of future-dated trades among those that count in a provider's year."""
    if not facts:
        return NO_TRADES
    terms = policy.annual_listed_trading
    period = counted_period(facts[0].year, terms, policy.in_force)
    shares = (share for fact in facts for share in fact.by_exchange.values())
    counted = (one for share in shares for one in counted_buckets(share, terms))
    return ahead_until(counted, period.end, period.start)


def tiers_ahead(facts: Iterable[ExchangeTotal], policy: Policy) -> TradeSum:
    """The part of future-dated trades in an exchange's year up to the last instant in force."""
    period = served_period(policy.exchange_tiers, policy.in_force)
    return ahead_until((one for fact in facts for one in fact.buckets), period.end, period.start)


def subject_awards(subject: Party, facts: SubjectFacts, policy: Policy) -> list[Award]:
    """Compute one subject's grants of (四) 1 to 3, in the policy file's order, then by year. CutDatesError."""
    if subject.id_scheme != "uscc":
        return []
    earned = [
        *first_award(subject, merge_first(facts.first_listing), policy.first_listing, policy),
        *first_award(subject, merge_first(facts.first_purchase), policy.first_purchase, policy),
        *(award for year, totals in facts.totals.items() for award in annual(subject, year, totals, policy)),
    ]
    order: dict[str, int] = {terms.rule: index for index, terms in enumerate(policy.rules)}
    return sorted(earned, key=lambda award: (order[award.rule], award.year))


def first_award(
    subject: Party, fact: FirstListing | FirstPurchase | None, terms: OnceFixed | OnceAtRate, policy: Policy
) -> list[Award]:
    """(四) 1 and 2: a fixed amount for the first listing, a rate of the first completed purchase up to the cap.

    It is earned within the policy period; an earlier first earns nothing.
    """
    if fact is None or fact.first is None or fact.first.at not in policy.in_force:
        return []
    first = fact.first
    base_fen = first.net_fen if isinstance(first, Purchased) else 0
    rate, cap_fen = (None, terms.amount_fen) if isinstance(terms, OnceFixed) else (terms.rate, terms.cap_fen)
    award = award_of(
        policy,
        terms,
        subject,
        f"{terms.rule}/{subject.subject}",
        exchange=first.exchange,
        year=shanghai_year(first.at),
        base_fen=base_fen,
        rate=rate,
        cap_fen=cap_fen,
        ceiling_fen=cap_fen if rate is None else rate_up_to(base_fen, rate, cap_fen, policy.rounding),
        changed=first.at not in policy.in_force_alternative,
        evidence=(EvidenceItem(fact.ref, (first.exchange,)),),
    )
    return [award] if award.ceiling_fen else []


def annual(subject: Party, year: int, facts: Sequence[ProviderTotal], policy: Policy) -> list[Award]:
    """(四) 3: a rate of the year's listed trades on all exchanges, from the threshold up to the cap."""
    terms = policy.annual_listed_trading
    base_fen = annual_base(facts, policy.in_force, policy).within_fen
    ceiling_fen = _annual_ceiling(base_fen, policy)
    if ceiling_fen == 0:
        return []
    alternative_fen = annual_base(facts, policy.in_force_alternative, policy).within_fen
    award = award_of(
        policy,
        terms,
        subject,
        f"{terms.rule}/{subject.subject}/{year}",
        exchange=None,
        year=year,
        base_fen=base_fen,
        rate=terms.rate,
        cap_fen=terms.cap_fen,
        ceiling_fen=ceiling_fen,
        changed=_annual_ceiling(alternative_fen, policy) != ceiling_fen,
        evidence=tuple(
            EvidenceItem(fact.ref, exchanges) for fact in facts if (exchanges := _counted_exchanges(fact, policy))
        ),
    )
    return [award]


def annual_base(facts: Sequence[ProviderTotal], in_force: Interval, policy: Policy) -> PeriodSplit:
    """A provider's counted trades of one year over all exchanges and registers: before, within and after what counts.

    `in_force` is the period of the policy, or its alternative reading.
    """
    terms = policy.annual_listed_trading
    for fact in facts:
        check_cut_dates(fact, policy)
    shares = [share for fact in facts for share in fact.by_exchange.values()]
    period = counted_period(facts[0].year, terms, in_force) if facts else in_force
    return split_by_period([one for share in shares for one in counted_buckets(share, terms)], period)


def exchange_awards(exchange: str, facts: ExchangeFacts, policy: Policy) -> list[Award]:
    """Compute the grants of (六) 2 to one exchange, by year; later years depend on earlier ones. CutDatesError."""
    terms = policy.exchange_tiers
    years = tier_years(exchange, facts, policy, policy.in_force)
    others = tier_years(exchange, facts, policy, policy.in_force_alternative)
    alternative = {year.year: year.ceiling_fen for year in others}
    awards = []
    for year in years:
        if year.ceiling_fen == 0 or year.tier is None or year.subject is None:
            continue
        award = award_of(
            policy,
            terms,
            year.subject,
            f"{terms.rule}/{exchange}/{year.year}",
            exchange=exchange,
            year=year.year,
            base_fen=year.base_fen,
            cap_fen=year.tier.amount_fen,
            ceiling_fen=year.ceiling_fen,
            changed=alternative[year.year] != year.ceiling_fen,
            evidence=_tier_evidence(exchange, year, facts),
        )
        awards.append(award)
    return awards


def tier_years(exchange: str, facts: ExchangeFacts, policy: Policy, in_force: Interval) -> list[TierYear]:
    """Each year of an exchange that has totals, under (六) 2, in order.

    A net amount is never negative, so a running total never falls: a tier is exceeded within a part of the year if the
    part begins at or under the threshold and ends over it.
    """
    terms, years = policy.exchange_tiers, list[TierYear]()
    passed_fen = history_fen = 0
    history_year: int | None = None  # the first that has the highest tier passed before the policy
    for year, totals in sorted(facts.totals.items()):
        for fact in totals:
            check_cut_dates(fact, policy)
        parts = split_by_period(merge_totals(totals), in_force)
        if (found_fen := deducted_history(parts.before_fen, terms)) > history_fen:
            history_fen, history_year = found_fen, year
        running = running_total(parts, year, terms, in_force)
        state = TierYear(
            year=year,
            before_fen=running.before_fen,
            base_fen=running.base_fen,
            total_fen=running.total_fen,
            passed_fen=passed_fen,
            tier=_highest_earning(terms, max(passed_fen, running.barred_fen), running.base_fen),
            subject=_operator_party(exchange, year, facts.exchanges, terms),
            history_fen=history_fen,
            deducted_years=() if history_year in (None, year) else (history_year,),
        )
        years.append(_with_difference(state, years, policy))
        passed_fen = max(passed_fen, running.total_fen)
    return years


def _operator_party(exchange: str, year: int, exchanges: Whitelist, terms: Tiers) -> Party | None:
    operator = operator_of_year(exchange, year, exchanges, terms)
    return None if operator is None else Party("uscc", operator.uscc, operator.name)


def _with_difference(state: TierYear, earlier: Iterable[TierYear], policy: Policy) -> TierYear:
    """晋级补差: the amount of the tier less what is deducted for earlier ones."""
    now = "" if state.subject is None else state.subject.id
    inherited = [
        (one.subject.id, one)
        for one in earlier
        if one.ceiling_fen and one.subject is not None and inherits(one.subject.id, now, policy.exchange_tiers)
    ]
    deducted = [(whose, one) for whose, one in inherited if policy.steps == "ceilings" or whose != now]
    earned_fen = earned_of_steps(((whose, one.ceiling_fen) for whose, one in deducted), policy)
    amount_fen = 0 if state.tier is None or state.subject is None else state.tier.amount_fen
    return msgspec.structs.replace(
        state,
        earned_before_fen=earned_fen,
        deducted_years=tuple(sorted({*state.deducted_years, *(one.year for _, one in deducted)})),
        ceiling_fen=max(0, amount_fen - earned_fen - state.history_fen),
    )


def split_by_period(buckets: Sequence[Bucket], period: Interval) -> PeriodSplit:
    """Sums before, within and after a period. Raises CutDatesError if a bucket crosses its limits."""
    start, end = period.limits_in(buckets[0].start.tzinfo if buckets else None)
    before, within, after = [0, 0], [0, 0], [0, 0]
    for bucket in buckets:
        if bucket.end <= start:
            part = before
        elif bucket.start >= end:
            part = after
        elif start <= bucket.start and bucket.end <= end:
            part = within
        else:
            raise CutDatesError(
                f"a bucket from {format_time(bucket.start)} until {format_time(bucket.end)} crosses the limits of "
                f"{period.start_on} to {period.end_on}"
            )
        part[0] += bucket.amount_fen
        part[1] += bucket.trades
    return PeriodSplit(before[0], before[1], within[0], within[1], after[0], after[1])


def check_cut_dates(fact: ExchangeTotal | ProviderTotal, policy: Policy) -> None:
    """Raise CutDatesError unless the totals of a fact are cut at every date that the policy names."""
    missing = [day.isoformat() for day in policy.cut_dates if day not in fact.cut_at]
    if missing:
        raise CutDatesError(
            f"{fact.ref.fact} is not cut at {', '.join(missing)}, which policy {policy.id} names: "
            "add these dates to TOTALS_CUT_AT of trade-ingest"
        )


def _annual_ceiling(base_fen: int, policy: Policy) -> int:
    terms = policy.annual_listed_trading
    return rate_up_to(base_fen, terms.rate, terms.cap_fen, policy.rounding) if reaches(base_fen, terms) else 0


def _highest_earning(terms: Tiers, passed_fen: int, base_fen: int) -> Tier | None:
    """The highest tier that `base_fen` exceeds and `passed_fen` did not."""
    earning = [tier for tier in terms.tiers if exceeds(base_fen, tier, terms) and not exceeds(passed_fen, tier, terms)]
    return earning[-1] if earning else None


def _tier_evidence(exchange: str, state: TierYear, facts: ExchangeFacts) -> tuple[EvidenceItem, ...]:
    """The year's own totals, then those of the earlier years that the difference is taken from."""
    return tuple(
        EvidenceItem(fact.ref, (exchange,))
        for year in [state.year, *state.deducted_years]
        for fact in facts.totals[year]
        if fact.buckets
    )


def _counted_exchanges(fact: ProviderTotal, policy: Policy) -> tuple[str, ...]:
    terms = policy.annual_listed_trading
    period = counted_period(fact.year, terms, policy.in_force)
    trades = {
        exchange: split_by_period(counted_buckets(share, terms), period).within_trades
        for exchange, share in fact.by_exchange.items()
    }
    return tuple(sorted(exchange for exchange, count in trades.items() if count > 0))
