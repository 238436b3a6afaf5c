"""Clawback proposals, by example: when one opens, what it amounts to, how it is closed, and what others cover."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from services.incentive.domain.clawbacks import (
    ClawbackProposal,
    PayableVersion,
    ProposalEvent,
    RecordedEligibility,
    clawback_json,
    clawback_proposals,
)
from services.incentive.domain.holds import Period, Verification
from services.incentive.domain.workflow import ApprovedFor, Decision, replay
from services.incentive.policy.terms import Policy
from shared.values.times import day_start, shanghai_date
from tests.support.incentive.declarations import POLICY
from tests.support.incentive.workflow import BASIS, NOW, ROUND, history, step

APPROVED = history(*ROUND, ("approve", 100, "b"))
NEXT_YEAR = ApprovedFor(BASIS.subject, 2027)
OPEN_30 = ClawbackProposal("award", 1, BASIS, "correction", 30, 0, 0, "open", NOW + timedelta(hours=1), None, ())


def hour(number: int) -> timedelta:
    return timedelta(hours=number)


def version(
    at: int, payable_fen: int, approved_for: ApprovedFor = BASIS, award_id: str = "award", rule: str = "first_purchase"
) -> PayableVersion:
    return PayableVersion(NOW + hour(at), award_id, rule, approved_for, payable_fen)


def returned(at: int, amount_fen: int, approved_for: ApprovedFor = BASIS) -> Decision:
    taken = step(replay(APPROVED), "return", amount_fen, approved_for=approved_for)
    return replace(taken, at=NOW + hour(at), decision_id=f"return{at}")


def revoked(at: int, amount_fen: int) -> Decision:
    """Return the revocation of an approval that is not paid."""
    return replace(returned(at, amount_fen), action="revoke", decision_id=f"revoke{at}")


def recorded(at: int, status: str, start: datetime | None = None, end: datetime | None = None) -> RecordedEligibility:
    return RecordedEligibility(NOW + hour(at), BASIS.subject, Verification(status, Period(start, end)))


def proposals(*events: ProposalEvent, policy: Policy = POLICY) -> list[ClawbackProposal]:
    """Return the proposals of an award of which 100 fen were payable and approved before these events."""
    versions = [one for one in events if isinstance(one, PayableVersion)]
    steps = [one for one in events if isinstance(one, Decision)]
    records = [one for one in events if isinstance(one, RecordedEligibility)]
    return clawback_proposals([version(-1, 100), *versions], [*APPROVED, *steps], records, policy)


def approved(at: int, amount_fen: int, award_id: str) -> Decision:
    """Return the approval of another award, the transactions of which come later."""
    taken = step(replay(APPROVED[:-1]), "approve", amount_fen)
    return replace(taken, at=NOW + hour(at), award_id=award_id, decision_id=award_id, transaction=100 + at)


def test_there_is_none_while_no_more_is_approved_than_payable() -> None:
    assert proposals() == []
    assert proposals(version(1, 100), version(2, 101)) == []
    assert clawback_proposals([version(1, 0)], [], [], POLICY) == []


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
    assert second == replace(
        OPEN_30, number=2, amount_fen=15, returned_fen=5, opened_at=NOW + hour(3), decisions=("return4",)
    )


def test_all_that_was_approved_for_another_year_is_to_be_returned() -> None:
    (moved,) = proposals(version(1, 70), version(2, 100, NEXT_YEAR))
    assert moved == replace(OPEN_30, amount_fen=100)


def test_each_year_that_it_was_approved_for_has_its_own_proposal() -> None:
    again = replace(step(replay(APPROVED), "approve", 40, approved_for=NEXT_YEAR), at=NOW + hour(2))
    first, second = proposals(version(1, 100, NEXT_YEAR), again, version(3, 10, NEXT_YEAR), returned(4, 100))
    assert (first.approved_for, first.state, first.closed_at) == (BASIS, "closed", NOW + hour(4))
    assert second == replace(OPEN_30, number=2, approved_for=NEXT_YEAR, opened_at=NOW + hour(3))


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


def test_a_revocation_takes_back_what_is_not_paid() -> None:
    (closed,) = proposals(version(1, 70), revoked(2, 10), returned(3, 20))
    assert (closed.state, closed.revoked_fen, closed.returned_fen) == ("closed", 10, 20)
    assert closed.decisions == ("revoke2", "return3")


def test_all_of_an_award_comes_back_that_was_approved_without_eligibility() -> None:
    """A condition that failed on the day of the approval, whatever the hour; a notice does not end the proposal."""
    same_day, next_day = day_start(shanghai_date(NOW)), day_start(shanghai_date(NOW) + timedelta(days=1))
    expected = replace(OPEN_30, ground="eligibility", amount_fen=100)
    for start in (None, same_day, NOW + hour(12)):
        assert proposals(recorded(1, "failed", start)) == [expected]
    assert proposals(recorded(1, "failed", next_day)) == []
    assert proposals(recorded(1, "failed", None, NOW)) == []
    assert proposals(recorded(1, "verified")) == []
    (part,) = proposals(recorded(1, "failed", same_day), returned(2, 40))
    assert part == replace(expected, amount_fen=60, returned_fen=40, decisions=("return2",))
    (closed,) = proposals(recorded(1, "failed", same_day), recorded(2, "verified", same_day))
    assert (closed.state, closed.amount_fen, closed.closed_at) == ("closed", 0, NOW + hour(2))
    assert proposals(recorded(1, "failed", same_day), recorded(2, "verified", next_day)) == [expected]


def test_what_comes_back_for_want_of_eligibility_is_in_no_excess_too() -> None:
    """Two proposals of an award never exceed what stands of it."""
    both = proposals(version(1, 70), recorded(2, "failed"))
    assert [(one.number, one.ground, one.state, one.amount_fen) for one in both] == [
        (1, "correction", "closed", 0),
        (2, "eligibility", "open", 100),
    ]
    # Another award of the room keeps what its payables have room for without the first.
    other = [version(1, 80, award_id="other"), approved(2, 80, "other"), version(3, 20, award_id="other")]
    start = day_start(shanghai_date(NOW) - timedelta(days=1))
    until = NOW + hour(1)
    found = proposals(*other, recorded(4, "failed", start, until))
    assert [(one.award_id, one.ground, one.state) for one in found if one.state == "open"] == [
        ("award", "eligibility", "open")
    ]


def test_over_the_whole_life_the_rooms_of_all_years_are_one() -> None:
    of_life = replace(POLICY, highest_only_scope="whole_life")
    events = version(1, 0), version(1, 300, NEXT_YEAR, "other")
    assert [one.amount_fen for one in proposals(*events)] == [100]
    assert proposals(*events, policy=of_life) == []
    (moved,) = proposals(version(1, 100, NEXT_YEAR))
    assert moved.amount_fen == 100
    assert proposals(version(1, 100, NEXT_YEAR), policy=of_life) == []
    allowance = version(1, 300, NEXT_YEAR, "other", "talent_living_allowance")
    assert [one.amount_fen for one in proposals(version(1, 0), allowance, policy=of_life)] == [100]


def test_a_proposal_is_shown_with_number_amounts_and_times() -> None:
    (closed,) = proposals(version(1, 70), returned(2, 30))
    assert clawback_json(closed) == {
        "id": "award/1",
        "clawback_id": "award/1",
        "award_id": "award",
        "subject": BASIS.subject,
        "year": 2026,
        "amount": "0.00",
        "ground": "correction",
        "returned": "0.30",
        "revoked": "0.00",
        "state": "closed",
        "opened_at": "2026-06-01T09:00:00.000000+08:00",
        "closed_at": "2026-06-01T10:00:00.000000+08:00",
        "decisions": ["return2"],
    }
    assert clawback_json(OPEN_30)["closed_at"] is None
