"""Acts of the bureau, each in one PostgreSQL transaction: lock, read, check, post, record, log.

A person who acts holds the ledger's lock from the first read to the commit, as the intake of facts does. So no two acts
are decided on the same state, and nothing is decided about an award that is being recomputed.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import Connection

from services.incentive.commands.access_links import draft_link_revocation
from services.incentive.commands.acting import (
    Acting,
    ActRequest,
    BureauContext,
    Draft,
    IdempotencyKeyReusedError,
    InvalidActError,
    NotFoundError,
    StepNotAllowedError,
    write_acts,
)
from services.incentive.commands.decisions import draft_decision
from services.incentive.commands.statements import draft_service
from services.incentive.domain.acts import (
    RELATED,
    YEAR_CLOSED,
    AccountConfirmationPart,
    AccountPart,
    ActKind,
    ActPart,
    EligibilityPart,
    GrantWithdrawalPart,
    HoldPart,
    OtherGrantPart,
    RelatedPartyPart,
    ReleasePart,
    SuspensionPart,
    YearClosingPart,
    act_json,
)
from services.incentive.domain.holds import OBJECTION, is_year_closed
from services.incentive.domain.payables.other_grants import OTHER_GRANT
from services.incentive.domain.subjects.accounts import account_sha256
from services.incentive.policy.terms import Texts
from services.incentive.store.acts import (
    find_part,
    find_recorded,
    find_request,
    other_grants_of,
    render_acts,
    year_acts_of,
)
from services.incentive.store.awards import find_current_award
from services.incentive.store.batches import find_batch_request
from services.incentive.store.ledger import lock_ledger_for_request, next_instant
from services.incentive.store.public.objections import PublicObjection, find_objection, is_registered
from services.incentive.store.recompute import Recomputation, recompute_subjects
from services.incentive.store.rows import AwardRow
from services.incentive.store.rulebook import check_settings
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import shanghai_date, shanghai_year

_ELIGIBILITY_ARTICLE: Final = "结尾第2段"  # where the policy's text says who is eligible


def record_act(
    connection: Connection,
    bureau: BureauContext,
    request: ActRequest,
    draft_act: Callable[[Acting], Draft] | None = None,
) -> Json:
    """Perform and record an act; a repeated request returns what was recorded first.

    `draft_act` drafts an act that this module does not. Needs a transaction that has posted nothing before. Raises
    NotFoundError, IdempotencyKeyReusedError, InvalidActError, StepNotAllowedError and SettingsChangedError.
    """
    lock_ledger_for_request(connection)
    known = recorded_before(connection, request)
    if known is not None:
        return known
    edge = bureau.log.edge(connection)
    rulebook, now = check_settings(connection, bureau.rulebook), bureau.clock()
    acting = Acting(connection, request, rulebook, now, next_instant(connection, now))
    draft = (draft_act or _DRAFTS[request.kind])(acting)
    ((act, part),) = write_acts(acting, [draft])
    answer = act_json(act, part)
    recompute_subjects(connection, draft.recompute, Recomputation(acting.rulebook, acting.instant))
    bureau.log.extend(connection, edge, now)
    return answer


def recorded_before(connection: Connection, request: ActRequest) -> Json | None:
    """The act that a repeated request was answered with. Raises IdempotencyKeyReusedError."""
    if request.key is None:
        return None
    act = find_request(connection, request.actor.identity, request.key)
    if act is None:
        if find_batch_request(connection, request.actor.identity, request.key) is not None:
            raise IdempotencyKeyReusedError(request.key)
        return None
    if act.request_sha256 != request.sha256():
        raise IdempotencyKeyReusedError(request.key)
    return next(answer for _, answer in render_acts(connection, [act]) if answer is not None)


def _hold(acting: Acting) -> Draft:
    """Block approval and payment of an award for now."""
    award, given = acting.award(acting.request.about), acting.request.fields
    by, received_on, objection_id = (given.get(name) for name in ("by", "received_on", "objection_id"))
    if objection_id is not None:
        received = _received_objection(acting, objection_id, award.award_id, given["kind"])
        by, received_on = by or received.name, received_on or shanghai_date(received.received_at)
    if received_on is not None and received_on > shanghai_date(acting.now):
        raise InvalidActError("received_on", Texts("不得晚于今天", "must not be in the future"))
    part = HoldPart(
        award_id=award.award_id,
        kind=given["kind"],
        reason=given["reason"],
        objected_by=by,
        received_on=received_on,
        documents=given.get("documents") or [],
        objection_id=objection_id,
    )
    texts = {
        "manual": Texts("人工暂缓", "held manually"),
        "objection": Texts("因异议暂缓", "held because of an objection"),
    }
    return _about_award(award, part, texts[given["kind"]])


def _received_objection(acting: Acting, objection_id: str, award_id: str, kind: str) -> PublicObjection:
    """The objection that a hold registers. Raises InvalidActError, and StepNotAllowedError if another hold does."""
    found = find_objection(acting.connection, objection_id)
    if found is None or found.award_id != award_id or kind != OBJECTION:
        said = Texts("没有对本项的这一异议", "there is no such objection to this award")
        raise InvalidActError("objection_id", said)
    if is_registered(acting.connection, objection_id):
        raise StepNotAllowedError(Texts("该异议已登记", "this objection is registered already"))
    return found


def _release(acting: Acting) -> Draft:
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
    suspended = acting.part("suspension", hold_id, SuspensionPart)
    text = Texts(f"恢复 {suspended.rule}", f"suspension of {suspended.rule} lifted")
    return Draft(part, acting.article_of_rule(suspended.rule), text, recompute=acting.subjects_with(suspended.rule))


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


def _about_award(award: AwardRow, part: ActPart, text: Texts) -> Draft:
    return Draft(part, award.article, text, award_id=award.award_id, subject=award.subject, year=award.year)


def draft_eligibility(acting: Acting) -> Draft:
    """Record whether a subject is eligible."""
    subject, given = acting.request.about, acting.request.fields
    part = EligibilityPart(
        subject=subject,
        status=given["status"],
        from_at=given["from_"],
        until_at=given.get("until"),
        kind_of_entity=given.get("kind_of_entity"),
        criteria={},
        documents=given.get("documents") or [],
        reason=given.get("reason"),
        conditions=given["criteria"],
    )
    is_verified = given["status"] == "verified"
    text = Texts("资格审核通过", "eligibility verified") if is_verified else Texts("资格审核不通过", "not eligible")
    return Draft(part, _ELIGIBILITY_ARTICLE, text, subject=subject)


def _suspension(acting: Acting) -> Draft:
    """Suspend a rule for awards that are earned within a period."""
    rule, given = acting.request.about, acting.request.fields
    if rule not in acting.policy.rule_order:
        raise NotFoundError(rule)
    part = SuspensionPart(rule, given["from_"], given.get("until"), given["reason"])
    text = Texts(f"暂停 {rule}", f"{rule} suspended")
    return Draft(part, acting.article_of_rule(rule), text, recompute=acting.subjects_with(rule))


def _other_grant(acting: Acting) -> Draft:
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


def _grant_withdrawal(acting: Acting) -> Draft:
    """Withdraw the record of another grant."""
    part = GrantWithdrawalPart(acting.request.about, acting.request.fields["reason"])
    grant = acting.part("other_grant", part.other_grant_id, OtherGrantPart)
    in_force = other_grants_of(acting.connection, [grant.subject]).get((grant.subject, grant.year), ())
    if all(one.name != f"{OTHER_GRANT}/{part.other_grant_id}" for one in in_force):
        raise StepNotAllowedError(Texts("该记录已撤回或已被取代", "it was withdrawn or replaced before"))
    text = Texts("撤回市级其他政策奖补的记录", "record of a grant under another municipal policy withdrawn")
    return _about_grant(acting, grant, part, text)


def _about_grant(acting: Acting, grant: OtherGrantPart, part: ActPart, text: Texts) -> Draft:
    article = acting.article_of_clause("G6")
    return Draft(part, article, text, subject=grant.subject, year=grant.year, recompute=(grant.subject,))


def _related_party(acting: Acting) -> Draft:
    """Add two subjects to the list of related parties or remove them; red flags on their awards follow."""
    given = acting.request.fields
    subject, other = sorted(given["subjects"])
    part = RelatedPartyPart(subject, other, given["status"], given["reason"], given.get("documents") or [])
    text = Texts("列入关联方名单", "added to the list of related parties")
    if given["status"] != RELATED:
        text = Texts("移出关联方名单", "removed from the list of related parties")
    return Draft(part, acting.article_of_clause("G10"), text, recompute=(subject, other))


def _year_closing(acting: Acting) -> Draft:
    """Close a year or reopen it; the holds of its totals follow at once (G14)."""
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
    return Draft(part, acting.article_of_clause("G14"), text, year=year)


def _account(acting: Acting) -> Draft:
    """Record a bank account of a subject, which counts once another person confirms it."""
    subject, given, salt = acting.request.about, acting.request.fields, secrets.token_hex(16)
    part = AccountPart(
        subject=subject,
        bank=given["bank"],
        number=given["account"],
        salt=salt,
        account_sha256=account_sha256(salt, given["account"]),
        name=given["name"],
        documents=given["documents"],
    )
    text = Texts("登记收款账户", "bank account recorded")
    return Draft(part, acting.article_of_clause("G7"), text, subject=subject)


def _account_confirmation(acting: Acting) -> Draft:
    """Confirm an account that another person recorded."""
    account_id = acting.request.about
    account = acting.part("account", account_id, AccountPart)
    if find_part(acting.connection, "account_confirmation", "account_id", account_id) is not None:
        raise StepNotAllowedError(Texts("该账户已确认", "the account is confirmed already"))
    recorded = find_recorded(acting.connection, account_id)
    if recorded is not None and acting.request.actor.is_same_person(recorded.actor):
        said = Texts("账户须由登记人以外的人确认", "an account is confirmed by another person than who recorded it")
        raise StepNotAllowedError(said)
    text = Texts("确认收款账户", "bank account confirmed")
    part = AccountConfirmationPart(account_id)
    return Draft(part, acting.article_of_clause("G7"), text, subject=account.subject)


_DRAFTS: Final[Mapping[ActKind, Callable[[Acting], Draft]]] = {
    "decision": draft_decision,
    "hold": _hold,
    "release": _release,
    "eligibility": draft_eligibility,
    "suspension": _suspension,
    "other_grant": _other_grant,
    "grant_withdrawal": _grant_withdrawal,
    "related_party": _related_party,
    "year_closing": _year_closing,
    "service": draft_service,
    "account": _account,
    "account_confirmation": _account_confirmation,
    "access_link_revocation": draft_link_revocation,
}
