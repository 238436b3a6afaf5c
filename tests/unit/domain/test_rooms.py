"""Rooms of a subject and year: by example, against the verifier, and by properties."""

from datetime import UTC, datetime, timedelta

import msgspec
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.holds import Period, Verification
from services.incentive.domain.rooms import (
    NOT_ELIGIBLE,
    OFFSET,
    OVER_APPROVED,
    Excess,
    RoomUse,
    excesses,
    excesses_of_room,
    room_of,
    was_failed,
)
from services.incentive.domain.workflow import ApprovedFor
from services.incentive.store.rooms import flagged_awards
from services.incentive.verifier import rooms as verifier_rooms
from services.incentive.verifier.policy import PolicyValues
from shared.settings import POLICY_FILE
from tests.support.incentive.declarations import POLICY

TREE = yaml.load(POLICY_FILE.read_bytes(), yaml.BaseLoader)  # noqa: S506 - strings only
YEAR = ApprovedFor("uscc:A", 2026)
LATER = ApprovedFor("uscc:A", 2027)


def use(award_id: str, payable_fen: int, standing_fen: int, approved_seq: int = 0, **other: object) -> RoomUse:
    one = RoomUse(award_id, "first_listing", YEAR, payable_fen, standing_fen, approved_seq)
    return one._replace(**other)  # type: ignore[arg-type]


def test_what_fits_in_the_room_is_credited() -> None:
    """20,000 approved for a first listing; 300,000 is payable for the year's trading."""
    for trading in (use("trading", 300, 0), use("trading", 300, 280, 2)):
        assert excesses_of_room([use("listing", 0, 20, 1), trading]) == {("listing", YEAR): Excess(0, 20)}
    assert excesses_of_room([use("listing", 20, 20, 1)]) == {}


def test_the_excess_is_of_the_latest_approved_first() -> None:
    both = [use("a", 0, 50, 2), use("b", 10, 50, 1)]
    assert excesses_of_room([*both, use("c", 30, 0)]) == {("a", YEAR): Excess(50, 0), ("b", YEAR): Excess(10, 30)}
    assert excesses_of_room([*both, use("c", 60, 0)]) == {("a", YEAR): Excess(30, 20), ("b", YEAR): Excess(0, 40)}


def test_a_room_is_of_a_subject_and_year_and_of_kind_none_by_itself() -> None:
    listing = use("listing", 0, 20, 1)
    for other in (
        use("trading", 300, 0, approved_for=LATER),
        use("trading", 300, 0, approved_for=ApprovedFor("uscc:B", 2026)),
        use("allowance", 300, 0, rule="talent_living_allowance"),
    ):
        assert excesses([listing, other], POLICY) == {("listing", YEAR): Excess(20, 0)}
    allowances = [use("a", 0, 5, 1, rule="talent_living_allowance"), use("b", 5, 0, rule="talent_living_allowance")]
    assert excesses(allowances, POLICY) == {("a", YEAR): Excess(0, 5)}


def test_eligibility_that_was_failed_until_the_approval_was_not_failed_at_it() -> None:
    at = datetime(2026, 3, 1, 4, tzinfo=UTC)
    assert not was_failed([Verification("failed", Period(None, at))], at)
    assert was_failed([Verification("failed", Period(None, at + timedelta(microseconds=1)))], at)


def test_what_is_over_and_what_was_approved_without_eligibility_come_back() -> None:
    assert Excess(3, 9, 5).to_come_back_fen == 8


USES = st.lists(
    st.builds(
        RoomUse,
        st.sampled_from("abcd"),
        st.just("first_listing"),
        st.sampled_from([YEAR, LATER]),
        st.integers(0, 9),
        st.integers(0, 9),
        st.integers(0),
    ),
    unique_by=(lambda one: (one.award_id, one.approved_for), lambda one: one.approved_seq),
)
RULES = {"a": "first_listing", "b": "standards", "c": "talent_living_allowance", "d": "talent_living_allowance"}


@given(USES)
def test_proposals_ask_for_the_whole_excess_and_never_for_more_than_stands(uses: list[RoomUse]) -> None:
    uses = [one._replace(rule=RULES[one.award_id]) for one in uses]
    found = excesses(uses, POLICY)
    for room in {(one.approved_for, one.rule == "talent_living_allowance") for one in uses}:
        members = [one for one in uses if (one.approved_for, one.rule == "talent_living_allowance") == room]
        own = [found.get((one.award_id, one.approved_for), Excess(0, 0)) for one in members]
        kept = [0 if one.is_not_eligible else one.standing_fen for one in members]
        excess_fen = max(0, sum(kept) - sum(one.payable_fen for one in members))
        assert sum(one.over_fen for one in own) == excess_fen
        for one, kept_fen, excess in zip(members, kept, own, strict=True):
            assert excess.over_fen + excess.offset_fen == max(0, kept_fen - one.payable_fen)
            assert excess.not_eligible_fen == one.standing_fen - kept_fen
            later = [other for other, more in zip(members, own, strict=True) if more.offset_fen and other != one]
            assert not excess.over_fen or all(other.approved_seq <= one.approved_seq for other in later)


@given(USES)
def test_the_verifier_finds_the_same_flags(uses: list[RoomUse]) -> None:
    uses = [one._replace(rule=RULES[one.award_id]) for one in uses]
    theirs = verifier_rooms.flags_of_excess(
        [verifier_rooms.StandingAward(one.award_id, one.rule, tuple(one.approved_for), *one[3:]) for one in uses],
        PolicyValues(TREE),
    )
    for flag, awards in flagged_awards(excesses(uses, POLICY)).items():
        assert {award_id for award_id, flags in theirs.items() if flag in flags} == awards
    assert {flag for flags in theirs.values() for flag in flags} <= {OVER_APPROVED, OFFSET, NOT_ELIGIBLE}


def test_the_living_allowance_has_a_room_of_its_own() -> None:
    assert room_of(YEAR, "talent_living_allowance", POLICY) == (*YEAR, True)
    assert room_of(YEAR, "standards", POLICY) == (*YEAR, False)
    whole_life = msgspec.structs.replace(POLICY, highest_only_scope="whole_life")
    assert room_of(YEAR, "standards", whole_life) == (YEAR.subject, None, False)
    assert room_of(YEAR, "talent_living_allowance", whole_life) == (*YEAR, True)


def test_what_was_approved_without_eligibility_comes_back_whole() -> None:
    """The rest of what stands is compared with what is payable."""
    failed, other = use("a", 30, 50, 1, is_not_eligible=True), use("b", 0, 20, 2)
    assert excesses_of_room([failed, other]) == {("a", YEAR): Excess(0, 0, 50), ("b", YEAR): Excess(0, 20)}
