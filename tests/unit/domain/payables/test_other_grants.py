"""Grants under other municipal policies (G6): which are in force, and what is deducted by each reading."""

import itertools
from datetime import date

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.payables.item_limits import Claim
from services.incentive.domain.payables.other_grants import (
    DEDUCTIONS,
    Deduction,
    OtherGrant,
    RecordedGrant,
    deduct,
    grants_in_force,
)
from services.incentive.policy.loader import load_policy
from shared.settings import POLICY_FILE

POLICY = load_policy(POLICY_FILE)
ALL_OF_YEAR = msgspec.structs.replace(POLICY, other_grants="all_of_year")
HIGHEST = msgspec.structs.replace(POLICY, other_grants="highest")
DAY = date(2026, 1, 5)
A, B, C, ALLOWANCE = (
    Claim(f"{rule}/uscc:A/2026/{item}", rule, 2026, fen)
    for rule, item, fen in (
        ("standards", "A", 200),
        ("standards", "B", 200),
        ("standards", "C", 100),
        ("talent_living_allowance", "P", 50),
    )
)
CLAIMS = [C, B, ALLOWANCE, A]
LIMITED = {one.award_id: one.worth_fen for one in CLAIMS}


def left(*grants, policy=POLICY):
    """The payables left of A, B, C and the allowance; the same in every order of recording."""
    found = deduct(CLAIMS, LIMITED, policy, grants)
    for order in itertools.permutations(grants):
        assert deduct(CLAIMS, LIMITED, policy, order) == found
    assert {one: LIMITED[one] - sum(part.fen for part in parts) for one, parts in found[1].items()} == {
        one: fen for one, fen in found[0].items() if fen < LIMITED[one]
    }
    return [found[0][one.award_id] for one in (A, B, C, ALLOWANCE)]


def grant(fen, *awards, number=1, rules=(), day=DAY):
    return OtherGrant(f"other_grant/{number}", fen, rules, tuple(one.award_id for one in awards), day)


def test_it_is_deducted_from_the_greatest_payable_down_then_by_the_smaller_id():
    assert left(grant(50, rules=("standards",))) == [150, 200, 100, 50]
    assert left(grant(250, rules=("standards",))) == [0, 150, 100, 50]
    assert left(grant(9999, rules=("standards",))) == [0, 0, 0, 50]
    assert left(grant(150, C, B)) == [200, 50, 100, 50]
    assert left(grant(20, ALLOWANCE)) == [200, 200, 100, 30]  # the bureau named it


def test_it_is_not_deducted_from_what_it_does_not_name():
    assert left(grant(250)) == [200, 200, 100, 50]
    assert left(grant(250, rules=("first_purchase",))) == [200, 200, 100, 50]


def test_grants_of_a_year_add_up():
    one, other = (grant(fen, rules=("standards",), number=number) for number, fen in ((1, 150), (2, 100)))
    assert left(one, other) == left(grant(250, rules=("standards",))) == [0, 150, 100, 50]


def test_one_that_names_fewer_goes_first_so_that_nothing_is_paid_twice():
    narrow, wide = grant(200, A, number=2), grant(200, rules=("standards",), number=1)
    assert left(wide, narrow) == [0, 0, 100, 50]


def test_an_award_with_nothing_payable_does_not_count_among_those_named():
    """One grant names A and B, of which B is suppressed; the earlier one names A and C and finds A taken."""
    limited = {A.award_id: 200, B.award_id: 0, C.award_id: 100}
    narrow, earlier = grant(200, A, B, day=date(2026, 2, 1), number=1), grant(200, A, C, number=2)
    assert deduct([A, B, C], limited, POLICY, [earlier, narrow])[0] == dict.fromkeys(limited, 0)


def test_earlier_days_go_first():
    late = grant(150, A, C, day=date(2026, 2, 1), number=1)
    early = grant(150, A, B, day=DAY, number=2)
    assert deduct(CLAIMS, LIMITED, POLICY, [late, early])[1] == {
        A.award_id: [Deduction("other_grant/2", 150), Deduction("other_grant/1", 50)],
        C.award_id: [Deduction("other_grant/1", 100)],
    }


def test_every_grant_of_the_year_is_deducted_but_not_from_an_allowance():
    assert left(grant(9999), policy=ALL_OF_YEAR) == [0, 0, 0, 50]
    assert left(grant(250), policy=ALL_OF_YEAR) == [0, 150, 100, 50]
    assert left(grant(150), grant(100, rules=("first_purchase",), number=2), policy=ALL_OF_YEAR) == [0, 150, 100, 50]


def test_what_competes_is_not_deducted():
    assert left(grant(9999, rules=("standards",)), policy=HIGHEST) == [200, 200, 100, 50]
    assert DEDUCTIONS["highest"](A, HIGHEST, grant(9999, A)) is False


GRANTS = st.lists(
    st.builds(
        OtherGrant,
        st.just(""),
        st.integers(1, 600),
        st.lists(st.sampled_from(["standards", "talent_living_allowance"]), unique=True).map(tuple),
        st.lists(st.sampled_from(sorted(LIMITED)), unique=True).map(tuple),
        st.sampled_from([DAY, date(2026, 1, 6)]),
    ),
    max_size=4,
)


@given(GRANTS, st.sampled_from([POLICY, ALL_OF_YEAR, HIGHEST]), st.randoms())
def test_no_more_is_deducted_than_is_granted_or_payable_and_ids_and_order_leave_no_trace(grants, policy, rng):
    def numbered(order):
        return [one._replace(name=f"other_grant/{number}") for number, one in enumerate(order)]

    named = numbered(grants)
    found, deducted = deduct(CLAIMS, LIMITED, policy, named)
    assert all(0 <= found[one] <= fen for one, fen in LIMITED.items())
    for one in named:
        parts = [part.fen for of_award in deducted.values() for part in of_award if part.grant == one.name]
        assert sum(parts) <= one.amount_fen
        assert all(parts)
    rng.shuffle(grants)
    assert deduct(CLAIMS, LIMITED, policy, numbered(grants))[0] == found


# --- the records in force --------------------------------------------------------------------------------------------


def record(seq, fen, *, day=DAY, title="n", year=2026, withdrawn=False):
    return RecordedGrant(seq, str(seq), "uscc:A", year, title, fen, day, ("standards",), (), withdrawn)


def amounts(*records):
    """Amounts of the grants in force by year, in order of recording; the same in every order of reading."""
    found = grants_in_force(records)
    for order in itertools.permutations(records):
        assert grants_in_force(order) == found
    return {year: [one.amount_fen for one in grants] for (_, year), grants in found.items()}


def test_each_record_is_a_grant_of_its_own_until_it_is_withdrawn():
    assert amounts(record(1, 5), record(2, 5), record(3, 7, year=2027)) == {2026: [5, 5], 2027: [7]}
    assert amounts(record(1, 5, withdrawn=True), record(2, 5)) == {2026: [5]}
    assert grants_in_force([record(1, 5)]) == {
        ("uscc:A", 2026): [OtherGrant("other_grant/1", 5, ("standards",), (), DAY)]
    }


def test_of_records_of_an_earlier_version_the_last_of_a_name_counts():
    old = [record(1, 5, day=None), record(2, 6, day=None), record(3, 7, day=None, title="m")]
    assert amounts(*old) == {2026: [6, 7]}
    assert amounts(*old, record(4, 0, day=None)) == {2026: [7]}
    assert amounts(*old, record(4, 8)) == {2026: [6, 7, 8]}
    assert amounts(old[0], old[1]._replace(is_withdrawn=True)) == {}
