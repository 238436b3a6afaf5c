"""Explanations of the four rules that events drive: trades that count, steps, and the next threshold. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from services.incentive.domain.event_readings import (
    counted_buckets,
    counted_period,
    exceeds,
    missing_to_exceed,
    missing_to_reach,
    reaches,
    served_period,
)
from services.incentive.domain.event_rules import (
    ExchangeFacts,
    SubjectFacts,
    TierYear,
    annual_ahead,
    first_ahead,
    split_by_period,
    tier_years,
    tiers_ahead,
)
from services.incentive.domain.explanations.wording import (
    NO_TEXT,
    NOT_IN_FORCE,
    ExplanationDraft,
    Visible,
    capitalized,
    day_of,
    difference_step,
    future_dated,
    is_visible,
    next_threshold,
    part_json,
    phrase,
    rate_steps,
    refund_step,
    sentence,
    sentences,
    step_json,
    yuan,
)
from services.incentive.domain.facts import (
    Bucket,
    FirstListing,
    FirstPurchase,
    Listed,
    ProviderTotal,
    Purchased,
    TradeSum,
    merge_shares,
    merge_totals,
    voids_before,
)
from services.incentive.policy.terms import Policy, Texts, Tier, Tiers
from shared.values.json_types import Json

First = Listed | Purchased

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
# By the reading of a new operator's steps.
_EARNED_BEFORE: Final = {
    "steps_of_the_exchange": Texts(
        "该交易场所此前年度按本政策的测算上限{fen}",
        "the ceilings of {fen} of this exchange in earlier years under this policy",
    ),
    "steps_of_the_operator": Texts(
        "该运营主体在该交易场所此前年度按本政策的测算上限{fen}",
        "the ceilings of {fen} of this operator on this exchange in earlier years under this policy",
    ),
}
# By the reading of a total that equals the threshold.
_EXCEEDS: Final = {
    "over_means_gt": Texts("首次超过{over}。", "It exceeds {over} for the first time."),
    "over_means_ge": Texts("首次达到{over}。", "It reaches {over} for the first time."),
}
_PASSED_BEFORE_THE_POLICY: Final = Texts(
    "政策施行前越过的档次对应的{fen}", "the {fen} of the tiers passed before the policy"
)
_NO_OPERATOR: Final = Texts(
    "年末没有在册的运营主体，不予奖励。",
    " No operator is on the whitelist on the last day of the year, so nobody earns the reward.",
)


def explain_first_listing(
    facts: SubjectFacts, policy: Policy, visible: Visible, earlier: Sequence[First] = ()
) -> ExplanationDraft:
    """Explain (四) 1; `earlier` are the documents that were the first at some time, in the order of their records."""
    first = facts.listed
    gone = predecessor_text(first, facts.first_listing, earlier, visible)
    if first is None:
        return ExplanationDraft(gone + _NO_LISTING)
    amount_fen = policy.first_listing.amount_fen
    what = phrase("首次挂牌为{first}", "the first listing is {first}", first=first_text(first))
    reward = phrase("一次性奖励{amount}。", "A one-time reward of {amount}.", amount=yuan(amount_fen))
    steps = [step_json("base", 0, sentence(what)), step_json("cap", amount_fen, reward)]
    return _explain_first(first, what, gone, steps, policy, visible)


def explain_first_purchase(
    facts: SubjectFacts, policy: Policy, visible: Visible, earlier: Sequence[First] = ()
) -> ExplanationDraft:
    """Explain (四) 2; `earlier` are the documents that were the first at some time, in the order of their records."""
    first = facts.purchased
    gone = predecessor_text(first, facts.first_purchase, earlier, visible)
    if first is None:
        return ExplanationDraft(gone + _NO_PURCHASE)
    terms = policy.first_purchase
    what = phrase(
        "首单为{first}，金额{amount}",
        "the first purchase is {first}, {amount}",
        first=first_text(first),
        amount=yuan(first.amount_fen),
    )
    steps = [step_json("base", first.amount_fen, sentence(what))]
    if first.refunded_fen:
        steps.append(refund_step(first.net_fen, first.refunded_fen))
    steps += rate_steps(first.net_fen, terms.rate, terms.cap_fen, policy.rounding)
    return _explain_first(first, what, gone, steps, policy, visible)


def _explain_first(
    first: First, what: Texts, gone: Texts, steps: Sequence[Json], policy: Policy, visible: Visible
) -> ExplanationDraft:
    """Explain a first document by its steps; `gone` names one that was the first before it."""
    if not is_visible(first.exchange, visible):
        return ExplanationDraft(gone + _ELSEWHERE)
    measured = (first.net_fen, 1) if isinstance(first, Purchased) else (0, 0)
    if first.at not in policy.in_force:
        history = Texts(what.zh, capitalized(what.en)) + _ONLY_HISTORY
        return ExplanationDraft(gone + history, not_counted=[part_json(first.exchange, *measured, NOT_IN_FORCE)])
    reason = gone + sentence(what) + future_dated(first_ahead(first))
    return ExplanationDraft(reason, list(steps), counted=[part_json(first.exchange, *measured)])


def first_text(first: First) -> Texts:
    """A listing or trade by its number, exchange and day."""
    if isinstance(first, Listed):
        zh, number = "挂牌{number}（交易场所{exchange}，{day}）", first.listing_no
    else:
        zh, number = "交易{number}（交易场所{exchange}，{day}）", first.trade_no
    return phrase(zh, "{number} on {exchange}, {day}", number=number, exchange=first.exchange, day=day_of(first.at))


def predecessor_text(
    first: First | None,
    facts: Iterable[FirstListing | FirstPurchase],
    earlier: Iterable[First],
    visible: Visible,
) -> Texts:
    """A sentence on the document that would be the first, or was it, and does not count; empty if there is none.

    That is one that was annulled or cancelled, as the facts name it; else the last of `earlier` that is gone. It comes
    before the first, and the reader may see it.
    """
    void = next((one for one in voids_before(facts) if is_visible(one.exchange, visible)), None)
    if void is not None:
        if isinstance(void, Listed):
            zh, en = "更早的{first}已作废，不计为首次。", "{first}, came earlier and is annulled. "
        else:
            zh, en = "更早的{first}已取消，不计为首单。", "{first}, came earlier and is cancelled. "
        return phrase(zh, en, first=first_text(void))
    gone = [
        one
        for one in earlier
        if is_visible(one.exchange, visible)
        and (first is None or (one.order < first.order and one.order[1:] != first.order[1:]))
    ]
    if not gone:
        return NO_TEXT
    if isinstance(gone[-1], Listed):
        zh = "此前计为首次挂牌的{first}已不再计入（作废、更正，或不在名录期内）。"
        en = "{first}, the first listing until then, no longer counts (annulled, corrected, or off the whitelist). "
    else:
        zh = "此前计为首单的{first}已不再计入（取消、更正，或不在名录期内）。"
        en = "{first}, the first purchase until then, no longer counts (cancelled, corrected, or off the whitelist). "
    return phrase(zh, en, first=first_text(gone[-1]))


def explain_annual(year: int, facts: SubjectFacts, policy: Policy) -> ExplanationDraft:
    """Explain (四) 3."""
    terms, totals = policy.annual_listed_trading, facts.totals.get(year, ())
    counted, not_counted = annual_parts(year, facts, policy)
    base_fen, trades = sum(part[1] for part in counted), sum(part[2] for part in counted)
    period = counted_period(year, terms, policy.in_force)
    buckets = [one for share in merge_shares(totals).values() for one in counted_buckets(share, terms)]
    what = phrase(
        "{year}年计入的挂牌交易{trades}笔", "Listed trades that count in {year}: {trades}", year=year, trades=trades
    )
    total, steps = _total(what, (one for one in buckets if one.start in period), annual_ahead(totals, policy))
    is_reached = reaches(base_fen, terms)
    threshold = phrase(
        "{whether}门槛{least}。",
        "{whether} the threshold of {least}.",
        whether=Texts("达到", "It reaches") if is_reached else Texts("未达到", "It does not reach"),
        least=yuan(terms.at_least_fen),
    )
    draft = ExplanationDraft(
        sentences([total, threshold]),
        steps,
        in_reason=len(steps),
        counted=[part_json(*part) for part in counted],
        not_counted=[part_json(*part) for part in not_counted],
    )
    if is_reached:
        draft.steps += rate_steps(base_fen, terms.rate, terms.cap_fen, policy.rounding)
    else:
        draft.next = next_threshold(terms.at_least_fen, missing_to_reach(base_fen, terms))
    return draft


def _total(
    trades: Texts, buckets: Iterable[Bucket], ahead: TradeSum, part: Texts = NO_TEXT
) -> tuple[Texts, list[Json]]:
    """The sentences and steps of a total: amount, refunds and net (G4), the day of the last trade, future-dated ones.

    `trades` counts the trades, `part` names a part of the net.
    """
    summed = list(buckets)
    net_fen, refunded_fen = sum(one.amount_fen for one in summed), sum(one.refunded_fen for one in summed)
    if refunded_fen == 0:
        zh, en = "{trades}，扣除退款后合计{amount}{part}{last}。", "{trades}, {amount} net of refunds{part}{last}."
    else:
        zh, en = "{trades}，金额合计{amount}{last}。", "{trades}, {amount} in all{last}."
    amount = phrase(
        zh,
        en,
        trades=trades,
        amount=yuan(net_fen + refunded_fen),
        part=part,
        last=_last_text(summed),
    )
    steps = [step_json("base", net_fen + refunded_fen, amount)]
    if refunded_fen:
        steps.append(refund_step(net_fen, refunded_fen, part))
    return sentences(Texts(**step["text"]) for step in steps) + future_dated(ahead), steps


def _last_text(buckets: Sequence[Bucket]) -> Texts:
    """The day of the last trade of a total."""
    last = max((one.last_completed_at for one in buckets), default=None)
    if last is None:
        return NO_TEXT
    return phrase("（最近一笔完成于{day}）", " (the last one completed on {day})", day=day_of(last))


def annual_parts(
    year: int, facts: SubjectFacts, policy: Policy
) -> tuple[list[tuple[str, int, int]], list[tuple[str, int, int, str]]]:
    """A provider's year by exchange, as (exchange, amount_fen, trades): what counts; and the rest, with its reason."""
    counted: list[tuple[str, int, int]] = []
    not_counted: list[tuple[str, int, int, str]] = []
    totals: Sequence[ProviderTotal] = facts.totals.get(year, ())
    terms = policy.annual_listed_trading
    period = counted_period(year, terms, policy.in_force)
    for exchange, share in merge_shares(totals).items():
        buckets = counted_buckets(share, terms)
        parts = split_by_period(buckets, period)
        if parts.within_trades:
            counted.append((exchange, parts.within_fen, parts.within_trades))
        outside = (parts.before_fen + parts.after_fen, parts.before_trades + parts.after_trades)
        left_out = share.unmatched if buckets == share.counted else ()
        unmatched = (sum(one.amount_fen for one in left_out), sum(one.trades for one in left_out))
        sums = [(*outside, NOT_IN_FORCE), (*unmatched, "unmatched")]
        sums += [(other.amount_fen, other.trades, other.reason) for other in share.other]
        not_counted += [(exchange, fen, trades, reason) for fen, trades, reason in sums if trades]
    return counted, not_counted


def explain_tiers(exchange: str, year: int, facts: ExchangeFacts, policy: Policy) -> ExplanationDraft:
    """Explain (六) 2."""
    years = tier_years(exchange, facts, policy, policy.in_force)
    state = next((one for one in years if one.year == year), None)
    if state is None:
        text = phrase(
            "交易场所{exchange}在{year}年没有计入的交易。",
            "No trade on {exchange} counts in {year}.",
            exchange=exchange,
            year=year,
        )
        return ExplanationDraft(text)
    terms, buckets = policy.exchange_tiers, merge_totals(facts.totals[year])
    period = served_period(terms, policy.in_force)
    parts = split_by_period(buckets, period)
    outside_fen, outside = parts.before_fen + parts.after_fen, parts.before_trades + parts.after_trades
    what = phrase(
        "交易场所{exchange}在{year}年完成的交易{trades}笔",
        "Trades completed on {exchange} in {year}: {trades}",
        exchange=exchange,
        year=year,
        trades=parts.within_trades,
    )
    before = NO_TEXT
    if state.before_fen:
        before = phrase("（政策施行前{before}）", ", {before} of it before the policy", before=yuan(state.before_fen))
    within = (one for one in buckets if one.start in period)
    total, steps = _total(what, within, tiers_ahead(facts.totals[year], policy), before)
    draft = ExplanationDraft(
        sentences([total, _passed_text(state, terms)]),
        counted=[part_json(exchange, state.base_fen, parts.within_trades)],
        not_counted=[part_json(exchange, outside_fen, outside, NOT_IN_FORCE)] if outside else [],
        steps=[*steps, *_tier_steps(state, terms)],
        in_reason=len(steps),
    )
    tier = next_tier(state, policy)
    if tier is not None:
        draft.next = next_threshold(tier.over_fen, missing_to_exceed(state.base_fen, tier, terms))
    return draft


def _passed_text(state: TierYear, terms: Tiers) -> Texts:
    """A sentence on the tier that the total exceeds for the first time."""
    passed = NO_TEXT
    if state.tier is None:
        if state.passed_fen:
            passed = phrase(
                "（此前年度最高{passed}）", " (an earlier year reached {passed})", passed=yuan(state.passed_fen)
            )
        return phrase(
            "政策有效期内没有首次超过任何一档{passed}。",
            "No tier was exceeded for the first time within the policy period{passed}.",
            passed=passed,
        )
    exceeds_it = _EXCEEDS[terms.reading("exceeding")]
    over = phrase(exceeds_it.zh, exceeds_it.en, over=yuan(state.tier.over_fen))
    return over if state.subject is not None else over + _NO_OPERATOR


def _tier_steps(state: TierYear, terms: Tiers) -> list[Json]:
    """The steps from the tier to the ceiling; earlier ceilings may have been suppressed, so none is called received."""
    if state.tier is None or state.subject is None:
        return []
    worth = phrase("该档奖励至多{amount}。", "The tier is worth at most {amount}.", amount=yuan(state.tier.amount_fen))
    steps = [step_json("cap", state.tier.amount_fen, worth)]
    left_fen = state.tier.amount_fen
    for deducted_fen, what in (
        (state.earned_before_fen, _EARNED_BEFORE[terms.reading("succession")]),
        (state.history_fen, _PASSED_BEFORE_THE_POLICY),
    ):
        if deducted_fen:
            left_fen = max(0, left_fen - deducted_fen)
            steps.append(difference_step(left_fen, phrase(what.zh, what.en, fen=yuan(deducted_fen))))
    return steps


def next_tier(state: TierYear, policy: Policy) -> Tier | None:
    """The lowest tier that is not exceeded yet, in this year or an earlier one; None if all are."""
    terms, passed_fen = policy.exchange_tiers, max(state.passed_fen, state.base_fen)
    return next((tier for tier in terms.tiers if not exceeds(passed_fen, tier, terms)), None)
