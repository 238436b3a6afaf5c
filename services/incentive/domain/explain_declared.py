"""Why a declared reward is what it is: what was declared, what that is worth, what came before, which limit. Pure."""

from collections.abc import Sequence
from typing import Final

from services.incentive.domain.declared_rules import WHY_NOTHING, DeclaredOutcome, declared_outcomes
from services.incentive.domain.explain_format import (
    ExplanationDraft,
    Json,
    money,
    next_threshold,
    percent,
    sentence,
    step_json,
)
from services.incentive.domain.facts import Declaration
from services.incentive.policy.terms import AtRate, DeclaredTerms, Grades, Policy, RewardLimit, Steps, Texts
from shared.values.money import parse_yuan

_GONE: Final = Texts(
    "该项申报已撤回，或政策文件已无此奖项。", "It was taken back, or the policy file has the rule no more."
)
_PER: Final = {
    "subject_year": Texts("同一主体每年", "for each subject and year"),
    "subject": Texts("同一主体累计", "for each subject in all"),
    "item": Texts("同一事项累计", "for each matter in all"),
}


def explain_declared(award_id: str, declared: Sequence[Declaration], policy: Policy) -> ExplanationDraft:
    """What is found out about a declared award; `declared` are all declarations of its subject."""
    found = declared_outcomes(declared, policy, policy.in_force)
    outcome = next((one for one in found if one.declaration.award_id == award_id), None)
    if outcome is None:
        return ExplanationDraft(_GONE)
    what = _declared(outcome)
    reason = Texts(f"{what.zh}。", f"{sentence(what.en)}.")
    if outcome.why is not None:
        why = WHY_NOTHING[outcome.why]
        reason = Texts(
            f"{reason.zh}{why.zh}{_before(outcome).zh}。", f"{reason.en} {sentence(why.en)}{_before(outcome).en}."
        )
    account = ExplanationDraft(reason)
    if outcome.worth.why is None and outcome.why != "not_in_force":
        account.steps = [step_json("base", outcome.worth.base_fen, f"{what.zh}。", f"{sentence(what.en)}.")]
        account.steps += _steps(outcome)
    account.next = next_step(outcome)
    return account


def _declared(outcome: DeclaredOutcome) -> Texts:
    one, terms = outcome.declaration, outcome.terms
    day = one.earned_on.isoformat()
    what = Texts(f"{day} 的 {one.item}", f"{one.item} of {day}")
    if terms.measure is None or terms.measure.name not in one.measure:
        return what
    value = _value(terms, one.measure[terms.measure.name])
    says = terms.measure.says
    return Texts(f"{what.zh}，{says.zh} {value.zh}", f"{what.en}, {says.en}: {value.en}")


def _value(terms: DeclaredTerms, measured: str) -> Texts:
    """A measured value as people read it."""
    if isinstance(terms.amount, Grades):
        return next((grade.says for grade in terms.amount.grades if grade.grade == measured), Texts(measured, measured))
    if isinstance(terms.amount, Steps | AtRate):
        try:
            yuan = money(parse_yuan(measured))
        except ValueError:
            return Texts(measured, measured)
        return Texts(f"{yuan} 元", f"{yuan} yuan")
    return Texts(measured, measured)


def _before(outcome: DeclaredOutcome) -> Texts:
    others = ", ".join(f"{one.item} ({one.earned_on.isoformat()})" for one in outcome.before)
    return Texts(f"：{others}", f": {others}") if others else Texts("", "")


def _steps(outcome: DeclaredOutcome) -> list[Json]:
    """From what it is worth to its ceiling."""
    terms, amount_fen = outcome.terms, outcome.worth.amount_fen
    steps = []
    if isinstance(terms.amount, AtRate):
        base, rate = money(outcome.worth.base_fen), percent(terms.amount.rate)
        steps.append(
            step_json(
                "rate",
                amount_fen,
                f"{base} 元 × {rate}，舍去不足一分的部分，得 {money(amount_fen)} 元。",
                f"{base} yuan x {rate}, down to the fen: {money(amount_fen)} yuan.",
            )
        )
    else:
        amount = money(amount_fen)
        steps.append(step_json("cap", amount_fen, f"对应金额 {amount} 元。", f"That is worth {amount} yuan."))
    if outcome.deducted_fen:
        due_fen = max(0, amount_fen - outcome.deducted_fen)
        steps.append(
            step_json(
                "difference",
                due_fen,
                f"晋级补差：减去按本政策已得的 {money(outcome.deducted_fen)} 元，得 {money(due_fen)} 元。",
                f"Less the {money(outcome.deducted_fen)} yuan earned before under this policy: {money(due_fen)} yuan.",
            )
        )
    if outcome.limit is not None:
        steps.append(_limit_step(outcome, outcome.limit))
    return steps


def _limit_step(outcome: DeclaredOutcome, limit: RewardLimit) -> Json:
    per, most, left = _PER[limit.per], money(limit.most_fen), money(outcome.left_fen)
    ceiling_fen = outcome.ceiling_fen
    return step_json(
        "cap",
        ceiling_fen,
        f"{limit.says.zh}{per.zh}至多 {most} 元，尚余 {left} 元，得 {money(ceiling_fen)} 元。",
        f"{sentence(limit.says.en)}, {per.en}, at most {most} yuan; {left} are left: {money(ceiling_fen)} yuan.",
    )


def next_step(outcome: DeclaredOutcome) -> Json | None:
    """The next higher step of what is measured; None where there is none, or nothing is measured in steps."""
    if not isinstance(outcome.terms.amount, Steps) or outcome.worth.why == "not_measured":
        return None
    base_fen = outcome.worth.base_fen
    higher = (step.at_least_fen for step in outcome.terms.amount.steps if step.at_least_fen > base_fen)
    threshold_fen = next(higher, None)
    return None if threshold_fen is None else next_threshold(threshold_fen, threshold_fen - base_fen)
