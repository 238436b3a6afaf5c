"""Declaring rewards: what the bureau enters becomes facts, and awards and postings follow as from other facts.

A declaration is in the log twice: as a `decision` with the SHA-256 of its bytes, and as the postings that follow.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from services.incentive.commands.acting import BureauContext
from services.incentive.domain.awards import Award, award_of
from services.incentive.domain.declared_rules import (
    WHY_NOTHING,
    DeclaredOutcome,
    declared_evidence,
    declared_outcomes,
    looks_back,
    parse_measure,
)
from services.incentive.domain.facts import (
    DECLARED,
    Declaration,
    DocumentRef,
    ExchangeTotal,
    declaration_value,
)
from services.incentive.domain.postings import Posting
from services.incentive.domain.workflow import Actor
from services.incentive.policy.terms import AtRate, DeclaredTerms, Fixed, Grades, Policy, Steps
from services.incentive.store.facts import FactRecord, load_facts, load_sharing
from services.incentive.store.intake import apply_newer
from services.incentive.store.ledger import lock_ledger_for_request, next_instant, post
from services.incentive.store.rulebook import Rulebook, rulebook_as_of, settings_in_force
from shared.postgres.query import fetch_value
from shared.values.money import format_yuan, parse_yuan
from shared.values.parties import Party, is_number, parse_subject
from shared.values.times import shanghai_date
from shared.whitelist import Whitelist

_MOST_FEN: Final = 10**16  # 100 trillion yuan: above any revenue, below the range of bigint
_GENERATION: Final = 1  # the ledger is restored, never recreated
_NUMBERED: Final = "SELECT coalesce(max(seq), 0) FROM fact_current WHERE topic = %(topic)s"


class DeclarationInput(msgspec.Struct, frozen=True):
    """An entry of the bureau: `subject` is `<scheme>:<id>`; without a `name`, the subject's known name is used."""

    rule: str
    subject: str
    item: str
    earned_on: date
    measure: Mapping[str, str]
    assessed_fen: int | None = None
    documents: tuple[DocumentRef, ...] = ()
    name: str | None = None
    withdrawn: bool = False


class InputFault(NamedTuple):
    """An error in a field of an entry."""

    field: str
    message: str


class DeclareResult(NamedTuple):
    """The declaration of one entry, or its faults."""

    declaration: Declaration | None = None
    faults: tuple[InputFault, ...] = ()


class NoPolicyInForce(Exception):  # noqa: N818 - a state, not a fault
    """No policy is in force yet: no consumer has ever started."""


def declare(
    connection: Connection, entered: Sequence[DeclarationInput], bureau: BureauContext, actor: Actor
) -> list[DeclareResult]:
    """Record the entries of the actor in order, and all that follows; leave out faulty ones. Takes the ledger's lock.

    A later entry of the same rule, subject, year and item replaces the one before; an equal one changes nothing. The
    policy in force in the ledger applies. Raises NoPolicyInForce.
    """
    lock_ledger_for_request(connection)
    if settings_in_force(connection) is None:
        raise NoPolicyInForce
    edge = bureau.log.edge(connection)
    rulebook = rulebook_as_of(connection, None, bureau.rulebook)
    now = bureau.clock()
    instant = next_instant(connection, now)
    entering = _Entering(connection, entered, rulebook, actor, shanghai_date(now), instant)
    results = [entering.enter(one) for one in entered]
    if entering.new:
        values = [(one, declaration_value(one)) for one in entering.new.values()]
        records = [_record(one, value, instant) for one, value in values]
        post(connection, [_decision(one, value, rulebook) for one, value in values], instant)
        apply_newer(connection, records, rulebook, instant)
        bureau.log.extend(connection, edge, now)
    return results


def zero_award(declaration: Declaration, policy: Policy) -> Award:
    """The award of a declaration for which nothing was ever posted."""
    return award_of(
        policy,
        policy.terms(declaration.rule),
        declaration.party,
        declaration.award_id,
        exchange=declaration.exchange,
        year=declaration.earned_on.year,
        evidence=(declared_evidence(declaration),),
    )


class _Entering:
    """Checks entries, each in view of those before it."""

    def __init__(
        self,
        connection: Connection,
        entered: Sequence[DeclarationInput],
        rulebook: Rulebook,
        actor: Actor,
        today: date,
        instant: datetime,
    ) -> None:
        self._rulebook, self._actor = rulebook, actor
        self._today, self._instant = today, instant
        subjects, policy = sorted({one.subject for one in entered}), rulebook.policy
        items = {one.item for one in entered if one.rule in policy.item_rules}
        known = load_facts(connection, subjects, rulebook.registers)
        sharing = load_sharing(connection, policy, subjects, items)
        self._declared = _Declared(policy)
        for one in chain(*(facts.of for facts in known.values()), sharing):
            if isinstance(one, Declaration):
                self._declared.add(one)
        self._names = {
            subject: facts.newest.party.name
            for subject, facts in known.items()
            if facts.newest is not None and not isinstance(facts.newest, ExchangeTotal)
        }
        self._seq = fetch_value(connection, _NUMBERED, int, topic=DECLARED)
        self.new: dict[str, Declaration] = {}

    def enter(self, one: DeclarationInput) -> DeclareResult:
        """Accept an entry, or return its faults."""
        faults = tuple(entry_faults(one, self._rulebook, self._today))
        terms = self._rulebook.policy.declared.find(one.rule)
        if faults or terms is None:
            return DeclareResult(faults=faults)
        declaration = self._declaration(one, terms)
        fact = declaration.ref.fact
        before = self._declared.find(declaration)
        if fact in self.new:
            said = "本次申报中同一事项已有一行 / this matter is already entered in another row"
            return DeclareResult(faults=(InputFault("item", said),))
        if before is not None and before.content == declaration.content:
            return DeclareResult(before)
        fault = self._fault_beside(declaration, terms, before)
        if fault is not None:
            return DeclareResult(faults=(fault,))
        self._seq += 1
        self.new[fact] = declaration
        self._declared.add(declaration)
        self._names[one.subject] = declaration.party.name
        return DeclareResult(declaration)

    def _declaration(self, one: DeclarationInput, terms: DeclaredTerms) -> Declaration:
        exchange = one.item if terms.subject == "operator" else None
        party = self._party(one, exchange)
        return Declaration(
            generation=_GENERATION,
            seq=self._seq + 1,
            party=party,
            rule=one.rule,
            item=one.item,
            earned_on=one.earned_on,
            measure=dict(one.measure),
            assessed_fen=one.assessed_fen,
            exchange=exchange,
            documents=one.documents,
            withdrawn=one.withdrawn,
            declared_by=self._actor.name,
            declared_at=self._instant,
            declared_person=self._actor.person,
        )

    def _party(self, one: DeclarationInput, exchange: str | None) -> Party:
        """By the name that was entered, else as the whitelist or a fact has it, else by its code."""
        scheme, code = parse_subject(one.subject)
        operator = None if exchange is None else self._rulebook.exchanges.operator_on(exchange, one.earned_on)
        name = one.name or (operator.name if operator else None) or self._names.get(one.subject, code)
        return Party(scheme, code, name)

    def _fault_beside(
        self, declaration: Declaration, terms: DeclaredTerms, before: Declaration | None
    ) -> InputFault | None:
        """The error that follows from earlier declarations, if any."""
        stands = before is not None and not before.withdrawn
        if declaration.withdrawn:
            said = "没有可撤回的申报 / there is no declaration to take back"
            return None if stands else InputFault("withdrawn", said)
        policy, fact = self._rulebook.policy, declaration.ref.fact
        outcomes = declared_outcomes(self._declared.together_with(declaration), policy, policy.in_force)
        outcome = next(one for one in outcomes if one.declaration.ref.fact == fact)
        # A declaration that is only recorded, or that G2 needs as history, is accepted although it earns nothing.
        is_history = outcome.why == "not_in_force" and looks_back(terms)
        if outcome.ceiling_fen > 0 or stands or outcome.why == "recorded" or is_history:
            return None
        return nothing_fault(outcome)


class _Declared:
    """The declarations of the subjects of a request, and of those that share items with them (G11)."""

    def __init__(self, policy: Policy) -> None:
        self._item_rules = policy.item_rules
        self._of_subject: dict[str, dict[str, Declaration]] = {}
        self._with_item: dict[str, set[str]] = {}

    def add(self, one: Declaration) -> None:
        self._of_subject.setdefault(one.party.subject, {})[one.ref.fact] = one
        if one.rule in self._item_rules:
            self._with_item.setdefault(one.item, set()).add(one.party.subject)

    def find(self, other: Declaration) -> Declaration | None:
        """The declaration that another one replaces."""
        return self._of_subject.get(other.party.subject, {}).get(other.ref.fact)

    def together_with(self, new: Declaration) -> list[Declaration]:
        """The declarations that decide what a new one is worth, itself among them."""
        subjects, ahead = {new.party.subject}, [new.party.subject]
        items = {new.item} if new.rule in self._item_rules else set[str]()
        while ahead or items:
            for subject in ahead:
                declared = self._of_subject.get(subject, {}).values()
                items |= {one.item for one in declared if one.rule in self._item_rules}
            sharing = {subject for item in items for subject in self._with_item.get(item, ())}
            ahead, items = sorted(sharing - subjects), set()
            subjects |= sharing
        found = {fact: one for subject in subjects for fact, one in self._of_subject.get(subject, {}).items()}
        return list({**found, new.ref.fact: new}.values())


def nothing_fault(outcome: DeclaredOutcome) -> InputFault:
    """Why a declaration earns nothing, at the field that causes it."""
    terms, why = outcome.terms, outcome.why or "recorded"
    field = "measure" if terms.measure is None else f"measure.{terms.measure.name}"
    if why in ("not_in_force", "over_years"):
        field = "earned_on"
    elif why == "not_the_first":
        field = terms.per
    elif why == "item_used_up" or (outcome.limit is not None and outcome.limit.per == "item"):
        field = "item"
    elif why in ("recorded", "limit_used_up"):
        field = "rule"
    said = WHY_NOTHING[why]
    others = ", ".join(one.award_id for one in outcome.before)
    return InputFault(field, f"{said.zh}（{others}） / {said.en}: {others}" if others else f"{said.zh} / {said.en}")


def entry_faults(one: DeclarationInput, rulebook: Rulebook, today: date) -> Iterator[InputFault]:
    """The faults of an entry by itself. Pure."""
    terms = rulebook.policy.declared.find(one.rule)
    if terms is None:
        known = ", ".join(known.rule for known in rulebook.policy.declared.rules)
        yield InputFault("rule", f"须为可申报的奖项 {known} / must be a rule that can be declared: {known}")
        return
    if not one.subject.startswith("uscc:"):
        yield InputFault("subject", "只奖励有统一社会信用代码的主体 / only organisations with a USCC can be rewarded")
    if not is_number(one.item):
        yield InputFault("item", "须为接口约定格式的编号 / must be an identifier in the form of the contract")
    if one.earned_on > today:
        yield InputFault("earned_on", "不得晚于今天 / may not be in the future")
    elif one.earned_on < rulebook.policy.in_force.start_on and not looks_back(terms):
        yield InputFault("earned_on", "不在政策有效期内 / outside the policy's period of validity")
    if terms.subject == "operator":
        yield from _operator_faults(one, rulebook.exchanges)
    if not one.withdrawn:
        yield from _measure_faults(one, terms)
        yield from _assessed_faults(one, terms)


def _operator_faults(one: DeclarationInput, exchanges: Whitelist) -> Iterator[InputFault]:
    if one.item not in exchanges.ids:
        yield InputFault("item", "须为名录上的交易场所 / must be an exchange on the whitelist")
        return
    operator = exchanges.operator_on(one.item, one.earned_on)
    if operator is None or f"uscc:{operator.uscc}" != one.subject:
        yield InputFault("subject", "当日不是该交易场所的运营主体 / did not operate this exchange on that day")


def _measure_faults(one: DeclarationInput, terms: DeclaredTerms) -> Iterator[InputFault]:
    """Faults of the measure: exactly the one that the policy file names, in the form that its amount needs."""
    wanted = {terms.measure.name} if terms.measure is not None else set()
    for name in sorted(set(one.measure) - wanted):
        yield InputFault(f"measure.{name}", "该奖项没有此计量 / this rule has no such measure")
    if terms.measure is None:
        return
    name, says = terms.measure.name, terms.measure.says
    if name in one.measure:
        said = _wrong_value(terms.amount, one.measure[name])
    else:
        said = f"必须提供{says.zh} / required: {says.en}"
    if said is not None:
        yield InputFault(f"measure.{name}", said)


def _assessed_faults(one: DeclarationInput, terms: DeclaredTerms) -> Iterator[InputFault]:
    """Faults of the assessed amount: the policy file says which rules have one."""
    if one.assessed_fen is not None and terms.assessed is None:
        yield InputFault("assessed", "该奖项的金额不经评定 / the amount of this rule is not assessed")


def _wrong_value(amount: Fixed | Grades | Steps | AtRate | None, value: str) -> str | None:
    """Why a measured value has not the form that an amount needs; None if it has."""
    if isinstance(amount, Grades):
        grades = [grade.grade for grade in amount.grades]
        known = ", ".join(grades)
        return None if value in grades else f"须为 {known} 之一 / must be one of {known}"
    try:
        if isinstance(amount, Fixed):
            _ = parse_measure(value)
        elif parse_yuan(value) > _MOST_FEN:
            return f"不得超过 {format_yuan(_MOST_FEN)} / must be at most {format_yuan(_MOST_FEN)}"
    except ValueError:
        if isinstance(amount, Fixed):
            return "须为十进制数 / must be a decimal"
        return "须为以元计的金额 / must be an amount in yuan"
    return None


def _record(declaration: Declaration, value: bytes, instant: datetime) -> FactRecord:
    about = declaration.party.subject
    return FactRecord(declaration, DECLARED, declaration.key, about, value, 0, declaration.seq, instant)


def _decision(declaration: Declaration, value: bytes, rulebook: Rulebook) -> Posting:
    """The posting of the act itself: no amount, and the hash of the declaration."""
    ref = declaration.ref
    said = "主管部门撤回申报 / declaration withdrawn by the bureau"
    return Posting(
        award_id=declaration.award_id,
        amount_fen=0,
        entries=(),
        subject=declaration.party.subject,
        year=declaration.earned_on.year,
        policy_id=rulebook.policy.id,
        policy_revision=rulebook.policy.revision,
        article=rulebook.policy.terms(declaration.rule).article,
        cause={
            "facts": [{"fact": ref.fact, "generation": ref.generation, "seq": ref.seq}],
            "text": said if declaration.withdrawn else "主管部门申报 / declared by the bureau",
        },
        kind="decision",
        decision_id=f"{DECLARED}/{ref.seq}",
        decision_sha256=hashlib.sha256(value).hexdigest(),
    )
