"""Steps of the bureau with one award, for tests of the pure workflow."""

from datetime import UTC, datetime, timedelta

from services.incentive.domain.rooms import RoomUse, excesses_of_room
from services.incentive.domain.workflow import (
    ACTIONS,
    Actor,
    ApprovalLimit,
    ApprovedFor,
    Decision,
    StepContext,
    WorkflowState,
    apply_step,
)
from services.incentive.policy.terms import Texts

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BASIS = ApprovedFor("uscc:91530100MA6K123456", 2026)
# Steps from the application to the public notice: action, amount, person. Approval is open to the person "b".
ROUND = (("apply", 0, "a"), ("review", 0, "a"), ("joint_review", 0, "b"), ("publish", 0, "a"))


def step(
    before: WorkflowState, action: str, amount_fen: int = 0, by: str = "a", approved_for: ApprovedFor = BASIS
) -> Decision:
    """Return the next step, a second after the previous one."""
    return Decision(
        decision_id=f"d{before.steps}",
        award_id="award",
        number=before.steps,
        action=action,
        from_state=before.state,
        to_state=ACTIONS[action].to_state or before.state,
        amount_fen=amount_fen,
        rule="first_purchase",
        subject=approved_for.subject,
        year=approved_for.year,
        actor=Actor(f"key of {by}", by),
        at=NOW + timedelta(seconds=before.steps),
        reason=None,
        documents=(),
        until=NOW if action == "publish" else None,
        voucher_no=None,
        paid_on=None,
        transaction=before.steps,
    )


def history(*actions: tuple[str, int, str]) -> list[Decision]:
    """Return consecutive steps without checking whether they are allowed."""
    state, taken = WorkflowState(), []
    for action, amount_fen, by in actions:
        taken.append(step(state, action, amount_fen, by))
        state = apply_step(state, taken[-1])
    return taken


def open_clawback(
    state: WorkflowState, payable_fen: int, current: ApprovedFor = BASIS
) -> tuple[ApprovedFor, int] | None:
    """Return what a clawback proposal asks for if the award is the only one of its subject."""
    for approved_for, standing_fen in state.outstanding.items():
        use = RoomUse(
            "award", "first_purchase", approved_for, payable_fen if approved_for == current else 0, standing_fen, 1
        )
        for excess in excesses_of_room([use]).values():
            return approved_for, excess.over_fen
    return None


def context(
    state: WorkflowState, payable_fen: int = 100, person: str = "a", holds: tuple[str, ...] = ()
) -> StepContext:
    """Return the context of an award in a state, a day after `NOW`, limited only by its own payable amount."""
    limit = ApprovalLimit(payable_fen, state.outstanding.get(BASIS, 0), Texts("可兑现额", "payable"))
    return StepContext(
        state,
        BASIS,
        payable_fen,
        holds,
        (limit,),
        Actor(f"key of {person}", person),
        NOW + timedelta(days=1),
        open_clawback(state, payable_fen),
    )
