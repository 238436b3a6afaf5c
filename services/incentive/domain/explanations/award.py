"""Explanations of awards for people, in Chinese and English, from facts and policy (contract, section 4). Pure.

An explanation leaves out what its reader may not see: `visible` are the exchanges whose documents the reader may see
(None: all).
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Final

import msgspec

from services.incentive.domain.awards import LAST_DAY, Award, EvidenceItem, rests_on
from services.incentive.domain.event_rules import ExchangeFacts, SubjectFacts
from services.incentive.domain.explanations.declared import explain_declared
from services.incentive.domain.explanations.events import (
    First,
    explain_annual,
    explain_first_listing,
    explain_first_purchase,
    explain_tiers,
)
from services.incentive.domain.explanations.payable import DeductedGrant, Rival, SetAside, payable_steps
from services.incentive.domain.explanations.wording import (
    ExplanationDraft,
    Visible,
    article_text,
    day_of,
    is_visible,
    phrase,
    reason_label,
    sentences,
    yuan,
    yuan_text,
)
from services.incentive.policy.terms import Policy, Texts
from shared.values.json_types import Json

_PARTIAL: Final = Texts(
    "本项还涉及其他交易场所的数据，金额不在此显示。",
    "Documents of other exchanges are involved, so amounts are not shown here.",
)
_PAYABLE_HIDDEN: Final = Texts(
    "同一主体另有涉及其他交易场所的奖补，可兑现金额不在此显示。",
    "The subject has another reward that involves documents of other exchanges, so the payable is not shown here.",
)
_WITHOUT_LAST_DAY: Final = Texts(
    "若有效期不含末日，本项会不同（G1的另一种读法）。",
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

    `partial`: the reader may not see all of it (contract, section 4), but sees its ceiling if it may see all of its
    documents. `rivals` are those of which the reader may see all, with or without the award itself. `set_aside`: why
    only what is approved is payable. `deducted` are other grants; None: the reader may see none. `revised` is None if
    it was always computed by the current revision. `earlier` are documents that were the subject's first at some time.
    `is_closed`: the year is closed (details 5).
    """

    award: Award
    partial: bool = False
    rivals: tuple[Rival, ...] = ()
    set_aside: SetAside | None = None
    deducted: tuple[DeductedGrant, ...] | None = ()
    revised: RevisionChange | None = None
    earlier: tuple[First, ...] = ()
    is_closed: bool = True


def explanation(
    one: ExplainedAward, facts: SubjectFacts | ExchangeFacts, policy: Policy, visible: Visible = None
) -> Json:
    """The contract's Explanation of an award, without `transactions`, from the facts that it rests on now.

    `facts` are ExchangeFacts for exchange_tiers, else SubjectFacts.
    """
    award = one.award
    draft = _draft(one, facts, policy, visible)
    counted = [part for part in draft.counted if is_visible(part["exchange"], visible)]
    # Facts of an award that is no longer earned may name other exchanges by now: their sums stay hidden, too.
    is_documented = rests_on(award.exchanges, visible) and len(counted) == len(draft.counted)
    partial = one.partial or not is_documented
    draft.not_counted = [part for part in draft.not_counted if is_visible(part["exchange"], visible)]
    suppression = (
        [] if partial else payable_steps(award, one.rivals, policy, set_aside=one.set_aside, deducted=one.deducted)
    )
    text = _text(one, draft, suppression, partial=partial) if is_documented else _PARTIAL
    steps, following = ([*draft.steps, *suppression], draft.next) if is_documented else ([], None)
    return explanation_json(
        award.award_id,
        policy.terms(award.rule).article,
        head_text(award.rule, (award.subject, award.subject_name), award.year, policy) + text,
        msgspec.structs.replace(draft, steps=steps, counted=counted, next=following),
        suppressed_by=None if partial else award.suppressed_by,
        evidence=_evidence(award.evidence, visible),
    )


def explanation_json(
    award_id: str | None,
    article: str,
    text: Texts,
    shown: ExplanationDraft,
    *,
    suppressed_by: str | None = None,
    evidence: Sequence[Json] = (),
) -> Json:
    """The contract's Explanation, without `transactions`; `shown` has only what the reader may see."""
    return {
        "award_id": award_id,
        "article": article,
        "text": msgspec.structs.asdict(text),
        "steps": shown.steps,
        "counted": shown.counted,
        "not_counted": shown.not_counted,
        "suppressed_by": suppressed_by,
        "next": shown.next,
        "evidence": list(evidence),
    }


def head_text(rule: str, subject: tuple[str, str | None], year: int, policy: Policy) -> Texts:
    """The beginning of an explanation: document and article, subject (`<scheme>:<id>` and its name), year.

    Names and the document's number are Chinese and left out in English.
    """
    terms, (party, name) = policy.terms(rule), subject
    code = party.partition(":")[2]
    who = Texts(code if name in (None, code) else f"{name}（{code}）", code)
    return phrase(
        "{document}{article}“{rule}”，{who}，{year}年度：",
        "{article} {rule}, {who}, {year}: ",
        document=policy.document_no,
        article=article_text(terms.article),
        rule=Texts(terms.name.zh.replace("“", "‘").replace("”", "’"), terms.name.en),
        who=who,
        year=year,
    )


def _draft(
    one: ExplainedAward, facts: SubjectFacts | ExchangeFacts, policy: Policy, visible: Visible
) -> ExplanationDraft:
    award = one.award
    if isinstance(facts, ExchangeFacts):
        return explain_tiers(award.exchange or award.award_id.split("/")[1], award.year, facts, policy)
    if award.rule == policy.first_listing.rule:
        return explain_first_listing(facts, policy, visible, one.earlier)
    if award.rule == policy.first_purchase.rule:
        return explain_first_purchase(facts, policy, visible, one.earlier)
    if award.rule == policy.annual_listed_trading.rule:
        return explain_annual(award.year, facts, policy)
    return explain_declared(award.award_id, facts.declared_together, policy)


def _text(one: ExplainedAward, draft: ExplanationDraft, suppression: Sequence[Json], *, partial: bool) -> Texts:
    texts = [draft.reason, *(Texts(**step["text"]) for step in [*draft.steps[draft.in_reason :], *suppression])]
    texts += not_counted_texts(draft)
    if LAST_DAY in one.award.flags:
        texts.append(_WITHOUT_LAST_DAY)
    if one.revised is not None:
        texts.append(_revision(one.revised))
    ceiling, payable = yuan(one.award.ceiling_fen), yuan(one.award.payable_fen)
    if partial:
        texts += [phrase("测算上限{ceiling}。", "Ceiling {ceiling}.", ceiling=ceiling), _PAYABLE_HIDDEN]
    else:
        result = phrase(
            "测算上限{ceiling}，可兑现{payable}。",
            "Ceiling {ceiling}, payable {payable}.",
            ceiling=ceiling,
            payable=payable,
        )
        texts.append(result)
    if not one.is_closed:
        texts.append(provisional_text(one.award.year))
    return sentences(texts)


def provisional_text(year: int) -> Texts:
    """The sentence for a year that is not closed."""
    return phrase("{year}年度尚未结账，以上为暂定。", "The year {year} is open, so this is provisional.", year=year)


def not_counted_texts(draft: ExplanationDraft) -> list[Texts]:
    """A sentence on what does not count of each exchange, and one on the next threshold."""
    # A listing that does not count has no trades to sum; the reason says so already.
    parts = [part for part in draft.not_counted if part["trades"]]
    texts = [_not_counted(exchange, list(some)) for exchange, some in groupby(parts, itemgetter("exchange"))]
    if draft.next is not None:
        following = phrase(
            "距下一门槛{threshold}还差{missing}。",
            "The next threshold is {threshold}; {missing} are missing.",
            threshold=yuan_text(draft.next["threshold"]),
            missing=yuan_text(draft.next["missing"]),
        )
        texts.append(following)
    return texts


def _not_counted(exchange: str, parts: Sequence[Json]) -> Texts:
    sums = [
        phrase(
            "{trades}笔共{amount}，{reason}",
            "{count}, {amount} ({reason})",
            trades=part["trades"],
            count="1 trade" if part["trades"] == 1 else f"{part['trades']} trades",
            amount=yuan_text(part["amount"]),
            reason=reason_label(part["reason"]),
        )
        for part in parts
    ]
    return phrase(
        "交易场所{exchange}未计入（金额已扣除退款）：{sums}。",
        "Not counted on {exchange}, net of refunds: {sums}.",
        exchange=exchange,
        sums=Texts("；".join(one.zh for one in sums), "; ".join(one.en for one in sums)),
    )


def _revision(revised: RevisionChange) -> Texts:
    since, number = day_of(revised.since), revised.revision
    if revised.before_fen == revised.after_fen:
        return phrase(
            "{since}起按政策文件第{number}版计算，上限未因此改变。",
            "Since {since} it is computed by revision {number} of the policy file, which did not change the ceiling.",
            since=since,
            number=number,
        )
    return phrase(
        "{since}起按政策文件第{number}版计算，上限因此由{before}变为{after}。",
        "Since {since} it is computed by revision {number} of the policy file, which changed the ceiling from "
        "{before} to {after}.",
        since=since,
        number=number,
        before=yuan(revised.before_fen),
        after=yuan(revised.after_fen),
    )


def _evidence(evidence: Sequence[EvidenceItem], visible: Visible) -> list[Json]:
    shown = []
    for one in evidence:
        exchanges = [exchange for exchange in one.exchanges if is_visible(exchange, visible)]
        if exchanges or visible is None:
            shown.append({**msgspec.structs.asdict(one.ref), "exchanges": exchanges})
    return shown
