"""Explanations of a payable: why it is less than the ceiling, and which awards it suppresses. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from services.incentive.domain.awards import Award
from services.incentive.domain.explanations.wording import (
    NO_TEXT,
    difference_step,
    joined,
    limit_text,
    phrase,
    step_json,
    yuan,
)
from services.incentive.domain.payables.other_grants import OTHER_GRANT
from services.incentive.domain.workflow import Aside
from services.incentive.policy.terms import DeclaredTerms, Policy, ScopeReading, StepsReading, Texts
from shared.values.json_types import Json

_LADDER: Final = Texts(
    "同一运营主体的晋级奖励合计不超过已达到的最高一档", "An operator's tiers stay within the highest that it reached"
)
SetAside = Aside | Literal["suspended"]
_ASIDE: Final[Mapping[SetAside, Texts]] = {
    "rejected": Texts("本项未予通过", "This reward was rejected"),
    "returned": Texts("本项已撤销核定或全部追缴", "This reward was revoked or returned"),
    "waived": Texts("主体已放弃本项", "The subject gave up this reward"),
    "refused": Texts("本项增加的部分未予通过", "The rise of this reward was refused"),
    "suspended": Texts("本项所依条款暂停执行", "The rule of this reward is suspended"),
}
_OTHER_GRANT: Final = Texts("市级其他政策的奖补", "a grant under another municipal policy")


_AMONG: Final[Mapping[ScopeReading, Texts]] = {
    "year": Texts("同一主体同一年度的", "in the same subject and year"),
    "whole_life": Texts("同一主体各年度的", "of the same subject in any year"),
}


# The deduction from the payable of a step (G12), if its ceiling is not a difference already.
_EARLIER_STEPS: Final[Mapping[StepsReading, Texts]] = {
    "payables": Texts("其他各档可兑现的金额", "what is payable of other steps"),
    "approved": Texts("其他各档已核定未追缴的金额", "what is approved and not returned of other steps"),
}


class Rival(NamedTuple):
    """Another award or grant that is compared with an award; `suppressed_by` is None for a grant."""

    award_id: str
    ceiling_fen: int
    suppressed_by: str | None = None


class DeductedGrant(NamedTuple):
    """A grant under another municipal policy, and how much of it is deducted from the award, in fen."""

    name: str
    document_no: str | None
    fen: int


def payable_steps(
    award: Award,
    rivals: Sequence[Rival],
    policy: Policy,
    *,
    set_aside: SetAside | None = None,
    deducted: Sequence[DeductedGrant] | None = (),
) -> list[Json]:
    """The steps from a ceiling to its payable; none if both are equal and nothing is suppressed.

    `set_aside` is why the award is payable up to the approved amount at most (G6); None if it is not. `deducted` are
    other grants; None if the reader may see none of them.
    """
    if award.ceiling_fen == 0:
        return []
    if deducted:
        before_fen = award.payable_fen + sum(grant.fen for grant in deducted)
        limited = msgspec.structs.replace(award, payable_fen=before_fen, suppressed_by=None)
        steps = [_reduced(limited, policy, set_aside=set_aside)] if before_fen < award.ceiling_fen else []
        return [*steps, _less_grants(award.payable_fen, deducted)]
    if award.suppressed_by is not None:
        return [_suppressed(award, award.suppressed_by, rivals, policy)]
    if award.payable_fen < award.ceiling_fen:
        if deducted is None and set_aside is None:
            return [_reduced_unseen(award, policy)]
        return [_reduced(award, policy, set_aside=set_aside)]
    step = _suppresses(award, rivals, policy)
    return [] if step is None else [step]


def _suppresses(award: Award, rivals: Sequence[Rival], policy: Policy) -> Json | None:
    """The step of an award that is payable and suppresses others; None if it suppresses none."""
    live = [one for one in rivals if one.ceiling_fen > 0 and one.award_id != award.award_id]
    losers = sorted(one for one in live if one.suppressed_by == award.award_id)
    if not losers:
        return None
    why = Texts("本项较高", "this reward is higher")
    highest_fen = max(one.ceiling_fen for one in losers)
    if _adds_up(award.award_id, rivals, policy) or highest_fen > award.ceiling_fen:
        why = Texts("本项所属的一类合计较高", "rewards of this kind add up to more")
    elif highest_fen == award.ceiling_fen:
        why = Texts("金额相等而本项排序在前", "another reward is equal, and this one comes first")
    text = phrase(
        "就高不重复：{why}，{among}{others}不予兑现。",
        "Highest only: {why}, so these are not payable {among}: {others}.",
        why=why,
        among=_AMONG[policy.highest_only_scope],
        others=joined(_name(one.award_id, policy) for one in losers),
    )
    return step_json("suppression", award.payable_fen, text)


def _adds_up(award_id: str, rivals: Sequence[Rival], policy: Policy) -> bool:
    """Return True if other awards of the same kind are payable beside an award, so that their sum is compared."""
    kind = policy.kind_of(_rule(award_id))
    return policy.highest_only == "kinds_compete" and any(
        one.award_id != award_id
        and one.ceiling_fen > 0
        and one.suppressed_by is None
        and _rule(one.award_id) != OTHER_GRANT
        and policy.kind_of(_rule(one.award_id)) == kind
        for one in rivals
    )


def _rule(award_id: str) -> str:
    return award_id.partition("/")[0]


def _reduced(award: Award, policy: Policy, *, set_aside: SetAside | None) -> Json:
    """The step to a payable that is set aside, cut to a limit over several items, or reduced by a grant."""
    left, limits = yuan(award.payable_fen), policy.payable_limits(award.rule)
    if set_aside is not None:
        zh, en = ("{why}，不予兑现。", "{why}, so nothing is payable.")
        if award.payable_fen:
            zh, en = "{why}，可兑现的只有已核定未追缴的{left}。", "{why}: payable is what stands approved, {left}."
        return step_json("limit", award.payable_fen, phrase(zh, en, why=_ASIDE[set_aside], left=left))
    if award.rule in policy.step_rules and (earlier := _EARLIER_STEPS.get(policy.steps)) is not None:
        return difference_step(award.payable_fen, earlier)
    if award.rule == policy.exchange_tiers.rule:
        return step_json(
            "limit",
            award.payable_fen,
            phrase(_LADDER.zh + "，余{left}。", _LADDER.en + "; {left} are left.", left=left),
        )
    if not limits:
        text = phrase("扣减市级其他政策的奖补后余{left}。", "Less other municipal grants, {left} are left.", left=left)
        return step_json("grant", award.payable_fen, text)
    names = joined(map(limit_text, limits))
    text = phrase("限额：{names}，余{left}。", "Limits: {names}; {left} are left.", names=names, left=left)
    return step_json("limit", award.payable_fen, text)


def _reduced_unseen(award: Award, policy: Policy) -> Json:
    """The step to a payable for a reader who sees the whole award and no grants of other policies.

    An exchange does not see the payable of an award that a ladder over several exchanges reduces.
    """
    left = yuan(award.payable_fen)
    if award.rule in policy.step_rules and (earlier := _EARLIER_STEPS.get(policy.steps)) is not None:
        return difference_step(award.payable_fen, earlier)
    if policy.payable_limits(award.rule):
        text = phrase(
            "受限额或市级其他政策的奖补影响，余{left}。",
            "Within limits and less other grants, {left} are left.",
            left=left,
        )
        return step_json("limit", award.payable_fen, text)
    text = phrase("扣减市级其他政策的奖补后余{left}。", "Less other municipal grants, {left} are left.", left=left)
    return step_json("grant", award.payable_fen, text)


def _less_grants(left_fen: int, deducted: Sequence[DeductedGrant]) -> Json:
    """The step in which other grants are deducted. Their names are Chinese and left out in English."""
    named = joined(_grant_text(grant) for grant in deducted)
    if left_fen == 0:
        text = phrase(
            "扣减市级其他政策的奖补：{named}，扣减后无余额。",
            "Nothing is left after other municipal grants ({named}).",
            named=named,
        )
    else:
        text = phrase(
            "扣减市级其他政策的奖补：{named}，余{left}。",
            "Less other municipal grants ({named}), {left} are left.",
            named=named,
            left=yuan(left_fen),
        )
    return step_json("grant", left_fen, text)


def _grant_text(grant: DeductedGrant) -> Texts:
    amount = yuan(grant.fen)
    document = "" if grant.document_no is None else f"（{grant.document_no}）"
    return Texts(f"{grant.name}{document}{amount.zh}", amount.en)


def _suppressed(award: Award, suppressed_by: str, rivals: Sequence[Rival], policy: Policy) -> Json:
    rival_fen = next((one.ceiling_fen for one in rivals if one.award_id == suppressed_by and one.ceiling_fen > 0), None)
    amount = NO_TEXT if rival_fen is None else yuan(rival_fen)
    why = Texts("更高", "is higher")
    rule = _rule(suppressed_by)
    if rule == award.rule == policy.exchange_tiers.rule and policy.highest_only != "all_compete":
        text = phrase(
            _LADDER.zh + "，{rival}已用完。",
            _LADDER.en + ", which {rival} used up.",
            rival=_name(suppressed_by, policy),
        )
        return step_json("limit", 0, text)
    if rule == OTHER_GRANT and policy.other_grants != "highest":
        text = phrase(
            "扣减{rival}后无余额。",
            "Nothing is left after {rival}.",
            rival=_name(suppressed_by, policy, amount),
        )
        return step_json("grant", 0, text)
    if _adds_up(suppressed_by, rivals, policy) or (rival_fen is not None and rival_fen < award.ceiling_fen):
        why = Texts("所属的一类合计较高", "is of a kind with a greater sum")
    elif rival_fen == award.ceiling_fen:
        why = Texts("金额相等而排序在前", "is equal and comes first")
    text = phrase(
        "就高不重复：{among}{rival}{why}，本项不予兑现。",
        "Highest only: {rival} {among} {why}, so this reward is not payable.",
        among=_AMONG[policy.highest_only_scope],
        rival=_name(suppressed_by, policy, amount),
        why=why,
    )
    return step_json("suppression", 0, text)


def _name(award_id: str, policy: Policy, amount: Texts = NO_TEXT) -> Texts:
    """The name of another award that is compared, with its exchange (tiers) or item (declared), and an amount."""
    rule, *rest = award_id.split("/")
    details = []
    if rule == OTHER_GRANT:
        name = _OTHER_GRANT
    else:
        terms = policy.terms(rule)
        name = terms.name
        if rule == policy.exchange_tiers.rule:
            details = [phrase("交易场所{exchange}", "{exchange}", exchange=rest[0])]
        elif isinstance(terms, DeclaredTerms):
            details = [phrase("事项{item}", "{item}", item=rest[-1])]
    details += [amount] if amount != NO_TEXT else []
    if not details:
        return name
    return Texts(
        f"{name.zh}（{'，'.join(one.zh for one in details)}）", f"{name.en} ({', '.join(one.en for one in details)})"
    )
