"""Explanations of the four rules that events drive: what counted, step by step, and what is next. Pure."""

from collections.abc import Sequence
from typing import Final

from services.incentive.domain.event_rules import ExchangeFacts, SubjectFacts, TierYear, split_by_period, tier_years
from services.incentive.domain.explanations.wording import (
    NO_TEXT,
    NOT_IN_FORCE,
    ExplanationDraft,
    Visible,
    capitalized,
    day,
    difference_step,
    is_visible,
    money,
    next_threshold,
    part_json,
    rate_steps,
    sentence,
    step_json,
)
from services.incentive.domain.facts import Listed, Purchased, merge_first, merge_shares, merge_totals
from services.incentive.policy.terms import Policy, Texts, Tier
from shared.values.json_types import Json

_NO_LISTING: Final = Texts(
    "目前没有可计入的挂牌（作废和互认的不计）。", "No listing counts (annulled and mirrored ones do not)."
)
_NO_PURCHASE: Final = Texts(
    "目前没有可计入的购买（取消和互认的不计）。", "No purchase counts (cancelled and mirrored ones do not)."
)
_ELSEWHERE: Final = Texts(
    "首次由其他交易场所的记录决定。", "The first one is a document of an exchange that you may not see."
)
_ONLY_HISTORY: Final = Texts(
    "；不在政策有效期内，不予奖励，但已占用“首次”。",
    "; outside the policy period, it earns nothing but still counts as the first.",
)
_NO_OPERATOR: Final = Texts(
    "年末没有在册的运营主体，不予奖励。",
    " No operator is on the whitelist on the last day of the year, so nobody earns the reward.",
)


def explain_first_listing(facts: SubjectFacts, policy: Policy, visible: Visible) -> ExplanationDraft:
    """(四) 1."""
    fact = merge_first(facts.first_listing)
    if fact is None or fact.first is None:
        return ExplanationDraft(_NO_LISTING)
    first, amount_fen = fact.first, policy.first_listing.amount_fen
    what = Texts(
        f"首次挂牌为 {day(first.at)} 在 {first.exchange} 的 {first.listing_no}",
        f"the first listing is {first.listing_no} on {first.exchange}, {day(first.at)}",
    )
    reward = Texts(f"一次性奖励 {money(amount_fen)} 元。", f"A one-time reward of {money(amount_fen)} yuan.")
    return _explain_first(first, what, (0, 0), [step_json("cap", amount_fen, reward)], policy, visible)


def explain_first_purchase(facts: SubjectFacts, policy: Policy, visible: Visible) -> ExplanationDraft:
    """(四) 2."""
    fact = merge_first(facts.first_purchase)
    if fact is None or fact.first is None:
        return ExplanationDraft(_NO_PURCHASE)
    first, terms, net = fact.first, policy.first_purchase, _net(fact.first)
    what = Texts(
        f"首单为 {day(first.at)} 在 {first.exchange} 的 {first.trade_no}，{net.zh}",
        f"the first purchase is {first.trade_no} on {first.exchange}, {day(first.at)}, {net.en}",
    )
    steps = rate_steps(first.net_fen, terms.rate, terms.cap_fen)
    return _explain_first(first, what, (first.net_fen, 1), steps, policy, visible)


def _explain_first(
    first: Listed | Purchased,
    what: Texts,
    measured: tuple[int, int],
    steps: Sequence[Json],
    policy: Policy,
    visible: Visible,
) -> ExplanationDraft:
    """Explain a first document; `measured` is its amount in fen and number of trades, `steps` follow from these."""
    if not is_visible(first.exchange, visible):
        return ExplanationDraft(_ELSEWHERE)
    if first.at not in policy.in_force:
        history = Texts(what.zh, capitalized(what.en)) + _ONLY_HISTORY
        return ExplanationDraft(history, not_counted=[part_json(first.exchange, *measured, NOT_IN_FORCE)])
    reason = sentence(what)
    base = step_json("base", measured[0], reason)
    return ExplanationDraft(reason, [base, *steps], counted=[part_json(first.exchange, *measured)])


def _net(first: Purchased) -> Texts:
    amount, refunded, net = money(first.amount_fen), money(first.refunded_fen), money(first.net_fen)
    if first.refunded_fen == 0:
        return Texts(f"金额 {amount} 元", f"{amount} yuan")
    return Texts(
        f"金额 {amount} 元，减去退款 {refunded} 元，净额 {net} 元",
        f"{amount} yuan less {refunded} refunded, {net} yuan net",
    )


def explain_annual(year: int, facts: SubjectFacts, policy: Policy) -> ExplanationDraft:
    """(四) 3."""
    terms = policy.annual_listed_trading
    counted, not_counted = annual_parts(year, facts, policy)
    base_fen, trades = sum(part[1] for part in counted), sum(part[2] for part in counted)
    draft = ExplanationDraft(
        Texts(
            f"{year} 年计入的挂牌交易 {trades} 笔，合计 {money(base_fen)} 元，门槛 {money(terms.at_least_fen)} 元。",
            f"Listed trades that count in {year}: {trades}, totalling {money(base_fen)} yuan; the threshold is "
            f"{money(terms.at_least_fen)} yuan.",
        ),
        counted=[part_json(*part) for part in counted],
        not_counted=[part_json(*part) for part in not_counted],
    )
    draft.steps.append(step_json("base", base_fen, draft.reason))
    if base_fen >= terms.at_least_fen:
        draft.steps += rate_steps(base_fen, terms.rate, terms.cap_fen)
    else:
        draft.next = next_threshold(terms.at_least_fen, terms.at_least_fen - base_fen)
    return draft


def annual_parts(
    year: int, facts: SubjectFacts, policy: Policy
) -> tuple[list[tuple[str, int, int]], list[tuple[str, int, int, str]]]:
    """A provider's year by exchange: (exchange, amount_fen, trades) that counts; what does not, with the reason."""
    counted: list[tuple[str, int, int]] = []
    not_counted: list[tuple[str, int, int, str]] = []
    for exchange, share in merge_shares(facts.totals.get(year, ())).items():
        parts = split_by_period(share.counted, policy.in_force)
        if parts.within_trades:
            counted.append((exchange, parts.within_fen, parts.within_trades))
        outside = (parts.before_fen + parts.after_fen, parts.before_trades + parts.after_trades)
        unmatched = (sum(one.amount_fen for one in share.unmatched), sum(one.trades for one in share.unmatched))
        sums = [(*outside, NOT_IN_FORCE), (*unmatched, "unmatched")]
        sums += [(other.amount_fen, other.trades, other.reason) for other in share.other]
        not_counted += [(exchange, fen, trades, reason) for fen, trades, reason in sums if trades]
    return counted, not_counted


def explain_tiers(exchange: str, year: int, facts: ExchangeFacts, policy: Policy) -> ExplanationDraft:
    """(六) 2."""
    years = tier_years(exchange, facts, policy, policy.in_force)
    state = next((one for one in years if one.year == year), None)
    if state is None:
        return ExplanationDraft(Texts(f"{year} 年没有计入的交易。", f"No trade counts in {year}."))
    parts = split_by_period(merge_totals(facts.totals[year]), policy.in_force)
    after = [part_json(exchange, parts.after_fen, parts.after_trades, NOT_IN_FORCE)] if parts.after_trades else []
    draft = ExplanationDraft(
        _tier_reason(state),
        counted=[part_json(exchange, state.base_fen, parts.before_trades + parts.within_trades)],
        not_counted=after,
        steps=_tier_steps(state),
    )
    tier = next_tier(state, policy)
    if tier is not None:
        draft.next = next_threshold(tier.over_fen, missing_over(tier, state.base_fen))
    return draft


def _tier_reason(state: TierYear) -> Texts:
    before = passed = NO_TEXT
    if state.before_fen:
        fen = money(state.before_fen)
        before = Texts(f"（其中政策施行前 {fen} 元）", f" ({fen} yuan of it before the policy)")
    total = Texts(
        f"{state.year} 年完成交易累计 {money(state.base_fen)} 元{before.zh}。",
        f"Trades completed in {state.year} total {money(state.base_fen)} yuan{before.en}. ",
    )
    if state.tier is None:
        if state.passed_fen:
            fen = money(state.passed_fen)
            passed = Texts(f"（此前年度最高 {fen} 元）", f" (an earlier year reached {fen} yuan)")
        return total + Texts(
            f"政策有效期内没有首次超过任何一档{passed.zh}。",
            f"No tier was exceeded for the first time within the policy period{passed.en}.",
        )
    over = money(state.tier.over_fen)
    reason = total + Texts(f"首次超过 {over} 元。", f"It exceeds {over} yuan for the first time.")
    return reason if state.subject is not None else reason + _NO_OPERATOR


def _tier_steps(state: TierYear) -> list[Json]:
    steps = [step_json("base", state.base_fen, _tier_reason(state))]
    if state.tier is None or state.subject is None:
        return steps
    amount, earned = money(state.tier.amount_fen), money(state.earned_before_fen)
    worth = Texts(f"该档奖励至多 {amount} 元。", f"The tier is worth at most {amount} yuan.")
    less = Texts(
        f"该交易场所按本政策已得的 {earned} 元", f"the {earned} yuan that this exchange has earned under this policy"
    )
    return [*steps, step_json("cap", state.tier.amount_fen, worth), difference_step(state.ceiling_fen, less)]


def next_tier(state: TierYear, policy: Policy) -> Tier | None:
    """The lowest tier that is not exceeded yet, in this year or an earlier one; None if all are."""
    passed_fen = max(state.passed_fen, state.base_fen)
    return next((tier for tier in policy.exchange_tiers.tiers if tier.over_fen >= passed_fen), None)


def missing_over(tier: Tier, total_fen: int) -> int:
    """Return what a total lacks to *exceed* a tier's threshold: one fen more than to equal it; 0 once it does."""
    return max(0, tier.over_fen - total_fen + 1)
