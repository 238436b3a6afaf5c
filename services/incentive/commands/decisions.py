"""Decisions on awards: the check of each step, and its record."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from services.incentive.commands.acting import Acting, Draft, InvalidActError, StepNotAllowedError
from services.incentive.commands.notice_lists import freeze_notice_list, prepare_notice_list
from services.incentive.commands.payments import name_accounts
from services.incentive.commands.statements import freeze_statements, prepare_statements
from services.incentive.domain.acts import DecisionPart
from services.incentive.domain.notices.days import is_long_enough, notice_end
from services.incentive.domain.postings import decision_entries
from services.incentive.domain.steps import (
    ACTIONS,
    StepContext,
    StepRequest,
    approval_room_fen,
    due_for,
    refusal,
    refusals,
    step_result,
)
from services.incentive.policy.terms import Policy, Texts
from services.incentive.queries.casework.step_contexts import step_contexts
from services.incentive.store.award_context import AwardContext, load_award_context
from services.incentive.store.awards import AnyAwardRow
from shared.values.json_types import Json
from shared.values.money import format_yuan

# Steps after which an award is payable or not, or stands with another amount.
CHANGE_PAYABLES: Final = ("apply", "list", "approve", "reject", "reopen", "withdraw", "revoke", "return")


def draft_decision(acting: Acting) -> Draft:
    """Take a step with the award that the request is about."""
    award, given = acting.award(acting.request.about), acting.request.fields
    contexts = contexts_at(acting, [award])
    cases = step_contexts(acting.connection, [award], contexts, acting.policy, acting.request.actor, acting.now)
    draft = draft_step(award, cases[award.award_id], given, acting.policy)
    notice = prepare_notice_list(acting, [draft], {award.award_id: award}, contexts)
    listed = freeze_notice_list(acting, name_accounts(acting.connection, [draft]), notice)
    (frozen,) = freeze_statements(acting, listed, prepare_statements(acting, listed, [award], contexts))
    return frozen


def contexts_at(acting: Acting, awards: Sequence[AnyAwardRow]) -> dict[str, AwardContext]:
    """The contexts of awards now, with what holds them at the recorded instant, by which auditors judge."""
    found, *later = [
        load_award_context(acting.connection, awards, acting.policy, None, at)
        for at in sorted({acting.now, acting.instant})
    ]
    for contexts in later:
        for award_id, context in contexts.items():
            holds = tuple(dict.fromkeys((*found[award_id].holds, *context.holds)))
            found[award_id] = found[award_id]._replace(holds=holds)
    return found


def draft_step(award: AnyAwardRow, case: StepContext, given: Json, policy: Policy) -> Draft:
    """The record of a step. Raises StepNotAllowedError, or InvalidActError for a field that does not fit."""
    check_days(given, case.today, policy)
    wanted = StepRequest(given["action"], given.get("amount"), bool(given.get("documents")), given.get("from_"))
    said = refusal(case, wanted)
    if said is not None:
        why = refusals(case, wanted)
        raise StepNotAllowedError(said.reason, [name for name in ACTIONS if name not in why], why)
    _check_beside_award(case, wanted, given)
    action, part = ACTIONS[wanted.action], _decision_part(award, case, wanted, given)
    posted_fen = 0 if action.posts == "decision" else part.amount_fen
    amount = format_yuan(part.amount_fen)
    return Draft(
        part,
        award.article,
        action.says + Texts(f" {amount} 元", f" {amount} yuan") if part.amount_fen else action.says,
        award_id=part.award_id,
        subject=part.subject,
        year=part.year,
        posts=action.posts,
        amount_fen=posted_fen,
        entries=decision_entries(action.posts, part.subject, part.award_id, part.year, part.amount_fen),
        recompute=(award.subject,) if action.name in CHANGE_PAYABLES else (),
    )


def check_days(given: Json, today: date, policy: Policy) -> None:
    """Check the days of a request by themselves: of notices, payments and recoveries. Raises InvalidActError."""
    for field in ("paid_on", "received_on"):
        if given.get(field) is not None and given[field] > today:
            raise InvalidActError(field, Texts("不得晚于今天", "must not be in the future"))
    until, start = given.get("until"), given.get("from_") or today
    if until is None:
        return
    if until < start:
        raise InvalidActError("until", Texts("不得早于起始日", "must not be before the first day"))
    least = policy.notice_working_days
    if not is_long_enough(start, until, least, policy.public_notice):
        end = notice_end(start, least, policy.public_notice).isoformat()
        said = Texts(
            f"须至少 {least} 个工作日，即不早于 {end}", f"must be at least {least} working days: {end} or later"
        )
        raise InvalidActError("until", said)


def _check_beside_award(case: StepContext, wanted: StepRequest, given: Json) -> None:
    """Check the fields of an allowed step that depend on the award. Raises InvalidActError."""
    if wanted.action == "approve" and wanted.amount_fen is not None and not given.get("reason"):
        room_fen = approval_room_fen(case)
        if wanted.amount_fen < room_fen:
            room = format_yuan(room_fen)
            said = Texts(f"少于可核定的 {room} 元，须说明理由", f"a reason is needed for less than {room} yuan")
            raise InvalidActError("reason", said)
    if wanted.action == "pay":
        due = due_for(case)
        days = [one.decided_on for one in case.workflow.unpaid if one.approved_for == due and one.decided_on]
        if days and given["paid_on"] < max(days):
            day = max(days).isoformat()
            said = Texts(f"不得早于核定之日 {day}", f"must not be before the day of the approval, {day}")
            raise InvalidActError("paid_on", said)


def _decision_part(award: AnyAwardRow, case: StepContext, wanted: StepRequest, given: Json) -> DecisionPart:
    """The record of an allowed step."""
    result, name = step_result(case, wanted), wanted.action
    is_notice = name in ("publish", "notify_return")
    return DecisionPart(
        award_id=award.award_id,
        number=case.workflow.steps,
        action=name,
        from_state=case.workflow.state,
        to_state=result.to_state,
        amount_fen=result.amount_fen,
        rule=award.rule,
        subject=result.approved_for.subject,
        year=result.approved_for.year,
        reason=given.get("reason"),
        documents=given.get("documents") or [],
        until=None,
        voucher_no=given.get("voucher_no"),
        paid_on=given.get("paid_on"),
        decided_on=case.today,
        ground=given.get("ground"),
        notice_from=(given.get("from_") or case.today) if is_notice else None,
        notice_until=given.get("until") if is_notice else None,
        notice_where=given.get("where"),
        received_on=given.get("received_on"),
        published=msgspec.to_builtins(case.basis) if name == "publish" else None,
        statement=None,
        batch_id=given.get("batch_id"),
    )
