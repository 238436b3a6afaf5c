"""The status of a subject or an exchange in a year (contract, section 4). Pure: from facts, not the ledger."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from services.incentive.domain.declared_rules import declared_outcomes
from services.incentive.domain.event_readings import (
    exceeds,
    missing_to_exceed,
    missing_to_reach,
    operator_of_year,
    touches,
)
from services.incentive.domain.event_rules import (
    ExchangeFacts,
    SubjectFacts,
    annual_ahead,
    annual_base,
    first_ahead,
    tier_years,
    tiers_ahead,
)
from services.incentive.domain.explanations.declared import next_step
from services.incentive.domain.explanations.events import annual_parts, next_tier
from services.incentive.domain.explanations.wording import Visible, is_visible
from services.incentive.domain.facts import NO_TRADES, Listed, Purchased, TradeSum, merge_products, merge_totals
from services.incentive.policy.terms import DeclaredTerms, Policy, RuleTerms
from shared.events.documents import INDUSTRIES, NOT_STATED, PRODUCT_KINDS
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import SHANGHAI, shanghai_year
from shared.whitelist import Whitelist


def operated_exchanges(subject: str, year: int, exchanges: Whitelist, policy: Policy) -> list[str]:
    """The exchanges for whose year a subject (`<scheme>:<id>`) is rewarded as operator, in the whitelist's order."""
    operators = ((one, operator_of_year(one, year, exchanges, policy.exchange_tiers)) for one in exchanges.ids)
    return [one for one, operator in operators if operator is not None and f"uscc:{operator.uscc}" == subject]


def subject_status(
    subject: str,
    year: int,
    facts: SubjectFacts,
    operated: Mapping[str, ExchangeFacts],
    policy: Policy,
    awards: Collection[str],
    visible: Visible = None,
) -> Json:
    """The contract's status of a subject (`<scheme>:<id>`) in a year, rule by rule in the policy file's order.

    `operated` are the facts of `operated_exchanges`; `awards` are the ids of the subject's awards of that year that the
    reader may see. `exchange_tiers` appears once for each operated exchange, a declared rule once for each declaration
    of the year. An amount is null if it rests on documents that the reader may not see, the threshold if all are
    reached.
    """
    rules: list[Json] = []
    for terms in policy.rules:
        if terms.rule == policy.first_listing.rule:
            rules.append(_first(terms, subject, year, facts.listed, awards, visible))
        elif terms.rule == policy.first_purchase.rule:
            rules.append(_first(terms, subject, year, facts.purchased, awards, visible))
        elif terms.rule == policy.annual_listed_trading.rule:
            award = _known(f"{terms.rule}/{subject}/{year}", awards)
            rules.append(_annual(year, facts, policy, award, visible))
        else:
            seen = {exchange: totals for exchange, totals in operated.items() if is_visible(exchange, visible)}
            for exchange, totals in seen.items():
                award = _known(f"{terms.rule}/{exchange}/{year}", awards)
                rules.append(_tiers(exchange, year, totals, policy, award))
    rules += _declared(year, facts, policy, awards, visible)
    return {"subject": subject, "year": year, "rules": rules}


def exchange_status(exchange: str, year: int, facts: ExchangeFacts, policy: Policy, awards: Sequence[str]) -> Json:
    """The contract's status of an exchange in a year; `operator` is the subject that is rewarded for it or null.

    `awards` are the ids of its tier awards of that year. Months without trades are left out. Raises KeyError if the
    exchange is not on the whitelist.
    """
    operator = operator_of_year(exchange, year, facts.exchanges, policy.exchange_tiers)
    buckets = merge_totals(facts.totals.get(year, ()))
    months: dict[str, TradeSum] = {}
    for bucket in buckets:
        month = bucket.start.astimezone(SHANGHAI).strftime("%Y-%m")
        months[month] = months.get(month, NO_TRADES) + TradeSum(bucket.amount_fen, bucket.trades)
    total = sum(months.values(), NO_TRADES)
    ahead = sum((bucket.ahead for bucket in buckets), NO_TRADES)
    return {
        "exchange": exchange,
        "name": facts.exchanges.get(exchange).name,
        "operator": None if operator is None else f"uscc:{operator.uscc}",
        "year": year,
        "total": format_yuan(total.amount_fen),
        "trades": total.trades,
        **_ahead_json(ahead),
        "months": [
            {"month": month, "amount": format_yuan(one.amount_fen), "trades": one.trades}
            for month, one in months.items()
        ],
        "by_kind": _products_json(merge_products(facts.totals.get(year, ()), "kind"), "kind", PRODUCT_KINDS),
        "by_industry": _products_json(merge_products(facts.totals.get(year, ()), "industry"), "industry", INDUSTRIES),
        "tiers": [
            {
                "over": format_yuan(tier.over_fen),
                "reward": format_yuan(tier.amount_fen),
                "reached": exceeds(total.amount_fen, tier, policy.exchange_tiers),
                "missing": format_yuan(missing_to_exceed(total.amount_fen, tier, policy.exchange_tiers)),
            }
            for tier in policy.exchange_tiers.tiers
        ],
        "awards": list(awards),
    }


def _first(
    terms: RuleTerms,
    subject: str,
    year: int,
    first: Listed | Purchased | None,
    awards: Collection[str],
    visible: Visible,
) -> Json:
    """The measure is null unless the first was in that year; a listing has no amount."""
    measure_fen, ahead = None, NO_TRADES
    if first is not None and shanghai_year(first.at) == year and is_visible(first.exchange, visible):
        measure_fen, ahead = first.net_fen if isinstance(first, Purchased) else 0, first_ahead(first)
    return _entry(terms, _known(f"{terms.rule}/{subject}", awards), measure_fen, ahead=ahead)


def _annual(year: int, facts: SubjectFacts, policy: Policy, award: str | None, visible: Visible) -> Json:
    terms = policy.annual_listed_trading
    counted, _ = annual_parts(year, facts, policy)
    if not all(is_visible(exchange, visible) for exchange, _, _ in counted):
        return _entry(terms, award, None, terms.at_least_fen)
    totals = facts.totals.get(year, ())
    measure_fen = annual_base(totals, policy.in_force, policy).within_fen
    ahead = annual_ahead(totals, policy)
    if not touches(policy.in_force, year):
        return _entry(terms, award, measure_fen, ahead=ahead)
    return _entry(terms, award, measure_fen, terms.at_least_fen, missing_to_reach(measure_fen, terms), ahead)


def _tiers(exchange: str, year: int, facts: ExchangeFacts, policy: Policy, award: str | None) -> Json:
    terms = policy.exchange_tiers
    with_year = ExchangeFacts({**facts.totals, year: facts.totals.get(year, ())}, facts.exchanges)
    years = tier_years(exchange, with_year, policy, policy.in_force)
    state = next(state for state in years if state.year == year)
    tier = next_tier(state, policy) if touches(policy.in_force, year) else None
    ahead = tiers_ahead(facts.totals.get(year, ()), policy)
    if tier is None:
        return _entry(terms, award, state.base_fen, ahead=ahead)
    missing_fen = missing_to_exceed(state.base_fen, tier, terms)
    return _entry(terms, award, state.base_fen, tier.over_fen, missing_fen, ahead)


def _declared(
    year: int, facts: SubjectFacts, policy: Policy, awards: Collection[str], visible: Visible
) -> Iterator[Json]:
    """The declarations of a year, in the policy file's order of rules, with the next step if there are steps."""
    order = policy.rule_order
    found = declared_outcomes(facts.declared_together, policy, policy.in_force)
    for outcome in sorted(found, key=lambda one: order.index(one.terms.rule)):
        declaration = outcome.declaration
        is_own = declaration in facts.declared
        if not is_own or declaration.earned_on.year != year or not is_visible(declaration.exchange, visible):
            continue
        base_fen, award = outcome.worth.base_fen, _known(declaration.award_id, awards)
        step_fen = next_step(outcome)
        yield _entry(outcome.terms, award, base_fen, step_fen, None if step_fen is None else step_fen - base_fen)


def _entry(
    terms: RuleTerms | DeclaredTerms,
    award: str | None,
    measure_fen: int | None,
    threshold_fen: int | None = None,
    missing_fen: int | None = None,
    ahead: TradeSum = NO_TRADES,
) -> Json:
    return {
        "rule": terms.rule,
        "article": terms.article,
        "measure": _yuan(measure_fen),
        "threshold": _yuan(threshold_fen),
        "missing": _yuan(missing_fen),
        "award": award,
        **_ahead_json(ahead),
    }


def _products_json(sums: Mapping[str, TradeSum], name: str, order: Sequence[str]) -> list[Json]:
    """Sums in the contract's order of kinds or industries, without empty ones; the last is of what is not stated."""
    return [
        {
            name: None if value == NOT_STATED else value,
            "amount": format_yuan(sums[value].amount_fen),
            "trades": sums[value].trades,
        }
        for value in (*order, NOT_STATED)
        if value in sums
    ]


def _ahead_json(ahead: TradeSum) -> Json:
    """The member `ahead`, amount and number of future-dated trades; absent for none."""
    return {"ahead": {"amount": format_yuan(ahead.amount_fen), "trades": ahead.trades}} if ahead.trades else {}


def _yuan(fen: int | None) -> str | None:
    return None if fen is None else format_yuan(fen)


def _known(award_id: str, awards: Collection[str]) -> str | None:
    return award_id if award_id in awards else None
