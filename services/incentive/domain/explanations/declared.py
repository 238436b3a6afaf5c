"""Explanations of declared rewards: declaration, amount, earlier declarations, and the limit that applies. Pure."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from services.incentive.domain.declared_rules import WHY_NOTHING, DeclaredOutcome, declared_outcomes
from services.incentive.domain.explanations.wording import (
    NO_TEXT,
    ExplanationDraft,
    capitalized,
    date_text,
    difference_step,
    joined,
    limit_text,
    next_threshold,
    percent,
    phrase,
    sentence,
    step_json,
    yuan,
)
from services.incentive.domain.facts import Declaration
from services.incentive.domain.rounding import ROUNDING_TEXTS
from services.incentive.policy.terms import AtRate, DeclaredTerms, Fixed, Grades, Policy, RewardLimit, Steps, Texts
from shared.values.json_types import Json
from shared.values.money import parse_yuan

_GONE: Final = Texts(
    "该项申报已撤回，或政策文件已无此奖项。", "It was withdrawn, or the policy file no longer has the rule."
)


def explain_declared(award_id: str, declared: Sequence[Declaration], policy: Policy) -> ExplanationDraft:
    """Explain a declared award, given all declarations of its subject and those that share items with it."""
    found = declared_outcomes(declared, policy, policy.in_force)
    outcome = next((one for one in found if one.declaration.award_id == award_id), None)
    return ExplanationDraft(_GONE) if outcome is None else explain_outcome(outcome, policy)


def explain_outcome(outcome: DeclaredOutcome, policy: Policy) -> ExplanationDraft:
    """Explain the outcome of one declaration."""
    what = reason = sentence(_declared(outcome))
    if outcome.why is not None:
        why, more = WHY_NOTHING[outcome.why], _least_or_most(outcome) + _before(outcome)
        reason = what + Texts(f"{why.zh}{more.zh}。", f" {capitalized(why.en)}{more.en}.")
    draft = ExplanationDraft(reason)
    if outcome.worth.why is None and outcome.why != "not_in_force":
        draft.steps = [step_json("base", outcome.worth.base_fen, what), *_steps(outcome, policy)]
    if (step_fen := next_step(outcome)) is not None:
        draft.next = next_threshold(step_fen, step_fen - outcome.worth.base_fen)
    return draft


def declaration_text(one: Declaration, subject: str | None = None) -> Texts:
    """A declaration by its item and day, and by who it is of unless that is `subject`.

    A party without a name is one whom the reader may not know.
    """
    if subject not in (None, one.party.subject) and not one.party.name:
        return phrase(
            "其他主体的事项{item}（{day}取得）",
            "{item} of {day} by another subject",
            item=one.item,
            day=date_text(one.earned_on),
        )
    if subject not in (None, one.party.subject):
        return phrase(
            "{name}（{id}）的事项{item}（{day}取得）",
            "{item} of {day} by {id}",
            name=one.party.name,
            id=one.party.id,
            item=one.item,
            day=date_text(one.earned_on),
        )
    return phrase("事项{item}（{day}取得）", "{item} of {day}", item=one.item, day=date_text(one.earned_on))


def _declared(outcome: DeclaredOutcome) -> Texts:
    one, terms = outcome.declaration, outcome.terms
    what = declaration_text(one)
    if terms.measure is None or terms.measure.name not in one.measure:
        return what
    value, says = _value(terms, one.measure[terms.measure.name]), terms.measure.says
    return phrase("{what}，{says}：{value}", "{what}, {says}: {value}", what=what, says=says, value=value)


def _value(terms: DeclaredTerms, measured: str) -> Texts:
    """A measured value with its unit, or a grade by its label."""
    if isinstance(terms.amount, Grades):
        return next((grade.says for grade in terms.amount.grades if grade.grade == measured), Texts(measured, measured))
    if isinstance(terms.amount, Steps | AtRate):
        with suppress(ValueError):
            return yuan(parse_yuan(measured))
    return Texts(measured, measured)


def _least_or_most(outcome: DeclaredOutcome) -> Texts:
    """The value of the policy that a measure is above, or the minimum that an amount is below."""
    amount = outcome.terms.amount
    if outcome.why == "over_at_most" and isinstance(amount, Fixed) and amount.at_most is not None:
        return phrase("{most}", " of {most}", most=f"{amount.at_most:f}")
    if outcome.why == "below_minimum" and isinstance(amount, AtRate) and amount.at_least_fen is not None:
        return phrase("{least}", " of {least}", least=yuan(amount.at_least_fen))
    return NO_TEXT


def _before(outcome: DeclaredOutcome) -> Texts:
    if not outcome.before:
        return NO_TEXT
    subject = outcome.declaration.party.subject
    others = joined(declaration_text(one, subject) for one in outcome.before)
    return phrase("：{others}", ": {others}", others=others)


def _steps(outcome: DeclaredOutcome, policy: Policy) -> list[Json]:
    """The steps from the declaration's amount to its ceiling."""
    terms, amount_fen = outcome.terms, outcome.worth.amount_fen
    amount = yuan(amount_fen)
    if isinstance(terms.amount, AtRate):
        text = phrase(
            "{base}×{rate}，{how}，得{amount}。",
            "{base} x {rate}, {how}: {amount}.",
            base=yuan(outcome.worth.base_fen),
            rate=percent(terms.amount.rate),
            how=ROUNDING_TEXTS[policy.rounding],
            amount=amount,
        )
        steps = [step_json("rate", amount_fen, text)]
    else:
        text = phrase("对应金额{amount}。", "This is worth {amount}.", amount=amount)
        steps = [step_json("cap", amount_fen, text)]
    if outcome.deducted_fen:
        earlier = phrase(
            "此前各档按本政策的测算上限{deducted}",
            "the ceilings of {deducted} of earlier steps under this policy",
            deducted=yuan(outcome.deducted_fen),
        )
        steps.append(difference_step(max(0, amount_fen - outcome.deducted_fen), earlier))
    if outcome.history_fen:
        earlier = phrase(
            "政策施行前已达到的档次对应的{history}",
            "the {history} of the step reached before the policy",
            history=yuan(outcome.history_fen),
        )
        left_fen = max(0, amount_fen - outcome.deducted_fen - outcome.history_fen)
        steps.append(difference_step(left_fen, earlier))
    if outcome.had_fen and terms.item is not None:
        steps.append(_item_step(outcome, terms.item))
    if outcome.declaration.assessed_fen is not None:
        steps.append(_assessed_step(outcome.due_fen, outcome.declaration.assessed_fen))
    if outcome.limit is not None:
        steps.append(_limit_step(outcome, outcome.limit))
    return steps


def _assessed_step(due_fen: int, assessed_fen: int) -> Json:
    """The step to the amount that the bureau assessed, if that is the lesser."""
    left_fen = min(due_fen, assessed_fen)
    text = phrase(
        "评定金额{assessed}，取其低者，得{left}。",
        "The bureau assessed {assessed}; the lesser counts: {left}.",
        assessed=yuan(assessed_fen),
        left=yuan(left_fen),
    )
    return step_json("cap", left_fen, text)


def _item_step(outcome: DeclaredOutcome, item: Texts) -> Json:
    """The step from an item's amount to what other subjects left of it."""
    left_fen = max(0, outcome.worth.amount_fen - outcome.had_fen)
    subject = outcome.declaration.party.subject
    text = phrase(
        "该{item}的金额不论由哪个主体申报只计一次，在先的{others}测算上限{had}，余{left}。",
        "The amount is the {item}'s, whoever declares it: {others} came before with {had}, so {left} are left.",
        item=item,
        others=joined(declaration_text(one, subject) for one in outcome.before if one.party.subject != subject),
        had=yuan(outcome.had_fen),
        left=yuan(left_fen),
    )
    return step_json("item", left_fen, text)


def _limit_step(outcome: DeclaredOutcome, limit: RewardLimit) -> Json:
    name = limit_text(limit)
    text = phrase(
        "{limit}，尚余{left}，得{ceiling}。",
        "{limit}; {left} are left: {ceiling}.",
        limit=Texts(name.zh, capitalized(name.en)),
        left=yuan(outcome.left_fen),
        ceiling=yuan(outcome.ceiling_fen),
    )
    return step_json("item" if limit.per == "item" else "limit", outcome.ceiling_fen, text)


def next_step(outcome: DeclaredOutcome) -> int | None:
    """The next higher step of the measured sum, in fen; None if there is none, or the amount has no steps."""
    if not isinstance(outcome.terms.amount, Steps) or outcome.worth.why == "not_measured":
        return None
    higher = (step.at_least_fen for step in outcome.terms.amount.steps if step.at_least_fen > outcome.worth.base_fen)
    return next(higher, None)
