"""Acts of the bureau, each in one PostgreSQL transaction: lock, read, check, post, record, log.

A person who acts holds the ledger's lock from the first read to the commit, as the intake of facts does. So no two acts
are decided on the same state, and nothing is decided about an award that is being recomputed.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.acts import (
    RELATED,
    YEAR_CLOSED,
    Act,
    ActKind,
    ActPart,
    DecisionPart,
    EligibilityPart,
    GrantWithdrawalPart,
    HoldPart,
    OtherGrantPart,
    RelatedPartyPart,
    ReleasePart,
    SuspensionPart,
    YearClosingPart,
    act_json,
    act_sha256,
)
from services.incentive.domain.holds import OBJECTION, is_year_closed
from services.incentive.domain.payables.other_grants import OTHER_GRANT
from services.incentive.domain.postings import LedgerEntry, Posting, decision_entries
from services.incentive.domain.rooms import room_of
from services.incentive.domain.workflow import (
    ACTIONS,
    Actor,
    ApprovalLimit,
    ApprovedFor,
    StepContext,
    StepRequest,
    allowed_actions,
    refusal,
    step_amount,
)
from services.incentive.policy.terms import NO_KIND, Policy, ScopeReading, Texts
from services.incentive.store.acts import (
    find_part,
    find_request,
    other_grants_of,
    outstanding_of,
    record_part,
    render_acts,
    year_acts_of,
)
from services.incentive.store.award_context import AwardContext, load_award_context
from services.incentive.store.awards import AnyAwardRow, find_current_award
from services.incentive.store.ledger import lock_ledger_for_request, next_instant, next_seq, post
from services.incentive.store.recompute import RECOMPUTE_BATCH, Recomputation, recompute
from services.incentive.store.rows import AwardRow
from services.incentive.store.rulebook import Rulebook, check_settings
from shared.postgres.query import fetch_value, fetch_values
from shared.service_log.store import ServiceLog
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import Clock, shanghai_date, shanghai_year

_ELIGIBILITY_ARTICLE: Final = "结尾第2段"  # where the policy's text says who is eligible
_ABOUTS: Final = "SELECT DISTINCT about FROM award_current WHERE subject = ANY(%(subjects)s) ORDER BY about"
# The payables and standing approvals of a room.
_OF_GROUP: Final = """
    subject = %(subject)s AND (CAST(%(year)s AS smallint) IS NULL OR year = %(year)s)
    AND (rule = ANY(%(rules)s)) = %(among)s
"""
_PAYABLE: Final = f"SELECT coalesce(sum(payable_fen), 0) FROM award_current WHERE {_OF_GROUP}"
_OF_ROOM: Final[Mapping[ScopeReading, Texts]] = {
    "year": Texts("同一主体同一年度的可兑现额合计", "the payables of the subject and year"),
    "whole_life": Texts("同一主体各年度的可兑现额合计", "the payables of the subject in all years"),
}
_WITH_RULE: Final = "SELECT DISTINCT subject FROM award_current WHERE rule = %(rule)s ORDER BY subject"
# Steps after which an award is payable or not, or stands with another amount.
_CHANGE_PAYABLES: Final = ("approve", "return", "reject", "reopen")


class NotFoundError(LookupError):
    """There is no such award, hold or rule."""


class IdempotencyKeyReusedError(ValueError):
    """The person used this Idempotency-Key for another request."""


class InvalidActError(ValueError):
    """A field of the request does not fit what the ledger or the policy has."""

    def __init__(self, field: str, message: Texts) -> None:
        super().__init__(f"{message.zh} / {message.en}")
        self.field = field


class StepNotAllowedError(ValueError):
    """The act is not possible now; `allowed` are the steps that are (None: the act is no step with an award)."""

    def __init__(self, reason: Texts, allowed: list[str] | None = None) -> None:
        super().__init__(f"{reason.zh} / {reason.en}")
        self.allowed = allowed


class BureauContext(NamedTuple):
    """The rulebook that the bureau decides by, the ledger's log, and the clock."""

    rulebook: Rulebook
    log: ServiceLog
    clock: Clock


class ActRequest(NamedTuple):
    """A request of a person: the kind of act, the award, subject, rule or hold it is `about`, and its fields.

    `key` is the Idempotency-Key.
    """

    actor: Actor
    key: str | None
    kind: ActKind
    about: str
    fields: Json

    def sha256(self) -> str:
        """The hash that a repeated request with the same key must have."""
        given = {name: value for name, value in self.fields.items() if value is not None}
        return act_sha256({"kind": self.kind, "of": self.about, "given": given})


def record_act(connection: Connection, bureau: BureauContext, request: ActRequest) -> Json:
    """Perform and record an act; a repeated request returns what was recorded first.

    Needs a transaction that has done nothing before. Raises NotFoundError, IdempotencyKeyReusedError,
    InvalidActError, StepNotAllowedError and SettingsChangedError.
    """
    lock_ledger_for_request(connection)
    known = _recorded_before(connection, request)
    if known is not None:
        return known
    edge = bureau.log.edge(connection)
    rulebook, now = check_settings(connection, bureau.rulebook), bureau.clock()
    acting = _Acting(connection, request, rulebook, now, next_instant(connection, now))
    draft = _DRAFTS[request.kind](acting)
    answer = _write(acting, draft)
    run = Recomputation(acting.rulebook, acting.instant)
    for start in range(0, len(draft.recompute), RECOMPUTE_BATCH):
        subjects = list(draft.recompute[start : start + RECOMPUTE_BATCH])
        recompute(connection, fetch_values(connection, _ABOUTS, str, subjects=subjects), {}, run)
    bureau.log.extend(connection, edge, now)
    return answer


class _Acting(NamedTuple):
    """An act under way.

    `now` is the wall clock's, by which legal days go. `instant` is the one recorded: never before `now`, and far after
    it in a ledger whose instants were pushed ahead.
    """

    connection: Connection
    request: ActRequest
    rulebook: Rulebook
    now: datetime
    instant: datetime

    @property
    def policy(self) -> Policy:
        return self.rulebook.policy

    def award(self, award_id: str) -> AwardRow:
        row = find_current_award(self.connection, award_id)
        if row is None:
            raise NotFoundError(award_id)
        return row

    def subjects_with(self, rule: str) -> tuple[str, ...]:
        """The subjects that have an award by a rule."""
        return tuple(fetch_values(self.connection, _WITH_RULE, str, rule=rule))

    def article_of_rule(self, rule: str) -> str:
        """The article of a rule; its name if the policy in force has no such rule."""
        return self.policy.terms(rule).article if rule in self.policy.rule_order else rule

    def article_of_clause(self, clause: str) -> str:
        return next(one.article for one in self.policy.readings if one.clause == clause)


class _Draft(NamedTuple):
    """The record of an act: its own part and its transaction.

    `recompute` are subjects whose awards change at once.
    """

    part: ActPart
    article: str
    text: Texts
    award_id: str | None = None
    subject: str | None = None
    year: int | None = None
    posts: str = "decision"
    amount_fen: int = 0
    entries: tuple[LedgerEntry, ...] = ()
    recompute: tuple[str, ...] = ()


def _recorded_before(connection: Connection, request: ActRequest) -> Json | None:
    act = None if request.key is None else find_request(connection, request.actor.identity, request.key)
    if act is None:
        return None
    if act.request_sha256 != request.sha256():
        raise IdempotencyKeyReusedError(request.key)
    return next(answer for _, answer in render_acts(connection, [act]) if answer is not None)


def _write(acting: _Acting, draft: _Draft) -> Json:
    connection, request, policy = acting.connection, acting.request, acting.policy
    act = Act(
        id=uuid.uuid4().hex,
        kind=request.kind,
        seq=next_seq(connection),
        recorded_at=acting.instant,
        person=request.actor.identity,
        name=request.actor.name,
        request_key=request.key,
        request_sha256=request.sha256(),
    )
    answer = act_json(act, draft.part)
    posting = Posting(
        award_id=draft.award_id,
        amount_fen=draft.amount_fen,
        entries=draft.entries,
        subject=draft.subject,
        year=draft.year,
        policy_id=policy.id,
        policy_revision=policy.revision,
        article=draft.article,
        cause={"facts": [], "text": f"{draft.text.zh} / {draft.text.en}"},
        kind=draft.posts,
        decision_id=act.id,
        decision_sha256=act_sha256(answer),
    )
    post(connection, [posting], acting.instant)
    record_part(connection, act, draft.part)
    return answer


def _decision(acting: _Acting) -> _Draft:
    """Take a step with an award."""
    award, given = acting.award(acting.request.about), acting.request.fields
    case = step_context(
        acting.connection, award, _award_context(acting, award), acting.policy, acting.request.actor, acting.now
    )
    wanted = StepRequest(given["action"], given.get("amount"))
    reason = refusal(case, wanted)
    if reason is not None:
        raise StepNotAllowedError(reason, allowed_actions(case))
    action, part = ACTIONS[wanted.action], _decision_part(award, case, wanted, given)
    amount = format_yuan(part.amount_fen)
    text = action.says + Texts(f" {amount} 元", f" {amount} yuan") if part.amount_fen else action.says
    return _Draft(
        part,
        award.article,
        text,
        award_id=part.award_id,
        subject=part.subject,
        year=part.year,
        posts=action.posts,
        amount_fen=part.amount_fen,
        entries=decision_entries(action.posts, part.subject, part.award_id, part.year, part.amount_fen),
        recompute=(award.subject,) if action.name in _CHANGE_PAYABLES else (),
    )


def _decision_part(award: AwardRow, case: StepContext, wanted: StepRequest, given: Json) -> DecisionPart:
    """The record of an allowed step: a return is of what was approved in excess, and for whom."""
    action, state = ACTIONS[wanted.action], case.workflow.state
    approved_for = case.clawback[0] if wanted.action == "return" and case.clawback else case.approved_for
    return DecisionPart(
        award_id=award.award_id,
        number=case.workflow.steps,
        action=action.name,
        from_state=state,
        to_state=action.to_state or state,
        amount_fen=step_amount(case, wanted),
        rule=award.rule,
        subject=approved_for.subject,
        year=approved_for.year,
        reason=given.get("reason"),
        documents=given.get("documents") or [],
        until=given.get("until"),
        voucher_no=given.get("voucher_no"),
        paid_on=given.get("paid_on"),
    )


def _award_context(acting: _Acting, award: AwardRow) -> AwardContext:
    """The context of the award now, with what holds it at the recorded instant, by which auditors judge."""
    found = [
        load_award_context(acting.connection, [award], acting.policy, None, at)[award.award_id]
        for at in sorted({acting.now, acting.instant})
    ]
    return found[0]._replace(holds=tuple(dict.fromkeys(hold for context in found for hold in context.holds)))


def _hold(acting: _Acting) -> _Draft:
    """Block approval and payment of an award for now."""
    award, given = acting.award(acting.request.about), acting.request.fields
    received_on = given.get("received_on")
    if received_on is not None and received_on > shanghai_date(acting.now):
        raise InvalidActError("received_on", Texts("不得晚于今天", "must not be in the future"))
    part = HoldPart(
        award_id=award.award_id,
        kind=given["kind"],
        reason=given["reason"],
        objected_by=given.get("by"),
        received_on=received_on,
        documents=given.get("documents") or [],
    )
    texts = {
        "manual": Texts("人工暂缓", "held manually"),
        "objection": Texts("因异议暂缓", "held because of an objection"),
    }
    return _about_award(award, part, texts[given["kind"]])


def _release(acting: _Acting) -> _Draft:
    """Release a hold, or lift a suspension."""
    hold_id = acting.request.about
    given = acting.request.fields
    part = ReleasePart(hold_id, given.get("reason"), given.get("outcome"), given.get("documents") or [])
    if find_part(acting.connection, "release", "hold_id", hold_id) is not None:
        raise StepNotAllowedError(Texts("暂缓已解除", "already released"))
    held = find_part(acting.connection, "hold", "id", hold_id)
    _check_outcome(part, isinstance(held, HoldPart) and held.kind == OBJECTION)
    if isinstance(held, HoldPart):
        return _about_award(acting.award(held.award_id), part, _RELEASED[part.outcome])
    suspended = find_part(acting.connection, "suspension", "id", hold_id)
    if not isinstance(suspended, SuspensionPart):
        raise NotFoundError(hold_id)
    text = Texts(f"恢复 {suspended.rule}", f"suspension of {suspended.rule} lifted")
    return _Draft(part, acting.article_of_rule(suspended.rule), text, recompute=acting.subjects_with(suspended.rule))


_RELEASED: Final[Mapping[str | None, Texts]] = {
    None: Texts("解除暂缓", "hold released"),
    "upheld": Texts("异议成立，解除暂缓", "objection upheld, hold released"),
    "partly": Texts("异议部分成立，解除暂缓", "objection partly upheld, hold released"),
    "dismissed": Texts("异议不成立，解除暂缓", "objection dismissed, hold released"),
}


def _check_outcome(part: ReleasePart, is_objection: bool) -> None:
    """An objection is answered with an outcome, and nothing else is."""
    if is_objection and part.outcome is None:
        raise InvalidActError("outcome", Texts("解除异议的暂缓须写明处理结果", "an objection needs an outcome"))
    if not is_objection and part.outcome is not None:
        raise InvalidActError("outcome", Texts("只有异议有处理结果", "only an objection has an outcome"))


def _about_award(award: AwardRow, part: ActPart, text: Texts) -> _Draft:
    return _Draft(part, award.article, text, award_id=award.award_id, subject=award.subject, year=award.year)


def _eligibility(acting: _Acting) -> _Draft:
    """Record whether a subject is eligible."""
    subject, given = acting.request.about, acting.request.fields
    part = EligibilityPart(
        subject=subject,
        status=given["status"],
        from_at=given.get("from_"),
        until_at=given.get("until"),
        kind_of_entity=given.get("kind_of_entity"),
        criteria=given.get("criteria") or {},
        documents=given.get("documents") or [],
    )
    is_verified = given["status"] == "verified"
    text = Texts("资格审核通过", "eligibility verified") if is_verified else Texts("资格审核不通过", "not eligible")
    return _Draft(part, _ELIGIBILITY_ARTICLE, text, subject=subject)


def _suspension(acting: _Acting) -> _Draft:
    """Suspend a rule for awards that are earned within a period."""
    rule, given = acting.request.about, acting.request.fields
    if rule not in acting.policy.rule_order:
        raise NotFoundError(rule)
    part = SuspensionPart(rule, given["from_"], given.get("until"), given["reason"])
    text = Texts(f"暂停 {rule}", f"{rule} suspended")
    return _Draft(part, acting.article_of_rule(rule), text, recompute=acting.subjects_with(rule))


def _other_grant(acting: _Acting) -> _Draft:
    """Record a grant under another municipal policy; the payables of the subject's awards follow at once."""
    subject, given = acting.request.about, acting.request.fields
    rules, awards = (sorted({*(given.get(name) or ())}) for name in ("rules", "awards"))
    if given["granted_on"] > shanghai_date(acting.now):
        raise InvalidActError("granted_on", Texts("不得晚于今天", "must not be in the future"))
    for rule in rules:
        if rule not in acting.policy.rule_order:
            raise InvalidActError("rules", Texts(f"政策没有规则 {rule}", f"the policy has no rule {rule}"))
    for award_id in awards:
        award = find_current_award(acting.connection, award_id)
        if award is None or (award.subject, award.year) != (subject, given["year"]):
            no_award = Texts(f"该主体该年度没有奖补 {award_id}", f"no award of the subject and year: {award_id}")
            raise InvalidActError("awards", no_award)
    part = OtherGrantPart(
        subject=subject,
        name=given["name"],
        department=given["department"],
        document_no=given["document_no"],
        year=given["year"],
        amount_fen=given["amount"],
        granted_on=given["granted_on"],
        rules=rules,
        awards=awards,
        documents=given["documents"],
    )
    amount = format_yuan(part.amount_fen)
    text = Texts(f"市级其他政策奖补 {amount} 元", f"grant under another municipal policy: {amount} yuan")
    return _about_grant(acting, part, part, text)


def _grant_withdrawal(acting: _Acting) -> _Draft:
    """Withdraw the record of another grant."""
    part = GrantWithdrawalPart(acting.request.about, acting.request.fields["reason"])
    grant = find_part(acting.connection, "other_grant", "id", part.other_grant_id)
    if not isinstance(grant, OtherGrantPart):
        raise NotFoundError(part.other_grant_id)
    in_force = other_grants_of(acting.connection, [grant.subject]).get((grant.subject, grant.year), ())
    if all(one.name != f"{OTHER_GRANT}/{part.other_grant_id}" for one in in_force):
        raise StepNotAllowedError(Texts("该记录已撤回或已被取代", "it was withdrawn or replaced before"))
    text = Texts("撤回市级其他政策奖补的记录", "record of a grant under another municipal policy withdrawn")
    return _about_grant(acting, grant, part, text)


def _about_grant(acting: _Acting, grant: OtherGrantPart, part: ActPart, text: Texts) -> _Draft:
    article = acting.article_of_clause("G6")
    return _Draft(part, article, text, subject=grant.subject, year=grant.year, recompute=(grant.subject,))


def _related_party(acting: _Acting) -> _Draft:
    """Add two subjects to the list of related parties or remove them; red flags on their awards follow."""
    given = acting.request.fields
    subject, other = sorted(given["subjects"])
    part = RelatedPartyPart(subject, other, given["status"], given["reason"], given.get("documents") or [])
    text = Texts("列入关联方名单", "added to the list of related parties")
    if given["status"] != RELATED:
        text = Texts("移出关联方名单", "removed from the list of related parties")
    return _Draft(part, acting.article_of_clause("G10"), text, recompute=(subject, other))


def _year_closing(acting: _Acting) -> _Draft:
    """Close a year or reopen it; what holds the totals of the year follows at once (G14)."""
    year, given = int(acting.request.about), acting.request.fields
    closes, policy, connection = given["status"] == YEAR_CLOSED, acting.policy, acting.connection
    if year > shanghai_year(acting.now):
        raise StepNotAllowedError(Texts(f"{year} 年尚未开始", f"{year} has not begun"))
    if is_year_closed(year_acts_of(connection, [year]).get(year, ()), policy.closes_at(year), acting.now) == closes:
        was = Texts("已结账", "is closed already") if closes else Texts("未结账", "is open")
        raise StepNotAllowedError(Texts(f"{year} 年", f"{year} ") + was)
    part = YearClosingPart(year, given["status"], given["reason"], given.get("documents") or [])
    said = Texts("年度结账", "closed") if closes else Texts("年度重新开放", "reopened")
    text = Texts(f"{year} {said.zh}", f"{year} {said.en}")
    return _Draft(part, acting.article_of_clause("G14"), text, year=year)


_DRAFTS: Final[Mapping[ActKind, Callable[[_Acting], _Draft]]] = {
    "decision": _decision,
    "hold": _hold,
    "release": _release,
    "eligibility": _eligibility,
    "suspension": _suspension,
    "other_grant": _other_grant,
    "grant_withdrawal": _grant_withdrawal,
    "related_party": _related_party,
    "year_closing": _year_closing,
}


def step_context(
    connection: Connection,
    award: AnyAwardRow,
    context: AwardContext,
    policy: Policy,
    actor: Actor,
    now: datetime,
) -> StepContext:
    """Everything that decides which steps a person may take with an award now, by the wall clock."""
    approved_for = ApprovedFor(award.subject, award.year)
    return StepContext(
        workflow=context.workflow,
        approved_for=approved_for,
        payable_fen=award.payable_fen,
        holds=context.holds,
        limits=_limits(connection, award, policy, context.workflow.outstanding.get(approved_for, 0)),
        actor=actor,
        now=now,
        clawback=context.clawback,
    )


def _limits(
    connection: Connection, award: AnyAwardRow, policy: Policy, outstanding_fen: int
) -> tuple[ApprovalLimit, ...]:
    """The limits of an approval: the award's payable, what its subject and year have left, an operator's highest tier.

    Awards of kind `none` have limits of their own.
    """
    apart = [rule for rule in policy.rule_order if policy.kind_of(rule) == NO_KIND]
    room = room_of(ApprovedFor(award.subject, award.year), award.rule, policy)
    group = {"subject": room.subject, "year": room.year, "rules": apart, "among": room.is_apart}
    limits = [
        ApprovalLimit(award.payable_fen, outstanding_fen, Texts("可兑现额", "the payable")),
        ApprovalLimit(
            int(fetch_value(connection, _PAYABLE, int, **group)),
            outstanding_of(connection, _OF_GROUP, **group),
            _OF_ROOM["whole_life" if room.year is None else "year"],
        ),
    ]
    tiers = policy.exchange_tiers
    if award.rule == tiers.rule and policy.operators_ladder == "approvals":
        of_operator = "d.subject = %(subject)s AND d.rule = %(rule)s"
        outstanding = outstanding_of(connection, of_operator, subject=award.subject, rule=tiers.rule)
        most_fen = max(tier.amount_fen for tier in tiers.tiers)
        limits.append(
            ApprovalLimit(most_fen, outstanding, Texts("同一运营主体的最高一档", "an operator's highest tier"))
        )
    return tuple(limits)
