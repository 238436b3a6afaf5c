"""Postings: differences only, balanced, and in the end exactly what the award is."""

from collections import Counter
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.awards import Award
from services.incentive.domain.event_rules import EvidenceItem
from services.incentive.domain.facts import FactRef
from services.incentive.domain.highest_only import with_payables
from services.incentive.domain.postings import EntitlementAccount, entitlement_posting

AWARD = Award(
    award_id="first_purchase/uscc:A",
    about="uscc:A",
    rule="first_purchase",
    article="(四) 2",
    policy_id="p",
    policy_revision=1,
    subject="uscc:A",
    subject_name="虚构",
    exchange="kmdex",
    year=2026,
    base_fen=100,
    rate=Decimal("0.05"),
    cap_fen=20_000_000,
    ceiling_fen=500,
    payable_fen=500,
    suppressed_by=None,
    flags=(),
    evidence=(EvidenceItem(FactRef("facts.first-purchase.v1/r1/uscc:A", 1, 7), ("kmdex",)),),
)


def state(subject: str, year: int, revision: int, ceiling_fen: int, seq: int) -> Award:
    ref = FactRef("facts.first-purchase.v1/r1/uscc:A", 1, seq)
    return msgspec.structs.replace(
        AWARD,
        subject=subject,
        year=year,
        policy_revision=revision,
        ceiling_fen=ceiling_fen,
        evidence=(EvidenceItem(ref, ("kmdex",)),),
    )


STATES = st.lists(
    st.builds(
        state,
        subject=st.sampled_from(["uscc:A", "uscc:B"]),
        year=st.sampled_from([2026, 2027]),
        revision=st.sampled_from([1, 2]),
        ceiling_fen=st.sampled_from([0, 1, 500, 20_000_000]),
        seq=st.integers(1, 9),
    ),
    min_size=1,
    max_size=8,
)


@given(STATES)
def test_postings_leave_the_ceiling_on_the_accounts_of_the_last_state_alone(history: list[Award]) -> None:
    balances: Counter[str] = Counter()
    total_fen = 0
    before = None
    for after in history:
        found = entitlement_posting(before, after)
        if found is None:
            assert after.ceiling_fen == (0 if before is None else before.ceiling_fen)
        else:
            assert sum(entry.debit_fen - entry.credit_fen for entry in found.entries) == 0
            assert all((entry.debit_fen > 0) != (entry.credit_fen > 0) for entry in found.entries)
            assert found.cause["facts"]
            assert " / " in found.cause["text"]
            total_fen += found.amount_fen
            for entry in found.entries:
                balances[entry.account] += entry.credit_fen - entry.debit_fen
        before = after
        assert total_fen == after.ceiling_fen
        open_accounts = {account: fen for account, fen in balances.items() if fen}
        expected = {
            EntitlementAccount(after.subject, after.award_id, after.year).name: after.ceiling_fen,
            f"policy:first_purchase:{after.year}": -after.ceiling_fen,
        }
        assert open_accounts == (expected if after.ceiling_fen else {})


def test_the_same_basis_posts_the_difference_alone() -> None:
    found = entitlement_posting(AWARD, msgspec.structs.replace(AWARD, ceiling_fen=300))
    assert found is not None
    assert [(entry.account, entry.debit_fen, entry.credit_fen) for entry in found.entries] == [
        ("entitlement:uscc:A:first_purchase/uscc:A:2026", 200, 0),
        ("policy:first_purchase:2026", 0, 200),
    ]
    assert (found.amount_fen, found.subject_before, found.year_before) == (-200, None, None)


def test_what_moves_from_nothing_leaves_no_trace_where_it_was() -> None:
    away = msgspec.structs.replace(AWARD, ceiling_fen=0, payable_fen=0)
    found = entitlement_posting(away, msgspec.structs.replace(AWARD, subject="uscc:B", year=2027))
    assert found is not None
    assert [entry.account for entry in found.entries] == [
        "policy:first_purchase:2027",
        "entitlement:uscc:B:first_purchase/uscc:A:2027",
    ]
    assert (found.subject_before, found.year_before) == (None, None)


def test_what_is_no_amount_posts_nothing() -> None:
    assert entitlement_posting(AWARD, msgspec.structs.replace(AWARD, subject_name="改名", payable_fen=0)) is None


def test_payables_are_settled_within_subject_and_year() -> None:
    other = msgspec.structs.replace(AWARD, award_id="first_listing/uscc:A", rule="first_listing", ceiling_fen=900)
    elsewhere = msgspec.structs.replace(AWARD, award_id="x", year=2027)
    settled = {award.award_id: award for award in with_payables([AWARD, other, elsewhere], ["first_listing"], {})}
    assert (settled[AWARD.award_id].payable_fen, settled[AWARD.award_id].suppressed_by) == (0, other.award_id)
    assert (settled[other.award_id].payable_fen, settled[other.award_id].suppressed_by) == (900, None)
    assert settled["x"] == elsewhere
