"""Explanations of awards for people, in Chinese and English, from facts and policy (contract, section 4). Pure.

An explanation leaves out what its reader may not see: `visible` are the exchanges whose documents the reader may see
(None: all).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from services.incentive.domain.awards import LAST_DAY, Award, EvidenceItem, rests_on
from services.incentive.domain.event_rules import ExchangeFacts, SubjectFacts
from services.incentive.domain.explanations.declared import explain_declared
from services.incentive.domain.explanations.events import (
    explain_annual,
    explain_first_listing,
    explain_first_purchase,
    explain_tiers,
)
from services.incentive.domain.explanations.wording import (
    NO_TEXT,
    ExplanationDraft,
    Visible,
    day,
    grouped,
    is_visible,
    money,
    reason_label,
    step_json,
)
from services.incentive.domain.highest_only import OTHER_GRANT
from services.incentive.policy.terms import DeclaredTerms, Policy, Texts
from shared.values.json_types import Json

_PARTIAL: Final = Texts(
    "本项还涉及其他交易场所的数据，金额不在此显示。",
    "documents of other exchanges are involved, so amounts are not shown here.",
)
_PAYABLE_HIDDEN: Final = Texts(
    "同一主体另有涉及其他交易场所的奖补，可兑现金额不在此显示。",
    "The subject has another reward that involves documents of other exchanges, so the payable is not shown here.",
)
_WITHOUT_LAST_DAY: Final = Texts(
    "若有效期不含末日，本项会不同（G1 的另一种读法）。",
    "If the policy's last day did not count (the other reading of G1), this award would differ.",
)


class RevisionChange(msgspec.Struct, frozen=True):
    """The effect of the policy file's current revision on an award: its ceiling before and just after, in fen."""

    policy_id: str
    revision: int
    since: datetime
    before_fen: int
    after_fen: int


class ExplainedAward(msgspec.Struct, frozen=True):
    """The award to explain, as its reader sees it.

    `partial`: the reader may not see it wholly (contract, section 4); who sees all of its documents sees its ceiling
    all the same. `rivals` are all awards of its subject and year
    that the reader may see wholly, as (award_id, ceiling_fen), with or without itself. `revised` is None if the award
    was always computed by the current revision.
    """

    award: Award
    partial: bool = False
    rivals: tuple[tuple[str, int], ...] = ()
    revised: RevisionChange | None = None


def explanation(
    one: ExplainedAward, facts: SubjectFacts | ExchangeFacts, policy: Policy, visible: Visible = None
) -> Json:
    """The contract's Explanation of an award, without `transactions`, from the facts that it rests on now.

    `facts` are ExchangeFacts for exchange_tiers, else SubjectFacts.
    """
    award, terms = one.award, policy.terms(one.award.rule)
    draft = _draft(award, facts, policy, visible)
    counted = [part for part in draft.counted if is_visible(part["exchange"], visible)]
    # The facts of an award that a correction took away may name other exchanges by now: their sums stay hidden, too.
    is_documented = rests_on(award.exchanges, visible) and len(counted) == len(draft.counted)
    partial = one.partial or not is_documented
    draft.not_counted = [part for part in draft.not_counted if is_visible(part["exchange"], visible)]
    suppression = [] if partial else _suppression(one, policy)
    text = _text(one, draft, suppression, partial=partial) if is_documented else _PARTIAL
    head = Texts(f"{terms.article} {terms.name.zh}：", f"{terms.article}, {terms.name.en}: ")
    return {
        "award_id": award.award_id,
        "article": terms.article,
        "text": msgspec.structs.asdict(head + text),
        "steps": [*draft.steps, *suppression] if is_documented else [],
        "counted": counted,
        "not_counted": draft.not_counted,
        "suppressed_by": None if partial else award.suppressed_by,
        "next": draft.next if is_documented else None,
        "evidence": _evidence(award.evidence, visible),
    }


def _draft(award: Award, facts: SubjectFacts | ExchangeFacts, policy: Policy, visible: Visible) -> ExplanationDraft:
    if isinstance(facts, ExchangeFacts):
        return explain_tiers(award.exchange or award.award_id.split("/")[1], award.year, facts, policy)
    if award.rule == policy.first_listing.rule:
        return explain_first_listing(facts, policy, visible)
    if award.rule == policy.first_purchase.rule:
        return explain_first_purchase(facts, policy, visible)
    if award.rule == policy.annual_listed_trading.rule:
        return explain_annual(award.year, facts, policy)
    return explain_declared(award.award_id, facts.declared, policy)


def _suppression(one: ExplainedAward, policy: Policy) -> list[Json]:
    """就高不重复: the award that suppresses this one, or those that this one suppresses."""
    award = one.award
    if award.ceiling_fen == 0:
        return []
    ceilings = {award_id: fen for award_id, fen in one.rivals if award_id != award.award_id and fen > 0}
    if award.suppressed_by is not None:
        text = _suppressed(award, award.suppressed_by, ceilings.get(award.suppressed_by), policy)
    elif ceilings:
        others = [_name(award_id, policy) for award_id in sorted(ceilings)]
        text = Texts(
            f"就高不重复：本项为同一主体同一年度最高，{'、'.join(other.zh for other in others)}不予兑现。",
            "Highest only: this is the highest reward of the subject and year, so nothing is payable of "
            f"{', '.join(other.en for other in others)}.",
        )
    else:
        return []
    return [step_json("suppression", award.payable_fen, text)]


def _suppressed(award: Award, suppressed_by: str, rival_fen: int | None, policy: Policy) -> Texts:
    rival, amount = _name(suppressed_by, policy), NO_TEXT
    if rival_fen is not None:
        amount = Texts(f"（{money(rival_fen)} 元）", f" ({money(rival_fen)} yuan)")
    why = Texts("更高", "is higher")
    if rival_fen == award.ceiling_fen:
        why = Texts("金额相等而排序在前", "is equal and comes first")
    return Texts(
        f"就高不重复：同一主体同一年度的{rival.zh}{amount.zh}{why.zh}，本项不予兑现。",
        f"Highest only: nothing is payable, as {rival.en}{amount.en} {why.en} in the same subject and year.",
    )


def _name(award_id: str, policy: Policy) -> Texts:
    """The name of another award of the same subject and year, with its exchange (tiers) or item (declared)."""
    rule, *rest = award_id.split("/")
    if rule == OTHER_GRANT:
        return Texts("市级其他政策的奖补", "a grant under another municipal policy")
    terms = policy.terms(rule)
    of = f" {rest[0]}" if rule == "exchange_tiers" else f" {rest[-1]}" if isinstance(terms, DeclaredTerms) else ""
    return terms.name + Texts(of, of)


def _text(one: ExplainedAward, draft: ExplanationDraft, suppression: Sequence[Json], *, partial: bool) -> Texts:
    texts = [draft.reason, *(Texts(**step["text"]) for step in [*draft.steps[1:], *suppression])]
    # A listing that does not count has no trades to sum; the reason says so already.
    texts += [_not_counted(part) for part in draft.not_counted if part["trades"]]
    if draft.next is not None:
        threshold, missing = grouped(draft.next["threshold"]), grouped(draft.next["missing"])
        en = f"The next threshold is {threshold} yuan; {missing} yuan are missing."
        texts.append(Texts(f"距下一门槛 {threshold} 元还差 {missing} 元。", en))
    if LAST_DAY in one.award.flags:
        texts.append(_WITHOUT_LAST_DAY)
    if one.revised is not None:
        texts.append(_revision(one.revised))
    ceiling, payable = money(one.award.ceiling_fen), money(one.award.payable_fen)
    if partial:
        texts += [Texts(f"测算上限 {ceiling} 元。", f"Ceiling {ceiling} yuan."), _PAYABLE_HIDDEN]
    else:
        en = f"Ceiling {ceiling} yuan, payable {payable} yuan."
        texts.append(Texts(f"测算上限 {ceiling} 元，可兑现 {payable} 元。", en))
    return Texts("".join(text.zh for text in texts), " ".join(text.en for text in texts))


def _not_counted(part: Json) -> Texts:
    label, amount, trades = reason_label(part["reason"]), grouped(part["amount"]), part["trades"]
    count = "1 trade" if trades == 1 else f"{trades} trades"
    return Texts(
        f"{part['exchange']} 有 {trades} 笔共 {amount} 元未计入：{label.zh}。",
        f"Not counted on {part['exchange']}: {count}, {amount} yuan ({label.en}).",
    )


def _revision(revised: RevisionChange) -> Texts:
    since, number = day(revised.since), revised.revision
    before, after = money(revised.before_fen), money(revised.after_fen)
    if before == after:
        return Texts(
            f"{since} 起按政策文件第 {number} 版计算，上限未因此改变。",
            f"Since {since} it is computed by revision {number} of the policy file, which did not change the ceiling.",
        )
    return Texts(
        f"{since} 起按政策文件第 {number} 版计算，上限因此由 {before} 元变为 {after} 元。",
        f"Since {since} it is computed by revision {number} of the policy file, which changed the ceiling from "
        f"{before} to {after} yuan.",
    )


def _evidence(evidence: Sequence[EvidenceItem], visible: Visible) -> list[Json]:
    shown = []
    for one in evidence:
        exchanges = [exchange for exchange in one.exchanges if is_visible(exchange, visible)]
        if exchanges or visible is None:
            shown.append({**msgspec.structs.asdict(one.ref), "exchanges": exchanges})
    return shown
