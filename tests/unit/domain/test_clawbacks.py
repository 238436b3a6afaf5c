"""Clawback proposals, by example: when one opens, what it amounts to, how it is closed, and what others cover."""

from datetime import timedelta

from msgspec.structs import replace

from services.incentive.domain.clawbacks import ClawbackProposal, PayableVersion, clawback_json, clawback_proposals
from services.incentive.domain.workflow import ApprovedFor, Decision, replay
from tests.support.incentive.declarations import POLICY
from tests.support.incentive.workflow import BASIS, NOW, ROUND, history, step

APPROVED = history(*ROUND, ("approve", 100, "b"))
NEXT_YEAR = ApprovedFor(BASIS.subject, 2027)
OPEN_30 = ClawbackProposal("award", 1, BASIS, 30, 0, "open", NOW + timedelta(hours=1), None, ())


def hour(number: int) -> timedelta:
    return timedelta(hours=number)


def version(
    at: int, payable_fen: int, approved_for: ApprovedFor = BASIS, award_id: str = "award", rule: str = "first_purchase"
) -> PayableVersion:
    return PayableVersion(NOW + hour(at), award_id, rule, approved_for, payable_fen)


def returned(at: int, amount_fen: int, approved_for: ApprovedFor = BASIS) -> Decision:
    taken = step(replay(APPROVED), "return", amount_fen, approved_for=approved_for)
    return replace(taken, at=NOW + hour(at), decision_id=f"return{at}")


def proposals(*events: PayableVersion | Decision) -> list[ClawbackProposal]:
    """Return the proposals of an award of which 100 fen were payable and approved before these events."""
    versions = [one for one in events if isinstance(one, PayableVersion)]
    steps = [one for one in events if isinstance(one, Decision)]
    return clawback_proposals([version(-1, 100), *versions], [*APPROVED, *steps], POLICY)


def approved(at: int, amount_fen: int, award_id: str) -> Decision:
    """Return the approval of another award, the transactions of which come later."""
    taken = step(replay(APPROVED[:-1]), "approve", amount_fen)
    return replace(taken, at=NOW + hour(at), award_id=award_id, decision_id=award_id, transaction=100 + at)


def test_there_is_none_while_no_more_is_approved_than_payable() -> None:
    assert proposals() == []
    assert proposals(version(1, 100), version(2, 101)) == []
    assert clawback_proposals([version(1, 0)], [], POLICY) == []


def test_one_opens_when_what_is_payable_falls() -> None:
    assert proposals(version(1, 70)) == [OPEN_30]


def test_one_that_is_open_follows_what_is_payable() -> None:
    assert proposals(version(1, 70), version(2, 20)) == [replace(OPEN_30, amount_fen=80)]
    assert proposals(version(1, 70), version(2, 99)) == [replace(OPEN_30, amount_fen=1)]


def test_a_return_of_a_part_leaves_the_rest_to_return() -> None:
    expected = replace(OPEN_30, amount_fen=20, returned_fen=10, decisions=("return2",))
    assert proposals(version(1, 70), returned(2, 10)) == [expected]


def test_returns_of_all_of_it_close_it() -> None:
    (closed,) = proposals(version(1, 70), returned(2, 10), returned(3, 20))
    assert closed == replace(
        OPEN_30,
        amount_fen=0,
        returned_fen=30,
        state="closed",
        closed_at=NOW + hour(3),
        decisions=("return2", "return3"),
    )


def test_it_is_closed_when_what_is_payable_rises_again() -> None:
    (closed,) = proposals(version(1, 70), returned(2, 10), version(3, 90))
    assert closed == replace(
        OPEN_30, amount_fen=0, returned_fen=10, state="closed", closed_at=NOW + hour(3), decisions=("return2",)
    )


def test_another_step_neither_closes_nor_changes_it() -> None:
    paid = replace(step(replay(APPROVED), "pay", 100), at=NOW + hour(2))
    assert proposals(version(1, 70), paid) == [OPEN_30]


def test_a_second_one_has_the_next_number_and_nothing_of_the_first() -> None:
    first, second = proposals(version(1, 70), returned(2, 30), version(3, 50), returned(4, 5))
    assert (first.state, first.returned_fen, first.decisions) == ("closed", 30, ("return2",))
    assert second == ClawbackProposal("award", 2, BASIS, 15, 5, "open", NOW + hour(3), None, ("return4",))


def test_all_that_was_approved_for_another_year_is_to_be_returned() -> None:
    (moved,) = proposals(version(1, 70), version(2, 100, NEXT_YEAR))
    assert moved == replace(OPEN_30, amount_fen=100)


def test_each_year_that_it_was_approved_for_has_its_own_proposal() -> None:
    again = replace(step(replay(APPROVED), "approve", 40, approved_for=NEXT_YEAR), at=NOW + hour(2))
    first, second = proposals(version(1, 100, NEXT_YEAR), again, version(3, 10, NEXT_YEAR), returned(4, 100))
    assert (first.approved_for, first.state, first.closed_at) == (BASIS, "closed", NOW + hour(4))
    assert second == ClawbackProposal("award", 2, NEXT_YEAR, 30, 0, "open", NOW + hour(3), None, ())


def test_what_another_award_of_the_subject_and_year_covers_is_not_to_be_returned() -> None:
    """Details 6: 20,000 approved for a first listing, 300,000 for the year's trading later."""
    assert proposals(version(1, 0), version(1, 300, award_id="other")) == []
    # Events of one instant are taken together, whatever comes first.
    assert proposals(version(1, 300, award_id="other"), version(1, 0)) == []
    (partly,) = proposals(version(1, 0), version(1, 60, award_id="other"))
    assert partly == replace(OPEN_30, amount_fen=40)
    (later,) = proposals(version(1, 0), version(2, 60, award_id="other"), version(3, 0, award_id="other"))
    assert later == replace(OPEN_30, amount_fen=100)
    assert len(proposals(version(1, 0), version(1, 300, NEXT_YEAR, "other"))) == 1
    assert len(proposals(version(1, 0), version(1, 300, award_id="other", rule="talent_living_allowance"))) == 1


def test_the_latest_approved_is_returned_first() -> None:
    other = [version(1, 80, award_id="other"), approved(2, 80, "other")]
    found = proposals(*other, version(3, 30), version(3, 50, award_id="other"))
    assert [(one.award_id, one.amount_fen) for one in found] == [("award", 70), ("other", 30)]
    found = proposals(*other, version(3, 30), version(3, 130, award_id="other"))
    assert [(one.award_id, one.amount_fen) for one in found] == [("award", 20)]
    found = proposals(*other, version(3, 30), version(3, 40, award_id="other"), version(3, 60, award_id="third"))
    assert [(one.award_id, one.amount_fen) for one in found] == [("award", 10), ("other", 40)]


def test_a_proposal_is_closed_once_another_award_covers_it() -> None:
    (closed,) = proposals(version(1, 70), version(2, 30, award_id="other"))
    assert (closed.state, closed.amount_fen, closed.closed_at) == ("closed", 0, NOW + hour(2))


def test_a_proposal_is_shown_with_number_amounts_and_times() -> None:
    (closed,) = proposals(version(1, 70), returned(2, 30))
    assert clawback_json(closed) == {
        "clawback_id": "award/1",
        "award_id": "award",
        "subject": BASIS.subject,
        "year": 2026,
        "amount": "0.00",
        "returned": "0.30",
        "state": "closed",
        "opened_at": "2026-06-01T09:00:00.000000+08:00",
        "closed_at": "2026-06-01T10:00:00.000000+08:00",
        "decisions": ["return2"],
    }
    assert clawback_json(OPEN_30)["closed_at"] is None
