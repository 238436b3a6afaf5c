"""Clawback proposals, by example: when one opens, what it amounts to, how it is closed, and what others cover."""

from collections import Counter
from datetime import datetime, timedelta

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
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
from services.incentive.domain.rooms import RoomUse, Standing, excesses, was_failed
from services.incentive.domain.workflow import ApprovedFor, Decision, replay
from services.incentive.policy.terms import Policy
from services.incentive.verifier.policy import PolicyValues
from services.incentive.verifier.rooms import StandingAward, flags_of_excess
from shared.settings import POLICY_FILE
from shared.values.times import day_start, shanghai_date
from tests.support.incentive.declarations import POLICY
from tests.support.incentive.workflow import BASIS, NOW, ROUND, history, step

APPROVED = history(*ROUND, ("approve", 100, "b"))
NEXT_YEAR = ApprovedFor(BASIS.subject, 2027)
OPEN_30 = ClawbackProposal("award", 1, BASIS, "correction", 30, 0, 0, "open", NOW + timedelta(hours=1), None, ())


def with_scope(reading: str) -> PolicyValues:
    """Return the verifier's policy under a reading of the scope of G6."""
    tree = yaml.load(POLICY_FILE.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 - strings only
    tree["general"]["highest_only_scope"]["reading"] = reading
    return PolicyValues(tree)


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


SUBJECTS, YEARS = (BASIS.subject, "uscc:91530100MA6K123457"), (2026, 2027)
AWARDS = ("first", "second", "third", "allowance")
VERIFIER_POLICIES = {
    scope: (replace(POLICY, highest_only_scope=scope), with_scope(scope)) for scope in ("year", "whole_life")
}


@settings(max_examples=300)
@given(st.data())
def test_proposals_of_any_history_are_what_the_excess_is_and_never_more_than_stands(data: st.DataObject) -> None:
    """The history, the room of the last instant and the verifier of extracts agree."""
    policy, values = VERIFIER_POLICIES[data.draw(st.sampled_from(("year", "whole_life")))]
    events: list[ProposalEvent] = []
    payable: dict[str, tuple[ApprovedFor, int]] = {}
    standing: Counter[Standing] = Counter()
    approved_at: dict[Standing, tuple[datetime, int]] = {}
    for number in range(data.draw(st.integers(1, 25))):
        at, award_id = NOW + 8 * number * hour(1), data.draw(st.sampled_from(AWARDS))
        rule = "talent_living_allowance" if award_id == "allowance" else "first_purchase"
        whose = ApprovedFor(data.draw(st.sampled_from(SUBJECTS)), data.draw(st.sampled_from(YEARS)))
        action = data.draw(st.sampled_from(["payable", "approve", "approve", "take back", "eligibility"]))
        if action == "payable":
            payable[award_id] = whose, data.draw(st.integers(0, 200))
            events.append(PayableVersion(at, award_id, rule, *payable[award_id]))
        elif action == "eligibility":
            start = data.draw(st.sampled_from([None, NOW, at - 24 * hour(1), at]))
            status = data.draw(st.sampled_from(["failed", "failed", "verified"]))
            events.append(RecordedEligibility(at, whose.subject, Verification(status, Period(start, None))))
        elif action == "approve" or standing[award_id, whose]:
            name = action if action == "approve" else data.draw(st.sampled_from(["revoke", "return"]))
            most = 200 if action == "approve" else standing[award_id, whose]
            amount_fen = data.draw(st.integers(1, most))
            taken = replace(returned(0, amount_fen, whose), award_id=award_id, rule=rule, action=name, at=at)
            events.append(replace(taken, transaction=number + 1, decision_id=f"d{number}"))
            standing[award_id, whose] += amount_fen if action == "approve" else -amount_fen
            if action == "approve":
                approved_at[award_id, whose] = at, number + 1
    found = clawback_proposals(
        [one for one in events if isinstance(one, PayableVersion)],
        [one for one in events if isinstance(one, Decision)],
        [one for one in events if isinstance(one, RecordedEligibility)],
        policy,
    )
    proposed: dict[Standing, dict[str, int]] = {}
    for one in found:
        assert (one.state == "open") == (one.amount_fen > 0) == (one.closed_at is None)
        if one.amount_fen:
            place = proposed.setdefault((one.award_id, one.approved_for), {})
            assert one.ground not in place
            place[one.ground] = one.amount_fen
    records = [one for one in events if isinstance(one, RecordedEligibility)]
    uses = []
    for award_id, whose in {*standing, *((award_id, whose) for award_id, (whose, _) in payable.items())}:
        at, transaction = approved_at.get((award_id, whose), (None, 0))
        of_subject = [one.verification for one in records if one.subject == whose.subject]
        current, payable_fen = payable.get(award_id, (whose, 0))
        rule = "talent_living_allowance" if award_id == "allowance" else "first_purchase"
        amounts = payable_fen if current == whose else 0, standing[award_id, whose], transaction
        uses.append(RoomUse(award_id, rule, whose, *amounts, at is not None and was_failed(of_subject, at)))
    expected = {
        where: {name: fen for name, fen in (("correction", one.over_fen), ("eligibility", one.not_eligible_fen)) if fen}
        for where, one in excesses(uses, policy).items()
        if one.to_come_back_fen
    }
    assert proposed == expected
    for where, by_ground in proposed.items():
        assert sum(by_ground.values()) <= standing[where]
    flagged = flags_of_excess(
        [
            StandingAward(f"{one.award_id} {one.approved_for}", one.rule, tuple(one.approved_for), *one[3:])
            for one in uses
        ],
        values,
    )
    names = {"correction": "over_approved", "eligibility": "not_eligible"}
    assert {name: flags - {"offset"} for name, flags in flagged.items() if flags - {"offset"}} == {
        f"{award_id} {whose}": {names[ground] for ground in by_ground}
        for (award_id, whose), by_ground in proposed.items()
    }


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
