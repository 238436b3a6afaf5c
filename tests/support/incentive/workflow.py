"""Steps of the bureau with one award, for tests of the pure workflow."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from services.incentive.domain.rooms import RoomUse, excesses_of_room
from services.incentive.domain.steps import MOST, ApprovalLimit, StepContext, StepRequest, step_result
from services.incentive.domain.workflow import (
    Actor,
    ApprovedFor,
    Decision,
    PolicyRevision,
    PublishedBasis,
    WorkflowState,
    apply_step,
)
from services.incentive.policy.terms import Texts
from shared.values.times import shanghai_date

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BASIS = ApprovedFor("uscc:91530100MA6K123456", 2026)
DOCUMENTS = ({"name": "n", "sha256": "ab" * 32},)
# Steps from the application to the public notice: action, amount, person. The person "c" may approve, "a" and "b" pay.
ROUND = (("apply", 0, "a"), ("review", 0, "a"), ("joint_review", 0, "b"), ("publish", 0, "a"))


def person(name: str) -> Actor:
    return Actor(f"key of {name}", name)


def published(payable_fen: int = 100, approved_for: ApprovedFor = BASIS, revision: int = 3) -> PublishedBasis:
    """Return what a notice of a first purchase is of."""
    policy = PolicyRevision("p", revision)
    return PublishedBasis(payable_fen, approved_for.subject, "first_purchase", None, approved_for.year, policy)


def step(
    before: WorkflowState,
    action: str,
    amount_fen: int = 0,
    by: str = "a",
    approved_for: ApprovedFor = BASIS,
    payable_fen: int = 10_000,
) -> Decision:
    """Return the next step, a second after the previous one; notices end the day before."""
    case = replace(context(before, payable_fen, by), basis=published(payable_fen, approved_for))
    result = step_result(case, StepRequest(action, amount_fen if action in MOST else None))
    today, is_notice = shanghai_date(NOW), action in ("publish", "notify_return")
    return Decision(
        decision_id=f"d{before.steps}",
        award_id="award",
        number=before.steps,
        action=action,
        from_state=before.state,
        to_state=result.to_state,
        amount_fen=amount_fen,
        rule="first_purchase",
        subject=approved_for.subject,
        year=approved_for.year,
        actor=person(by),
        at=NOW + timedelta(seconds=before.steps),
        reason=None,
        documents=DOCUMENTS,
        until=None,
        voucher_no=None,
        paid_on=today if action == "pay" else None,
        transaction=before.steps,
        decided_on=today,
        notice_from=today - timedelta(days=9) if is_notice else None,
        notice_until=today - timedelta(days=1) if is_notice else None,
        published=published(payable_fen, approved_for) if action == "publish" else None,
    )


def earlier(taken: Decision, **changes: object) -> Decision:
    """Return a step as a version recorded it that kept no days; its notice ends at `NOW`."""
    kept = {"decided_on": None, "notice_from": None, "notice_until": None}
    until = NOW if taken.action == "publish" else None
    return replace(taken, **kept, until=until, **changes)  # type: ignore[arg-type]


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


def context(state: WorkflowState, payable_fen: int = 100, by: str = "a", holds: tuple[str, ...] = ()) -> StepContext:
    """Return the context of an award in a state, a day after `NOW`, limited only by its own payable amount."""
    limit = ApprovalLimit(payable_fen, state.outstanding.get(BASIS, 0), Texts("可兑现额", "payable"))
    return StepContext(
        workflow=state,
        basis=published(payable_fen),
        holds=holds,
        limits=(limit,),
        actor=person(by),
        now=NOW + timedelta(days=1),
        clawback=open_clawback(state, payable_fen),
    )
