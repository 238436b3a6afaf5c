"""The bureau's workflow: the table of actions, an award's state after its decisions, what may follow. Pure.

An award goes through a *round* from the application to the payment; another round begins when its payable has risen.
Amounts are fen; the rules are those of the contract, section 6.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from services.incentive.domain.holds import PERIOD_OPEN
from services.incentive.policy.terms import Texts
from shared.values.money import format_yuan

State = Literal["estimated", "applied", "reviewed", "joint_reviewed", "published", "approved", "paid", "rejected"]
STATES: Final[tuple[str, ...]] = get_args(State)
FIRST_STATE: Final = "estimated"

_SET_ASIDE: Final = ("rejected",)


def set_aside_by(state: str) -> bool:
    """Return True if the payable of an award in that state is limited to its approved amount less returns (G6)."""
    return state in _SET_ASIDE


_BEFORE_APPROVED: Final = ("estimated", "applied", "reviewed", "joint_reviewed", "published")


class Actor(NamedTuple):
    """An actor: the name of the key or account, and its person (None in acts of versions that kept the name alone)."""

    name: str
    person: str | None

    @property
    def identity(self) -> str:
        """The person, or the name where no person was kept."""
        return self.person or self.name

    def is_same_person(self, other: "Actor | None") -> bool:
        """Return True if the four-eyes rule counts the two as one: by person, and by name where one has no person."""
        if other is None:
            return False
        has_both = self.person is not None and other.person is not None
        return self.identity == other.identity or (not has_both and self.name == other.name)


class Decision(msgspec.Struct, frozen=True):
    """A step that was taken. `subject` and `year` name the account and budget that it is posted to."""

    decision_id: str
    award_id: str
    number: int
    action: str
    from_state: str
    to_state: str
    amount_fen: int
    rule: str
    subject: str
    year: int
    actor: Actor
    at: datetime
    reason: str | None
    documents: Sequence[Mapping[str, str]]
    until: datetime | None
    voucher_no: str | None
    paid_on: date | None
    transaction: int


class ApprovedFor(NamedTuple):
    """The subject and year that an approval is posted for."""

    subject: str
    year: int


class WorkflowState(msgspec.Struct, frozen=True):
    """An award's state after its decisions.

    `unpaid_fen` is approved and neither paid nor returned; `outstanding` is approved less returned, by what it was
    approved for, as a correction can move an award to another subject or year. `reviewed_by`, `published_by` and
    `until` are those of the last round.
    """

    state: str = FIRST_STATE
    steps: int = 0
    approved_fen: int = 0
    paid_fen: int = 0
    returned_fen: int = 0
    unpaid_fen: int = 0
    outstanding: Mapping[ApprovedFor, int] = {}
    reviewed_by: Actor | None = None
    published_by: Actor | None = None
    until: datetime | None = None
    last_at: datetime | None = None


def replay(decisions: Iterable[Decision]) -> WorkflowState:
    found = WorkflowState()
    for decision in decisions:
        found = apply_step(found, decision)
    return found


def apply_step(before: WorkflowState, step: Decision) -> WorkflowState:
    approved_fen, paid_fen, returned_fen = (
        step.amount_fen if step.action == action else 0 for action in ("approve", "pay", "return")
    )
    changes: dict[str, object] = {
        "state": step.to_state,
        "steps": before.steps + 1,
        "last_at": step.at,
        "approved_fen": before.approved_fen + approved_fen,
        "paid_fen": before.paid_fen + paid_fen,
        "returned_fen": before.returned_fen + returned_fen,
        # An unpaid amount need not be returned: it will not be paid.
        "unpaid_fen": max(0, before.unpaid_fen + approved_fen - paid_fen - returned_fen),
    }
    if approved_fen or returned_fen:
        approved_for = ApprovedFor(step.subject, step.year)
        outstanding_fen = before.outstanding.get(approved_for, 0) + approved_fen - returned_fen
        changes["outstanding"] = {**before.outstanding, approved_for: outstanding_fen}
    elif step.action == "review":
        changes["reviewed_by"] = step.actor
    elif step.action == "publish":
        changes |= {"published_by": step.actor, "until": step.until}
    return msgspec.structs.replace(before, **changes)


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

    `limits` are those of an approval: of the award, of its G6 group, of an operator's tiers. `clawback` is the amount
    to be returned, and the subject and year that it was approved for (None: no proposal is open).
    """

    workflow: WorkflowState
    approved_for: ApprovedFor
    payable_fen: int
    holds: tuple[str, ...]
    limits: tuple[ApprovalLimit, ...]
    actor: Actor
    now: datetime
    clawback: tuple[ApprovedFor, int] | None = None


class StepRequest(NamedTuple):
    """The requested step; `amount_fen` is None if no amount is given."""

    action: str
    amount_fen: int | None = None


def step_amount(case: StepContext, wanted: StepRequest) -> int:
    """The amount of an allowed step: a payment pays everything unpaid; 0 if no money moves."""
    if wanted.action == "pay":
        return case.workflow.unpaid_fen
    return wanted.amount_fen or 0


Condition = Callable[
    [StepContext, StepRequest], Texts | None
]  # the reason that a step is refused; None if it is allowed


def _risen(case: StepContext, _: StepRequest) -> Texts | None:
    outstanding_fen = case.workflow.outstanding.get(case.approved_for, 0)
    if case.workflow.state == FIRST_STATE or case.payable_fen > outstanding_fen:
        return None
    return Texts("可兑现额没有高于已核定额", "the payable has not risen above the approved amount")


def _not_the_reviewer(case: StepContext, _: StepRequest) -> Texts | None:
    if not case.actor.is_same_person(case.workflow.reviewed_by):
        return None
    return Texts("联合审核须由初审以外的人办理", "the joint review needs another person than the initial review")


def _not_the_publisher(case: StepContext, _: StepRequest) -> Texts | None:
    if not case.actor.is_same_person(case.workflow.published_by):
        return None
    return Texts("核定须由公示经办以外的人办理", "the approval needs another person than the public notice")


def _notice_over(case: StepContext, _: StepRequest) -> Texts | None:
    if case.workflow.until is not None and case.workflow.until <= case.now:
        return None
    return Texts("公示期未满", "the public notice is not over")


def _no_hold(case: StepContext, _: StepRequest) -> Texts | None:
    return _on_hold(case.holds)


def _no_hold_of_payments(case: StepContext, _: StepRequest) -> Texts | None:
    """Check the holds of a payment. An open year is none: its award was approved before years were held (G14)."""
    return _on_hold([kind for kind in case.holds if kind != PERIOD_OPEN])


def _on_hold(kinds: Sequence[str]) -> Texts | None:
    if not kinds:
        return None
    holds = ", ".join(kinds)
    return Texts(f"有暂缓事由：{holds}", f"the award is on hold: {holds}")


def _room(case: StepContext, wanted: StepRequest) -> Texts | None:
    for limit in case.limits:
        if limit.room_fen < max(1, wanted.amount_fen or 0):
            most, now = format_yuan(limit.most_fen), format_yuan(limit.outstanding_fen)
            return Texts(
                f"超过{limit.of.zh} {most} 元（已核定减追缴 {now} 元）",
                f"more than {limit.of.en} of {most} yuan (approved less returned: {now} yuan)",
            )
    return None


def _not_over_approved(case: StepContext, _: StepRequest) -> Texts | None:
    if case.clawback is None:
        return None
    return Texts("已核定额高于可兑现额，须先追缴", "more is approved than payable: return the difference first")


def _unpaid(case: StepContext, wanted: StepRequest) -> Texts | None:
    unpaid_fen = case.workflow.unpaid_fen
    if unpaid_fen == 0:
        return Texts("没有未拨付的核定额", "everything approved has already been paid")
    if wanted.amount_fen not in (None, unpaid_fen):
        unpaid = format_yuan(unpaid_fen)
        return Texts(f"须一次拨付全部未拨付额 {unpaid} 元", f"the unpaid {unpaid} yuan must be paid at once")
    return None


def _clawback(case: StepContext, wanted: StepRequest) -> Texts | None:
    if case.clawback is None:
        return Texts("没有待处理的追缴建议", "no clawback proposal is open")
    _, over_fen = case.clawback
    if wanted.amount_fen is not None and wanted.amount_fen > over_fen:
        over = format_yuan(over_fen)
        return Texts(f"超过追缴建议的 {over} 元", f"more than the {over} yuan of the clawback proposal")
    return None


class Action(NamedTuple):
    """A step: its states, its conditions, and its fields.

    `to_state` is None if the state stays. `needs` are required and `takes` optional fields of the request; `posts` is
    the kind of transaction.
    """

    name: str
    says: Texts
    from_states: tuple[str, ...]
    to_state: str | None
    conditions: tuple[Condition, ...] = ()
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    posts: str = "decision"


_APPLY_FROM: Final = ("estimated", "approved", "paid")
ACTIONS: Final = {
    action.name: action
    for action in (
        Action("apply", Texts("申报", "applied for"), _APPLY_FROM, "applied", (_risen,)),
        Action("list", Texts("免申即享", "listed automatically"), _APPLY_FROM, "applied", (_risen,)),
        Action("review", Texts("初审", "initial review passed"), ("applied",), "reviewed"),
        Action(
            "joint_review",
            Texts("联合审核", "joint review passed"),
            ("reviewed",),
            "joint_reviewed",
            (_not_the_reviewer,),
        ),
        Action("publish", Texts("公示", "public notice"), ("joint_reviewed",), "published", (), ("until",)),
        Action(
            "approve",
            Texts("核定", "approved"),
            ("published",),
            "approved",
            (_not_the_publisher, _notice_over, _no_hold, _room),
            ("amount",),
            posts="approval",
        ),
        # An earlier round's approval is due even if the next round was rejected and reopened.
        Action(
            "pay",
            Texts("拨付", "paid"),
            ("approved", "estimated"),
            "paid",
            (_not_over_approved, _no_hold_of_payments, _unpaid),
            ("voucher_no", "paid_on"),
            ("amount",),
            posts="payment",
        ),
        Action("reject", Texts("不予通过", "rejected"), _BEFORE_APPROVED, "rejected", (), ("reason",)),
        Action("reopen", Texts("重新办理", "reopened"), ("rejected",), "estimated", (), ("reason",)),
        # An earlier round's approval may have to be returned while another round is under way or was rejected.
        Action("return", Texts("追缴", "returned"), STATES, None, (_clawback,), ("amount", "reason"), posts="return"),
    )
}


def allowed_actions(case: StepContext) -> list[str]:
    """The steps that the person may take now, in the table's order."""
    return [name for name in ACTIONS if refusal(case, StepRequest(name)) is None]


def refusal(case: StepContext, wanted: StepRequest) -> Texts | None:
    """The reason that a step is refused; None if it is allowed, or would be with some amount if none is given."""
    action = ACTIONS[wanted.action]
    if case.workflow.state not in action.from_states:
        return Texts(f"当前状态为 {case.workflow.state}", f"the award is {case.workflow.state}")
    reasons = (condition(case, wanted) for condition in action.conditions)
    return next((reason for reason in reasons if reason is not None), None)
