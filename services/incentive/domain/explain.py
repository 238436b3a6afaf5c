"""Explanations of awards for people, in Chinese and English, from facts and policy (contract, section 4). Pure.

What a reader may not see is left out: `visible` are the exchanges whose documents the reader may see (None: all).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from services.incentive.domain.event_rules import (
    LAST_DAY,
    EvidenceItem,
    SubjectFacts,
    TierYear,
    split_by_period,
    tier_years,
)
from services.incentive.domain.explain_declared import explain_declared
from services.incentive.domain.explain_format import (
    ExplanationDraft,
    Json,
    Visible,
    grouped,
    is_visible,
    money,
    next_threshold,
    part_json,
    rate_steps,
    sentence,
    step_json,
    texts_json,
    trade_count,
)
from services.incentive.domain.facts import ExchangeTotal, Purchased, merge_first, merge_shares, merge_totals
from services.incentive.domain.highest_only import OTHER_GRANT
from services.incentive.policy.terms import DeclaredTerms, Policy, Texts, Tier
from shared.values.parties import Party
from shared.values.times import SHANGHAI
from shared.whitelist import Whitelist

NOT_IN_FORCE = "not_in_force"

# Why a document does not count: the contract's reasons, and the one that only a policy knows.
REASONS: Mapping[str, Texts] = {
    "later": Texts("不是首次", "not the first"),
    "cancelled": Texts("已取消", "cancelled"),
    "annulled": Texts("挂牌已作废", "annulled"),
    "mirrored": Texts("互认自其他交易场所", "mirrored from another exchange"),
    "mode": Texts("不是挂牌交易", "not a listed trade"),
    "unmatched": Texts("没有相符的挂牌", "no listing that fits"),
    "not_on_whitelist": Texts("不在交易场所名录期内", "outside the exchange's time on the whitelist"),
    NOT_IN_FORCE: Texts("不在政策有效期内", "outside the policy's time in force"),
}


class RevisionChange(msgspec.Struct, frozen=True):
    """What the revision in force of the policy file made of an award: its ceiling before and just after, in fen."""

    policy_id: str
    revision: int
    since: datetime
    before_fen: int
    after_fen: int


class ExplainedAward(msgspec.Struct, frozen=True):
    """What the ledger has of the award that is explained; amounts in fen.

    `partial`: the reader may not see it wholly (contract, section 4). `rivals` are all awards of its subject and year
    that the reader may see wholly, as (award_id, ceiling_fen), with or without itself. `revised`: None where it was
    always computed by the revision in force.
    """

    award_id: str
    rule: str
    subject: Party
    exchange: str | None
    year: int
    ceiling_fen: int
    payable_fen: int
    suppressed_by: str | None
    evidence: tuple[EvidenceItem, ...]
    flags: tuple[str, ...] = ()
    partial: bool = False
    rivals: tuple[tuple[str, int], ...] = ()
    revised: RevisionChange | None = None


class ExchangeFacts(msgspec.Struct, frozen=True):
    """All totals of one exchange by calendar year, of every register, and the whitelist."""

    totals: Mapping[int, Sequence[ExchangeTotal]]
    exchanges: Whitelist


def explanation(
    award: ExplainedAward, facts: SubjectFacts | ExchangeFacts, policy: Policy, visible: Visible = None
) -> Json:
    """The contract's Explanation of an award, without `transactions`; facts are those that the award now rests on.

    `facts` are ExchangeFacts for exchange_tiers, else SubjectFacts.
    """
    account = _account(award, facts, policy, visible)
    counted = [part for part in account.counted if is_visible(part["exchange"], visible)]
    # Of an award that a correction took away the facts may name others by now: no sum of theirs is shown either.
    partial = award.partial or len(counted) < len(account.counted)
    account.counted = counted
    account.not_counted = [part for part in account.not_counted if is_visible(part["exchange"], visible)]
    suppression = [] if partial else _suppression(award, policy)
    return {
        "award_id": award.award_id,
        "article": policy.terms(award.rule).article,
        "text": _partial_text(award, policy) if partial else _text(award, account, policy, suppression),
        "steps": [] if partial else [*account.steps, *suppression],
        "counted": account.counted,
        "not_counted": account.not_counted,
        "suppressed_by": None if partial else award.suppressed_by,
        "next": None if partial else account.next,
        "evidence": _evidence(award.evidence, visible),
    }


def _account(
    award: ExplainedAward, facts: SubjectFacts | ExchangeFacts, policy: Policy, visible: Visible
) -> ExplanationDraft:
    if isinstance(facts, ExchangeFacts):
        return _tiers(award, facts, policy)
    if policy.declared.find(award.rule) is not None:
        return explain_declared(award.award_id, facts.declared, policy)
    by_rule: dict[str, Callable[[ExplainedAward, SubjectFacts, Policy, Visible], ExplanationDraft]] = {
        policy.first_listing.rule: _first_listing,
        policy.first_purchase.rule: _first_purchase,
        policy.annual_listed_trading.rule: _annual,
    }
    return by_rule[award.rule](award, facts, policy, visible)


# --- (四) 1 ----------------------------------------------------------------------------------------------------


def _first_listing(_: ExplainedAward, facts: SubjectFacts, policy: Policy, visible: Visible) -> ExplanationDraft:
    fact = merge_first(facts.first_listing)
    first = None if fact is None else fact.first
    if first is None:
        return ExplanationDraft(
            Texts(
                "目前没有可计入的挂牌（作废的和互认的不计）。",
                "No listing counts now (annulled and mirrored ones do not).",
            )
        )
    if not is_visible(first.exchange, visible):
        return _elsewhere()
    when, number = first.listed_at.astimezone(SHANGHAI).strftime("%Y-%m-%d"), first.listing_no
    what = Texts(
        f"首次挂牌为 {when} 在 {first.exchange} 的 {number}",
        f"the first listing is {number} on {first.exchange}, {when}",
    )
    if first.listed_at not in policy.in_force:
        return ExplanationDraft(_history(what), not_counted=[part_json(first.exchange, 0, 0, NOT_IN_FORCE)])
    amount_fen = policy.first_listing.amount_fen
    steps = [
        step_json("base", 0, f"{what.zh}。", f"{sentence(what.en)}."),
        step_json(
            "cap",
            amount_fen,
            f"一次性奖励，至多 {money(amount_fen)} 元。",
            f"A reward once, of at most {money(amount_fen)} yuan.",
        ),
    ]
    return ExplanationDraft(
        Texts(f"{what.zh}。", f"{sentence(what.en)}."), steps, counted=[part_json(first.exchange, 0, 0)]
    )


# --- (四) 2 ----------------------------------------------------------------------------------------------------


def _first_purchase(_: ExplainedAward, facts: SubjectFacts, policy: Policy, visible: Visible) -> ExplanationDraft:
    fact = merge_first(facts.first_purchase)
    first = None if fact is None else fact.first
    if first is None:
        return ExplanationDraft(
            Texts(
                "目前没有可计入的购买（取消的和互认的不计）。",
                "No purchase counts now (cancelled and mirrored ones do not).",
            )
        )
    if not is_visible(first.exchange, visible):
        return _elsewhere()
    when = first.completed_at.astimezone(SHANGHAI).strftime("%Y-%m-%d")
    what = Texts(
        f"首单为 {when} 在 {first.exchange} 的 {first.trade_no},{_net(first).zh}",
        f"the first purchase is {first.trade_no} on {first.exchange}, {when}, {_net(first).en}",
    )
    if first.completed_at not in policy.in_force:
        return ExplanationDraft(_history(what), not_counted=[part_json(first.exchange, first.net_fen, 1, NOT_IN_FORCE)])
    terms = policy.first_purchase
    steps = [
        step_json("base", first.net_fen, f"{what.zh}。", f"{sentence(what.en)}."),
        *rate_steps(first.net_fen, terms.rate, terms.cap_fen),
    ]
    return ExplanationDraft(
        Texts(f"{what.zh}。", f"{sentence(what.en)}."), steps, counted=[part_json(first.exchange, first.net_fen, 1)]
    )


def _net(first: Purchased) -> Texts:
    if first.refunded_fen == 0:
        return Texts(f"金额 {money(first.amount_fen)} 元", f"{money(first.amount_fen)} yuan")
    return Texts(
        f"金额 {money(first.amount_fen)} 元减退款 {money(first.refunded_fen)} 元，净额 {money(first.net_fen)} 元",
        f"{money(first.amount_fen)} yuan less {money(first.refunded_fen)} refunded, {money(first.net_fen)} net",
    )


# --- (四) 3 ----------------------------------------------------------------------------------------------------


def _annual(award: ExplainedAward, facts: SubjectFacts, policy: Policy, _: Visible) -> ExplanationDraft:
    terms = policy.annual_listed_trading
    counted, not_counted = annual_parts(award.year, facts, policy)
    base_fen = sum(part[1] for part in counted)
    trades = sum(part[2] for part in counted)
    account = ExplanationDraft(
        Texts(
            f"{award.year} 年计入的挂牌交易 {trades} 笔，合计 {money(base_fen)} 元，"
            f"门槛 {money(terms.at_least_fen)} 元。",
            f"Listed trades that count in {award.year}: {trades}, {money(base_fen)} yuan in all; "
            f"the threshold is {money(terms.at_least_fen)} yuan.",
        ),
        counted=[part_json(*part) for part in counted],
        not_counted=[part_json(*part) for part in not_counted],
    )
    account.steps.append(step_json("base", base_fen, account.reason.zh, account.reason.en))
    if base_fen >= terms.at_least_fen:
        account.steps += rate_steps(base_fen, terms.rate, terms.cap_fen)
    else:
        account.next = next_threshold(terms.at_least_fen, terms.at_least_fen - base_fen)
    return account


def annual_parts(
    year: int, facts: SubjectFacts, policy: Policy
) -> tuple[list[tuple[str, int, int]], list[tuple[str, int, int, str]]]:
    """A provider's year by exchange: (exchange, amount_fen, trades) that counts in force, and what does not and why."""
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


# --- (六) 2 ----------------------------------------------------------------------------------------------------


def _tiers(award: ExplainedAward, facts: ExchangeFacts, policy: Policy) -> ExplanationDraft:
    exchange = award.exchange or award.award_id.split("/")[1]
    years = tier_years(exchange, facts.totals, facts.exchanges, policy, policy.in_force)
    state = next((year for year in years if year.year == award.year), None)
    if state is None:
        return ExplanationDraft(Texts(f"{award.year} 年没有计入的交易。", f"No trade counts in {award.year}."))
    parts = split_by_period(merge_totals(facts.totals[award.year]), policy.in_force)
    account = ExplanationDraft(
        _tier_reason(state),
        counted=[part_json(exchange, state.base_fen, parts.before_trades + parts.within_trades)],
        not_counted=[part_json(exchange, parts.after_fen, parts.after_trades, NOT_IN_FORCE)]
        if parts.after_trades
        else [],
        steps=_tier_steps(state),
    )
    tier = next_tier(state, policy)
    if tier is not None:
        account.next = next_threshold(tier.over_fen, missing_over(tier, state.base_fen))
    return account


def _tier_reason(state: TierYear) -> Texts:
    before = Texts("", "")
    if state.before_fen:
        before = Texts(
            f"（其中政策施行前 {money(state.before_fen)} 元）",
            f" ({money(state.before_fen)} of it before the policy)",
        )
    total = Texts(
        f"{state.year} 年完成交易累计 {money(state.base_fen)} 元{before.zh}。",
        f"Completed trades of {state.year} total {money(state.base_fen)} yuan{before.en}.",
    )
    if state.tier is None:
        return Texts(
            f"{total.zh}没有档次在政策有效期内首次越过{_passed(state).zh}。",
            f"{total.en} No step was passed for the first time while the policy is in force{_passed(state).en}.",
        )
    step = Texts(
        f"{total.zh}首次超过 {money(state.tier.over_fen)} 元。",
        f"{total.en} That is over {money(state.tier.over_fen)} yuan for the first time.",
    )
    if state.subject is None:
        return Texts(
            f"{step.zh}年末没有在册的运营主体，无人获奖。",
            f"{step.en} No operator is on the whitelist on the year's last day, so nobody earns.",
        )
    return step


def _passed(state: TierYear) -> Texts:
    if state.passed_fen == 0:
        return Texts("", "")
    return Texts(
        f"（此前年度最高 {money(state.passed_fen)} 元）", f" (an earlier year had {money(state.passed_fen)} yuan)"
    )


def _tier_steps(state: TierYear) -> list[Json]:
    reason = _tier_reason(state)
    steps = [step_json("base", state.base_fen, reason.zh, reason.en)]
    if state.tier is None or state.subject is None:
        return steps
    amount_fen = state.tier.amount_fen
    steps.append(
        step_json(
            "cap",
            amount_fen,
            f"该档至多 {money(amount_fen)} 元。",
            f"The step is worth at most {money(amount_fen)} yuan.",
        )
    )
    steps.append(
        step_json(
            "difference",
            state.ceiling_fen,
            f"晋级补差：减去该交易场所按本政策已得的 {money(state.earned_before_fen)} 元，"
            f"得 {money(state.ceiling_fen)} 元。",
            f"Less the {money(state.earned_before_fen)} yuan that this exchange earned before under this policy: "
            f"{money(state.ceiling_fen)} yuan.",
        )
    )
    return steps


def next_tier(state: TierYear, policy: Policy) -> Tier | None:
    """The lowest tier that is not passed yet, in this year or an earlier one; None when all are."""
    passed_fen = max(state.passed_fen, state.base_fen)
    return next((tier for tier in policy.exchange_tiers.tiers if tier.over_fen >= passed_fen), None)


def missing_over(tier: Tier, total_fen: int) -> int:
    """What a total lacks to be *over* a tier's threshold: a fen more than to equal it; 0 when it is over."""
    return max(0, tier.over_fen - total_fen + 1)


# --- what all have in common -----------------------------------------------------------------------------------


def _suppression(award: ExplainedAward, policy: Policy) -> list[Json]:
    """就高不重复: what a suppressed award lost against, or what the award prevailed over."""
    if award.ceiling_fen == 0:
        return []
    ceilings = {award_id: fen for award_id, fen in award.rivals if award_id != award.award_id and fen > 0}
    if award.suppressed_by is not None:
        rival_fen = ceilings.get(award.suppressed_by)
        amount = (
            Texts("", "") if rival_fen is None else Texts(f"（{money(rival_fen)} 元）", f" ({money(rival_fen)} yuan)")
        )
        rival = _name(award.suppressed_by, policy)
        equal = rival_fen == award.ceiling_fen
        zh = "金额相等而排序在前" if equal else "更高"
        en = "is equal and comes first" if equal else "is higher"
        return [
            step_json(
                "suppression",
                award.payable_fen,
                f"就高不重复：同一主体同一年度的{rival.zh}{amount.zh}{zh}，本项不兑现。",
                f"Only the highest reward of a subject and year is payable: {rival.en}{amount.en} {en}.",
            )
        ]
    if not ceilings:
        return []
    others = [_name(award_id, policy) for award_id in sorted(ceilings)]
    return [
        step_json(
            "suppression",
            award.payable_fen,
            f"就高不重复：本项为同一主体同一年度最高，{'、'.join(other.zh for other in others)}不兑现。",
            "Only the highest reward of a subject and year is payable: this one,"
            f" not {', '.join(other.en for other in others)}.",
        )
    ]


def _name(award_id: str, policy: Policy) -> Texts:
    """What people call another award of the same subject and year; tiers say of which exchange,
    declared ones of which matter.
    """
    rule, *whose = award_id.split("/")
    if rule == OTHER_GRANT:
        return Texts("市级其他政策的奖补", "a grant under another municipal policy")
    terms = policy.terms(rule)
    of = f" {whose[0]}" if rule == "exchange_tiers" else f" {whose[-1]}" if isinstance(terms, DeclaredTerms) else ""
    return Texts(f"{terms.name.zh}{of}", f"{terms.name.en}{of}")


def _head(award: ExplainedAward, policy: Policy) -> Texts:
    terms = policy.terms(award.rule)
    return Texts(f"{terms.article} {terms.name.zh}：", f"{terms.article}, {terms.name.en}:")


def _partial_text(award: ExplainedAward, policy: Policy) -> Json:
    head = _head(award, policy)
    return texts_json(
        f"{head.zh}本项还涉及其他交易场所的数据，金额不在此显示。",
        f"{head.en} other exchanges' documents take part too, so amounts are not shown here.",
    )


def _text(award: ExplainedAward, account: ExplanationDraft, policy: Policy, suppression: Sequence[Json]) -> Json:
    head = _head(award, policy)
    zh, en = [f"{head.zh}{account.reason.zh}"], [f"{head.en} {account.reason.en}"]
    for step in [*account.steps[1:], *suppression]:
        zh.append(step["text"]["zh"])
        en.append(step["text"]["en"])
    # A listing that does not count is told by the reason itself: it has no trades to sum.
    for part in (part for part in account.not_counted if part["trades"]):
        label, amount = reason_label(part["reason"]), grouped(part["amount"])
        zh.append(f"{part['exchange']} 有 {part['trades']} 笔共 {amount} 元未计入：{label.zh}。")
        en.append(f"Not counted on {part['exchange']}: {trade_count(part['trades'])}, {amount} yuan ({label.en}).")
    if account.next is not None:
        threshold, missing = grouped(account.next["threshold"]), grouped(account.next["missing"])
        zh.append(f"距下一门槛 {threshold} 元还差 {missing} 元。")
        en.append(f"The next threshold is {threshold} yuan; {missing} yuan are missing.")
    if LAST_DAY in award.flags:
        zh.append("若有效期不含末日，本项会不同（G1 的另一种读法）。")
        en.append("If the policy's last day did not count (the other reading of G1), this award would differ.")
    if award.revised is not None:
        revised = _revised(award.revised)
        zh.append(revised.zh)
        en.append(revised.en)
    zh.append(f"测算上限 {money(award.ceiling_fen)} 元，可兑现 {money(award.payable_fen)} 元。")
    en.append(f"Ceiling {money(award.ceiling_fen)} yuan, payable {money(award.payable_fen)} yuan.")
    return texts_json("".join(zh), " ".join(en))


def _revised(revised: RevisionChange) -> Texts:
    """What a new revision of the policy file changed."""
    day, number = revised.since.astimezone(SHANGHAI).strftime("%Y-%m-%d"), revised.revision
    before, after = money(revised.before_fen), money(revised.after_fen)
    if before == after:
        return Texts(
            f"{day} 起按政策文件第 {number} 版计算，上限未因此改变。",
            f"Since {day} by revision {number} of the policy file, which changed nothing of it.",
        )
    return Texts(
        f"{day} 起按政策文件第 {number} 版计算，上限因此由 {before} 元变为 {after} 元。",
        f"Since {day} by revision {number} of the policy file, by which {before} yuan became {after} yuan.",
    )


def reason_label(reason: str) -> Texts:
    """A reason for people; one that this version does not know stands for itself."""
    return REASONS.get(reason, Texts(reason, reason))


def _history(what: Texts) -> Texts:
    return Texts(
        f"{what.zh}；不在政策有效期内，不奖励，但已用去“首次”。",
        f"{sentence(what.en)}; it is outside the policy's time in force: it earns nothing, and still was the first.",
    )


def _elsewhere() -> ExplanationDraft:
    return ExplanationDraft(
        Texts("首次由其他交易场所的记录决定。", "The first is a document of an exchange that you cannot see.")
    )


def _evidence(evidence: Sequence[EvidenceItem], visible: Visible) -> list[Json]:
    shown = []
    for one in evidence:
        exchanges = [exchange for exchange in one.exchanges if is_visible(exchange, visible)]
        if exchanges or visible is None:
            ref = one.ref
            shown.append({"fact": ref.fact, "generation": ref.generation, "seq": ref.seq, "exchanges": exchanges})
    return shown
