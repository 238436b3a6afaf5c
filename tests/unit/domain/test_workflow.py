"""An award's state after its decisions, those of earlier versions too; and who is one person."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from services.incentive.domain.acts import decision_json
from services.incentive.domain.steps import StepRequest, allowed_actions, due_fen, refusal
from services.incentive.domain.workflow import Actor, ApprovedFor, Decision, WorkflowState, apply_step, replay
from services.incentive.verifier import history as verifier_history
from services.incentive.verifier.history import AwardHistory
from services.incentive.verifier.report import Unsound
from tests.support.incentive.workflow import (
    BASIS,
    NOW,
    ROUND,
    context,
    earlier,
    history,
    open_clawback,
    published,
    step,
)

A = Actor("key of a", "a")
PAID = (*ROUND, ("approve", 100, "c"), ("pay", 100, "a"))


def through(*actions: tuple[str, int, str]) -> WorkflowState:
    return replay(history(*actions))


def earlier_history(*actions: tuple[str, int, str]) -> list[Decision]:
    """Return consecutive steps as an earlier version recorded them."""
    state, taken = WorkflowState(), []
    for action, amount_fen, by in actions:
        one = earlier(step(state, action, amount_fen, by))
        if action == "publish":
            one = replace(one, published=replace(published(100), policy=None))
        elif action == "pay":
            one = replace(one, to_state="paid")
        elif action == "reject":
            one = replace(one, to_state="rejected")
        elif action == "return":
            one = replace(one, to_state=state.state)
        taken.append(one)
        state = apply_step(state, one)
    return taken


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


def test_amounts_are_summed() -> None:
    returns = (("notify_return", 60, "a"), ("return", 30, "b"), ("return", 20, "b"), ("recover", 45, "a"))
    state = through(*PAID, *returns)
    found = (state.approved_fen, state.paid_fen, state.returned_fen, state.recovered_fen, state.unpaid_fen)
    assert found == (100, 100, 50, 45, 0)
    assert state.outstanding == {BASIS: 50}
    assert state.returnable_for(BASIS) == 50
    revoked = through(*PAID, *ROUND, ("approve", 40, "c"), ("revoke", 15, "a"))
    assert (revoked.approved_fen, revoked.unpaid_fen, revoked.standing_fen) == (125, 25, 125)


def test_what_was_returned_is_no_part_of_what_is_paid_next() -> None:
    state = through(*PAID, ("notify_return", 30, "a"), ("return", 30, "b"), *ROUND, ("approve", 30, "c"))
    assert due_fen(context(state)) == 30


def test_a_round_has_persons_and_a_notice_of_its_own() -> None:
    state = through(*PAID, ("apply", 0, "a"))
    assert (state.reviewed_by, state.joint_reviewed_by, state.published, state.notice_ends) == (None,) * 4


def test_a_subject_may_give_up_and_apply_again() -> None:
    given_up = through(*ROUND, ("withdraw", 0, "a"))
    assert (given_up.state, given_up.set_aside) == ("estimated", "waived")
    for action in ("apply", "list"):
        assert apply_step(given_up, step(given_up, action)).set_aside is None


def test_a_refused_rise_leaves_what_stands_until_it_is_reopened() -> None:
    refused = through(*PAID, *ROUND, ("reject", 0, "b"))
    assert (refused.state, refused.set_aside) == ("paid", "refused")
    assert apply_step(refused, step(refused, "reopen")).set_aside is None
    rejected = through(*ROUND, ("reject", 0, "b"))
    assert (rejected.state, rejected.set_aside) == ("rejected", "rejected")
    assert through(*ROUND, ("approve", 100, "c"), ("revoke", 100, "a")).set_aside == "returned"


def test_what_was_approved_for_another_year_is_all_to_be_returned() -> None:
    state = through(*ROUND, ("approve", 100, "c"))
    later = ApprovedFor(BASIS.subject, 2027)
    assert open_clawback(state, 100) is None
    assert open_clawback(state, 100, later) == (BASIS, 100)


# --- decisions of earlier versions ---

OLD_ROUND = (*ROUND, ("approve", 100, "b"))


def test_an_open_notice_of_an_earlier_version_goes_on() -> None:
    state = replay(earlier_history(*ROUND))
    case = context(state, by="c")
    assert state.notice_ends == NOW
    assert refusal(replace(case, now=NOW), StepRequest("approve", 1)) is None
    early = refusal(replace(case, now=NOW - timedelta(microseconds=1)), StepRequest("approve", 1))
    assert early is not None
    assert early.code == "notice"


def test_what_an_earlier_version_returned_is_recovered_and_as_far_as_it_was_unpaid_is_not_paid() -> None:
    unpaid = replay(earlier_history(*OLD_ROUND, ("return", 30, "a")))
    assert (unpaid.unpaid_fen, unpaid.returned_fen, unpaid.recovered_fen) == (70, 30, 30)
    assert unpaid.returnable_for(BASIS) == 0
    paid = replay(earlier_history(*OLD_ROUND, ("return", 30, "a"), ("pay", 70, "a")))
    assert (paid.paid_fen, paid.unpaid_fen, paid.returnable_for(BASIS)) == (70, 0, 70)
    after = replay(earlier_history(*OLD_ROUND, ("pay", 100, "a"), ("return", 30, "a")))
    assert (after.unpaid_fen, after.returnable_for(BASIS), after.standing_fen) == (0, 70, 70)


def test_what_an_earlier_round_approved_is_paid_though_the_next_was_rejected() -> None:
    rejected = (("apply", 0, "a"), ("reject", 0, "a"), ("reopen", 0, "a"))
    state = replay(earlier_history(*OLD_ROUND, *rejected))
    assert state.state == "estimated"
    assert "pay" in allowed_actions(context(state))
    assert due_fen(context(state)) == 100
    assert "pay" not in allowed_actions(context(WorkflowState()))


@pytest.mark.parametrize(
    "more",
    [(), (("pay", 100, "a"),), (("return", 30, "a"), ("pay", 70, "a")), (("pay", 100, "a"), ("return", 30, "a"))],
)
def test_the_verifier_takes_steps_of_earlier_versions(more: tuple[tuple[str, int, str], ...]) -> None:
    steps = earlier_history(*OLD_ROUND, *more)
    by_verifier, state = AwardHistory(), replay(steps)
    for one in steps:
        by_verifier.take(decision_json(one))
    assert (by_verifier.state, by_verifier.approved, by_verifier.paid, by_verifier.returned, by_verifier.unpaid) == (
        state.state,
        state.approved_fen,
        state.paid_fen,
        state.returned_fen,
        state.unpaid_fen,
    )


def test_a_decision_of_an_earlier_version_keeps_its_form() -> None:
    old, new = earlier_history(*ROUND)[-1], history(*ROUND)[-1]
    assert decision_json(old) == {
        "decision_id": "d3",
        "award_id": "award",
        "action": "publish",
        "from": "joint_reviewed",
        "to": "published",
        "amount": "0.00",
        "subject": BASIS.subject,
        "year": 2026,
        "by": "key of a",
        "person": "a",
        "at": "2026-06-01T08:00:03.000000+08:00",
        "reason": None,
        "documents": [{"name": "n", "sha256": "ab" * 32}],
        "until": "2026-06-01T08:00:00.000000+08:00",
        "voucher_no": None,
        "paid_on": None,
        "transaction": 3,
    }
    more = {name: value for name, value in decision_json(new).items() if name not in decision_json(old)}
    assert more == {
        "decided_on": "2026-06-01",
        "ground": None,
        "notice": {"from": "2026-05-23", "until": "2026-05-31", "where": None},
        "received_on": None,
        "published": {
            "payable": "100.00",
            "subject": BASIS.subject,
            "rule": "first_purchase",
            "item": None,
            "year": 2026,
            "policy": {"id": "p", "revision": 3},
        },
        "statement": None,
        "batch_id": None,
        "calendar": None,
        "notice_list": None,
        "account": None,
    }
    assert "until" not in decision_json(new)


# --- the verifier ---

WHOLE = (*PAID, ("notify_return", 100, "a"), ("return", 100, "b"), ("recover", 100, "a"))
BEFORE = (NOW - timedelta(days=1)).date()
# Steps before the last one, the last one's changes, and why it is refused.
Wrong = tuple[list[Decision], dict[str, object], str]


def new(number: int, reason: str, **changes: object) -> Wrong:
    """Return a wrong step of a whole history, by its number."""
    return history(*WHOLE)[:number], changes, reason


def after(*actions: tuple[str, int, str], reason: str, **changes: object) -> Wrong:
    return history(*actions), changes, reason


def old(number: int, reason: str, **changes: object) -> Wrong:
    return earlier_history(*OLD_ROUND, ("pay", 100, "a"))[:number], changes, reason


WRONG = [
    new(1, "a step with a wrong amount", action="pay"),
    new(1, "the step does not follow the one before", from_state="paid"),
    new(1, "the step leads to another state", to_state="approved"),
    new(1, "a step with a wrong amount", amount_fen=5),
    new(3, "steps that need separate hands are by one person", actor=A),
    new(3, "a step without its document", documents=()),
    new(5, "steps that need separate hands are by one person", actor=A),
    new(5, "steps that need separate hands are by one person", actor=Actor("key of b", "b")),
    new(5, "a step without its document", documents=()),
    new(5, "approved before the public notice was over", decided_on=BEFORE),
    new(5, "more is approved than was published", amount_fen=10_001),
    new(5, "approved for another subject or year than was published", year=2027),
    new(6, "the payment is not all that was unpaid", amount_fen=99),
    new(6, "steps that need separate hands are by one person", actor=Actor("key of c", "c")),
    new(6, "paid on a wrong day", paid_on=BEFORE),
    new(6, "the step leads to another state", to_state="approved"),
    new(7, "a step without its document", documents=()),
    new(8, "more is returned than was notified", amount_fen=101),
    new(8, "steps that need separate hands are by one person", actor=A),
    new(8, "the step leads to another state", to_state="paid"),
    new(8, "returned before the notice was over, without an answer", decided_on=BEFORE, documents=()),
    new(9, "more is revoked, returned or recovered than there is", amount_fen=101),
    after(*PAID, ("reopen", 0, "b"), reason="reopened without a refusal"),
    after(*PAID, ("apply", 0, "a"), ("withdraw", 0, "a"), reason="withdrawn although something stands"),
    after(*ROUND, ("approve", 100, "c"), ("revoke", 101, "a"), reason="more than is unpaid"),
    after(
        *ROUND,
        ("approve", 100, "c"),
        *ROUND,
        ("approve", 100, "d"),
        reason="approved by another person while an approval is unpaid",
    ),
    old(1, "the step does not follow the one before", from_state="paid"),
    old(1, "no such step, or it moves money", amount_fen=5),
    old(3, "initial and joint review are by one person", actor=A),
    old(5, "public notice and approval are by one person", actor=A),
    old(5, "approved before the public notice was over", at=NOW - timedelta(days=1)),
    old(6, "the payment is not all that was unpaid", amount_fen=99),
]


def refuse(wrong: Wrong) -> tuple[str, int]:
    """Check that the verifier takes all steps but the last; return its reason and the line that refuses."""
    by_verifier, (steps, changes, _) = AwardHistory(), wrong
    for one in steps[:-1]:
        by_verifier.take(decision_json(one))
    with pytest.raises(Unsound) as caught:
        by_verifier.take(decision_json(replace(steps[-1], **changes)))  # type: ignore[arg-type]
    return caught.value.message.en, caught.traceback[-1].lineno + 1


@pytest.mark.parametrize("wrong", WRONG, ids=lambda one: one[2])
def test_what_verifies_takes_no_step_that_could_not_be_taken(wrong: Wrong) -> None:
    assert refuse(wrong)[0] == wrong[2]


def test_every_refusal_of_the_verifier_has_an_example() -> None:
    source = ast.parse(Path(verifier_history.__file__).read_text("utf-8"))
    lines = {node.lineno for node in ast.walk(source) if isinstance(node, ast.Raise)}
    assert lines - {refuse(wrong)[1] for wrong in WRONG} == set()
