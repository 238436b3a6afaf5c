"""The bureau's steps: the table against that of the contract, each condition by example, and random histories."""

from datetime import date, timedelta

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.incentive.domain.acts import decision_json
from services.incentive.domain.clawbacks import PayableVersion, clawback_proposals
from services.incentive.domain.steps import (
    ACTIONS,
    MOST,
    ApprovalLimit,
    StepContext,
    StepRequest,
    allowed_actions,
    approval_room_fen,
    due_fen,
    refusal,
    refusals,
    step_result,
)
from services.incentive.domain.workflow import (
    STATES,
    ApprovedAmounts,
    ApprovedFor,
    Decision,
    ReturnNotice,
    UnpaidApproval,
    WorkflowState,
    apply_step,
    replay,
)
from services.incentive.policy.terms import Texts
from services.incentive.verifier.history import AwardHistory
from services.incentive.verifier.policy import PolicyValues
from services.incentive.verifier.rooms import StandingAward, flags_of_excess
from shared.settings import POLICY_FILE
from shared.values.times import day_start
from tests.support.incentive.declarations import POLICY
from tests.support.incentive.workflow import (
    BASIS,
    NOW,
    ROUND,
    context,
    history,
    open_clawback,
    person,
    published,
    step,
)

VERIFIER_POLICY = PolicyValues(yaml.load(POLICY_FILE.read_bytes(), yaml.BaseLoader))  # noqa: S506 - strings only
BEFORE_APPROVED = ("estimated", "applied", "reviewed", "joint_reviewed", "published")
APPROVED = (*ROUND, ("approve", 100, "c"))
PAID = (*APPROVED, ("pay", 100, "a"))
NOTIFIED = (*PAID, ("notify_return", 60, "a"))
# The table of section 6 of the contract: states in which an action is possible, and its target state where it is fixed.
CONTRACT = {
    "apply": (("estimated", "approved", "paid"), "applied"),
    "list": (("estimated", "approved", "paid"), "applied"),
    "review": (("applied",), "reviewed"),
    "joint_review": (("reviewed",), "joint_reviewed"),
    "publish": (("joint_reviewed", "published"), "published"),
    "approve": (("published",), "approved"),
    "pay": (tuple(state for state in STATES if state != "rejected"), None),
    "reject": (BEFORE_APPROVED[1:], None),
    "reopen": (("rejected", "returned", "approved", "paid"), None),
    "withdraw": (BEFORE_APPROVED, "estimated"),
    "revoke": (STATES, None),
    "notify_return": (STATES, None),
    "return": (STATES, None),
    "recover": (STATES, None),
}


def through(*actions: tuple[str, int, str]) -> WorkflowState:
    return replay(history(*actions))


def code_of(case: StepContext, wanted: StepRequest) -> str | None:
    said = refusal(case, wanted)
    return None if said is None else said.code


def test_the_table_is_the_contracts() -> None:
    assert {name: (action.from_states, action.to_state) for name, action in ACTIONS.items()} == CONTRACT


@pytest.mark.parametrize("state", STATES)
def test_what_is_allowed_leads_from_where_it_is(state: str) -> None:
    approval = UnpaidApproval(BASIS, person("c"), NOW, NOW.date(), 5)
    notice = ReturnNotice(BASIS, 5, NOW, person("a"))
    amounts = {BASIS: ApprovedAmounts(approved_fen=15, paid_fen=10, returned_fen=5)}
    found = WorkflowState(state=state, notice_ends=NOW, amounts=amounts, unpaid=(approval,), return_notice=notice)
    case = context(found, by="b")
    allowed = allowed_actions(case)
    assert {"revoke", "notify_return", "return", "recover"} <= set(allowed)
    for name in allowed:
        assert state in CONTRACT[name][0]
    # Each action is either allowed or refused for a reason.
    assert [name for name in ACTIONS if name not in refusals(case)] == allowed


@pytest.mark.parametrize(
    ("done", "changes", "wanted", "code"),
    [
        # joint_review: another person than `review`; a document
        (ROUND[:2], {"by": "a"}, StepRequest("joint_review"), "person"),
        (ROUND[:2], {"by": "b"}, StepRequest("joint_review", has_document=False), "document"),
        (ROUND[:2], {"by": "b"}, StepRequest("joint_review", has_document=True), None),
        # publish again: only if the basis has changed or more is payable than was published
        (ROUND, {"payable_fen": 10_000}, StepRequest("publish"), "state"),
        (ROUND, {"payable_fen": 9_999}, StepRequest("publish"), "state"),
        (ROUND, {"payable_fen": 10_001}, StepRequest("publish"), None),
        (ROUND[:3], {}, StepRequest("publish", has_document=False, notice_from=date(2026, 6, 1)), "document"),
        (ROUND[:3], {}, StepRequest("publish", has_document=True, notice_from=date(2026, 6, 1)), None),
        (ROUND[:3], {}, StepRequest("publish", has_document=False, notice_from=date(2026, 6, 2)), None),
        # approve
        (ROUND, {"by": "a"}, StepRequest("approve", 1), "person"),
        (ROUND, {"by": "b"}, StepRequest("approve", 1), "person"),
        (ROUND, {"by": "c"}, StepRequest("approve", 1), None),
        (ROUND, {"by": "c", "holds": ("manual",)}, StepRequest("approve", 1), "hold"),
        (ROUND, {"by": "c", "holds": ("period_open",)}, StepRequest("approve", 1), "hold"),
        (ROUND, {"by": "c"}, StepRequest("approve", 101), "room"),
        (ROUND, {"by": "c", "payable_fen": 0}, StepRequest("approve"), "room"),
        (ROUND, {"by": "c"}, StepRequest("approve", has_document=False), "document"),
        # A second approval while the first is unpaid is of the same person.
        ((*APPROVED, *ROUND), {"by": "d", "payable_fen": 200}, StepRequest("approve", 1), "person"),
        ((*APPROVED, *ROUND), {"by": "c", "payable_fen": 200}, StepRequest("approve", 1), None),
        ((*PAID, *ROUND), {"by": "d", "payable_fen": 200}, StepRequest("approve", 1), None),
        # apply again: more is payable than stands
        (APPROVED, {}, StepRequest("apply"), "state"),
        (APPROVED, {"payable_fen": 101}, StepRequest("apply"), None),
        ((), {"payable_fen": 0}, StepRequest("list"), None),
        # pay
        (APPROVED, {"by": "c"}, StepRequest("pay"), "person"),
        (APPROVED, {}, StepRequest("pay", 99), "room"),
        (APPROVED, {"payable_fen": 99}, StepRequest("pay"), "clawback"),
        (APPROVED, {"holds": ("manual",)}, StepRequest("pay"), "hold"),
        (PAID, {}, StepRequest("pay"), "state"),
        ((*APPROVED, *ROUND[:3]), {}, StepRequest("pay"), None),
        # reject: another person than `review` where there was one
        (ROUND[:1], {"by": "a"}, StepRequest("reject"), None),
        (ROUND, {"by": "a"}, StepRequest("reject"), "person"),
        (ROUND, {"by": "b"}, StepRequest("reject"), None),
        ((*PAID, ("apply", 0, "a")), {"by": "a"}, StepRequest("reject"), None),  # the review was of the round before
        ((), {}, StepRequest("reject"), "state"),
        # reopen
        (APPROVED, {}, StepRequest("reopen"), "state"),
        ((*APPROVED, *ROUND, ("reject", 0, "b")), {}, StepRequest("reopen"), None),
        ((("apply", 0, "a"), ("reject", 0, "b")), {}, StepRequest("reopen"), None),
        # withdraw: nothing stands; a document of the subject
        (ROUND, {}, StepRequest("withdraw", has_document=False), "document"),
        (ROUND, {}, StepRequest("withdraw", has_document=True), None),
        ((*PAID, *ROUND), {}, StepRequest("withdraw", has_document=True), "state"),
        # revoke
        (APPROVED, {"by": "c"}, StepRequest("revoke", 1), "person"),
        (APPROVED, {}, StepRequest("revoke", 101), "room"),
        (APPROVED, {}, StepRequest("revoke", 100), None),
        (PAID, {}, StepRequest("revoke", 1), "state"),
        # notify_return, return, recover
        (APPROVED, {}, StepRequest("notify_return", 1), "state"),
        (PAID, {}, StepRequest("notify_return", 101, has_document=True), "room"),
        (PAID, {}, StepRequest("notify_return", 100, has_document=False), "document"),
        (PAID, {}, StepRequest("return", 1), "state"),
        (NOTIFIED, {"by": "a"}, StepRequest("return", 1), "person"),
        (NOTIFIED, {"by": "b"}, StepRequest("return", 61), "room"),
        (NOTIFIED, {"by": "b"}, StepRequest("return", 60, has_document=False), None),
        (NOTIFIED, {}, StepRequest("recover", 1), "state"),
        ((*NOTIFIED, ("return", 50, "b")), {}, StepRequest("recover", 51), "room"),
        ((*NOTIFIED, ("return", 50, "b")), {}, StepRequest("recover", 50), None),
        ((*NOTIFIED, ("return", 50, "b")), {"by": "b"}, StepRequest("return", 11), "room"),
    ],
)
def test_why_a_step_may_not_be_taken(
    done: tuple[tuple[str, int, str], ...], changes: dict, wanted: StepRequest, code: str | None
) -> None:
    assert code_of(context(through(*done), **changes), wanted) == code


def test_a_declared_reward_is_approved_by_another_person_than_declared_it() -> None:
    declared = replace(context(through(*ROUND), by="c"), declared_by=person("c"))
    said = refusal(declared, StepRequest("approve"))
    assert said is not None
    assert (said.code, "key of c" in said.reason.zh) == ("person", True)
    assert refusal(replace(declared, declared_by=person("d")), StepRequest("approve")) is None


def test_an_open_year_blocks_the_approval_and_the_payment_of_what_was_approved_since_it_is_held() -> None:
    year, both = ("period_open",), ("period_open", "manual")
    approved = context(through(*APPROVED), holds=year)
    assert code_of(context(through(*ROUND), by="c", holds=year), StepRequest("approve", 1)) == "hold"
    assert code_of(approved, StepRequest("pay")) is None
    at = approved.workflow.unpaid[0].at
    assert code_of(replace(approved, years_held_since=at + timedelta(seconds=1)), StepRequest("pay")) is None
    assert code_of(replace(approved, years_held_since=at), StepRequest("pay")) == "hold"
    held = refusal(context(through(*APPROVED), holds=both), StepRequest("pay"))
    assert held is not None
    assert held.reason.en == "the award is on hold: manual"


def test_an_award_can_be_approved_from_the_day_after_the_last_day_of_its_notice() -> None:
    state = through(*ROUND)
    until = date(2026, 6, 8)
    state = replay([*history(*ROUND[:3]), replace(history(*ROUND)[-1], notice_until=until)])
    over = day_start(date(2026, 6, 9))
    case = replace(context(state, by="c"), now=over)
    assert code_of(replace(case, now=over - timedelta(microseconds=1)), StepRequest("approve", 1)) == "notice"
    assert refusal(case, StepRequest("approve", 1)) is None


def test_an_approval_refuses_another_basis_than_was_published_and_names_the_difference() -> None:
    state = replay([*history(*ROUND[:3]), replace(history(*ROUND)[-1], published=published(100))])
    case = context(state, by="c")
    assert refusal(case, StepRequest("approve")) is None
    for basis, name in (
        (published(100, ApprovedFor(BASIS.subject, 2027)), "year"),
        (published(100, ApprovedFor("uscc:other", 2026)), "subject"),
        (published(100, revision=4), "policy"),
        (replace(published(100), item="x"), "item"),
    ):
        said = refusal(replace(case, basis=basis), StepRequest("approve"))
        assert said is not None
        assert (said.code, name in said.reason.en) == ("basis_changed", True)
        assert refusal(replace(case, basis=basis), StepRequest("publish")) is None
    # What a notice of an earlier version did not record does not differ.
    kept = replace(published(100), policy=None)
    old = replace(case, workflow=replace(state, published=kept), basis=replace(published(100, revision=4), item="x"))
    assert refusal(old, StepRequest("approve")) is None


@pytest.mark.parametrize(
    ("published_fen", "payable_fen", "room_fen"), [(100, 100, 100), (100, 150, 100), (150, 100, 100)]
)
def test_an_approval_is_of_the_lesser_of_payable_and_published(
    published_fen: int, payable_fen: int, room_fen: int
) -> None:
    state = replay([*history(*ROUND[:3]), replace(history(*ROUND)[-1], published=published(published_fen))])
    case = context(state, payable_fen, "c")
    assert approval_room_fen(case) == room_fen
    assert step_result(case, StepRequest("approve")).amount_fen == room_fen
    assert code_of(case, StepRequest("approve", room_fen + 1)) == "room"


def with_limit(most_fen: int, outstanding_fen: int) -> StepContext:
    """Return a published award with a limit, before approval by a person who may approve it."""
    limit = ApprovalLimit(most_fen, outstanding_fen, Texts("限额", "the limit"))
    return replace(context(through(*ROUND), 1000, "c"), limits=(limit,))


@pytest.mark.parametrize(("outstanding_fen", "room_fen"), [(0, 100), (40, 60), (99, 1), (100, 0), (101, 0)])
def test_an_approval_may_use_all_the_room_of_its_limits_and_no_more(outstanding_fen: int, room_fen: int) -> None:
    case = with_limit(100, outstanding_fen)
    assert case.limits[0].room_fen == room_fen
    assert refusal(case, StepRequest("approve", room_fen + 1)) is not None
    assert (refusal(case, StepRequest("approve")) is None) is (room_fen > 0)
    if room_fen:
        assert refusal(case, StepRequest("approve", room_fen)) is None


def test_another_round_may_begin_for_a_fen_that_nothing_was_approved_for() -> None:
    approved = context(through(*APPROVED), 1)
    assert refusal(approved, StepRequest("apply")) is not None
    moved = replace(approved, basis=published(1, ApprovedFor(BASIS.subject, 2027)))
    assert refusal(moved, StepRequest("apply")) is None
    assert refusal(replace(moved, basis=replace(moved.basis, payable_fen=0)), StepRequest("apply")) is not None


def test_a_return_waits_for_the_notice_or_the_answer_of_the_subject() -> None:
    state = replay([*history(*PAID), replace(history(*NOTIFIED)[-1], notice_until=date(2026, 6, 8))])
    early = context(state, by="b")
    assert code_of(early, StepRequest("return", 60, has_document=False)) == "notice"
    assert refusal(early, StepRequest("return", 60, has_document=True)) is None
    over = replace(early, now=day_start(date(2026, 6, 9)))
    assert refusal(over, StepRequest("return", 60, has_document=False)) is None


def test_a_newer_notice_of_return_replaces_the_open_one_and_a_return_leaves_its_rest_open() -> None:
    state = through(*NOTIFIED, ("notify_return", 80, "b"), ("return", 50, "a"))
    assert state.return_notice is not None
    assert (state.return_notice.open_fen, state.return_notice.actor) == (30, person("b"))
    assert through(*NOTIFIED, ("return", 60, "b")).return_notice is None


@pytest.mark.parametrize(
    ("done", "wanted", "to_state"),
    [
        (ROUND, StepRequest("reject"), "rejected"),
        ((*APPROVED, *ROUND), StepRequest("reject"), "approved"),
        ((*PAID, *ROUND), StepRequest("reject"), "paid"),
        ((*ROUND, ("reject", 0, "b")), StepRequest("reopen"), "estimated"),
        ((*PAID, *ROUND, ("reject", 0, "b")), StepRequest("reopen"), "paid"),
        ((*APPROVED, ("revoke", 100, "a")), StepRequest("reopen"), "estimated"),
        (APPROVED, StepRequest("pay"), "paid"),
        ((*APPROVED, ("apply", 0, "a")), StepRequest("pay"), "applied"),
        (APPROVED, StepRequest("revoke", 99), "approved"),
        (APPROVED, StepRequest("revoke", 100), "returned"),
        ((*PAID, *ROUND, ("approve", 30, "c")), StepRequest("revoke", 30), "paid"),
        ((*PAID, *ROUND, ("approve", 30, "c")), StepRequest("revoke", 29), "approved"),
        (NOTIFIED, StepRequest("return", 60), "paid"),
        ((*PAID, ("notify_return", 100, "a")), StepRequest("return", 100), "returned"),
        ((*NOTIFIED, ("return", 60, "b")), StepRequest("recover", 60), "paid"),
        (NOTIFIED, StepRequest("notify_return", 10), "paid"),
    ],
)
def test_the_next_state_depends_on_what_stands_and_is_unpaid(
    done: tuple[tuple[str, int, str], ...], wanted: StepRequest, to_state: str
) -> None:
    assert step_result(context(through(*done), by="d"), wanted).to_state == to_state


def test_a_step_is_posted_for_what_it_is_about() -> None:
    later = ApprovedFor(BASIS.subject, 2027)
    moved = replace(context(through(*APPROVED)), basis=published(100, later), clawback=(BASIS, 100))
    assert step_result(moved, StepRequest("revoke", 10)).approved_for == BASIS
    assert due_fen(moved) == 100
    paid = replace(context(through(*PAID)), basis=published(100, later))
    assert step_result(paid, StepRequest("notify_return", 10)).approved_for == BASIS
    notified = replace(context(through(*NOTIFIED)), basis=published(100, later))
    assert step_result(notified, StepRequest("return", 10)).approved_for == BASIS
    returned = replace(context(through(*NOTIFIED, ("return", 60, "b"))), basis=published(100, later))
    assert step_result(returned, StepRequest("recover", 10)).approved_for == BASIS
    assert step_result(returned, StepRequest("apply")).approved_for == later


def assert_verified(steps: list[Decision], state: WorkflowState, payable_fen: int) -> None:
    """Check that the verifier of extracts, a second implementation of the table, computes the same state."""
    by_verifier = AwardHistory()
    for one in steps:
        by_verifier.take(decision_json(one))
    assert (by_verifier.state, by_verifier.steps) == (state.state, state.steps)
    assert (by_verifier.approved, by_verifier.paid, by_verifier.returned, by_verifier.unpaid) == (
        state.approved_fen,
        state.paid_fen,
        state.returned_fen,
        state.unpaid_fen,
    )
    assert by_verifier.recovered == state.recovered_fen
    assert by_verifier.is_aside == (state.set_aside is not None)
    use = StandingAward("award", "first_purchase", tuple(BASIS), payable_fen, by_verifier.outstanding[tuple(BASIS)], 1)
    is_over = bool(flags_of_excess([use], VERIFIER_POLICY))
    assert is_over == (open_clawback(state, payable_fen) is not None)


@given(st.data())
def test_of_any_history_no_more_is_out_than_was_payable_and_published(data: st.DataObject) -> None:
    """No approval or payment leaves more standing than is payable and was published at its time, in any history."""
    state, payable_fen, steps, versions = (
        WorkflowState(),
        100,
        [],
        [PayableVersion(NOW - timedelta(days=1), "award", "first_purchase", BASIS, 100)],
    )
    for number in range(data.draw(st.integers(1, 40))):
        at = NOW + timedelta(seconds=number)
        if data.draw(st.integers(0, 4)) == 0:
            payable_fen = data.draw(st.integers(0, 200))
            versions.append(PayableVersion(at, "award", "first_purchase", BASIS, payable_fen))
            continue
        by = data.draw(st.sampled_from(["a", "b", "c"]))
        now = context(state, payable_fen, by)
        # Mostly allowed actions: otherwise hardly any history reaches an approval.
        some = st.sampled_from(sorted(ACTIONS))
        action = data.draw(
            some if data.draw(st.integers(0, 3)) == 0 else st.sampled_from(allowed_actions(now) or ["apply"])
        )
        amount_fen = data.draw(st.integers(1, 200)) if action in MOST and action != "pay" else None
        wanted = StepRequest(action, amount_fen, has_document=True)
        if refusal(now, wanted) is not None:
            continue
        assert action in allowed_actions(now)
        result = step_result(now, wanted)
        taken = replace(step(state, action, result.amount_fen, by, payable_fen=payable_fen), at=at)
        assert taken.to_state == result.to_state
        steps.append(taken)
        before, state = state, apply_step(state, taken)
        standing_fen = state.standing_fen
        assert 0 <= state.unpaid_fen <= standing_fen
        assert state.paid_fen + state.unpaid_fen == state.approved_fen
        assert 0 <= state.recovered_fen <= state.returned_fen <= state.paid_fen
        assert (state.return_notice.open_fen if state.return_notice else 0) <= state.returnable_for(BASIS)
        if action in ("approve", "pay"):
            assert standing_fen <= payable_fen
        if action == "approve":
            assert before.published is not None
            assert standing_fen <= before.published.payable_fen
            assert len({one.actor for one in state.unpaid}) == 1
            assert by not in {before.reviewed_by.identity, before.joint_reviewed_by.identity}  # type: ignore[union-attr]
        if action == "pay":
            assert all(one.actor.identity != by for one in before.unpaid)
        assert (state.state == "returned") <= (standing_fen == 0)
        assert (state.state == "approved") <= (state.unpaid_fen > 0)
        assert (state.state in ("approved", "paid")) <= (standing_fen > 0)
        assert state.is_waived <= (standing_fen == 0)
    assert replay(steps) == state
    assert_verified(steps, state, payable_fen)
    found = clawback_proposals(versions, steps, [], POLICY)
    is_over = open_clawback(state, payable_fen) is not None
    assert [one.state for one in found[:-1]].count("open") == 0
    assert (bool(found) and found[-1].state == "open") == is_over
    assert [one.number for one in found] == list(range(1, len(found) + 1))
