"""Postings are differences, balanced, and sum up to the award."""

from collections import Counter
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.awards import Award, EvidenceItem
from services.incentive.domain.facts import FactRef
from services.incentive.domain.payables.highest_only import PayableInputs, deductions, with_payables
from services.incentive.domain.payables.other_grants import OtherGrant
from services.incentive.domain.postings import (
    EntitlementAccount,
    correction_posting,
    entitlement_posting,
    read_account,
)
from tests.support.incentive.totals import POLICY

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
    settled = {award.award_id: award for award in with_payables([AWARD, other, elsewhere], POLICY, PayableInputs())}
    assert (settled[AWARD.award_id].payable_fen, settled[AWARD.award_id].suppressed_by) == (0, other.award_id)
    assert (settled[other.award_id].payable_fen, settled[other.award_id].suppressed_by) == (900, None)
    assert settled["x"] == elsewhere


def test_an_award_without_decisions_or_cap_has_nothing_that_stands_and_no_tier() -> None:
    """The first voucher takes the whole limit of a year, and a tier award without an amount of a tier nothing."""

    def award(rule: str, item: str, cap_fen: int | None) -> Award:
        changes = {"award_id": f"{rule}/{item}", "rule": rule, "ceiling_fen": 30_000_000, "cap_fen": cap_fen}
        return msgspec.structs.replace(AWARD, **changes)

    vouchers = [award("compute_voucher", f"uscc:A/2026/{item}", None) for item in "ab"]
    tier = award("exchange_tiers", "a/2026", None)
    for awards, expected in ((vouchers, [30_000_000, 0]), ([tier], [0])):
        settled = with_payables(awards, POLICY, PayableInputs())
        assert [one.payable_fen for one in settled] == expected


def test_a_grant_of_another_policy_is_deducted_within_its_subject_and_year() -> None:
    def granted(subject: str, year: int, number: int, fen: int) -> dict[tuple[str, int], list[OtherGrant]]:
        return {(subject, year): [OtherGrant(f"other_grant/{number}", fen, rules=(AWARD.rule,))]}

    elsewhere = granted("uscc:A", 2027, 2, 9) | granted("uscc:B", 2026, 3, 9)
    for fen, left in ((499, (1, None)), (501, (0, "other_grant/1"))):
        inputs = PayableInputs(granted("uscc:A", 2026, 1, fen) | elsewhere)
        (settled,) = with_payables([AWARD], POLICY, inputs)
        assert (settled.payable_fen, settled.suppressed_by) == left
        assert deductions([AWARD], POLICY, inputs) == {AWARD.award_id: [("other_grant/1", min(500, fen))]}
    assert with_payables([AWARD], POLICY, PayableInputs(elsewhere)) == [AWARD]
    assert deductions([AWARD], POLICY, PayableInputs(elsewhere)) == {}


def test_a_move_from_a_ceiling_of_a_fen_names_where_it_was() -> None:
    before = msgspec.structs.replace(AWARD, ceiling_fen=1)
    found = entitlement_posting(before, msgspec.structs.replace(AWARD, subject="uscc:B", year=2027))
    assert found is not None
    assert (found.amount_fen, found.subject_before, found.year_before) == (499, "uscc:A", 2026)


REF = FactRef("facts.first-purchase.v1/r1/uscc:A", 1, 8)
OTHER = FactRef("facts.first-purchase.v1/r2/uscc:A", 1, 3)
ARRIVED = FactRef("facts.annual-total.v1/r1/exchange/kmdex/2024", 1, 4)


def refs_json(*refs: FactRef) -> list[dict[str, object]]:
    return [{"fact": ref.fact, "generation": ref.generation, "seq": ref.seq} for ref in refs]


def test_the_cause_is_the_newer_evidence_else_what_arrived_else_all_evidence() -> None:
    before = msgspec.structs.replace(AWARD, evidence=(EvidenceItem(OTHER, ()), *AWARD.evidence))
    newer = msgspec.structs.replace(AWARD, ceiling_fen=1, evidence=(EvidenceItem(OTHER, ()), EvidenceItem(REF, ())))
    same = msgspec.structs.replace(before, ceiling_fen=1)
    for after, arrived, expected in (
        (newer, [ARRIVED], refs_json(REF)),
        (same, [ARRIVED], refs_json(ARRIVED)),
        (same, [], refs_json(OTHER, AWARD.evidence[0].ref)),
    ):
        found = entitlement_posting(before, after, arrived)
        assert found is not None
        assert found.cause["facts"] == expected
    first = entitlement_posting(None, newer, [ARRIVED])
    assert first is not None
    assert first.cause["facts"] == refs_json(OTHER, REF)


@pytest.mark.parametrize(
    ("before", "changes", "zh", "en"),
    [
        (None, {}, "首次测算，上限 5.00 元", "first earned, ceiling 5.00 yuan"),
        (AWARD, {"ceiling_fen": 700}, "上限由 5.00 元变为 7.00 元", "ceiling changed from 5.00 to 7.00 yuan"),
        (
            AWARD,
            {"subject": "uscc:B"},
            "主体由 uscc:A 变为 uscc:B，上限仍为 5.00 元",
            "subject changed from uscc:A to uscc:B, ceiling unchanged at 5.00 yuan",
        ),
        (
            AWARD,
            {"year": 2027, "ceiling_fen": 0},
            "年度由 2026 变为 2027，上限由 5.00 元变为 0.00 元",
            "year changed from 2026 to 2027, ceiling changed from 5.00 to 0.00 yuan",
        ),
        (
            AWARD,
            {"policy_revision": 2},
            "政策版本变为 p 第 2 版，上限仍为 5.00 元",
            "policy changed to p revision 2, ceiling unchanged at 5.00 yuan",
        ),
    ],
)
def test_the_cause_says_what_changed_after_its_occasion(
    before: Award | None, changes: dict[str, object], zh: str, en: str
) -> None:
    found = entitlement_posting(before, msgspec.structs.replace(AWARD, **changes), (), ("因 甲：", "as A: "))
    assert found is not None
    assert found.cause["text"] == f"因 甲：{zh} / as A: {en}"


def test_an_account_is_read_back_from_its_name() -> None:
    account = EntitlementAccount("uscc:A", "annual_listed_trading/uscc:A/2026", 2026)
    assert account.name == "entitlement:uscc:A:annual_listed_trading/uscc:A/2026:2026"
    assert read_account(account.name) == account
    assert account.rule == "annual_listed_trading"
    for other in ("policy:first_purchase:2026", "treasury", f"{account.name}0", f"x{account.name}"):
        assert read_account(other) is None


def test_a_correction_posts_what_the_balance_lacks_or_has_too_much() -> None:
    account = EntitlementAccount("uscc:A", "first_purchase/uscc:A", 2026)
    for actual_fen, expected_fen in ((700, 500), (500, 700)):
        found = correction_posting(account, actual_fen, expected_fen, "(四) 2", POLICY, [REF])
        change_fen = expected_fen - actual_fen
        assert (found.award_id, found.subject, found.year, found.article) == (
            account.award_id,
            "uscc:A",
            2026,
            "(四) 2",
        )
        assert (found.amount_fen, found.policy_revision) == (change_fen, POLICY.revision)
        balance = {entry.account: entry.credit_fen - entry.debit_fen for entry in found.entries}
        assert balance == {account.name: change_fen, "policy:first_purchase:2026": -change_fen}
        assert found.cause["facts"] == refs_json(REF)
        assert f"由 {actual_fen // 100}.00 元更正为 {expected_fen // 100}.00 元" in found.cause["text"]
    with pytest.raises(ValueError, match="correct"):
        correction_posting(account, 500, 500, "(四) 2", POLICY, [REF])
