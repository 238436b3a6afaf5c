"""Decisions of the bureau over the API: steps, amounts, holds, and who may do what."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
import rfc8785
import schemathesis

from services.incentive.domain.notices.days import notice_end
from services.incentive.domain.steps import ACTIONS, CODES
from services.incentive.rebuild.command import verify_all
from shared.translog.checkpoint import open_checkpoint
from shared.translog.note import VerifierKey
from shared.values.times import SHANGHAI, day_start, format_time, shanghai_date
from tests.support.incentive.bureau import DOCUMENTS, FIRST, ROTATED, SECOND, SHA256, THIRD, Bureau, empty_bureau
from tests.support.incentive.eligibility import failed, verified
from tests.support.incentive.ledger import (
    OPERATOR_OF_KMDEX,
    WHITELIST,
    changed,
    exchange_total,
    first_listing,
    first_purchase,
    provider_total,
    subject,
)
from tests.support.web.contract import check_contract
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    """A ledger that all tests of the module share; each uses its own subjects."""
    with empty_bureau(postgres) as found:
        yield found


def test_an_award_goes_from_estimate_to_payment(bureau: Bureau) -> None:
    award_id = bureau.purchase(1, verified=False)
    before = bureau.award(award_id)
    assert (before["state"], before["eligibility"], before["holds"]) == ("estimated", "unverified", ["eligibility"])
    bureau.verify(subject(1), kind_of_entity="university", until="2029-01-01")
    document = {"name": "申报书.pdf", "sha256": SHA256}
    bureau.done(award_id, "apply", documents=[document], reason="申请")
    bureau.done(award_id, "review", "joint_review", "publish")
    bureau.done(award_id, "approve")
    paid = bureau.done(award_id, "pay", voucher_no="V-7", paid_on="2026-06-01")
    found = bureau.award(award_id)
    assert {name: found[name] for name in ("state", "approved", "paid", "returned", "payable", "holds", "flags")} == {
        "state": "paid",
        "approved": "200000.00",
        "paid": "200000.00",
        "returned": "0.00",
        "payable": "200000.00",
        "holds": [],
        "flags": [],
    }
    assert found["updated_at"] == paid["at"]
    decisions = bureau.decisions(award_id)
    assert [(one["action"], one["from"], one["to"]) for one in decisions] == [
        ("apply", "estimated", "applied"),
        ("review", "applied", "reviewed"),
        ("joint_review", "reviewed", "joint_reviewed"),
        ("publish", "joint_reviewed", "published"),
        ("approve", "published", "approved"),
        ("pay", "approved", "paid"),
    ]
    assert decisions[0]["documents"] == [document]
    assert decisions[0]["reason"] == "申请"
    assert decisions[3]["notice"] == {"from": "2026-01-12", "until": "2026-01-31", "where": "公告栏"}
    assert decisions[3]["published"] == {
        "payable": "200000.00",
        "subject": subject(1),
        "rule": "first_purchase",
        "item": None,
        "year": 2026,
        "policy": found["policy"],
    }
    nothing = dict.fromkeys(("ground", "notice", "received_on", "published", "statement", "batch_id"))
    assert {name: decisions[5][name] for name in nothing} == nothing
    assert (decisions[5]["voucher_no"], decisions[5]["paid_on"]) == ("V-7", "2026-06-01")
    assert [one["by"] for one in decisions[1:3]] == ["key of bureau", "key of bureau2"]
    assert bureau.decisions(award_id, limit=2) == decisions
    assert [item["award_id"] for item in bureau.ask.all("/v1/awards", state="paid", subject=subject(1))] == [award_id]
    assert bureau.ask.all("/v1/awards", state="estimated", subject=subject(1)) == []


def test_each_act_is_a_transaction_of_the_ledger_and_in_its_log(bureau: Bureau) -> None:
    award_id = bureau.purchase(2)
    bureau.approved(award_id, "150000.00")
    bureau.done(award_id, "pay")
    decisions = bureau.decisions(award_id)
    rows = {row["seq"]: row for row in bureau.ask.all("/v1/ledger/transactions", award_id=award_id)}
    for one in decisions:
        row = rows[one["transaction"]]
        digest = hashlib.sha256(rfc8785.dumps(one)).hexdigest()
        assert row["decision"] == {"id": one["decision_id"], "sha256": digest}
        assert (row["posted_at"], row["amount"], row["cause"]["facts"]) == (one["at"], one["amount"], [])
    assert [rows[one["transaction"]]["kind"] for one in decisions] == ["decision"] * 4 + ["approval", "payment"]
    entries = [
        [(entry["account"], entry["debit"], entry["credit"]) for entry in rows[one["transaction"]]["entries"]]
        for one in decisions
    ]
    of_award = f"{subject(2)}:{award_id}"
    assert entries[:4] == [[]] * 4
    assert entries[4:] == [
        [("budget:2026", "150000.00", "0.00"), (f"approved:{of_award}", "0.00", "150000.00")],
        [(f"paid:{of_award}", "150000.00", "0.00"), ("treasury", "0.00", "150000.00")],
    ]
    eligibility = next(
        row for row in bureau.ask.all("/v1/ledger/transactions", subject=subject(2)) if row["award_id"] is None
    )
    assert (eligibility["kind"], eligibility["entries"]) == ("decision", [])
    keys = bureau.ask.client.get("/v1/log/keys", headers=headers("auditor")).text.splitlines()
    note = bureau.ask.client.get("/v1/log/checkpoint", headers=headers("auditor")).data
    checkpoint = open_checkpoint(note, [VerifierKey.parse(key) for key in keys])
    assert checkpoint.size == len(bureau.ask.all("/v1/ledger/transactions", limit=500))


@pytest.mark.parametrize(
    ("done", "wrong", "allowed"),
    [
        ((), "pay", ["apply", "list", "withdraw"]),
        (("list",), "publish", ["review", "reject", "withdraw"]),
        (("apply", "review"), "approve", ["withdraw"]),
        (("apply", "review", "joint_review"), "apply", ["publish", "withdraw"]),
        (("apply", "review", "joint_review", "publish"), "pay", ["withdraw"]),
        (("apply", "reject"), "apply", ["reopen"]),
        (("apply", "reject", "reopen"), "return", ["apply", "list", "withdraw"]),
    ],
)
def test_a_wrong_step_is_409_and_says_what_can_be_done_and_why_nothing_else(
    bureau: Bureau, done: tuple[str, ...], wrong: str, allowed: list[str]
) -> None:
    number = 1000 + len(done) * 10 + len(wrong)
    award_id = bureau.purchase(number)
    bureau.done(award_id, *done)
    status, told = bureau.step(award_id, wrong, who=FIRST, **({"amount": "1"} if wrong == "return" else {}))
    assert (status, told["allowed"]) == (409, allowed)
    assert (told["status"], told["title"]) == (409, "Conflict")
    assert [one["action"] for one in told["why"]] == [name for name in ACTIONS if name not in allowed]
    assert all(one["code"] in CODES and one["reason"]["zh"] and one["reason"]["en"] for one in told["why"])
    assert len(bureau.decisions(award_id)) == len(done)


def codes(told: Any) -> dict[str, str]:
    """Return the code of each step that is not allowed, by action."""
    return {one["action"]: one["code"] for one in told["why"]}


def test_separate_hands(bureau: Bureau) -> None:
    award_id = bureau.purchase(3)
    bureau.done(award_id, "apply", "review")
    status, told = bureau.step(award_id, "joint_review", who=FIRST)
    assert (status, told["allowed"], codes(told)["joint_review"]) == (409, ["withdraw"], "person")
    assert "初审" in told["detail"]
    assert "key of bureau" in told["detail"]
    bureau.done(award_id, "joint_review", "publish")
    for who in (FIRST, SECOND):
        status, told = bureau.step(award_id, "approve", who=who)
        assert (status, codes(told)["approve"]) == (409, "person")
    assert codes(bureau.step(award_id, "reject", who=FIRST)[1])["reject"] == "person"
    assert bureau.step(award_id, "approve", who=THIRD)[0] == 201
    for action in ("pay", "revoke"):
        status, told = bureau.step(award_id, action, who=THIRD, **({"amount": "1"} if action == "revoke" else {}))
        assert (status, codes(told)[action]) == (409, "person")
    bureau.done(award_id, "pay")
    bureau.done(award_id, "notify_return", amount="1")
    status, told = bureau.step(award_id, "return", who=FIRST, amount="1")
    assert (status, codes(told)["return"]) == (409, "person")


def test_an_approval_that_was_revoked_in_full_does_not_tie_the_hands_of_who_made_it(bureau: Bureau) -> None:
    """Nothing of it is unpaid: who made it may revoke or pay the next approval, which another person made."""
    award_id = bureau.purchase(9099)
    bureau.approved(award_id, "150000.00")  # by the third person
    bureau.done(award_id, "revoke", amount="150000.00")
    bureau.done(award_id, "reopen", "apply")
    for action, who in (("review", THIRD), ("joint_review", SECOND), ("publish", SECOND), ("approve", FIRST)):
        status, told = bureau.step(award_id, action, who=who)
        assert status == 201, told
    assert bureau.step(award_id, "revoke", who=THIRD, amount="1.00")[0] == 201
    assert bureau.step(award_id, "pay", who=THIRD)[0] == 201


def test_a_declared_reward_needs_a_third_person_beside_declarer_and_reviewers(bureau: Bureau) -> None:
    body = {
        "rule": "standards",
        "subject": subject(95),
        "item": "GB-1",
        "earned_on": "2026-03-01",
        "measure": {"role": "national_led"},
        "documents": DOCUMENTS,
    }
    status, told = bureau.post("/v1/declared", body, THIRD)
    assert status == 200, told
    award_id = told["award_id"]
    bureau.verify(subject(95))
    bureau.published(award_id)
    status, told = bureau.step(award_id, "approve")
    assert (status, codes(told)["approve"]) == (409, "person")
    assert "登记申报" in told["detail"]


def test_a_step_says_what_it_lacks_and_what_it_does_not_take(bureau: Bureau) -> None:
    award_id = bureau.purchase(4)
    notice = {"action": "publish", "where": "w", "documents": DOCUMENTS}
    wrong: list[tuple[dict[str, Any], list[str]]] = [
        ({"action": "fly"}, ["action"]),
        ({}, ["action"]),
        ({"action": "publish"}, ["until", "where"]),
        ({**notice, "until": "2020-01-01"}, ["until"]),  # before it begins
        ({**notice, "until": "2026-06-04"}, ["until"]),  # four working days
        ({**notice, "from": "2026-05-29", "until": "2026-06-03"}, ["until"]),
        ({**notice, "until": "2026-06-08T00:00:00+08:00"}, ["until"]),
        ({**notice, "until": "2026-02-30"}, ["until"]),
        ({**notice, "until": "9999-12-31"}, ["until"]),
        ({**notice, "until": "2026-06-30", "from": "0001-01-01"}, ["from"]),
        ({**notice, "until": "2026-06-30", "where": "\u3000"}, ["where"]),
        ({"action": "approve", "amount": "0"}, ["amount"]),
        ({"action": "approve", "amount": 5}, ["amount"]),
        ({"action": "pay"}, ["paid_on", "voucher_no"]),
        ({"action": "pay", "voucher_no": "1", "paid_on": "2026-06-30"}, ["paid_on"]),
        ({"action": "pay", "voucher_no": "1", "paid_on": "2026-02-30"}, ["paid_on"]),
        ({"action": "reject"}, ["reason"]),
        ({"action": "reject", "reason": ""}, ["reason"]),
        ({"action": "reject", "reason": " \n\t"}, ["reason"]),
        ({"action": "revoke", "amount": "1"}, ["ground", "reason"]),
        ({"action": "revoke", "amount": "1", "reason": "r", "ground": "mood"}, ["ground"]),
        ({"action": "notify_return", "amount": "1", "reason": "r", "ground": "court"}, ["until"]),
        (
            {"action": "notify_return", "amount": "1", "reason": "r", "ground": "court", "until": "2026-06-02"},
            ["until"],
        ),
        ({"action": "return"}, ["amount"]),
        ({"action": "recover", "amount": "1", "voucher_no": "1"}, ["received_on"]),
        ({"action": "recover", "amount": "1", "voucher_no": "1", "received_on": "2026-06-30"}, ["received_on"]),
        ({"action": "apply", "amount": "1"}, ["amount"]),
        ({"action": "apply", "no_such": 1}, ["no_such"]),
        ({"action": "apply", "documents": [{"name": "n", "sha256": "AB"}]}, ["documents.0.sha256"]),
    ]
    for body, fields in wrong:
        status, told = bureau.post(f"/v1/awards/{award_id}/decisions", body, key="k")
        assert (status, sorted(error["field"] for error in told["errors"])) == (422, fields), body
    status, told = bureau.post(f"/v1/awards/{award_id}/decisions", {"action": "apply"})
    assert (status, [error["field"] for error in told["errors"]]) == (422, ["Idempotency-Key"])
    assert bureau.decisions(award_id) == []


def test_a_step_without_the_document_that_it_needs_is_refused(bureau: Bureau) -> None:
    award_id = bureau.purchase(96)
    status, told = bureau.step(award_id, "withdraw", documents=[])
    assert (status, codes(told)["withdraw"], "withdraw" in told["allowed"]) == (409, "document", False)
    bureau.done(award_id, "apply", "review")
    for action in ("joint_review", "publish", "approve"):
        status, told = bureau.step(award_id, action, documents=[])
        assert (status, codes(told)[action]) == (409, "document")
        bureau.done(award_id, action)
    bureau.done(award_id, "pay")
    status, told = bureau.step(award_id, "notify_return", amount="1", documents=[])
    assert (status, codes(told)["notify_return"]) == (409, "document")


def test_the_same_request_again_is_answered_as_before(bureau: Bureau) -> None:
    award_id, other = bureau.purchase(5), bureau.purchase(6)
    status, told = bureau.step(award_id, "apply", key="once", reason="r")
    assert status == 201
    assert bureau.step(award_id, "apply", key="once", reason="r", documents=None) == (201, told)
    assert bureau.step(award_id, "apply", key="once", reason="another")[0] == 409
    assert bureau.step(other, "apply", key="once", reason="r")[0] == 409
    # Idempotency keys are per person.
    assert bureau.step(other, "apply", key="once", who=SECOND)[0] == 201
    assert bureau.decisions(award_id) == [told]
    body = {"kind": "manual", "reason": "r"}
    held = bureau.post(f"/v1/awards/{award_id}/holds", body, key="hold")
    assert bureau.post(f"/v1/awards/{award_id}/holds", body, key="hold") == held
    assert bureau.post(f"/v1/awards/{award_id}/holds", body | {"reason": "s"}, key="hold")[0] == 409


def test_a_newer_key_of_a_person_is_no_other_person(bureau: Bureau) -> None:
    """Neither for separate hands nor for a request that is sent again."""
    award_id = bureau.purchase(90)
    assert bureau.step(award_id, "apply", key="newer") == bureau.step(award_id, "apply", key="newer", who=ROTATED)
    bureau.done(award_id, "review")
    status, told = bureau.step(award_id, "joint_review", who=ROTATED)
    assert status == 409
    assert "another person" in told["detail"]
    assert bureau.step(award_id, "joint_review", who=SECOND)[0] == 201
    status, told = bureau.step(award_id, "publish", who=ROTATED)
    assert (status, told["by"], told["person"]) == (201, "newer key", "bureau")
    assert bureau.step(award_id, "approve", who=ROTATED, amount="1.00")[0] == 409


def test_approvals_stay_within_what_is_payable(bureau: Bureau) -> None:
    award_id = bureau.purchase(7)
    bureau.published(award_id)
    status, told = bureau.step(award_id, "approve", amount="200000.01")
    assert (status, told["allowed"], codes(told)["approve"]) == (409, ["reject", "withdraw"], "room")
    assert "200000.00" in told["detail"]
    status, told = bureau.step(award_id, "approve", amount="120000", reason=None)
    assert (status, [one["field"] for one in told["errors"]]) == (422, ["reason"])
    bureau.done(award_id, "approve", amount="120000")
    status, told = bureau.step(award_id, "pay", amount="100000")
    assert (status, told["allowed"], codes(told)["pay"]) == (409, ["apply", "list", "revoke"], "room")
    status, told = bureau.step(award_id, "pay", paid_on="2026-05-31")
    assert (status, [one["field"] for one in told["errors"]]) == (422, ["paid_on"])
    bureau.done(award_id, "pay", amount="120000.00")
    # Only part of the payable amount was approved: the rest takes another round.
    bureau.published(award_id)
    assert bureau.step(award_id, "approve", amount="80000.01")[0] == 409
    assert bureau.done(award_id, "approve", reason=None)["amount"] == "80000.00"
    assert bureau.done(award_id, "pay")["amount"] == "80000.00"
    assert bureau.step(award_id, "apply")[1]["allowed"] == ["notify_return"]


def test_an_approval_waits_for_the_day_after_the_last_day_of_the_public_notice(bureau: Bureau) -> None:
    award_id = bureau.purchase(8)
    bureau.done(award_id, "apply", "review", "joint_review")
    today = shanghai_date(bureau.now)
    until = notice_end(today, 5, "first_and_last_day_included")
    told = bureau.done(award_id, "publish", until=until.isoformat(), documents=None, **{"from": None})
    assert told["notice"] == {"from": today.isoformat(), "until": until.isoformat(), "where": "公告栏"}
    bureau.now = day_start(until) + timedelta(hours=23)
    status, told = bureau.step(award_id, "approve", amount="1")
    assert (status, told["allowed"], codes(told)["approve"]) == (409, ["reject", "withdraw"], "notice")
    bureau.now = day_start(until + timedelta(days=1))
    assert bureau.step(award_id, "approve", amount="1")[0] == 201


def test_what_was_published_bounds_the_approval_until_it_is_published_again(bureau: Bureau) -> None:
    award_id = bureau.purchase(97, "1000000.00")
    bureau.published(award_id)
    assert codes(bureau.step(award_id, "publish")[1])["publish"] == "state"
    bureau.take(first_purchase(97, "2026-03-01", "3000000.00", seq=2))
    status, told = bureau.step(award_id, "approve", amount="50000.01")
    assert (status, codes(told)["approve"]) == (409, "room")
    assert "50000.00" in told["detail"]
    assert bureau.done(award_id, "publish")["published"]["payable"] == "150000.00"
    assert bureau.done(award_id, "approve")["amount"] == "150000.00"


def test_an_approval_is_refused_if_the_basis_is_not_what_was_published(bureau: Bureau) -> None:
    bureau.take(first_purchase(98, "2027-12-31", seq=1))
    award_id = f"first_purchase/{subject(98)}"
    bureau.verify(subject(98))
    bureau.published(award_id)
    bureau.take(first_purchase(98, "2028-01-01", seq=2))
    status, told = bureau.step(award_id, "approve")
    assert (status, codes(told)["approve"]) == (409, "basis_changed")
    assert "年度" in told["detail"]
    assert bureau.done(award_id, "publish")["published"]["year"] == 2028
    assert bureau.done(award_id, "approve")["year"] == 2028


def test_only_the_person_of_an_unpaid_approval_approves_again(bureau: Bureau) -> None:
    award_id = bureau.purchase(99, "1000000.00")
    bureau.approved(award_id, "50000.00")
    bureau.take(first_purchase(99, "2026-03-01", "3000000.00", seq=2))
    bureau.done(award_id, "apply")
    assert bureau.step(award_id, "review", who=THIRD)[0] == 201
    bureau.done(award_id, "joint_review", "publish")
    status, told = bureau.step(award_id, "approve", who=FIRST)
    assert (status, codes(told)["approve"]) == (409, "person")
    assert "key of bureau3" in told["detail"]
    status, told = bureau.step(award_id, "approve", who=THIRD)  # who reviewed this round
    assert (status, codes(told)["approve"]) == (409, "person")
    bureau.done(award_id, "pay")
    assert bureau.step(award_id, "approve", who=FIRST)[0] == 201


def test_a_subject_withdraws_and_applies_again(bureau: Bureau) -> None:
    bureau.take(first_listing(101, "2026-02-01", seq=1))
    lower, award_id = f"first_listing/{subject(101)}", bureau.purchase(101)
    bureau.done(award_id, "apply", "review")
    told = bureau.done(award_id, "withdraw")
    assert (told["from"], told["to"]) == ("reviewed", "estimated")
    found = bureau.award(award_id)
    assert (found["state"], found["flags"], found["payable"], found["suppressed_by"]) == (
        "estimated", ["waived"], "0.00", None,
    )  # fmt: skip
    assert bureau.award(lower)["payable"] == "20000.00"
    assert "放弃" in bureau.ask.ok(f"/v1/awards/{award_id}/explanation")["text"]["zh"]
    assert award_id in [one["award_id"] for one in bureau.ask.all("/v1/awards", flag="waived")]
    bureau.done(award_id, "list")
    assert (bureau.award(award_id)["flags"], bureau.award(award_id)["payable"]) == ([], "200000.00")
    assert bureau.ask.all("/v1/awards", flag="waived", subject=subject(101)) == []


def test_what_is_unpaid_is_revoked(bureau: Bureau) -> None:
    award_id = bureau.purchase(102)
    bureau.approved(award_id, "150000.00")
    told = bureau.done(award_id, "revoke", amount="50000.00", ground="review")
    assert (told["from"], told["to"], told["ground"]) == ("approved", "approved", "review")
    assert bureau.award(award_id)["approved"] == "100000.00"
    row = bureau.ask.all("/v1/ledger/transactions", award_id=award_id, kind="revocation")[-1]
    assert [(one["account"], one["debit"]) for one in row["entries"]] == [
        (f"approved:{subject(102)}:{award_id}", "50000.00"),
        ("budget:2026", "0.00"),
    ]
    assert codes(bureau.step(award_id, "revoke", amount="100000.01")[1])["revoke"] == "room"
    assert bureau.done(award_id, "revoke", amount="100000.00")["to"] == "returned"
    found = bureau.award(award_id)
    assert (found["state"], found["approved"], found["payable"]) == ("returned", "0.00", "0.00")
    assert "撤销" in bureau.ask.ok(f"/v1/awards/{award_id}/explanation")["text"]["zh"]
    bureau.done(award_id, "reopen")
    assert (bureau.award(award_id)["state"], bureau.award(award_id)["payable"]) == ("estimated", "200000.00")


def test_what_is_paid_is_notified_returned_and_recovered(bureau: Bureau) -> None:
    award_id = bureau.purchase(103)
    bureau.approved(award_id, "200000.00")
    bureau.done(award_id, "pay")
    told = bureau.done(award_id, "notify_return", amount="150000.00", ground="fraud")
    assert (told["amount"], told["notice"]["from"]) == ("150000.00", shanghai_date(bureau.now).isoformat())
    status, refused = bureau.step(award_id, "return", amount="1.00", documents=None)
    assert (status, codes(refused)["return"]) == (409, "notice")
    bureau.done(award_id, "return", amount="50000.00")
    assert codes(bureau.step(award_id, "return", amount="100000.01")[1])["return"] == "room"
    # A newer notice replaces what is left of the first.
    bureau.done(award_id, "notify_return", amount="150000.00")
    bureau.now = day_start(date.fromisoformat(bureau.decisions(award_id)[-1]["notice"]["until"]) + timedelta(days=1))
    assert bureau.done(award_id, "return", amount="150000.00", documents=None)["to"] == "returned"
    found = bureau.award(award_id)
    assert (found["state"], found["approved"], found["paid"], found["returned"], found["payable"]) == (
        "returned", "200000.00", "200000.00", "200000.00", "0.00",
    )  # fmt: skip
    assert codes(bureau.step(award_id, "recover", amount="200000.01")[1])["recover"] == "room"
    received = bureau.done(award_id, "recover", amount="200000.00")
    assert (received["to"], received["voucher_no"]) == ("returned", "R-1")
    kinds = [row["kind"] for row in bureau.ask.all("/v1/ledger/transactions", award_id=award_id)]
    assert kinds[-2:] == ["return", "recovery"]
    assert codes(bureau.step(award_id, "recover", amount="1")[1])["recover"] == "state"


def test_holds_block_approval_and_payment_and_nothing_else(bureau: Bureau) -> None:
    award_id = bureau.purchase(9)
    bureau.published(award_id)
    path = f"/v1/awards/{award_id}/holds"
    held = [bureau.post(path, {"kind": kind, "reason": "r"})[1] for kind in ("objection", "manual", "manual")]
    assert bureau.award(award_id)["holds"] == ["manual", "objection"]
    status, told = bureau.step(award_id, "approve", amount="1")
    assert (status, told["allowed"], codes(told)["approve"]) == (409, ["reject", "withdraw"], "hold")
    assert "objection" in told["detail"]
    for one, outcome in zip(held[:2], ({"outcome": "dismissed"}, {}), strict=True):
        assert bureau.post(f"/v1/holds/{one['id']}/release", {"reason": "r", **outcome})[0] == 201
    assert bureau.award(award_id)["holds"] == ["manual"]
    assert bureau.post(f"/v1/holds/{held[0]['id']}/release", None)[0] == 409
    assert bureau.post("/v1/holds/none/release", None)[0] == 404
    listed = bureau.ask.all(path, limit=1)
    assert [{name: one[name] for name in held[0]} for one in listed] == held
    assert [one["released_at"] is None for one in listed] == [False, False, True]
    released = bureau.post(f"/v1/holds/{held[2]['hold_id']}/release", None)[1]
    assert released["hold_id"] == held[2]["hold_id"]
    assert bureau.award(award_id)["updated_at"] == released["at"]
    bureau.done(award_id, "approve", amount="1")
    bureau.verify(subject(9), "failed")
    assert (bureau.award(award_id)["eligibility"], bureau.award(award_id)["holds"]) == ("failed", ["eligibility"])
    assert bureau.step(award_id, "pay")[0] == 409
    bureau.verify(subject(9))
    bureau.done(award_id, "pay")


def test_eligibility_has_a_validity_and_the_last_word_counts(bureau: Bureau) -> None:
    award_id = bureau.purchase(10, verified=False)
    bureau.verify(subject(10), until="2026-05-01")
    assert bureau.award(award_id)["eligibility"] == "unverified"
    body = verified(**{"from": "2026-01-01", "until": "2027-01-01"})
    told = bureau.post(f"/v1/subjects/{subject(10)}/eligibility", body)[1]
    assert told["until"] == "2027-01-01T00:00:00.000000+08:00"
    assert bureau.award(award_id)["eligibility"] == "verified"
    bureau.verify(subject(10), "failed", until=format_time(bureau.now + timedelta(minutes=1)))
    assert bureau.award(award_id)["eligibility"] == "failed"
    bureau.later(minutes=1)
    assert bureau.award(award_id)["eligibility"] == "verified"
    recorded = bureau.ask.all(f"/v1/subjects/{subject(10)}/eligibility")
    assert [one["status"] for one in recorded] == ["verified", "verified", "failed"]
    assert recorded[1] == told
    for wrong in (
        {**body, "status": "maybe"},
        failed("2026-02-01", until="2026-02-01"),
        {**body, "criteria": {"rate": 0.5}},
        {**body, "criteria": {"nested": {"a": True}}},
    ):
        assert bureau.post(f"/v1/subjects/{subject(10)}/eligibility", wrong)[0] == 422, wrong
    assert bureau.post("/v1/subjects/uscc:1/eligibility", body)[0] == 404


def test_a_rule_is_suspended_for_what_is_earned_within_a_period(bureau: Bureau) -> None:
    within, before = bureau.purchase(11), f"first_purchase/{subject(12)}"
    bureau.take(
        first_purchase(12, "2026-02-28", seq=1),
        provider_total(13, 2026, {"kmdex": [("2026-02-01", "12000000.00")]}, seq=2),
    )
    yearly = f"annual_listed_trading/{subject(13)}/2026"
    for number in (12, 13):
        bureau.verify(subject(number))
    body = {"from": "2026-03-01", "until": "2026-03-02", "reason": "省级新规"}
    suspended = bureau.post("/v1/rules/first_purchase/suspensions", body)[1]
    assert [bureau.award(award_id)["holds"] for award_id in (within, before, yearly)] == [
        ["rule_suspended"],
        [],
        ["period_open"],
    ]
    told = bureau.post("/v1/rules/annual_listed_trading/suspensions", {"from": "2026-12-01", "reason": "r"})[1]
    assert bureau.award(yearly)["holds"] == ["rule_suspended", "period_open"]
    assert bureau.ask.all("/v1/rules/first_purchase/suspensions") == [suspended | {"released_at": None}]
    for one in (suspended, told):
        assert bureau.post(f"/v1/holds/{one['suspension_id']}/release", None)[0] == 201
    assert [bureau.award(award_id)["holds"] for award_id in (within, before, yearly)] == [[], [], ["period_open"]]
    assert bureau.post("/v1/rules/no_such/suspensions", body)[0] == 404
    assert bureau.post("/v1/rules/first_purchase/suspensions", {"reason": "r"})[0] == 422


def open_clawbacks(bureau: Bureau, award_id: str) -> list[Any]:
    return [one for one in bureau.ask.all("/v1/clawbacks", state="open", limit=1) if one["award_id"] == award_id]


def over_approved(bureau: Bureau, **parameters: Any) -> list[str]:
    return [one["award_id"] for one in bureau.ask.all("/v1/awards", flag="over_approved", **parameters)]


def test_a_correction_after_payment_opens_one_proposal_that_a_return_closes(bureau: Bureau) -> None:
    award_id = bureau.purchase(14)
    bureau.approved(award_id, "200000.00")
    bureau.done(award_id, "pay")
    assert open_clawbacks(bureau, award_id) == []
    before = bureau.award(award_id)["updated_at"]
    bureau.take(first_purchase(14, "2026-03-01", "5000000.00", seq=3, refunded="1500000.00"))
    found = bureau.award(award_id)
    assert (found["payable"], found["flags"], found["state"]) == ("175000.00", ["over_approved"], "paid")
    assert award_id in over_approved(bureau)
    assert award_id not in over_approved(bureau, as_of=before)
    (proposal,) = open_clawbacks(bureau, award_id)
    assert (proposal["amount"], proposal["returned"]) == ("25000.00", "0.00")
    assert proposal["opened_at"] == found["updated_at"]
    # A further decrease raises the amount of the same proposal.
    bureau.take(first_purchase(14, "2026-03-01", "5000000.00", seq=4, refunded="2000000.00"))
    assert [one["amount"] for one in open_clawbacks(bureau, award_id)] == ["50000.00"]
    told = bureau.returned(award_id, "20000")
    assert (told["from"], told["to"]) == ("paid", "paid")
    assert [one["amount"] for one in open_clawbacks(bureau, award_id)] == ["30000.00"]
    returned = bureau.returned(award_id, "30000.00")
    assert bureau.award(award_id)["flags"] == []
    assert award_id not in over_approved(bureau)
    (closed,) = [one for one in bureau.ask.all("/v1/clawbacks") if one["award_id"] == award_id]
    assert (closed["state"], closed["amount"], closed["returned"]) == ("closed", "0.00", "50000.00")
    assert closed["decisions"] == [told["decision_id"], returned["decision_id"]]
    assert bureau.step(award_id, "return", amount="1")[0] == 409
    row = bureau.ask.all("/v1/ledger/transactions", award_id=award_id, kind="return")[-1]
    assert [entry["account"] for entry in row["entries"]] == [
        f"claim:{subject(14)}:{award_id}",
        f"returned:{subject(14)}:{award_id}",
    ]
    # The trade is no longer refunded: the payable amount has risen, and another round can begin.
    bureau.take(first_purchase(14, "2026-03-01", "5000000.00", seq=5))
    bureau.approved(award_id, "50000.00")
    assert bureau.done(award_id, "pay")["amount"] == "50000.00"
    found = bureau.award(award_id)
    assert (found["approved"], found["paid"], found["returned"]) == ("250000.00", "250000.00", "50000.00")


def test_clawback_proposals_are_paged_without_loss(bureau: Bureau) -> None:
    """Two proposals are open, and one of the two awards has an earlier one that is closed."""
    awards = [bureau.purchase(number) for number in (27, 28)]
    for award_id in awards:
        bureau.approved(award_id, "200000.00")
    bureau.take(first_purchase(27, "2026-03-01", "5000000.00", seq=3, refunded="3000000.00"))
    bureau.take(first_purchase(27, "2026-03-01", "5000000.00", seq=4))
    bureau.take(*(first_purchase(number, "2026-03-01", seq=5) for number in (27, 28)))
    expected = [(awards[0], "closed"), (awards[0], "open"), (awards[1], "open")]
    for states in ({}, {"state": "open"}):
        found = bureau.ask.all("/v1/clawbacks", limit=1, **states)
        assert found == bureau.ask.all("/v1/clawbacks", limit=500, **states)
        of_these = [(one["award_id"], one["state"]) for one in found if one["award_id"] in awards]
        assert of_these == [one for one in expected if one[1] == states.get("state", one[1])]


def test_what_is_over_approved_is_revoked_before_the_rest_is_paid(bureau: Bureau) -> None:
    award_id = bureau.purchase(15)
    bureau.approved(award_id, "200000.00")
    bureau.take(first_purchase(15, "2026-03-01", "5000000.00", seq=3, refunded="3000000.00"))
    status, told = bureau.step(award_id, "pay")
    assert (status, told["allowed"], codes(told)["pay"]) == (409, ["revoke"], "clawback")
    bureau.done(award_id, "revoke", amount="100000.00")
    assert bureau.done(award_id, "pay")["amount"] == "100000.00"


def test_a_proposal_is_closed_when_the_payable_rises_again(bureau: Bureau) -> None:
    award_id = bureau.purchase(16)
    bureau.approved(award_id, "200000.00")
    bureau.take(first_purchase(16, "2026-03-01", "5000000.00", seq=3, refunded="3000000.00"))
    bureau.take(first_purchase(16, "2026-03-01", "5000000.00", seq=4))
    assert bureau.award(award_id)["flags"] == []
    (closed,) = [one for one in bureau.ask.all("/v1/clawbacks") if one["award_id"] == award_id]
    assert (closed["state"], closed["returned"]) == ("closed", "0.00")


def test_a_return_is_possible_while_a_later_round_is_under_way_or_was_rejected(bureau: Bureau) -> None:
    award_id = bureau.purchase(17, "2000000.00")
    bureau.approved(award_id, "100000.00")
    bureau.done(award_id, "pay")
    bureau.take(first_purchase(17, "2026-03-01", "3000000.00", seq=3))
    bureau.done(award_id, "apply")
    bureau.take(first_purchase(17, "2026-03-01", "1000000.00", seq=4))
    told = bureau.returned(award_id, "20000")
    assert (told["from"], told["to"]) == ("applied", "applied")
    assert bureau.done(award_id, "reject")["to"] == "paid"
    bureau.returned(award_id, "30000")
    assert bureau.award(award_id)["flags"] == []


def test_a_later_higher_reward_of_the_year_is_paid_less_what_was_approved(bureau: Bureau) -> None:
    bureau.take(first_listing(18, "2026-02-01", seq=1))
    lower = f"first_listing/{subject(18)}"
    bureau.verify(subject(18))
    bureau.approved(lower, "20000.00")
    bureau.done(lower, "pay")
    higher = bureau.purchase(18)
    assert [bureau.award(award_id)["payable"] for award_id in (lower, higher)] == ["0.00", "200000.00"]
    assert open_clawbacks(bureau, lower) == []
    bureau.published(higher)
    # Approvals of the group together stay within its highest award.
    status, told = bureau.step(higher, "approve", amount="180000.01")
    assert (status, "200000.00" in told["detail"]) == (409, True)
    bureau.done(higher, "approve", amount="180000.00")


def test_a_rejected_reward_leaves_the_year_to_the_next_kind_until_it_is_reopened(bureau: Bureau) -> None:
    bureau.take(first_listing(31, "2026-02-01", seq=1))
    lower, higher = f"first_listing/{subject(31)}", bureau.purchase(31)
    assert [bureau.award(one)["payable"] for one in (lower, higher)] == ["0.00", "200000.00"]
    bureau.done(higher, "apply")
    bureau.done(higher, "reject", reason="材料不实")
    assert [bureau.award(one)["payable"] for one in (lower, higher)] == ["20000.00", "0.00"]
    assert bureau.award(lower)["suppressed_by"] is bureau.award(higher)["suppressed_by"] is None
    assert bureau.award(higher)["ceiling"] == "200000.00"
    told = bureau.ask.ok(f"/v1/awards/{higher}/explanation")
    assert told["steps"][-1]["step"] == "limit"
    assert "未予通过" in told["text"]["zh"]
    bureau.done(higher, "reopen", reason="补正")
    assert [bureau.award(one)["payable"] for one in (lower, higher)] == ["0.00", "200000.00"]
    assert bureau.award(lower)["suppressed_by"] == higher


def test_a_refused_rise_leaves_what_stands_approved_in_its_kind(bureau: Bureau) -> None:
    bureau.take(first_purchase(32, "2026-03-01", "1000000.00", seq=1), first_listing(32, "2026-02-01", seq=1))
    lower, higher = f"first_listing/{subject(32)}", f"first_purchase/{subject(32)}"
    bureau.verify(subject(32))
    bureau.approved(higher, "50000.00")
    bureau.done(higher, "pay")
    bureau.take(first_purchase(32, "2026-03-01", "3000000.00", seq=2))
    assert bureau.award(higher)["payable"] == "150000.00"
    bureau.done(higher, "apply")
    assert bureau.done(higher, "reject", reason="增加部分不予认可")["to"] == "paid"
    assert "增加的部分" in bureau.ask.ok(f"/v1/awards/{higher}/explanation")["text"]["zh"]
    assert codes(bureau.step(higher, "apply")[1])["apply"] == "state"
    assert [bureau.award(one)["payable"] for one in (lower, higher)] == ["0.00", "50000.00"]
    assert bureau.done(higher, "reopen", reason="重新认定")["to"] == "paid"
    assert [bureau.award(one)["payable"] for one in (lower, higher)] == ["0.00", "150000.00"]


def test_a_suspended_rule_leaves_the_comparison_until_it_is_lifted(bureau: Bureau) -> None:
    bureau.take(first_listing(33, "2026-02-01", seq=1))
    lower, higher = f"first_listing/{subject(33)}", bureau.purchase(33)
    held = bureau.post("/v1/rules/first_purchase/suspensions", {"from": "2026-01-01", "reason": "上级规定"})[1]
    assert [bureau.award(one)["payable"] for one in (lower, higher)] == ["20000.00", "0.00"]
    assert "rule_suspended" in bureau.award(higher)["holds"]
    bureau.post(f"/v1/holds/{held['suspension_id']}/release", {"reason": "恢复"})
    assert [bureau.award(one)["payable"] for one in (lower, higher)] == ["0.00", "200000.00"]


def test_the_limit_of_a_group_is_that_of_its_own_year(bureau: Bureau) -> None:
    """Approvals of another year do not use up the limit, and a higher award of another year does not raise it."""
    bureau.take(first_listing(26, "2026-02-01", seq=1))
    bureau.verify(subject(26))
    bureau.approved(f"first_listing/{subject(26)}", "20000.00")
    higher, closed = bureau.purchase(26), f"annual_listed_trading/{subject(26)}/2025"
    bureau.take(provider_total(26, 2025, {"kmdex": [("2025-12-01", "15000000.00")]}, seq=3))
    assert bureau.award(closed)["payable"] == "300000.00"
    bureau.published(higher)
    assert bureau.step(higher, "approve", amount="180000.01")[0] == 409
    bureau.done(higher, "approve", amount="180000.00")
    bureau.approved(closed, "300000.00")


def test_a_total_of_an_open_year_is_approved_once_the_year_is_closed(postgres) -> None:
    with empty_bureau(postgres) as bureau:
        bureau.take(provider_total(27, 2026, {"kmdex": [("2026-03-01", "15000000.00")]}, seq=1))
        bureau.verify(subject(27))
        award_id = f"annual_listed_trading/{subject(27)}/2026"
        bureau.published(award_id)
        status, told = bureau.step(award_id, "approve", amount="300000.00")
        assert (status, "period_open" in told["detail"]) == (409, True)
        bureau.now = datetime(2027, 4, 1, tzinfo=SHANGHAI)
        assert bureau.award(award_id)["holds"] == []
        bureau.done(award_id, "approve", amount="300000.00")
        bureau.done(award_id, "pay")


def test_a_reward_that_moves_to_another_year_is_claimed_back_from_the_one_it_was_approved_for(bureau: Bureau) -> None:
    bureau.take(first_purchase(19, "2026-12-31", seq=1))
    award_id = f"first_purchase/{subject(19)}"
    bureau.verify(subject(19))
    bureau.approved(award_id, "50000.00")
    bureau.take(first_purchase(19, "2027-01-01", seq=2))
    (proposal,) = open_clawbacks(bureau, award_id)
    assert (proposal["year"], proposal["amount"]) == (2026, "50000.00")
    told = bureau.done(award_id, "revoke", amount="50000.00")
    assert (told["year"], told["to"]) == (2026, "returned")
    bureau.done(award_id, "reopen")
    bureau.approved(award_id, "50000.00")
    assert [row["year"] for row in budgets(bureau, 2026, 2027)] == [2026, 2027]
    assert budgets(bureau, 2027)[0]["approved"] == "50000.00"


def budgets(bureau: Bureau, *years: int) -> list[Any]:
    return [bureau.ask.ok("/v1/budget", year=year) for year in years]


# Open years are not held: held and not_held change places.
OPEN_YEARS = (("held", "not_held", "    says:"), ("not_held", "held", "      zh: 年度未结账也可核定"))


@pytest.fixture
def scarce(postgres) -> Iterator[Bureau]:
    """A bureau with an annual budget of 5.5 million and one operator of both exchanges, whose approvals are limited."""
    whitelist = WHITELIST.replace("91530100MAXDCDEX07", OPERATOR_OF_KMDEX.removeprefix("uscc:"))
    values = {'annual: "100000000.00"': 'annual: "5500000.00"', "reading: operator\n": "reading: approvals\n"}
    values |= {f"reading: {one}\n{rest}": f"reading: {other}\n{rest}" for one, other, rest in OPEN_YEARS}
    with empty_bureau(postgres, changed(0, whitelist, **values)) as found:
        yield found


def test_approvals_stay_within_the_highest_tier_of_one_operator_and_within_the_budget(scarce: Bureau) -> None:
    scarce.take(
        exchange_total("kmdex", 2026, [("2026-03-01", "1200000000.00")], seq=1),
        exchange_total("dcdex", 2027, [("2027-03-01", "1200000000.00")], seq=1),
    )
    scarce.verify(OPERATOR_OF_KMDEX)
    kmdex, dcdex = "exchange_tiers/kmdex/2026", "exchange_tiers/dcdex/2027"
    assert [scarce.award(award_id)["payable"] for award_id in (kmdex, dcdex)] == ["5000000.00"] * 2
    scarce.approved(kmdex, "4000000.00")
    scarce.published(dcdex)
    status, told = scarce.step(dcdex, "approve", amount="1000000.01")
    assert (status, "5000000.00" in told["detail"]) == (409, True)
    scarce.done(dcdex, "approve", amount="1000000.00")
    scarce.done(kmdex, "pay")

    # 1.5 million are left, of which the payable amount of the exchange's award takes 1 million.
    one, two, three = (scarce.purchase(number) for number in (1, 2, 3))
    for award_id in (one, two):
        scarce.approved(award_id, "200000.00")
    assert budgets(scarce, 2026)[0] == {
        "year": 2026,
        "budget": "5500000.00",
        "payable": "5600000.00",
        "approved": "4400000.00",
        "paid": "4000000.00",
        "returned": "0.00",
        "available": "1100000.00",
        "exceeded": True,
        "held": [],
        "pools": [{"article": "(十四)", "budget": "10000000.00", "approved": "0.00"}],
    }
    many = [scarce.purchase(number) for number in range(4, 9)]
    for award_id in many:
        scarce.approved(award_id, "200000.00")
    assert budgets(scarce, 2026)[0]["available"] == "100000.00"
    # What is not applied for is not held: neither an estimated award nor the rest of a partial approval.
    assert [scarce.award(award_id)["holds"] for award_id in (one, three, kmdex)] == [[], [], []]
    scarce.published(three)
    assert [scarce.award(award_id)["holds"] for award_id in (one, three, kmdex)] == [[], ["budget"], []]
    assert budgets(scarce, 2026)[0]["held"] == [three]
    status, told = scarce.step(three, "approve", amount="100000.00")
    assert (status, told["allowed"]) == (409, ["reject", "withdraw"])
    # An approved amount can be paid; a returned amount makes no room.
    scarce.done(one, "pay")
    scarce.take(first_purchase(1, "2026-03-01", "5000000.00", seq=9, refunded="5000000.00"))
    scarce.returned(one, "200000.00")
    (found,) = budgets(scarce, 2026)
    assert (found["returned"], found["available"], found["held"]) == ("200000.00", "100000.00", [three])
    assert scarce.award(three)["holds"] == ["budget"]


def test_budget_and_clawbacks_are_not_for_exchanges(bureau: Bureau) -> None:
    assert bureau.ask.get("/v1/budget", "auditor")[0] == 422
    assert bureau.ask.get("/v1/budget", "exchange:kmdex", year=2028)[0] == 403
    assert bureau.ask.get("/v1/clawbacks", "exchange:kmdex")[0] == 403
    for path in (
        f"/v1/awards/first_purchase/{subject(1)}/holds",
        f"/v1/subjects/{subject(1)}/eligibility",
        f"/v1/subjects/{subject(1)}/other-grants",
        "/v1/rules/first_purchase/suspensions",
    ):
        assert bureau.ask.get(path, "exchange:kmdex")[0] == 403


def payables_of(bureau: Bureau, *award_ids: str) -> list[str]:
    return [bureau.award(one)["payable"] for one in award_ids]


def test_a_grant_of_another_policy_for_the_same_matter_is_deducted_at_once(bureau: Bureau) -> None:
    """G6: 200,000 yuan for a first purchase, and another municipal grant of 100,000 that names it."""
    award_id, whose = bureau.purchase(20), subject(20)
    granted = bureau.grant(whose, 2026, "100000.00", awards=[award_id])
    assert granted["id"] == granted["other_grant_id"]
    found = bureau.award(award_id)
    assert (found["ceiling"], found["payable"], found["suppressed_by"]) == ("200000.00", "100000.00", None)
    assert found["updated_at"] == granted["at"]
    explained = bureau.ask.ok(f"/v1/awards/{award_id}/explanation")
    step = explained["steps"][-1]
    assert (step["step"], step["value"]) == ("grant", "100000.00")
    assert "虚构市级技改奖补（昆虚工信〔2026〕1号）100,000.00元" in step["text"]["zh"]
    seen = bureau.ask.ok(f"/v1/awards/{award_id}", "exchange:kmdex")
    assert (seen["partial"], seen["payable"]) == (False, "100000.00")
    hidden = bureau.ask.ok(f"/v1/awards/{award_id}/explanation", "exchange:kmdex")["steps"][-1]
    assert hidden["step"] == "grant"
    assert "虚构" not in hidden["text"]["zh"]
    # Those of a year add up; of another year, or for nothing that is named, nothing is deducted.
    bureau.grant(whose, 2026, "30000.00", rules=["first_purchase"])
    bureau.grant(whose, 2026, "30000.00", rules=["first_purchase"])
    bureau.grant(whose, 2027, "900000.00", rules=["first_purchase"])
    bureau.grant(whose, 2026, "900000.00")
    bureau.grant(whose, 2026, "900000.00", rules=["first_listing"])
    assert payables_of(bureau, award_id) == ["40000.00"]
    last = bureau.grant(whose, 2026, "40000.00", rules=["first_purchase", "first_purchase"], granted_on="2026-02-01")
    assert last["rules"] == ["first_purchase"]
    found = bureau.award(award_id)
    assert (found["payable"], found["suppressed_by"]) == ("0.00", f"other_grant/{last['other_grant_id']}")
    bureau.done(award_id, "apply")
    assert bureau.award(award_id)["state"] == "applied"


def test_a_grant_that_is_withdrawn_counts_no_more(bureau: Bureau) -> None:
    award_id, whose = bureau.purchase(71), subject(71)
    granted = bureau.grant(whose, 2026, "250000.00", awards=[award_id])
    before = bureau.now
    path = f"/v1/other-grants/{granted['id']}/withdraw"
    assert payables_of(bureau, award_id) == ["0.00"]
    assert bureau.post(path, {})[0] == 422
    status, answer = bureau.post(path, {"reason": "重复登记"}, key="withdraw")
    assert (status, answer["other_grant_id"], answer["reason"]) == (201, granted["id"], "重复登记")
    assert bureau.award(award_id)["updated_at"] == answer["at"]
    assert payables_of(bureau, award_id) == ["200000.00"]
    assert bureau.post(path, {"reason": "重复登记"}, key="withdraw") == (201, answer)
    assert bureau.post(path, {"reason": "again"})[0] == 409
    assert bureau.post("/v1/other-grants/none/withdraw", {"reason": "r"})[0] == 404
    assert bureau.post(f"/v1/other-grants/{answer['grant_withdrawal_id']}/withdraw", {"reason": "r"})[0] == 404
    (listed,) = bureau.ask.all(f"/v1/subjects/{whose}/other-grants", "bureau")
    assert (listed["in_force"], listed["withdrawn_at"]) == (False, answer["at"])
    at = before.isoformat().replace("+00:00", "Z")
    (listed,) = bureau.ask.all(f"/v1/subjects/{whose}/other-grants", "bureau", as_of=at)
    assert (listed["in_force"], listed["withdrawn_at"]) == (True, None)
    assert {name: listed[name] for name in granted} == granted
    assert bureau.award(award_id, as_of=at)["payable"] == "0.00"
    explained = bureau.ask.ok(f"/v1/awards/{award_id}/explanation", as_of=at)
    assert [step["step"] for step in explained["steps"]][-1] == "grant"
    (posted,) = bureau.ask.all("/v1/ledger/transactions", subject=whose, **{"from": answer["at"]})
    assert (posted["kind"], posted["amount"], posted["decision"]["id"]) == (
        "decision", "0.00", answer["grant_withdrawal_id"],
    )  # fmt: skip


def test_what_is_approved_is_reclaimed_where_a_grant_is_recorded_later(bureau: Bureau) -> None:
    award_id = bureau.purchase(72)
    bureau.approved(award_id, "200000.00")
    granted = bureau.grant(subject(72), 2026, "50000.00", rules=["first_purchase"])
    assert payables_of(bureau, award_id) == ["150000.00"]
    claims = [one for one in bureau.ask.all("/v1/clawbacks") if one["award_id"] == award_id]
    assert [(one["amount"], one["state"]) for one in claims] == [("50000.00", "open")]
    assert bureau.post(f"/v1/other-grants/{granted['id']}/withdraw", {"reason": "r"})[0] == 201
    assert all(one["award_id"] != award_id for one in bureau.ask.all("/v1/clawbacks", state="open"))


def test_awards_that_are_earned_later_are_reduced_too(bureau: Bureau) -> None:
    bureau.grant(subject(21), 2026, "300000.00", rules=["first_purchase"])
    assert payables_of(bureau, bureau.purchase(21)) == ["0.00"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("year", "2026"),
        ("amount", "0.00"),
        ("amount", "-1.00"),
        ("granted_on", "2030-01-01"),
        ("granted_on", None),
        ("department", None),
        ("document_no", ""),
        ("rules", ["no_rule"]),
        ("awards", ["first_purchase/none"]),
        ("awards", [f"first_purchase/{subject(20)}"]),  # of another subject
        ("documents", []),
        ("documents", None),
    ],
)
def test_a_grant_that_is_not_whole_or_names_what_is_not_there_is_refused(
    bureau: Bureau, field: str, value: object
) -> None:
    bureau.purchase(20)
    body = {
        **dict.fromkeys(("name", "department", "document_no"), "n"),
        "year": 2026,
        "amount": "1.00",
        "granted_on": "2026-01-05",
        "documents": [{"name": "d", "sha256": SHA256}],
    }
    path = f"/v1/subjects/{subject(73)}/other-grants"
    status, problem = bureau.post(path, body | {field: value})
    assert (status, [fault["field"].partition(".")[0] for fault in problem["errors"]]) == (422, [field])
    if value is None:
        del body[field]
        assert bureau.post(path, body)[0] == 422


def test_only_the_bureau_decides_and_others_learn_nothing(bureau: Bureau) -> None:
    award_id = bureau.purchase(22)
    bureau.done(award_id, "apply")
    for path in (
        f"/v1/awards/{award_id}/decisions",
        f"/v1/awards/{award_id}/holds",
        "/v1/holds/x/release",
        f"/v1/subjects/{subject(22)}/eligibility",
        "/v1/rules/first_purchase/suspensions",
        f"/v1/subjects/{subject(22)}/other-grants",
        "/v1/other-grants/x/withdraw",
    ):
        for who in ("auditor", "service", "exchange:kmdex", "exchange:dcdex"):
            assert bureau.post(path, {"no": "sense"}, who)[0] == 403, (path, who)
    mine = bureau.ask.all(f"/v1/awards/{award_id}/decisions", "exchange:kmdex")
    assert mine == bureau.decisions(award_id)
    assert bureau.ask.get(f"/v1/awards/{award_id}/decisions", "exchange:dcdex")[0] == 404
    assert bureau.step("first_purchase/none", "apply")[0] == 404
    bureau.take(
        provider_total(23, 2026, {"kmdex": [("2026-02-01", "8000000")], "dcdex": [("2026-02-01", "8000000")]}, seq=1)
    )
    shared = f"annual_listed_trading/{subject(23)}/2026"
    bureau.done(shared, "apply")
    assert bureau.ask.all(f"/v1/awards/{shared}/decisions", "exchange:kmdex") == []
    partial = bureau.ask.ok(f"/v1/awards/{shared}", "exchange:kmdex")
    assert (partial["state"], partial["approved"]) == ("applied", None)


def test_of_two_that_pay_at_once_one_is_refused(bureau: Bureau) -> None:
    """Several people take the same step of one award at once, in real threads with real connections."""
    award_id = bureau.purchase(24)
    bureau.approved(award_id, "200000.00")
    people, start = 6, Barrier(6)

    def pay(number: int) -> int:
        client = bureau.ask.client.application.test_client()
        paid_on = shanghai_date(bureau.now).isoformat()
        body = {"action": "pay", "voucher_no": f"V-{number}", "paid_on": paid_on}
        given = headers((FIRST, SECOND)[number % 2]) | {"Idempotency-Key": f"race-{number}"}
        start.wait()
        # On a busy machine somebody waits too long for the ledger, is told to ask again, and does.
        while (status := client.post(f"/v1/awards/{award_id}/decisions", json=body, headers=given).status_code) == 503:
            pass
        return status

    with ThreadPoolExecutor(people) as pool:
        statuses = sorted(pool.map(pay, range(people)))
    assert statuses == [201] + [409] * (people - 1)
    assert bureau.award(award_id)["paid"] == "200000.00"
    assert len(bureau.ask.all("/v1/ledger/transactions", award_id=award_id, kind="payment")) == 1


def test_as_of_shows_what_was_decided_then(bureau: Bureau) -> None:
    award_id = bureau.purchase(25, verified=False)
    path = f"/v1/awards/{award_id}"
    said = []

    def note() -> None:
        at = bureau.now.isoformat().replace("+00:00", "Z")
        listed = bureau.ask.ok(f"{path}/decisions")
        claims = bureau.ask.ok("/v1/clawbacks", limit=500)
        said.append((at, bureau.award(award_id), listed, claims, budgets(bureau, 2026)[0]))

    note()
    bureau.verify(subject(25), until="2026-12-01")
    note()
    held = bureau.post(f"{path}/holds", {"kind": "manual", "reason": "r"})[1]
    note()
    bureau.post(f"/v1/holds/{held['hold_id']}/release", None)
    note()
    bureau.approved(award_id, "200000.00")
    note()
    suspended = bureau.post("/v1/rules/first_purchase/suspensions", {"from": "2026-03-01", "reason": "r"})[1]
    note()
    bureau.post(f"/v1/holds/{suspended['suspension_id']}/release", None)
    bureau.done(award_id, "pay")
    note()
    bureau.grant(subject(25), 2026, "300000.00", rules=["first_purchase"])
    note()
    bureau.done(award_id, "notify_return", amount="200000.00")
    note()
    bureau.done(award_id, "return", amount="200000.00")
    note()
    bureau.later(days=365)
    note()
    for at, *answers in said:
        again = [
            bureau.award(award_id, as_of=at),
            bureau.ask.ok(f"{path}/decisions", as_of=at),
            bureau.ask.ok("/v1/clawbacks", limit=500, as_of=at),
            bureau.ask.ok("/v1/budget", year=2026, as_of=at),
        ]
        assert again == answers
        listed = bureau.ask.all("/v1/awards", subject=subject(25), state=answers[0]["state"], as_of=at)
        assert [one["award_id"] for one in listed] == [award_id]
    assert len({str(answers) for _, *answers in said}) == len(said)


def test_the_routes_keep_to_their_document(bureau: Bureau) -> None:
    """The role may decide, so generated bodies can be accepted too."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", bureau.ask.client.application)
    schema.validate()
    ours = (
        "^/v1/(awards/.*/(decisions|holds)|holds/.*|subjects/.*/(eligibility|other-grants)|other-grants/.*|rules/.*"
        "|clawbacks|budget)$"
    )
    asked = check_contract(schema.include(path_regex=ours), headers("bureau"))
    assert len(asked) == 14


def test_nothing_of_it_differs_from_what_is_recomputed(bureau: Bureau) -> None:
    """The last test of the module: it verifies everything that the tests before it did."""
    said: list[str] = []
    with bureau.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        outcome = verify_all(connection, bureau.rulebook, None, said.append)
    assert said == []
    assert outcome.is_right
