"""The steps of the bureau: the table against that of the contract, and invariants over random histories."""

from datetime import timedelta

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.incentive.domain.acts import decision_json
from services.incentive.domain.clawbacks import PayableVersion, clawback_proposals
from services.incentive.domain.workflow import (
    ACTIONS,
    STATES,
    Actor,
    ApprovalLimit,
    ApprovedFor,
    Decision,
    StepContext,
    StepRequest,
    WorkflowState,
    allowed_actions,
    apply_step,
    refusal,
    replay,
    step_amount,
)
from services.incentive.policy.terms import Texts
from services.incentive.verifier.acts import AwardHistory
from services.incentive.verifier.policy import PolicyValues
from services.incentive.verifier.rooms import StandingAward, flags_of_excess
from shared.settings import POLICY_FILE
from tests.support.incentive.declarations import POLICY
from tests.support.incentive.workflow import BASIS, NOW, ROUND, context, history, open_clawback, step

VERIFIER_POLICY = PolicyValues(yaml.load(POLICY_FILE.read_bytes(), yaml.BaseLoader))  # noqa: S506 - strings only

# The table of section 6 of the contract: states in which an action is allowed, and its target state.
CONTRACT = {
    "apply": (("estimated", "approved", "paid"), "applied"),
    "list": (("estimated", "approved", "paid"), "applied"),
    "review": (("applied",), "reviewed"),
    "joint_review": (("reviewed",), "joint_reviewed"),
    "publish": (("joint_reviewed",), "published"),
    "approve": (("published",), "approved"),
    "pay": (("approved", "estimated"), "paid"),  # the latter for amounts approved in an earlier round
    "reject": (("estimated", "applied", "reviewed", "joint_reviewed", "published"), "rejected"),
    "reopen": (("rejected",), "estimated"),
    "return": (STATES, None),
}


def through(*actions: tuple[str, int, str]) -> WorkflowState:
    return replay(history(*actions))


A = Actor("key of a", "a")


def test_the_table_is_the_contracts() -> None:
    assert {name: (action.from_states, action.to_state) for name, action in ACTIONS.items()} == CONTRACT


@pytest.mark.parametrize("state", STATES)
def test_what_is_allowed_leads_from_where_it_is(state: str) -> None:
    found = WorkflowState(state=state, reviewed_by=A, published_by=A, until=NOW, unpaid_fen=5, outstanding={BASIS: 5})
    for name in allowed_actions(context(found, person="b")):
        assert state in CONTRACT[name][0]


@pytest.mark.parametrize(
    ("state", "changes", "wanted", "says"),
    [
        (through(*ROUND[:2]), {"person": "a"}, StepRequest("joint_review"), "another person"),
        (through(*ROUND), {"person": "a"}, StepRequest("approve", 1), "another person"),
        (through(*ROUND), {"person": "b", "holds": ("manual",)}, StepRequest("approve", 1), "manual"),
        (through(*ROUND), {"person": "b"}, StepRequest("approve", 101), "1.00"),
        (through(*ROUND, ("approve", 100, "b")), {}, StepRequest("apply"), "risen"),
        (through(*ROUND, ("approve", 100, "b")), {"payable_fen": 99}, StepRequest("pay"), "return"),
        (through(*ROUND, ("approve", 100, "b")), {}, StepRequest("pay", 99), "at once"),
        (through(*ROUND, ("approve", 100, "b")), {}, StepRequest("return", 1), "no clawback"),
        (through(*ROUND, ("approve", 100, "b")), {"payable_fen": 90}, StepRequest("return", 11), "0.10"),
        (through(("reject", 0, "a")), {}, StepRequest("apply"), "rejected"),
    ],
)
def test_why_a_step_may_not_be_taken(state: WorkflowState, changes: dict, wanted: StepRequest, says: str) -> None:
    said = refusal(context(state, **changes), wanted)
    assert said is not None
    assert says in said.en


def test_an_open_year_blocks_the_approval_and_not_the_payment_of_what_was_approved_before() -> None:
    year, both = ("period_open",), ("period_open", "manual")
    published, approved = through(*ROUND), through(*ROUND, ("approve", 100, "b"))
    said = refusal(context(published, person="b", holds=year), StepRequest("approve", 1))
    assert said is not None
    assert "period_open" in said.en
    assert refusal(context(approved, holds=year), StepRequest("pay")) is None
    held = refusal(context(approved, holds=both), StepRequest("pay"))
    assert held is not None
    assert held.en == "the award is on hold: manual"


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (Actor("key 1", "li"), Actor("key 2", "li"), True),
        (Actor("key", "li"), Actor("key", "wang"), False),
        (Actor("key 1", "li"), Actor("key 2", "wang"), False),
        # Acts of versions that kept the name alone.
        (Actor("li", None), Actor("li", None), True),
        (Actor("li", None), Actor("wang", None), False),
        (Actor("li", None), Actor("key 2", "li"), True),
        (Actor("li@id.example", None), Actor("li@id.example", "https://id.example 7"), True),
        (Actor("wang", None), Actor("key 2", "li"), False),
    ],
)
def test_two_names_are_one_person_by_person_and_by_name_without_one(one: Actor, other: Actor, is_same: bool) -> None:
    assert one.is_same_person(other) is is_same
    assert other.is_same_person(one) is is_same
    assert not one.is_same_person(None)


def test_an_award_can_be_approved_from_the_instant_at_which_its_public_notice_ends() -> None:
    published = context(through(*ROUND), person="b")
    early, in_time = replace(published, now=NOW - timedelta(microseconds=1)), replace(published, now=NOW)
    assert published.workflow.until == NOW
    assert refusal(early, StepRequest("approve", 1)) is not None
    assert refusal(in_time, StepRequest("approve", 1)) is None


def with_limit(most_fen: int, outstanding_fen: int) -> StepContext:
    """Return a published award with a limit, before approval by a person who may approve it."""
    limit = ApprovalLimit(most_fen, outstanding_fen, Texts("限额", "the limit"))
    return replace(context(through(*ROUND), 1000, "b"), limits=(limit,))


@pytest.mark.parametrize(("outstanding_fen", "room_fen"), [(0, 100), (40, 60), (99, 1), (100, 0), (101, 0)])
def test_an_approval_may_use_all_the_room_of_its_limits_and_no_more(outstanding_fen: int, room_fen: int) -> None:
    published = with_limit(100, outstanding_fen)
    assert published.limits[0].room_fen == room_fen
    assert refusal(published, StepRequest("approve", room_fen + 1)) is not None
    assert (refusal(published, StepRequest("approve")) is None) is (room_fen > 0)
    if room_fen:
        assert refusal(published, StepRequest("approve", room_fen)) is None


def test_a_return_may_be_of_all_that_is_over_and_asked_for_without_an_amount() -> None:
    over = context(through(*ROUND, ("approve", 100, "b")), 90)
    assert refusal(over, StepRequest("return")) is None
    assert refusal(over, StepRequest("return", 10)) is None
    assert refusal(over, StepRequest("return", 11)) is not None


def test_another_round_may_begin_for_a_fen_that_nothing_was_approved_for() -> None:
    approved = context(through(*ROUND, ("approve", 100, "b")), 1)
    assert refusal(approved, StepRequest("apply")) is not None
    moved = replace(approved, approved_for=ApprovedFor(BASIS.subject, 2027))
    assert refusal(moved, StepRequest("apply")) is None
    assert refusal(replace(moved, payable_fen=0), StepRequest("apply")) is not None


def test_returns_are_summed() -> None:
    state = through(*ROUND, ("approve", 100, "b"), ("pay", 100, "a"), ("return", 30, "a"), ("return", 20, "a"))
    assert (state.approved_fen, state.paid_fen, state.returned_fen, state.unpaid_fen) == (100, 100, 50, 0)
    assert state.outstanding == {BASIS: 50}


def test_what_was_returned_before_it_was_paid_is_not_paid() -> None:
    state = through(*ROUND, ("approve", 100, "b"), ("return", 30, "a"))
    assert step_amount(context(state, 70), StepRequest("pay")) == 70
    paid = apply_step(state, step(state, "pay", 70))
    assert (paid.paid_fen, paid.unpaid_fen) == (70, 0)


def test_what_was_returned_after_it_was_paid_is_no_part_of_what_is_paid_next() -> None:
    state = through(*ROUND, ("approve", 100, "b"), ("pay", 100, "a"), ("return", 30, "a"), *ROUND, ("approve", 30, "b"))
    assert step_amount(context(state), StepRequest("pay")) == 30


def test_what_an_earlier_round_approved_is_paid_though_the_next_was_rejected() -> None:
    rejected = (("apply", 0, "a"), ("reject", 0, "a"), ("reopen", 0, "a"))
    state = through(*ROUND, ("approve", 100, "b"), *rejected)
    assert allowed_actions(context(state)) == ["apply", "list", "pay", "reject"]
    assert step_amount(context(state), StepRequest("pay")) == 100
    assert "pay" not in allowed_actions(context(WorkflowState()))


def test_what_was_approved_for_another_year_is_all_to_be_returned() -> None:
    state = through(*ROUND, ("approve", 100, "b"))
    later = ApprovedFor(BASIS.subject, 2027)
    assert open_clawback(state, 100) is None
    assert open_clawback(state, 100, later) == (BASIS, 100)


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
    use = StandingAward("award", "first_purchase", tuple(BASIS), payable_fen, by_verifier.outstanding[tuple(BASIS)], 1)
    is_over = bool(flags_of_excess([use], VERIFIER_POLICY))
    assert is_over == (open_clawback(state, payable_fen) is not None)


@pytest.mark.parametrize(
    ("steps", "changes"),
    [
        (1, {"action": "pay"}),
        (1, {"from_state": "paid"}),
        (1, {"to_state": "approved"}),
        (1, {"amount_fen": 5}),
        (3, {"actor": A}),
        (5, {"actor": A}),
        (5, {"at": NOW - timedelta(days=1)}),
        (6, {"amount_fen": 99}),
    ],
)
def test_what_verifies_takes_no_step_that_could_not_be_taken(steps: int, changes: dict) -> None:
    state, by_verifier = WorkflowState(), AwardHistory()
    for number, (action, amount_fen, by) in enumerate((*ROUND, ("approve", 100, "b"), ("pay", 100, "a")), 1):
        taken = step(state, action, amount_fen, by)
        if number == steps:
            with pytest.raises(ValueError, match=" / "):
                by_verifier.take(decision_json(replace(taken, **changes)))
            return
        by_verifier.take(decision_json(taken))
        state = apply_step(state, taken)


@given(st.data())
def test_of_any_history_no_more_is_out_than_was_payable(data: st.DataObject) -> None:
    """No approval or payment leaves more outstanding than is payable at its time, in any history."""
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
        now = context(state, payable_fen, data.draw(st.sampled_from(["a", "b"])))
        # Mostly allowed actions: otherwise hardly any history reaches an approval.
        some = st.sampled_from(sorted(ACTIONS))
        action = some if data.draw(st.integers(0, 3)) == 0 else st.sampled_from(allowed_actions(now) or ["apply"])
        wanted = StepRequest(data.draw(action), data.draw(st.integers(1, 200)))
        if wanted.action not in ("approve", "return"):
            wanted = StepRequest(wanted.action)
        if refusal(now, wanted) is not None:
            continue
        assert wanted.action in allowed_actions(now)
        amount_fen = step_amount(now, wanted)
        taken = step(state, wanted.action, amount_fen, now.actor.identity)
        steps.append(replace(taken, at=at))
        state = apply_step(state, steps[-1])
        outstanding_fen = state.outstanding.get(BASIS, 0)
        assert 0 <= state.unpaid_fen <= outstanding_fen
        assert state.paid_fen <= state.approved_fen
        if wanted.action in ("approve", "pay"):
            assert outstanding_fen <= payable_fen
    assert replay(steps) == state
    assert_verified(steps, state, payable_fen)
    found = clawback_proposals(versions, steps, (), POLICY)
    is_over = open_clawback(state, payable_fen) is not None
    assert [one.state for one in found[:-1]].count("open") == 0
    assert (bool(found) and found[-1].state == "open") == is_over
    assert sum(one.returned_fen for one in found) == state.returned_fen
    assert [one.number for one in found] == list(range(1, len(found) + 1))
