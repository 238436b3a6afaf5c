"""The bureau's steps with an award: the table of actions, and why one is refused now. Pure (contract, section 6).

Amounts are fen. Days are Shanghai's, by the wall clock.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

import msgspec

from services.incentive.domain.holds import HOLD_NAMES, PERIOD_OPEN
from services.incentive.domain.workflow import (
    FIRST_STATE,
    STATE_NAMES,
    STATES,
    Actor,
    ApprovedAmounts,
    ApprovedFor,
    PublishedBasis,
    WorkflowState,
)
from services.incentive.policy.terms import Texts
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import SHANGHAI, shanghai_date

CODES: Final = ("state", "person", "notice", "hold", "room", "basis_changed", "document", "clawback")


class StepRefusal(NamedTuple):
    """Why a step is refused: the contract's code, and the reason."""

    code: str
    reason: Texts

    def as_json(self, action: str) -> Json:
        """The contract's form, which names the action."""
        return {"action": action, "code": self.code, "reason": {"zh": self.reason.zh, "en": self.reason.en}}


class ApprovalLimit(NamedTuple):
    """A maximum of approvals, and the amount approved now less returns; in fen."""

    most_fen: int
    outstanding_fen: int
    of: Texts

    @property
    def room_fen(self) -> int:
        return max(0, self.most_fen - self.outstanding_fen)


class StepContext(msgspec.Struct, frozen=True):
    """The inputs that decide which steps `actor` may take with an award at `now`, by the wall clock.

    `basis` is what would be published now. `limits` are those of an approval beside the published amount: of the award,
    of its subject and year, of an operator's tiers. `clawback` is the amount to be returned, and the subject and year
    that it was approved for (None: no proposal is open). `declared_by` is who declared the reward (None: nobody did).
    `years_held_since` is from when on open years are held (None: they are not).
    """

    workflow: WorkflowState
    basis: PublishedBasis
    holds: tuple[str, ...]
    limits: tuple[ApprovalLimit, ...]
    actor: Actor
    now: datetime
    clawback: tuple[ApprovedFor, int] | None = None
    declared_by: Actor | None = None
    years_held_since: datetime | None = None

    @property
    def today(self) -> date:
        return shanghai_date(self.now)

    @property
    def approved_for(self) -> ApprovedFor:
        """The subject and year that the award is of now."""
        return ApprovedFor(self.basis.subject, self.basis.year)

    @property
    def standing_fen(self) -> int:
        """The standing amount for the award's present subject and year."""
        return self.workflow.amounts.get(self.approved_for, ApprovedAmounts()).standing_fen


class StepRequest(NamedTuple):
    """The requested step: without an amount it is the greatest one; `has_document` is None if any request is meant.

    `notice_from` is the first day of a public notice (None: today).
    """

    action: str
    amount_fen: int | None = None
    has_document: bool | None = None
    notice_from: date | None = None


class StepResult(NamedTuple):
    """The effect of an allowed step: its amount, the subject and year that it is posted for, and the next state."""

    amount_fen: int
    approved_for: ApprovedFor
    to_state: str


Condition = Callable[[StepContext, StepRequest], StepRefusal | None]  # why a step is refused; None if it is allowed


# --- amounts ---


def approval_limits(case: StepContext) -> tuple[ApprovalLimit, ...]:
    """All limits of an approval: those given, and what was published."""
    published = case.workflow.published
    if published is None:
        return case.limits
    limit = ApprovalLimit(published.payable_fen, case.standing_fen, Texts("公示的可兑现额", "the published payable"))
    return *case.limits, limit


def approval_room_fen(case: StepContext) -> int:
    return max(0, min((limit.room_fen for limit in approval_limits(case)), default=0))


def due_for(case: StepContext) -> ApprovedFor:
    """The subject and year of the next payment or revocation."""
    return _next_for(case, [one.approved_for for one in case.workflow.unpaid], case.workflow.unpaid_for)


def _next_for(case: StepContext, others: Iterable[ApprovedFor], fen_for: Callable[[ApprovedFor], int]) -> ApprovedFor:
    """The first subject and year with an amount: those of an open clawback, those of the award now, then the others."""
    clawback = () if case.clawback is None else (case.clawback[0],)
    return next((one for one in (*clawback, case.approved_for, *others) if fen_for(one)), case.approved_for)


def due_fen(case: StepContext) -> int:
    return case.workflow.unpaid_for(due_for(case))


def returnable_for(case: StepContext) -> ApprovedFor:
    """The subject and year of the next notice of return."""
    return _next_for(case, case.workflow.amounts, case.workflow.returnable_for)


def returnable_fen(case: StepContext) -> int:
    return case.workflow.returnable_for(returnable_for(case))


def open_notice_fen(case: StepContext) -> int:
    notice = case.workflow.return_notice
    return 0 if notice is None else notice.open_fen


def recoverable_for(case: StepContext) -> ApprovedFor:
    """The subject and year of the next recovery: the first whose returns have not all come back."""
    amounts = case.workflow.amounts
    return next((one for one, found in amounts.items() if found.unrecovered_fen > 0), case.approved_for)


def recoverable_fen(case: StepContext) -> int:
    return case.workflow.amounts.get(recoverable_for(case), ApprovedAmounts()).unrecovered_fen


# The greatest amount of each action that moves or names money.
MOST: Final[dict[str, Callable[[StepContext], int]]] = {
    "approve": approval_room_fen,
    "pay": due_fen,
    "revoke": due_fen,
    "notify_return": returnable_fen,
    "return": open_notice_fen,
    "recover": recoverable_fen,
}


# --- conditions ---


def _state(zh: str, en: str) -> StepRefusal:
    return StepRefusal("state", Texts(zh, en))


def _to_the_minute(instant: datetime) -> str:
    """A time in Shanghai for people: 2026-07-01 00:00."""
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _not_in_this_state(state: str) -> StepRefusal:
    return _state(f"当前状态为“{STATE_NAMES[state].zh}”", f"the award is {state}")


def _may_apply(case: StepContext, _: StepRequest) -> StepRefusal | None:
    if case.workflow.state == FIRST_STATE or case.basis.payable_fen > case.standing_fen:
        return None
    return _state("可兑现额没有高于已核定未追缴的金额", "the payable is not over what stands approved")


def _another(found: Callable[[StepContext], Sequence[Actor | None]], what: Texts) -> Condition:
    """A condition: another person than those who took earlier steps, which `what` names."""

    def check(case: StepContext, _: StepRequest) -> StepRefusal | None:
        other = next((one for one in found(case) if one is not None and case.actor.is_same_person(one)), None)
        if other is None:
            return None
        return StepRefusal(
            "person",
            Texts(
                f"{what.zh}由 {other.name} 办理，本步骤须由其他人办理",
                f"{what.en} was done by {other.name}, and this step needs another person",
            ),
        )

    return check


def _reviewer(case: StepContext) -> Sequence[Actor | None]:
    return (case.workflow.reviewed_by,)


def _reviewers(case: StepContext) -> Sequence[Actor | None]:
    return (case.workflow.reviewed_by, case.workflow.joint_reviewed_by)


def _approvers(case: StepContext) -> Sequence[Actor | None]:
    return tuple(one.actor for one in case.workflow.unpaid)


def _declarer(case: StepContext) -> Sequence[Actor | None]:
    return (case.declared_by,)


def _notifier(case: StepContext) -> Sequence[Actor | None]:
    notice = case.workflow.return_notice
    return () if notice is None else (notice.actor,)


_not_the_reviewer = _another(_reviewer, Texts("初审", "the initial review"))
_not_a_reviewer = _another(_reviewers, Texts("初审或联合审核", "the initial or joint review"))
_not_the_declarer = _another(_declarer, Texts("登记申报", "the declaration"))
_not_the_approver = _another(_approvers, Texts("核定", "the approval"))
_not_the_notifier = _another(_notifier, Texts("追缴告知", "the notice of return"))


def _approver_of_the_unpaid(case: StepContext, _: StepRequest) -> StepRefusal | None:
    """Allow one person to approve as long as an approval is unpaid, so that another one can pay."""
    other = next((one.actor for one in case.workflow.unpaid if not case.actor.is_same_person(one.actor)), None)
    if other is None:
        return None
    zh = f"{other.name} 的核定尚未拨付，此前只能由其再次核定"
    return StepRefusal("person", Texts(zh, f"until the approval of {other.name} is paid, only that person may approve"))


def _document(_: StepContext, wanted: StepRequest) -> StepRefusal | None:
    if wanted.has_document is not False:
        return None
    return StepRefusal("document", Texts("须附文件", "a document is needed"))


def _document_of_the_past(case: StepContext, wanted: StepRequest) -> StepRefusal | None:
    """Ask for a document of a public notice that began before today."""
    is_past = wanted.notice_from is not None and wanted.notice_from < case.today
    return _document(case, wanted) if is_past else None


def _notice_over(case: StepContext, _: StepRequest) -> StepRefusal | None:
    ends = case.workflow.notice_ends
    if ends is not None and ends <= case.now:
        return None
    until = "" if ends is None else _to_the_minute(ends)
    return StepRefusal(
        "notice", Texts(f"公示期未满，{until} 起可核定", f"the public notice is not over before {until}")
    )


def basis_differences(case: StepContext) -> list[str]:
    """The names of the fields that differ from the published ones; a field that was not recorded does not differ."""
    published = case.workflow.published
    if published is None:
        return []
    names = ("subject", "rule", "year") if published.policy is None else tuple(_NAMES)
    return [name for name in names if getattr(published, name) != getattr(case.basis, name)]


_NAMES: Final = {
    "subject": Texts("主体", "subject"),
    "rule": Texts("奖项", "rule"),
    "item": Texts("事项", "item"),
    "year": Texts("年度", "year"),
    "policy": Texts("政策版本", "policy"),
}


def _basis_as_published(case: StepContext, _: StepRequest) -> StepRefusal | None:
    differing = [_NAMES[name] for name in basis_differences(case)]
    if not differing:
        return None
    zh, en = "、".join(one.zh for one in differing), ", ".join(one.en for one in differing)
    return StepRefusal(
        "basis_changed",
        Texts(f"公示后依据已变（{zh}），须重新公示", f"changed since it was published: {en}; publish again"),
    )


def _may_publish(case: StepContext, _: StepRequest) -> StepRefusal | None:
    published = case.workflow.published
    if case.workflow.state != "published" or published is None or basis_differences(case):
        return None
    if case.basis.payable_fen > published.payable_fen:
        return None
    return _state("公示后依据未变，可兑现额也未增加", "nothing that was published has changed, and no more is payable")


def _no_hold(case: StepContext, _: StepRequest) -> StepRefusal | None:
    return _on_hold(case.holds)


def _no_hold_of_payments(case: StepContext, _: StepRequest) -> StepRefusal | None:
    """Check the holds of a payment. An open year holds only what was approved since years are held (G14)."""
    since, due = case.years_held_since, due_for(case)
    is_held = since is not None and any(one.at >= since for one in case.workflow.unpaid if one.approved_for == due)
    return _on_hold([kind for kind in case.holds if kind != PERIOD_OPEN or is_held])


def _on_hold(kinds: Sequence[str]) -> StepRefusal | None:
    if not kinds:
        return None
    zh = "、".join(HOLD_NAMES[kind].zh if kind in HOLD_NAMES else kind for kind in kinds)
    return StepRefusal("hold", Texts(f"有暂缓事由：{zh}", f"the award is on hold: {', '.join(kinds)}"))


def _room(case: StepContext, wanted: StepRequest) -> StepRefusal | None:
    for limit in approval_limits(case):
        if limit.room_fen < max(1, wanted.amount_fen or 0):
            most, now = format_yuan(limit.most_fen), format_yuan(limit.outstanding_fen)
            return StepRefusal(
                "room",
                Texts(
                    f"超过{limit.of.zh} {most} 元（已核定未追缴 {now} 元）",
                    f"more than {limit.of.en} of {most} yuan ({now} yuan stand approved)",
                ),
            )
    return None


def _nothing_stands(case: StepContext, _: StepRequest) -> StepRefusal | None:
    if case.workflow.standing_fen <= 0:
        return None
    return _state("已有核定未追缴的金额，不能撤回", "something approved stands")


def _no_clawback(case: StepContext, _: StepRequest) -> StepRefusal | None:
    if case.clawback is None:
        return None
    said = Texts("有待处理的追缴建议，须先撤销核定或追缴", "a clawback proposal is open: revoke or return first")
    return StepRefusal("clawback", said)


def _something(name: str, nothing: Texts) -> Condition:
    """A condition: there is something of which an action may take an amount."""

    def check(case: StepContext, _: StepRequest) -> StepRefusal | None:
        return None if MOST[name](case) > 0 else StepRefusal("state", nothing)

    return check


def _amount_within(name: str) -> Condition:
    """A condition: the amount is at most what there is."""

    def check(case: StepContext, wanted: StepRequest) -> StepRefusal | None:
        most_fen = MOST[name](case)
        if wanted.amount_fen is None or wanted.amount_fen <= most_fen:
            return None
        most = format_yuan(most_fen)
        return StepRefusal("room", Texts(f"最多 {most} 元", f"at most {most} yuan"))

    return check


def _all_at_once(case: StepContext, wanted: StepRequest) -> StepRefusal | None:
    fen = due_fen(case)
    if wanted.amount_fen in (None, fen):
        return None
    due = format_yuan(fen)
    return StepRefusal("room", Texts(f"须一次拨付全部未拨付额 {due} 元", f"the unpaid {due} yuan must be paid at once"))


def _was_refused(case: StepContext, _: StepRequest) -> StepRefusal | None:
    if case.workflow.state in ("rejected", "returned") or case.workflow.is_refused:
        return None
    return _state("没有被不予通过的增加额", "no rise was refused")


def _time_to_answer_over(case: StepContext, wanted: StepRequest) -> StepRefusal | None:
    notice = case.workflow.return_notice
    if notice is None or notice.ends <= case.now or wanted.has_document is not False:
        return None
    until = _to_the_minute(notice.ends)
    zh = f"告知的期限未满（{until} 起可决定），或须附主体的答复"
    return StepRefusal("notice", Texts(zh, f"before {until} the subject's answer is needed as a document"))


# --- the table ---


class Action(NamedTuple):
    """A step: its states, its conditions, and its fields.

    `to_state` is None if the state stays or depends on amounts. `needs` are required and `takes` optional fields of the
    request; `posts` is the kind of transaction.
    """

    name: str
    says: Texts
    from_states: tuple[str, ...]
    to_state: str | None
    conditions: tuple[Condition, ...] = ()
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    posts: str = "decision"


_BEFORE_APPROVED: Final = ("estimated", "applied", "reviewed", "joint_reviewed", "published")
_APPLY_FROM: Final = ("estimated", "approved", "paid")
_NOTHING_UNPAID: Final = Texts("没有未拨付的核定额", "nothing approved is unpaid")
ACTIONS: Final = {
    action.name: action
    for action in (
        Action("apply", Texts("申报", "applied for"), _APPLY_FROM, "applied", (_may_apply,)),
        Action("list", Texts("免申即享", "listed automatically"), _APPLY_FROM, "applied", (_may_apply,)),
        Action("review", Texts("初审", "initial review passed"), ("applied",), "reviewed"),
        Action(
            "joint_review",
            Texts("联合审核", "joint review passed"),
            ("reviewed",),
            "joint_reviewed",
            (_not_the_reviewer, _document),
        ),
        Action(
            "publish",
            Texts("公示", "public notice"),
            ("joint_reviewed", "published"),
            "published",
            (_may_publish, _document_of_the_past),
            ("until", "where"),
            ("from",),
        ),
        Action(
            "approve",
            Texts("核定", "approved"),
            ("published",),
            "approved",
            (
                _notice_over,
                _no_hold,
                _basis_as_published,
                _room,
                _not_a_reviewer,
                _not_the_declarer,
                _approver_of_the_unpaid,
                _document,
            ),
            takes=("amount",),
            posts="approval",
        ),
        Action(
            "pay",
            Texts("拨付", "paid"),
            tuple(state for state in STATES if state != "rejected"),
            None,
            (_something("pay", _NOTHING_UNPAID), _all_at_once, _no_hold_of_payments, _no_clawback, _not_the_approver),
            ("voucher_no", "paid_on"),
            ("amount",),
            posts="payment",
        ),
        Action(
            "reject",
            Texts("不予通过", "rejected"),
            _BEFORE_APPROVED[1:],
            None,
            (_not_the_reviewer,),
            ("reason",),
        ),
        Action(
            "reopen",
            Texts("重新办理", "reopened"),
            ("rejected", "returned", "approved", "paid"),
            None,
            (_was_refused,),
            ("reason",),
        ),
        Action(
            "withdraw",
            Texts("撤回", "withdrawn by the subject"),
            _BEFORE_APPROVED,
            "estimated",
            (_nothing_stands, _document),
        ),
        Action(
            "revoke",
            Texts("撤销核定", "approval revoked"),
            STATES,
            None,
            (_something("revoke", _NOTHING_UNPAID), _amount_within("revoke"), _not_the_approver),
            ("amount", "ground", "reason"),
            posts="revocation",
        ),
        Action(
            "notify_return",
            Texts("追缴告知", "notice of return"),
            STATES,
            None,
            (
                _something("notify_return", Texts("没有已拨付未追缴的金额", "nothing paid is not returned yet")),
                _amount_within("notify_return"),
                _document,
            ),
            ("amount", "ground", "reason", "until"),
        ),
        Action(
            "return",
            Texts("追缴决定", "return decided"),
            STATES,
            None,
            (
                _something("return", Texts("没有未办结的追缴告知", "no notice of return is open")),
                _time_to_answer_over,
                _amount_within("return"),
                _not_the_notifier,
            ),
            ("amount",),
            posts="return",
        ),
        Action(
            "recover",
            Texts("收回", "recovered"),
            STATES,
            None,
            (
                _something("recover", Texts("没有待收回的追缴", "nothing returned is still to come back")),
                _amount_within("recover"),
            ),
            ("amount", "received_on", "voucher_no"),
            posts="recovery",
        ),
    )
}
# Actions with an amount, of which `approve` and `pay` have one by themselves.
WITH_AMOUNT: Final = tuple(MOST)


def allowed_actions(case: StepContext) -> list[str]:
    """The steps that the person may take now, in the table's order."""
    return [name for name in ACTIONS if refusal(case, StepRequest(name)) is None]


def refusals(case: StepContext, wanted: StepRequest | None = None) -> dict[str, StepRefusal]:
    """Why each step that is not allowed now is refused, and the wanted one as it is wanted; in the table's order."""
    asked = (wanted if wanted is not None and name == wanted.action else StepRequest(name) for name in ACTIONS)
    found = ((one.action, refusal(case, one)) for one in asked)
    return {name: said for name, said in found if said is not None}


def refusal(case: StepContext, wanted: StepRequest) -> StepRefusal | None:
    """Why a step is refused; None if it is allowed, or would be with some amount and document if none is given."""
    action = ACTIONS[wanted.action]
    if case.workflow.state not in action.from_states:
        return _not_in_this_state(case.workflow.state)
    reasons = (condition(case, wanted) for condition in action.conditions)
    return next((reason for reason in reasons if reason is not None), None)


def step_result(case: StepContext, wanted: StepRequest) -> StepResult:
    """The effect of an allowed step."""
    name, workflow = wanted.action, case.workflow
    fen = 0
    if name in MOST:
        fen = MOST[name](case) if wanted.amount_fen is None else wanted.amount_fen
    approved_for = case.approved_for
    if name in ("pay", "revoke"):
        approved_for = due_for(case)
    elif name == "notify_return":
        approved_for = returnable_for(case)
    elif name == "return" and workflow.return_notice is not None:
        approved_for = workflow.return_notice.approved_for
    elif name == "recover":
        approved_for = recoverable_for(case)
    return StepResult(fen, approved_for, _to_state(workflow, name, fen))


def _to_state(before: WorkflowState, name: str, fen: int) -> str:
    """The state after an allowed step, which may depend on what stands and what is unpaid after it."""
    fixed = ACTIONS[name].to_state
    if fixed is not None:
        return fixed
    state, standing_fen, unpaid_fen = before.state, before.standing_fen, before.unpaid_fen
    if name == "reject":
        return "rejected" if standing_fen <= 0 else "approved" if unpaid_fen else "paid"
    if name == "reopen":
        return FIRST_STATE if state in ("rejected", "returned") else state
    if name in ("revoke", "return") and standing_fen <= fen:
        return "returned"
    if name in ("pay", "revoke") and state == "approved" and unpaid_fen <= fen:
        return "paid"
    return state
