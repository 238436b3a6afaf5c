"""Explanations of declared rewards: what was declared, its amount, what came before it, which limit applies. Pure."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from services.incentive.domain.declared_rules import WHY_NOTHING, DeclaredOutcome, declared_outcomes
from services.incentive.domain.explanations.wording import (
    NO_TEXT,
    ExplanationDraft,
    capitalized,
    difference_step,
    money,
    next_threshold,
    percent,
    sentence,
    step_json,
)
from services.incentive.domain.facts import Declaration
from services.incentive.policy.terms import AtRate, DeclaredTerms, Grades, Policy, RewardLimit, Steps, Texts
from shared.values.json_types import Json
from shared.values.money import parse_yuan

_GONE: Final = Texts(
    "该项申报已撤回，或政策文件已无此奖项。", "It was withdrawn, or the policy file no longer has the rule."
)
_PER: Final = {
    "subject_year": Texts("同一主体每年", "for each subject and year"),
    "subject": Texts("同一主体累计", "for each subject in total"),
    "item": Texts("同一事项累计", "for each item in total"),
}


def explain_declared(award_id: str, declared: Sequence[Declaration], policy: Policy) -> ExplanationDraft:
    """Explain a declared award, given all declarations of its subject."""
    found = declared_outcomes(declared, policy, policy.in_force)
    outcome = next((one for one in found if one.declaration.award_id == award_id), None)
    if outcome is None:
        return ExplanationDraft(_GONE)
    what = reason = sentence(_declared(outcome))
    if outcome.why is not None:
        why, before = WHY_NOTHING[outcome.why], _before(outcome)
        reason = what + Texts(f"{why.zh}{before.zh}。", f" {capitalized(why.en)}{before.en}.")
    draft = ExplanationDraft(reason)
    if outcome.worth.why is None and outcome.why != "not_in_force":
        draft.steps = [step_json("base", outcome.worth.base_fen, what), *_steps(outcome)]
    if (step_fen := next_step(outcome)) is not None:
        draft.next = next_threshold(step_fen, step_fen - outcome.worth.base_fen)
    return draft


def _declared(outcome: DeclaredOutcome) -> Texts:
    one, terms = outcome.declaration, outcome.terms
    day = one.earned_on.isoformat()
    what = Texts(f"{day} 的 {one.item}", f"{one.item} of {day}")
    if terms.measure is None or terms.measure.name not in one.measure:
        return what
    value, says = _value(terms, one.measure[terms.measure.name]), terms.measure.says
    return what + Texts(f"，{says.zh} {value.zh}", f", {says.en}: {value.en}")


def _value(terms: DeclaredTerms, measured: str) -> Texts:
    """A measured value as people read it."""
    if isinstance(terms.amount, Grades):
        return next((grade.says for grade in terms.amount.grades if grade.grade == measured), Texts(measured, measured))
    if isinstance(terms.amount, Steps | AtRate):
        with suppress(ValueError):
            yuan = money(parse_yuan(measured))
            return Texts(f"{yuan} 元", f"{yuan} yuan")
    return Texts(measured, measured)


def _before(outcome: DeclaredOutcome) -> Texts:
    others = ", ".join(f"{one.item} ({one.earned_on.isoformat()})" for one in outcome.before)
    return Texts(f"：{others}", f": {others}") if others else NO_TEXT


def _steps(outcome: DeclaredOutcome) -> list[Json]:
    """From the declaration's amount to its ceiling."""
    terms, amount_fen, amount = outcome.terms, outcome.worth.amount_fen, money(outcome.worth.amount_fen)
    if isinstance(terms.amount, AtRate):
        base, rate = money(outcome.worth.base_fen), percent(terms.amount.rate)
        text = Texts(
            f"{base} 元 × {rate}，舍去不足一分的部分，得 {amount} 元。",
            f"{base} yuan x {rate}, rounded down to the fen: {amount} yuan.",
        )
        steps = [step_json("rate", amount_fen, text)]
    else:
        text = Texts(f"对应金额 {amount} 元。", f"This is worth {amount} yuan.")
        steps = [step_json("cap", amount_fen, text)]
    if outcome.deducted_fen:
        due_fen, deducted = max(0, amount_fen - outcome.deducted_fen), money(outcome.deducted_fen)
        less = Texts(f"按本政策已得的 {deducted} 元", f"the {deducted} yuan already earned under this policy")
        steps.append(difference_step(due_fen, less))
    if outcome.limit is not None:
        steps.append(_limit_step(outcome, outcome.limit))
    return steps


def _limit_step(outcome: DeclaredOutcome, limit: RewardLimit) -> Json:
    per, most, left = _PER[limit.per], money(limit.most_fen), money(outcome.left_fen)
    ceiling = money(outcome.ceiling_fen)
    text = Texts(
        f"{limit.says.zh}{per.zh}至多 {most} 元，尚余 {left} 元，得 {ceiling} 元。",
        f"{capitalized(limit.says.en)}, {per.en}, at most {most} yuan; {left} are left: {ceiling} yuan.",
    )
    return step_json("cap", outcome.ceiling_fen, text)


def next_step(outcome: DeclaredOutcome) -> int | None:
    """The next higher step of the measured sum, in fen; None if there is none, or the amount has no steps."""
    if not isinstance(outcome.terms.amount, Steps) or outcome.worth.why == "not_measured":
        return None
    higher = (step.at_least_fen for step in outcome.terms.amount.steps if step.at_least_fen > outcome.worth.base_fen)
    return next(higher, None)
