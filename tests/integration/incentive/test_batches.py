"""Batches over the API: all or nothing, previews, races at the budget's edge, and what a batch of 10,000 takes."""

from __future__ import annotations

import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.incentive.rebuild.command import verify_all
from shared.values.times import shanghai_date
from shared.web.service import write_transaction
from tests.support.incentive.bureau import DOCUMENTS, FIRST, NEEDS, SECOND, THIRD, Bureau, empty_bureau
from tests.support.incentive.ledger import (
    WHITELIST,
    changed,
    first_listing,
    first_purchase,
    ledger_database,
    subject,
)
from tests.support.incentive.ledger import rulebook as project_rulebook
from tests.support.incentive.pdf_files import attachments, text_of
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from services.incentive.store.rulebook import Rulebook

WHO = {"joint_review": SECOND, "approve": THIRD}


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    """A ledger that all tests of the module share; each uses its own subjects."""
    with empty_bureau(postgres) as found:
        yield found


def purchases(bureau: Bureau, *numbers: int) -> list[str]:
    bureau.take(*(first_purchase(number, "2026-03-01", "5000000.00", seq=1) for number in numbers))
    for number in numbers:
        bureau.verify(subject(number))
    return sorted(f"first_purchase/{subject(number)}" for number in numbers)


def batch(
    bureau: Bureau, action: str, awards: Sequence[Any], *, preview: bool = False, key: str | None = None, **shared: Any
) -> tuple[int, Any]:
    """Send a batch of awards, given by id or with fields of their own, with what the action needs."""
    listed = [one if isinstance(one, dict) else {"award_id": one} for one in awards]
    body = {"action": action, **NEEDS.get(action, {}), **({"awards": listed} if listed else {}), **shared}
    if action == "pay":
        body["paid_on"] = shanghai_date(bureau.now).isoformat()
    path = f"/v1/batches{'?preview=true' if preview else ''}"
    return bureau.post(path, body, WHO.get(action, FIRST), key or uuid.uuid4().hex)


def decided(bureau: Bureau, action: str, awards: Sequence[Any], **shared: Any) -> Any:
    status, answer = batch(bureau, action, awards, **shared)
    assert status == 201, answer
    return answer


def test_a_batch_takes_awards_from_application_to_payment(bureau: Bureau) -> None:
    awards = purchases(bureau, 1, 2, 3)
    for action in ("list", "review", "joint_review", "publish", "approve"):
        answer = decided(bureau, action, awards)
        assert (answer["action"], answer["count"], answer["person"]) == (action, 3, WHO.get(action, FIRST))
    assert answer["amount"] == "600000.00"
    paid = decided(bureau, "pay", [{"award_id": one, "voucher_no": f"V-{one}"} for one in awards], voucher_no=None)
    found = [bureau.award(one) for one in awards]
    assert [(one["state"], one["paid"]) for one in found] == [("paid", "200000.00")] * 3
    page = bureau.ask.ok(f"/v1/batches/{paid['batch_id']}", limit=2)
    assert {name: page[name] for name in paid} == paid
    last = bureau.ask.ok(f"/v1/batches/{paid['batch_id']}", cursor=page["next_cursor"])
    items = [*page["items"], *last["items"]]
    assert [(one["award_id"], one["voucher_no"], one["batch_id"]) for one in items] == [
        (one, f"V-{one}", paid["batch_id"]) for one in awards
    ]
    assert last["next_cursor"] is None
    for one in items:
        assert bureau.decisions(one["award_id"])[-1] == one
        rows = bureau.ask.all("/v1/ledger/transactions", award_id=one["award_id"], kind="payment")
        assert [row["seq"] for row in rows] == [one["transaction"]]
    # What a batch publishes is one list.
    published = [next(one for one in bureau.decisions(award_id) if one["action"] == "publish") for award_id in awards]
    assert len({one["notice_list"] for one in published}) == 1
    assert published[0]["notice_list"] is not None
    listed = bureau.ask.all("/v1/batches", limit=1)
    assert [one["action"] for one in listed][-6:] == ["list", "review", "joint_review", "publish", "approve", "pay"]
    assert listed[-1] == paid
    assert bureau.ask.get("/v1/batches/none")[0] == 404
    assert bureau.ask.get("/v1/batches", "exchange:kmdex")[0] == 403
    with bureau.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        said: list[str] = []
        assert verify_all(connection, bureau.rulebook, None, said.append).is_right, said


def with_account(bureau: Bureau, number: int, account: str) -> Any:
    body = {"bank": "虚构银行昆明分行", "account": account, "name": f"虚构户名{number}", "documents": DOCUMENTS}
    status, recorded = bureau.post(f"/v1/subjects/{subject(number)}/accounts", body)
    assert status == 201, recorded
    assert bureau.post(f"/v1/accounts/{recorded['id']}/confirm", None, SECOND)[0] == 201
    return recorded


def document(bureau: Bureau, found: Any, format_name: str, who: str = FIRST) -> bytes:
    path = f"/v1/batches/{found['batch_id']}/document?format={format_name}"
    answer = bureau.ask.client.get(path, headers=headers(who))
    assert answer.status_code == 200, answer.text
    return answer.data


def test_a_payment_names_the_account_and_its_list_keeps_it_for_ever(bureau: Bureau) -> None:
    awards = purchases(bureau, 5, 6, 7)
    first, number = with_account(bureau, 5, "6222020200011234567"), "6222020200011234567"
    for action in ("list", "review", "joint_review", "publish", "approve"):
        decided(bureau, action, awards)
    paid = decided(bureau, "pay", awards[:2], voucher_no="V-5")
    alone = bureau.done(awards[2], "pay")
    assert [bureau.decisions(one)[-1]["account"] for one in awards] == [first["id"], None, None]
    assert (alone["account"], bureau.decisions(awards[0])[-2]["account"]) == (None, None)
    before = document(bureau, paid, "csv").decode("utf-8-sig").splitlines()
    assert before[0].split(",")[8:13] == [
        *("户名 account_name", "开户行 bank", "账号 account", "凭证号 voucher_no", "拨付日期 paid_on"),
    ]
    assert before[1].split(",")[8:12] == ["虚构户名5", "虚构银行昆明分行", number, "V-5"]
    assert before[2].split(",")[8:12] == ["", "", "", "V-5"]
    assert number in text_of(document(bureau, paid, "pdf"))
    # Others see the number masked, also in what is attached to the document.
    hidden = document(bureau, paid, "pdf", "auditor")
    assert number not in text_of(hidden)
    assert number.encode() not in b"".join(attachments(hidden).values())
    assert "***************4567" in document(bureau, paid, "csv", "auditor").decode()
    # A later account is that of later payments.
    with_account(bureau, 5, "530102000001")
    assert document(bureau, paid, "csv").decode("utf-8-sig").splitlines() == before


def test_if_one_award_cannot_take_the_step_none_does(bureau: Bureau) -> None:
    awards = purchases(bureau, 11, 12, 13)
    bureau.done(awards[1], "list")
    status, refused = batch(bureau, "list", [*awards, "first_purchase/none"])
    assert status == 409
    assert [(one["award_id"], [why["code"] for why in one["why"]]) for one in refused["refused"]] == [
        ("first_purchase/none", ["state"]),
        (awards[1], ["state"]),
    ]
    assert [bureau.award(one)["state"] for one in awards] == ["estimated", "applied", "estimated"]
    decided(bureau, "list", [awards[0], awards[2]])
    decided(bureau, "review", awards)
    # Separate hands count in a batch too.
    status, refused = bureau.post(
        "/v1/batches",
        {"action": "joint_review", "awards": [{"award_id": one} for one in awards], "documents": DOCUMENTS},
        FIRST,
        "own",
    )
    assert status == 409
    assert {why["code"] for one in refused["refused"] for why in one["why"]} == {"person"}


def test_a_filter_chooses_all_that_the_list_shows(bureau: Bureau) -> None:
    awards = purchases(bureau, 21, 22)
    status, answer = batch(bureau, "list", [], filter={"name": "实体21", "year": 2026, "state": "estimated"})
    assert (status, answer["count"]) == (201, 1)
    assert [bureau.award(one)["state"] for one in awards].count("applied") == 1
    for wrong in ({"year": "never"}, {"no_such": 1}, {"subject": subject(21), "state": "estimated"}):
        status, told = batch(bureau, "list", [], filter=wrong)
        assert status == 422, wrong
        assert all(one["field"].startswith("filter") for one in told["errors"])


def test_a_request_for_a_batch_is_checked(bureau: Bureau) -> None:
    (award_id,) = purchases(bureau, 31)
    one = [{"award_id": award_id}]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"action": "list"}, "awards"),
        ({"action": "list", "awards": []}, "awards"),
        ({"action": "list", "awards": one, "filter": {}}, "awards"),
        ({"action": "list", "awards": [*one, *one]}, "awards"),
        ({"action": "list", "awards": [{"award_id": award_id, "amount": "1"}]}, "amount"),
        ({"action": "publish", "awards": one}, "until"),
        ({"action": "publish", "awards": one, "until": "2020-01-01", "where": "w"}, "until"),
        ({"action": "reject", "awards": one}, "reason"),
        ({"action": "pay", "awards": one, "paid_on": "2026-06-01"}, "voucher_no"),
    ]
    for body, field in wrong:
        status, told = bureau.post("/v1/batches", body, key="k")
        assert (status, field in {fault["field"] for fault in told["errors"]}) == (422, True), (body, told)
    status, told = bureau.post("/v1/batches", {"action": "list", "awards": one})
    assert (status, told["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert bureau.post("/v1/batches", {"action": "list", "awards": one}, "auditor", "k")[0] == 403
    assert bureau.decisions(award_id) == []


def test_the_same_batch_again_is_answered_as_before(bureau: Bureau) -> None:
    awards = purchases(bureau, 41, 42)
    first = batch(bureau, "list", awards, key="once-41")
    assert first[0] == 201
    assert batch(bureau, "list", awards, key="once-41") == first
    assert batch(bureau, "list", awards[:1], key="once-41")[0] == 409
    assert bureau.step(awards[0], "review", key="once-41")[0] == 409
    bureau.step(awards[0], "review", key="single-41")
    assert batch(bureau, "review", awards[1:], key="single-41")[0] == 409
    assert bureau.award(awards[1])["state"] == "applied"


def test_a_preview_says_what_follows_and_changes_nothing(bureau: Bureau) -> None:
    bureau.take(first_listing(52, "2026-02-01", seq=1))
    awards = purchases(bureau, 51, 52)
    bureau.take(first_purchase(53, "2026-03-01", "5000000.00", seq=1))  # not verified
    held = f"first_purchase/{subject(53)}"
    for action in ("list", "review", "joint_review", "publish"):
        decided(bureau, action, [*awards, held])
    left = bureau.ask.ok("/v1/budget", year=2026)["available"]
    before = bureau.ask.ok("/v1/ledger/balances", limit=1)["size"]
    status, shown = batch(bureau, "approve", [*awards, held], preview=True)
    assert status == 200
    assert (shown["count"], shown["amount"], shown["held"]) == (2, "400000.00", [held])
    assert [(one["award_id"], one["why"][0]["code"]) for one in shown["refused"]] == [(held, "hold")]
    (year,) = shown["budget"]
    assert (year["year"], year["before"]) == (2026, left)
    assert float(year["before"]) - float(year["after"]) == 400_000
    assert bureau.ask.ok("/v1/ledger/balances", limit=1)["size"] == before
    decided(bureau, "approve", awards)
    assert bureau.ask.ok("/v1/budget", year=2026)["available"] == year["after"]
    # What another award suppresses becomes payable, and what stands is over it.
    status, shown = batch(bureau, "reopen", awards, preview=True, reason="r")
    assert (status, shown["count"], {one["why"][0]["code"] for one in shown["refused"]}) == (200, 0, {"state"})


def test_a_preview_names_what_is_suppressed(bureau: Bureau) -> None:
    bureau.take(first_listing(54, "2026-02-01", seq=1))
    (higher,) = purchases(bureau, 54)
    lower = f"first_listing/{subject(54)}"
    bureau.done(higher, "apply", "reject")
    assert bureau.award(lower)["payable"] == "20000.00"
    status, shown = batch(bureau, "reopen", [higher], preview=True, reason="r")
    assert (status, shown["suppressed"], shown["count"]) == (200, [lower], 1)
    assert bureau.award(lower)["payable"] == "20000.00"
    decided(bureau, "reopen", [higher], reason="r")
    assert bureau.award(lower)["payable"] == "0.00"


# Steps at the edge of a budget of 700,000 yuan: three awards and a half of 200,000 fit. Each is previewed first.
EDGE: Sequence[tuple[str, Sequence[int], dict[str, Any]]] = (
    ("list", (71, 72), {}),
    ("list", (73, 74, 75), {}),
    ("review", (71, 72, 73, 74), {}),
    ("joint_review", (71, 72, 73, 74), {}),
    ("publish", (71, 72, 73, 74), {}),
    ("approve", (72,), {"amount": "150000.00", "reason": "r"}),
    ("approve", (71, 73, 74), {}),
    ("approve", (71, 73), {}),
    ("reject", (75,), {"reason": "r"}),
    ("reopen", (75,), {"reason": "r"}),
    ("approve", (74,), {}),
    ("pay", (71, 72, 73, 74), {}),
    ("pay", (71, 72, 73), {}),
    ("pay", (74,), {}),
    ("list", (72, 75), {}),
    ("withdraw", (75,), {}),
)


@pytest.mark.parametrize(
    ("counts", "order"),
    [
        ("year_of_the_reward", "order_of_application"),
        ("year_of_the_reward", "order_of_approval"),
        ("year_of_approval", "smallest_first"),
        ("year_of_payment", "order_of_application"),
        ("year_of_payment", "order_of_approval"),
    ],
)
def test_a_preview_is_what_happens_at_the_edge_of_the_budget(postgres, counts: str, order: str) -> None:
    with empty_bureau(postgres, edge_rulebook(counts, order)) as bureau:
        numbers = range(71, 76)
        bureau.take(*(first_listing(number, "2026-02-01", seq=1) for number in numbers))
        awards = dict(zip(numbers, purchases(bureau, *numbers), strict=True))
        recorded, changed_held = 0, set()
        for action, chosen, shared in EDGE:
            mine = [awards[number] for number in chosen]
            before = {one["award_id"]: one for one in bureau.ask.all("/v1/awards")}
            left = bureau.ask.ok("/v1/budget", year=2026)["available"]
            status, shown = batch(bureau, action, mine, preview=True, **shared)
            assert status == 200
            status, answer = batch(bureau, action, mine, **shared)
            assert (status == 409) == bool(shown["refused"]), (action, answer)
            if status == 409:
                assert answer["refused"] == shown["refused"]
                continue
            recorded += 1
            after = {one["award_id"]: one for one in bureau.ask.all("/v1/awards")}
            became = {one for one in after if "budget" in after[one]["holds"] and "budget" not in before[one]["holds"]}
            changed_held |= became
            assert (shown["count"], shown["amount"]) == (answer["count"], answer["amount"])
            assert shown["held"] == sorted(became | {one for one in mine if before[one]["holds"]}), action
            for what, had in (
                ("suppressed", lambda one: one["suppressed_by"] is not None),
                ("over_approved", lambda one: "over_approved" in one["flags"]),
            ):
                assert shown[what] == sorted(one for one in after if had(after[one]) and not had(before[one])), action
            right = bureau.ask.ok("/v1/budget", year=2026)["available"]
            assert shown["budget"] == [{"year": 2026, "before": left, "after": right}], action
        assert recorded > 8
        assert changed_held, "no step at the edge held anything"
        assert float(bureau.ask.ok("/v1/budget", year=2026)["available"]) >= 0


def edge_rulebook(counts: str, order: str) -> Rulebook:
    """A budget of 700,000 yuan, counted and ranked by these readings."""
    values = {'annual: "100000000.00"': 'annual: "700000.00"'}
    for name, reading in (("year_of_the_reward", counts), ("order_of_application", order)):
        if reading != name:
            place = "alternative:\n      reading: " if reading == "year_of_approval" else "- reading: "
            values[f"{place}{reading}\n"] = f"{place}{name}\n"
            values[f"mark: J\n    reading: {name}\n"] = f"mark: J\n    reading: {reading}\n"
    return changed(4, WHITELIST, **values)


def test_two_batches_at_once_at_the_edge_of_the_budget_never_exceed_it(postgres) -> None:
    """Of two batches that fit alone and not together one is approved whole, the other refused whole."""
    values = {'annual: "100000000.00"': 'annual: "1000000.00"'}
    with empty_bureau(postgres, changed(4, WHITELIST, **values)) as bureau:
        sets = [purchases(bureau, *numbers) for numbers in (range(1, 4), range(11, 14))]
        for action in ("list", "review", "joint_review", "publish"):
            decided(bureau, action, [*sets[0], *sets[1]])
        start = Barrier(2)

        def approve(number: int) -> tuple[int, Any]:
            client = bureau.ask.client.application.test_client()
            body = {
                "action": "approve",
                "awards": [{"award_id": one} for one in sets[number]],
                "documents": DOCUMENTS,
            }
            start.wait()
            given = headers(THIRD) | {"Idempotency-Key": f"edge-{number}"}
            answer = client.post("/v1/batches", json=body, headers=given)
            return answer.status_code, answer.get_json()

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(approve, range(2)))
        assert sorted(status for status, _ in answers) == [201, 409]
        (refused,) = (answer for status, answer in answers if status == 409)
        assert {why["code"] for one in refused["refused"] for why in one["why"]} == {"hold"}
        budget = bureau.ask.ok("/v1/budget", year=2026)
        assert (budget["approved"], budget["available"]) == ("600000.00", "400000.00")


def test_approvals_of_one_batch_share_the_room_of_a_subject_and_year(bureau: Bureau) -> None:
    """20,000 stand of a lower kind; the higher one has 200,000: both together have room for 200,000."""
    bureau.take(first_listing(61, "2026-02-01", seq=1))
    bureau.verify(subject(61))
    lower = f"first_listing/{subject(61)}"
    bureau.published(lower)
    (higher,) = purchases(bureau, 61)
    bureau.published(higher)
    status, refused = batch(bureau, "approve", [lower, higher])
    assert status == 409
    assert [(one["award_id"], one["why"][0]["code"]) for one in refused["refused"]] == [(lower, "room")]
    assert decided(bureau, "approve", [higher])["amount"] == "200000.00"


def test_the_database_refuses_a_batch_that_is_not_its_decisions(bureau: Bureau) -> None:
    with pytest.raises(IntegrityError, match="are not what it says"), bureau.engine.begin() as one:
        one.execute(text("INSERT INTO batch VALUES ('x', -1, 'list', 1, 0, now(), 'p', 'n', 'k', 's')"))


@pytest.mark.parametrize(
    "change", ["amount_fen = amount_fen + 1", "person = 'x'", "action = 'list'", "awards = awards + 1"]
)
def test_a_batch_that_was_changed_is_reported(postgres, change: str) -> None:
    with ledger_database(postgres) as database:
        bureau = Bureau(database.service, project_rulebook())
        bureau.begin()
        awards = purchases(bureau, 1, 2)
        for action in ("list", "review", "joint_review", "publish", "approve"):
            decided(bureau, action, awards)
        said: list[str] = []
        engine = database.owner.execution_options(isolation_level="REPEATABLE READ")
        with engine.connect() as connection, connection.begin() as transaction:
            connection.execute(text("ALTER TABLE batch DISABLE TRIGGER USER"))
            assert connection.execute(text(f"UPDATE batch SET {change} WHERE action = 'approve'")).rowcount == 1
            verify_all(connection, bureau.rulebook, None, said.append)
            transaction.rollback()
        assert any(line.startswith("batch ") for line in said), said


@pytest.mark.extended
def test_a_batch_of_ten_thousand_takes_less_than_30_s(
    postgres, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From application to payment, 10,000 awards a step; says how long each takes, and how long it holds the lock."""
    held: list[float] = []

    @contextmanager
    def measured() -> Iterator[Connection]:
        began = time.monotonic()
        with write_transaction() as connection:
            yield connection
        held.append(time.monotonic() - began)

    monkeypatch.setattr("services.incentive.http.batches.write_transaction", measured)
    with empty_bureau(
        postgres, changed(4, WHITELIST, **{'annual: "100000000.00"': 'annual: "900000000.00"'})
    ) as bureau:
        numbers = range(1, 10_001)
        for start in range(0, len(numbers), 2_000):
            bureau.take(*(first_listing(number, "2026-02-01", seq=1) for number in numbers[start : start + 2_000]))
        bureau.verify_many([subject(number) for number in numbers])
        for action in ("list", "review", "joint_review", "publish", "approve", "pay"):
            began, cpu = time.monotonic(), time.process_time()
            answer = decided(bureau, action, [], filter={"rule": "first_listing"})
            took_s, cpu_s = time.monotonic() - began, time.process_time() - cpu
            assert answer["count"] == len(numbers)
            with capsys.disabled():
                said = f"{action}: {took_s:.1f} s, {cpu_s:.1f} s of CPU in this process, lock held {held[-1]:.1f} s"
                sys.stdout.write(said + "\n")
            assert cpu_s < 30
