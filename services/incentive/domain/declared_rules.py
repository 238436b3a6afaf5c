"""Declared rewards: the awards that declarations earn (policy file, `declared`). Pure.

Declarations are taken together, in order of the day on which each was earned, then of the rules in the policy file, the
items and the subjects: earlier ones use up one-time rewards, steps and limits of their subject, and what an item brings
to whoever declares it (G11).
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Final, Literal

import msgspec

from services.incentive.domain.awards import Award, EvidenceItem, award_of
from services.incentive.domain.declared_readings import is_beyond_years, step_history
from services.incentive.domain.facts import Declaration
from services.incentive.domain.rounding import rate_of
from services.incentive.domain.step_difference import earned_of_steps
from services.incentive.policy.terms import (
    MEASURE_PATTERN,
    NO_KIND,
    AtRate,
    DeclaredTerms,
    Fixed,
    Grades,
    Interval,
    Policy,
    RewardLimit,
    RoundingReading,
    Steps,
    Texts,
)
from shared.values.money import parse_yuan
from shared.values.parties import Party
from shared.values.times import day_start

Why = Literal[
    "recorded",  # the text names no amount
    "not_in_force",
    "not_measured",  # the measure is not what this policy file asks for
    "over_at_most",
    "below_steps",
    "below_minimum",
    "not_the_first",  # another one was earlier
    "no_higher_step",
    "over_years",
    "limit_used_up",
    "item_used_up",  # by other subjects
]
WHY_NOTHING: Final[Mapping[Why, Texts]] = {
    "recorded": Texts("该条款没有金额，只作记录", "the article names no amount, so it is only recorded"),
    "not_in_force": Texts("不在政策有效期内", "outside the policy period"),
    "not_measured": Texts("计量与政策文件不符", "not the measure that the policy file asks for"),
    "over_at_most": Texts("高于政策的上限值", "above the value that the policy allows"),
    "below_steps": Texts("未达到最低一档", "below the lowest step"),
    "below_minimum": Texts("算得的金额低于最低额", "the amount by the rate is below the minimum"),
    "not_the_first": Texts("只奖励一次，已有更早的一项", "rewarded only once, and there is an earlier one"),
    "no_higher_step": Texts("没有达到更高的档次", "no higher step was reached"),
    "over_years": Texts("已超过最长年限", "beyond the maximum number of years"),
    "limit_used_up": Texts("限额已用完", "the limit is used up"),
    "item_used_up": Texts(
        "该事项的金额已全部计入在先的主体", "the whole amount of this item counts for subjects that came before"
    ),
}


class Worth(msgspec.Struct, frozen=True):
    """The amount of a declaration by itself, before others and limits; in fen.

    `base_fen` is the measured sum (0 if there is none); `why` is the reason for an amount of zero.
    """

    base_fen: int = 0
    amount_fen: int = 0
    why: Why | None = None


class DeclaredOutcome(msgspec.Struct, frozen=True):
    """The outcome of one declaration.

    `deducted_fen` is the sum that the same steps earned before, `history_fen` what is deducted for steps reached before
    the policy, `had_fen` the sum that other subjects had of the item, `due_fen` the amount due before what the bureau
    assessed and limits, `left_fen` the remainder of the tightest `limit` (None: there is no limit). `before` are the
    earlier declarations that reduced this one.
    """

    declaration: Declaration
    terms: DeclaredTerms
    worth: Worth
    deducted_fen: int = 0
    history_fen: int = 0
    had_fen: int = 0
    due_fen: int = 0
    limit: RewardLimit | None = None
    left_fen: int = 0
    ceiling_fen: int = 0
    why: Why | None = None
    before: tuple[Declaration, ...] = ()


def declared_awards(subject: Party, declared: Sequence[Declaration], policy: Policy) -> list[Award]:
    """Compute the earnings of one subject's declarations, in the order in which they are taken.

    `declared` also has those of other subjects that `group_by_items` puts together with it.
    """
    if not declared:  # true of nearly all subjects
        return []
    other = {
        outcome.declaration.award_id: outcome.ceiling_fen
        for outcome in declared_outcomes(declared, policy, policy.in_force_alternative)
    }
    return [
        _award(subject, outcome, policy, changed=other[outcome.declaration.award_id] != outcome.ceiling_fen)
        for outcome in declared_outcomes(declared, policy, policy.in_force)
        if outcome.ceiling_fen > 0 and outcome.declaration.party.subject == subject.subject
    ]


def group_by_items(declared: Iterable[Declaration], item_rules: Collection[str]) -> dict[str, tuple[Declaration, ...]]:
    """By subject, the declarations of all subjects that share an item with it, directly or through others (G11).

    Its own are among them. `item_rules` are the rules whose amount is the item's. Subjects that share no item are left
    out; withdrawn declarations group them, too.
    """
    of_subject: dict[str, list[Declaration]] = {}
    for one in declared:
        of_subject.setdefault(one.party.subject, []).append(one)
    items = ((who, one.item) for who, own in of_subject.items() for one in own if one.rule in item_rules)
    found: dict[str, tuple[Declaration, ...]] = {}
    for subject, group in sharing_subjects(items).items():
        if subject not in found:
            together = tuple(one for member in sorted(group) for one in of_subject[member])
            found |= dict.fromkeys(group, together)
    return found


def sharing_subjects(items: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """By subject, all subjects that share an item with it, directly or through others, itself among them.

    `items` are subjects with their items; subjects that share none are left out.
    """
    with_item: dict[str, set[str]] = {}
    for subject, item in items:
        with_item.setdefault(item, set()).add(subject)
    shared: dict[str, list[str]] = {}
    for item, subjects in with_item.items():
        for subject in subjects if len(subjects) > 1 else ():
            shared.setdefault(subject, []).append(item)
    found: dict[str, frozenset[str]] = {}
    for start in shared:
        if start not in found:
            group, ahead = {start}, [start]
            while ahead:
                for item in shared[ahead.pop()]:
                    new = with_item.pop(item, set()) - group  # each item is looked at once
                    group |= new
                    ahead.extend(new)
            found |= dict.fromkeys(group, frozenset(group))
    return found


def declared_outcomes(declared: Sequence[Declaration], policy: Policy, in_force: Interval) -> list[DeclaredOutcome]:
    """The outcome of each declaration that is not withdrawn and whose rule the policy file has.

    An outcome needs the declarations of its subject and of the subjects that `group_by_items` puts together with it.
    """
    order = {terms.rule: place for place, terms in enumerate(policy.declared.rules)}
    valid = [one for one in declared if not one.withdrawn and one.rule in order]
    valid.sort(key=lambda one: (one.earned_on, order[one.rule], one.item, one.party.subject))
    so_far = _SoFar(policy, in_force)
    return [so_far.take(one, policy.declared.rules[order[one.rule]]) for one in valid]


def worth(terms: DeclaredTerms, measure: Mapping[str, str], rounding: RoundingReading) -> Worth:
    """The amount of a measured value by itself; `not_measured` if it is not of the form that this amount needs."""
    if terms.amount is None:
        return Worth(why="recorded")
    names = set() if terms.measure is None else {terms.measure.name}
    if set(measure) == names:
        with suppress(ValueError):
            return _worth(terms.amount, next(iter(measure.values()), ""), rounding)
    return Worth(why="not_measured")


def _worth(amount: Fixed | Grades | Steps | AtRate, measured: str, rounding: RoundingReading) -> Worth:
    """Raises ValueError if the value does not have the form that this kind of amount needs."""
    match amount:
        case Fixed():
            is_over = amount.at_most is not None and parse_measure(measured) > amount.at_most
            return Worth(why="over_at_most") if is_over else Worth(amount_fen=amount.amount_fen)
        case Grades():
            found = [grade.amount_fen for grade in amount.grades if grade.grade == measured]
            return Worth(amount_fen=found[0]) if found else Worth(why="not_measured")
        case Steps():
            base_fen = parse_yuan(measured)
            reached = [step.amount_fen for step in amount.steps if step.at_least_fen <= base_fen]
            return Worth(base_fen, reached[-1]) if reached else Worth(base_fen, why="below_steps")
        case AtRate():
            base_fen = parse_yuan(measured)
            amount_fen = rate_of(base_fen, amount.rate, rounding)
            is_below = amount_fen == 0 or amount_fen < (amount.at_least_fen or 0)
            return Worth(base_fen, why="below_minimum") if is_below else Worth(base_fen, amount_fen)


def parse_measure(text: str) -> Decimal:
    """Parse a measured value that is no amount. Raises ValueError."""
    if re.fullmatch(MEASURE_PATTERN, text) is None:
        raise ValueError("not a decimal")
    return Decimal(text)


_Key = tuple[str, ...]
_Earned = dict[_Key, list[tuple[Declaration, int]]]  # earlier declarations, each with its fen, in order


class _SoFar:
    """The rewards, steps and limits that earlier declarations have used up, of their subject or of their item."""

    def __init__(self, policy: Policy, in_force: Interval) -> None:
        self._policy = policy
        self._in_force = in_force
        self._had: dict[_Key, Declaration] = {}  # one-time rewards, by matter and subject
        self._history: dict[_Key, Declaration] = {}  # one-time rewards before the policy, by matter
        self._items: _Earned = {}  # of one-time rewards that belong to an item
        self._reached: dict[_Key, tuple[int, Declaration]] = {}  # the highest step reached before the policy, in fen
        self._earned: _Earned = {}  # by difference, under the policy
        self._years: dict[_Key, set[int]] = {}  # with a reward
        self._used: _Earned = {}  # of limits

    def take(self, one: Declaration, terms: DeclaredTerms) -> DeclaredOutcome:
        """The outcome of the next declaration."""
        found = worth(terms, one.measure, self._policy.rounding)
        key = _key(one, terms, self._policy)
        outcome = DeclaredOutcome(one, terms, found, why=found.why)
        if found.why is not None:
            return outcome
        if day_start(one.earned_on) not in self._in_force:
            if one.earned_on < self._in_force.start_on:
                self._look_back(one, terms, key, found)
            return msgspec.structs.replace(outcome, why="not_in_force")
        outcome = self._by_difference(outcome, key) if terms.earned == "by_difference" else self._once(outcome, key)
        outcome = self._within_limits(_as_assessed(self._within_years(outcome)), key)
        if outcome.ceiling_fen > 0:
            self._note(outcome, key)
        return outcome

    def _look_back(self, one: Declaration, terms: DeclaredTerms, key: _Key, found: Worth) -> None:
        """Count a declaration before the policy as first and for its steps, without earnings (G2)."""
        if terms.earned == "first":
            self._history.setdefault(key, one)
        elif terms.earned == "by_difference":
            reached = self._reached.setdefault(key, (found.amount_fen, one))
            if found.amount_fen > reached[0]:
                self._reached[key] = found.amount_fen, one

    def _once(self, outcome: DeclaredOutcome, key: _Key) -> DeclaredOutcome:
        """A one-time reward, of the subject and less what others had of the item."""
        had = self._had.get((*key, outcome.declaration.party.subject)) or self._history.get(key)
        if had is not None:
            return msgspec.structs.replace(outcome, why="not_the_first", before=(had,))
        before, had_fen = _total(self._items, key)
        left_fen = max(0, outcome.worth.amount_fen - had_fen)
        why: Why | None = None if left_fen else "item_used_up"
        return msgspec.structs.replace(outcome, had_fen=had_fen, ceiling_fen=left_fen, why=why, before=before)

    def _by_difference(self, outcome: DeclaredOutcome, key: _Key) -> DeclaredOutcome:
        """晋级补差: a step not reached before, less what lower steps earned under this policy."""
        steps = self._earned.get(key, [])
        own = self._own_steps(outcome, key)
        deducted = steps if self._policy.steps == "ceilings" else [one for one in steps if one not in own]
        before = tuple(declaration for declaration, _ in deducted)
        deducted_fen = earned_of_steps(((one.party.subject, fen) for one, fen in deducted), self._policy)
        amount_fen = outcome.worth.amount_fen
        reached_fen, reached = self._reached.get(key, (0, outcome.declaration))
        history = step_history(reached_fen, outcome.terms)
        had_fen = (worth(outcome.terms, one.measure, self._policy.rounding).amount_fen for one, _ in own)
        is_barred = amount_fen <= max([history.barred_fen, *had_fen])
        due_fen = 0 if is_barred else max(0, amount_fen - deducted_fen - history.deducted_fen)
        return msgspec.structs.replace(
            outcome,
            deducted_fen=deducted_fen,
            history_fen=history.deducted_fen,
            ceiling_fen=due_fen,
            why=None if due_fen else "no_higher_step",
            before=(*before, reached) if history.deducted_fen else before,
        )

    def _own_steps(self, outcome: DeclaredOutcome, key: _Key) -> list[tuple[Declaration, int]]:
        """The subject's earlier steps that this one's ceiling includes; none where their ceilings are deducted."""
        if self._policy.steps == "ceilings" or outcome.terms.earned != "by_difference":
            return []
        whose = outcome.declaration.party.subject
        return [(one, fen) for one, fen in self._earned.get(key, []) if one.party.subject == whose]

    def _within_years(self, outcome: DeclaredOutcome) -> DeclaredOutcome:
        terms = outcome.terms
        years = self._years.get(_rule_of_subject(outcome.declaration), set())
        if outcome.why or not is_beyond_years(years, outcome.declaration.earned_on.year, terms):
            return outcome
        return msgspec.structs.replace(outcome, ceiling_fen=0, why="over_years")

    def _within_limits(self, outcome: DeclaredOutcome, key: _Key) -> DeclaredOutcome:
        """Cut the ceiling to the remainder of each limit; the tightest limit is kept for the explanation."""
        least_fen = self._policy.least_payable(outcome.terms.rule)
        for limit in self._policy.ceiling_limits(outcome.terms) if outcome.why is None else ():
            used, used_fen = _total(self._used, _limit_key(limit, outcome, self._policy))
            included_fen = max((fen for _, fen in self._own_steps(outcome, key)), default=0)
            left_fen = max(0, limit.most_fen - used_fen + included_fen)
            left_fen = left_fen if left_fen >= least_fen else 0
            if outcome.limit is None or left_fen < outcome.left_fen:
                outcome = msgspec.structs.replace(outcome, limit=limit, left_fen=left_fen)
            if left_fen < outcome.ceiling_fen:
                why: Why | None = None if left_fen else "limit_used_up"
                others = (one for one in used if one not in outcome.before)
                before = (*outcome.before, *others)
                outcome = msgspec.structs.replace(outcome, ceiling_fen=left_fen, why=why, before=before)
        return outcome

    def _note(self, outcome: DeclaredOutcome, key: _Key) -> None:
        one, terms, fen = outcome.declaration, outcome.terms, outcome.ceiling_fen
        included_fen = max((earlier_fen for _, earlier_fen in self._own_steps(outcome, key)), default=0)
        self._had.setdefault((*key, one.party.subject), one)
        self._years.setdefault(_rule_of_subject(one), set()).add(one.earned_on.year)
        self._earned.setdefault(key, []).append((one, fen))
        if self._policy.shares_items(terms):
            self._items.setdefault(key, []).append((one, fen))
        for limit in self._policy.ceiling_limits(terms):
            used = self._used.setdefault(_limit_key(limit, outcome, self._policy), [])
            used.append((one, fen - included_fen))


def _as_assessed(outcome: DeclaredOutcome) -> DeclaredOutcome:
    """The outcome with a ceiling of at most the amount that the bureau assessed."""
    due_fen, assessed_fen = outcome.ceiling_fen, outcome.declaration.assessed_fen
    ceiling_fen = due_fen if assessed_fen is None else min(due_fen, int(assessed_fen))
    return msgspec.structs.replace(outcome, due_fen=due_fen, ceiling_fen=ceiling_fen)


def _total(earned: _Earned, key: _Key) -> tuple[tuple[Declaration, ...], int]:
    found = earned.get(key, [])
    return tuple(declaration for declaration, _ in found), sum(fen for _, fen in found)


def _key(one: Declaration, terms: DeclaredTerms, policy: Policy) -> _Key:
    """The matter for which a reward is granted once, or by difference; one item once within a kind (G6)."""
    kind, whose = policy.kind_of(one.rule), _whose_item(one, terms, policy)
    if terms.per == "item" and terms.earned == "once" and kind != NO_KIND:
        return whose, kind, one.item
    key = (whose, terms.rule, one.item) if terms.per == "item" else (whose, terms.rule)
    return (*key, str(one.earned_on.year)) if terms.earned == "yearly" else key


def _limit_key(limit: RewardLimit, outcome: DeclaredOutcome, policy: Policy) -> _Key:
    one = outcome.declaration
    match limit.per:
        case "subject_year":
            return (limit.limit, one.party.subject, str(one.earned_on.year))
        case "item":
            return (limit.limit, _whose_item(one, outcome.terms, policy), one.item)
        case "subject":
            return (limit.limit, one.party.subject)


def _whose_item(one: Declaration, terms: DeclaredTerms, policy: Policy) -> str:
    """The subject that an item's amount belongs to; empty if it is the item's, whoever declares it."""
    return "" if policy.shares_items(terms) else one.party.subject


def _rule_of_subject(one: Declaration) -> _Key:
    return one.party.subject, one.rule


def cap_of(outcome: DeclaredOutcome, policy: Policy) -> int:
    """The award's cap: the amount that the text names; for a rate, the smallest of the limits of its ceiling."""
    amount = outcome.terms.amount
    if isinstance(amount, AtRate):
        limits = policy.ceiling_limits(outcome.terms)
        return min((limit.most_fen for limit in limits), default=outcome.worth.amount_fen)
    return outcome.worth.amount_fen


def _award(subject: Party, outcome: DeclaredOutcome, policy: Policy, *, changed: bool) -> Award:
    one, terms = outcome.declaration, outcome.terms
    return award_of(
        policy,
        terms,
        subject,
        one.award_id,
        exchange=one.exchange,
        year=one.earned_on.year,
        base_fen=outcome.worth.base_fen,
        rate=terms.amount.rate if isinstance(terms.amount, AtRate) else None,
        cap_fen=cap_of(outcome, policy),
        ceiling_fen=outcome.ceiling_fen,
        changed=changed,
        evidence=tuple(declared_evidence(declaration) for declaration in (one, *outcome.before)),
    )


def declared_evidence(declaration: Declaration) -> EvidenceItem:
    """The evidence that a declaration is, with the exchange whose operator earns the reward."""
    return EvidenceItem(declaration.ref, () if declaration.exchange is None else (declaration.exchange,))


def looks_back(terms: DeclaredTerms) -> bool:
    """Return True if a reward from before the policy can be declared: it earns nothing, but counts as first (G2)."""
    return terms.earned in ("first", "by_difference")
