"""Clawback proposals of one award, by example: when one opens, what it amounts to, and how it is closed."""

from datetime import timedelta

from msgspec.structs import replace

from services.incentive.domain.clawbacks import ClawbackProposal, PayableVersion, clawback_json, clawback_proposals
from services.incentive.domain.workflow import ApprovedFor, Decision, replay
from tests.support.incentive.workflow import BASIS, NOW, ROUND, history, step

APPROVED = history(*ROUND, ("approve", 100, "b"))
NEXT_YEAR = ApprovedFor(BASIS.subject, 2027)
OPEN_30 = ClawbackProposal("award", 1, BASIS, 30, 0, "open", NOW + timedelta(hours=1), None, ())


def hour(number: int) -> timedelta:
    return timedelta(hours=number)


def version(at: int, payable_fen: int, approved_for: ApprovedFor = BASIS) -> PayableVersion:
    return PayableVersion(NOW + hour(at), approved_for, payable_fen)


def returned(at: int, amount_fen: int, approved_for: ApprovedFor = BASIS) -> Decision:
    taken = step(replay(APPROVED), "return", amount_fen, approved_for=approved_for)
    return replace(taken, at=NOW + hour(at), decision_id=f"return{at}")


def proposals(*events: PayableVersion | Decision) -> list[ClawbackProposal]:
    """Return the proposals of an award of which 100 fen were payable and approved before these events."""
    versions = [one for one in events if isinstance(one, PayableVersion)]
    steps = [one for one in events if isinstance(one, Decision)]
    return clawback_proposals("award", [version(-1, 100), *versions], [*APPROVED, *steps])


def test_there_is_none_while_no_more_is_approved_than_payable() -> None:
    assert proposals() == []
    assert proposals(version(1, 100), version(2, 101)) == []
    assert clawback_proposals("award", [version(1, 0)], []) == []


def test_one_opens_when_what_is_payable_falls() -> None:
    assert proposals(version(1, 70)) == [OPEN_30]


def test_one_that_is_open_follows_what_is_payable() -> None:
    assert proposals(version(1, 70), version(2, 20)) == [replace(OPEN_30, amount_fen=80)]
    assert proposals(version(1, 70), version(2, 99)) == [replace(OPEN_30, amount_fen=1)]


def test_a_return_of_a_part_leaves_the_rest_to_return() -> None:
    expected = replace(OPEN_30, amount_fen=20, returned_fen=10, decisions=("return2",))
    assert proposals(version(1, 70), returned(2, 10)) == [expected]


def test_returns_of_all_of_it_answer_it() -> None:
    (answered,) = proposals(version(1, 70), returned(2, 10), returned(3, 20))
    assert answered == replace(
        OPEN_30,
        amount_fen=0,
        returned_fen=30,
        state="answered",
        closed_at=NOW + hour(3),
        decisions=("return2", "return3"),
    )


def test_it_lapses_when_what_is_payable_rises_again() -> None:
    (lapsed,) = proposals(version(1, 70), returned(2, 10), version(3, 90))
    assert lapsed == replace(
        OPEN_30, amount_fen=0, returned_fen=10, state="lapsed", closed_at=NOW + hour(3), decisions=("return2",)
    )


def test_another_step_neither_answers_nor_changes_it() -> None:
    paid = replace(step(replay(APPROVED), "pay", 100), at=NOW + hour(2))
    assert proposals(version(1, 70), paid) == [OPEN_30]


def test_a_second_one_has_the_next_number_and_nothing_of_the_first() -> None:
    first, second = proposals(version(1, 70), returned(2, 30), version(3, 50), returned(4, 5))
    assert (first.state, first.returned_fen, first.decisions) == ("answered", 30, ("return2",))
    assert second == ClawbackProposal("award", 2, BASIS, 15, 5, "open", NOW + hour(3), None, ("return4",))


def test_all_that_was_approved_for_another_year_is_to_be_returned() -> None:
    (moved,) = proposals(version(1, 70), version(2, 100, NEXT_YEAR))
    assert moved == replace(OPEN_30, amount_fen=100)


def test_a_return_for_one_year_opens_the_proposal_for_the_next() -> None:
    again = replace(step(replay(APPROVED), "approve", 40, approved_for=NEXT_YEAR), at=NOW + hour(2))
    first, second = proposals(version(1, 100, NEXT_YEAR), again, version(3, 10, NEXT_YEAR), returned(4, 100))
    assert (first.approved_for, first.state, first.closed_at) == (BASIS, "answered", NOW + hour(4))
    assert second == ClawbackProposal("award", 2, NEXT_YEAR, 30, 0, "open", NOW + hour(4), None, ())


def test_a_proposal_is_shown_with_number_amounts_and_times() -> None:
    (answered,) = proposals(version(1, 70), returned(2, 30))
    assert clawback_json(answered) == {
        "clawback_id": "award/1",
        "award_id": "award",
        "subject": BASIS.subject,
        "year": 2026,
        "amount": "0.00",
        "returned": "0.30",
        "state": "answered",
        "opened_at": "2026-06-01T09:00:00.000000+08:00",
        "closed_at": "2026-06-01T10:00:00.000000+08:00",
        "decisions": ["return2"],
    }
    assert clawback_json(OPEN_30)["closed_at"] is None
