"""Public notices: the list frozen with the decision, open without a key while in force; objections without a key."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from itertools import count
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from sqlalchemy import text

from services.incentive.http.notices import public
from services.incentive.http.notices.public import SENDER_TO_AN_AWARD_MOST
from tests.support.incentive.bureau import DOCUMENTS, Bureau, empty_bureau
from tests.support.incentive.ledger import subject
from tests.support.incentive.pdf_files import attachments, text_of
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator

# The clock of the tests begins on Monday, 1 June 2026: five working days last until Friday, 5 June.
FIRST, LAST = "2026-06-01", "2026-06-05"
OTHER = {"REMOTE_ADDR": "198.51.100.7"}


@pytest.fixture
def bureau(postgres) -> Iterator[Bureau]:
    with empty_bureau(postgres) as found:
        yield found


def published(bureau: Bureau, number: int, **given: Any) -> Any:
    award_id = bureau.purchase(number)
    bureau.done(award_id, "apply", "review", "joint_review")
    return bureau.done(
        award_id, "publish", **{"from": FIRST, "until": LAST, "where": "门户网站", "documents": None} | given
    )


def open_notices(bureau: Bureau, **parameters: Any) -> Any:
    answer = bureau.ask.client.get("/public/notices", query_string=parameters)
    assert answer.status_code == 200
    return answer.get_json()


def object_to(bureau: Bureau, whose: str, sender: dict[str, str] | None = None, **given: Any) -> tuple[int, Any]:
    body = {"award_id": whose, "name": "张某", "contact": "871-0000", "reason": "重复申报", **given}
    answer = bureau.ask.client.post("/public/objections", json=body, environ_overrides=sender or {})
    return answer.status_code, answer.get_json()


def test_a_notice_is_posted_from_its_first_day_to_its_last(bureau: Bureau) -> None:
    decision = published(bureau, 1)
    assert decision["notice"] == {"from": FIRST, "until": LAST, "where": "门户网站"}
    assert decision["calendar"] == {"end": LAST, "days_off": [], "workdays": [], "unknown": []}
    [notice] = open_notices(bureau)["items"]
    assert notice["sha256"] == decision["notice_list"]
    assert (notice["count"], notice["total"]) == (1, "200000.00")
    [row] = notice["rows"]
    assert (row["award_id"], row["amount"]) == (decision["award_id"], "200000.00")
    assert f"{row['subject']['id_scheme']}:{row['subject']['id']}" == subject(1)
    assert notice["authority"]
    assert notice["contact"]
    bureau.later(days=4)
    assert len(open_notices(bureau)["items"]) == 1
    bureau.later(days=1)
    assert open_notices(bureau)["items"] == []
    assert bureau.ask.client.get(f"/public/notices/{notice['sha256']}").status_code == 404


def test_a_notice_that_begins_later_is_not_shown_before(bureau: Bureau) -> None:
    published(bureau, 1, **{"from": "2026-06-03", "until": "2026-06-30"})
    assert open_notices(bureau)["items"] == []
    bureau.later(days=2)
    assert len(open_notices(bureau)["items"]) == 1


def test_the_list_stays_as_it_was_posted_when_the_award_changes(bureau: Bureau) -> None:
    decision = published(bureau, 1)
    path = f"/v1/lists/{decision['notice_list']}"
    before = bureau.ask.client.get(path, headers=headers("auditor"))
    assert hashlib.sha256(before.data).hexdigest() == decision["notice_list"]
    bureau.purchase(1, "3000000.00", seq=2)
    assert bureau.award(decision["award_id"])["payable"] == "150000.00"
    assert bureau.ask.client.get(path, headers=headers("auditor")).data == before.data
    assert open_notices(bureau)["items"][0]["total"] == "200000.00"


def test_a_list_is_a_document_in_each_format(bureau: Bureau) -> None:
    decision = published(bureau, 1)
    path = f"/v1/lists/{decision['notice_list']}"
    files = {
        name: bureau.ask.client.get(path, query_string={"format": name}, headers=headers("bureau"))
        for name in ("json", "pdf", "xlsx", "csv")
    }
    assert {name: answer.status_code for name, answer in files.items()} == dict.fromkeys(files, 200)
    row = json.loads(files["json"].data)["rows"][0]
    assert attachments(files["pdf"].data) == {f"{decision['notice_list']}.json": files["json"].data}
    assert "200,000.00" in text_of(files["pdf"].data)
    [sheet] = openpyxl.load_workbook(io.BytesIO(files["xlsx"].data)).worksheets
    [_, cells] = sheet.iter_rows(values_only=True)
    assert (cells[1], cells[7], cells[9]) == (row["subject"]["name"], 200000, decision["award_id"])
    [heading, line] = csv.reader(io.StringIO(files["csv"].data.decode("utf-8-sig")))
    assert (line[1], line[7], line[9]) == (row["subject"]["name"], "200000.00", decision["award_id"])
    assert len(heading) == len(line)
    assert bureau.ask.client.get(path).status_code == 401
    assert bureau.ask.client.get(path, headers=headers("exchange:kmdex")).status_code == 403
    assert bureau.ask.client.get(f"/v1/lists/{'0' * 64}", headers=headers("bureau")).status_code == 404
    open_path = f"/public/notices/{decision['notice_list']}"
    assert bureau.ask.client.get(open_path).data == files["json"].data
    assert bureau.ask.client.get(open_path, query_string={"format": "csv"}).data == files["csv"].data
    assert bureau.ask.client.get(open_path, query_string={"format": "pdf"}).status_code == 422


def test_notices_are_paged_in_order_of_their_hash(bureau: Bureau) -> None:
    lists = sorted(published(bureau, number)["notice_list"] for number in (1, 2, 3))
    found, cursor = [], None
    while cursor is not None or not found:
        page = open_notices(bureau, limit=2, **({"cursor": cursor} if cursor else {}))
        found += [one["sha256"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert found == lists


def test_a_page_of_long_notices_ends_early(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    lists = sorted(published(bureau, number)["notice_list"] for number in (1, 2, 3))
    monkeypatch.setattr("shared.postgres.sorted_rows.PAGE_MOST_BYTES", 1)
    found, cursor = [], None
    while cursor is not None or not found:
        page = open_notices(bureau, **({"cursor": cursor} if cursor else {}))
        assert len(page["items"]) == 1
        found.append(page["items"][0]["sha256"])
        cursor = page["next_cursor"]
    assert found == lists


def test_an_objection_without_a_key_reaches_the_bureau_and_holds_nothing(bureau: Bureau) -> None:
    award_id = published(bureau, 1)["award_id"]
    status, received = object_to(bureau, award_id)
    assert (status, received["award_id"]) == (201, award_id)
    assert bureau.award(award_id)["holds"] == []
    [listed] = bureau.ask.all("/v1/objections", state="received")
    assert listed["objection_id"] == received["objection_id"]
    assert (listed["name"], listed["contact"], listed["reason"]) == ("张某", "871-0000", "重复申报")
    assert bureau.ask.client.get("/v1/objections", headers=headers("exchange:kmdex")).status_code == 403
    given = {"kind": "objection", "reason": "登记", "objection_id": received["objection_id"], "documents": DOCUMENTS}
    status, held = bureau.post(f"/v1/awards/{award_id}/holds", given)
    assert status == 201
    assert (held["objected_by"], held["received_on"]) == ("张某", FIRST)
    assert held["objection_id"] == received["objection_id"]
    assert bureau.award(award_id)["holds"] == ["objection"]
    assert bureau.post(f"/v1/awards/{award_id}/holds", given)[0] == 409
    assert [one["hold_id"] for one in bureau.ask.all("/v1/objections", state="held")] == [held["hold_id"]]
    answer = {"outcome": "partly", "reason": "已更正"}
    assert bureau.post(f"/v1/holds/{held['id']}/release", answer)[0] == 201
    [answered] = bureau.ask.all("/v1/objections")
    assert (answered["state"], answered["outcome"], answered["answer"]) == ("answered", "partly", "已更正")
    assert bureau.ask.all("/v1/objections", state="received") == []


def test_an_objection_is_to_an_award_under_notice_and_says_who_and_why(bureau: Bureau) -> None:
    award_id, other = published(bureau, 1)["award_id"], bureau.purchase(2)
    for given, field in (
        ({"award_id": other}, "award_id"),
        ({"award_id": "none"}, "award_id"),
        ({"name": ""}, "name"),
        ({"contact": None}, "contact"),
        ({"reason": "x" * 4001}, "reason"),
        ({"more": "x"}, "more"),
    ):
        status, told = object_to(bureau, award_id, **given)
        assert (status, [one["field"] for one in told["errors"]]) == (422, [field]), given
    bureau.later(days=5)
    assert object_to(bureau, award_id)[0] == 422
    assert bureau.ask.all("/v1/objections") == []


def test_a_hold_registers_only_an_objection_to_its_award(bureau: Bureau) -> None:
    award_id, other = published(bureau, 1)["award_id"], published(bureau, 2)["award_id"]
    objection_id = object_to(bureau, award_id)[1]["objection_id"]
    for award, kind, named in (
        (other, "objection", objection_id),
        (award_id, "manual", objection_id),
        (award_id, "objection", "20260601-none"),
    ):
        given = {"kind": kind, "reason": "r", "objection_id": named}
        status, told = bureau.post(f"/v1/awards/{award}/holds", given)
        assert (status, [one["field"] for one in told["errors"]]) == (422, ["objection_id"]), given


def test_one_sender_uses_up_its_own_share_alone(bureau: Bureau) -> None:
    award_id, other = published(bureau, 1)["award_id"], published(bureau, 2)["award_id"]
    flood = {"REMOTE_ADDR": "203.0.113.9"}
    answers = [object_to(bureau, award_id, sender=flood)[0] for _ in range(SENDER_TO_AN_AWARD_MOST + 1)]
    assert answers == [201] * SENDER_TO_AN_AWARD_MOST + [429]
    assert object_to(bureau, other, sender=flood)[0] == 201
    # Nobody else is affected, and a header that anybody can send makes no other sender.
    assert object_to(bureau, award_id)[0] == 201
    assert object_to(bureau, award_id, sender=flood | {"HTTP_X_FORWARDED_FOR": "198.51.100.7"})[0] == 429
    for sender in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2"):
        status, _ = object_to(bureau, other, sender={"REMOTE_ADDR": sender})
        assert status == 201
    assert [object_to(bureau, other, sender={"REMOTE_ADDR": f"2001:db8:0:1::{n}"})[0] for n in (3, 4)] == [201, 429]
    with bureau.engine.connect() as connection:
        senders = connection.execute(text("SELECT sender FROM objection_sender")).scalars().all()
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in senders)
    assert len(set(senders)) == 3
    bureau.later(hours=2)
    assert object_to(bureau, award_id, sender=flood)[0] == 201
    with bureau.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM objection_sender")).scalar() == 1


def test_all_senders_together_are_limited(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "TO_AN_AWARD_MOST", 2)
    monkeypatch.setattr(public, "TO_ALL_MOST", 3)
    award_id, other = published(bureau, 1)["award_id"], published(bureau, 2)["award_id"]
    senders = ({"REMOTE_ADDR": f"192.0.2.{number}"} for number in count(1))
    assert [object_to(bureau, award_id, sender=next(senders))[0] for _ in range(3)] == [201, 201, 429]
    assert [object_to(bureau, other, sender=next(senders))[0] for _ in range(2)] == [201, 429]
    bureau.later(hours=1)
    assert object_to(bureau, award_id, sender=next(senders))[0] == 201


def test_requests_without_a_key_are_limited_whatever_they_say(bureau: Bureau) -> None:
    answers = [bureau.ask.client.post("/public/objections", json={}) for _ in range(30)]
    statuses = [one.status_code for one in answers]
    assert statuses == [422] * 10 + [429] * 20
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert bureau.ask.client.post("/public/objections", json={}, environ_overrides=OTHER).status_code == 422
    bureau.later(minutes=2)
    assert bureau.ask.client.post("/public/objections", json={}).status_code == 422


def test_a_notice_over_a_holiday_names_the_days_that_it_was_counted_by(bureau: Bureau) -> None:
    decision = published(bureau, 1, **{"from": "2026-09-29", "until": "2026-10-12"})
    assert decision["calendar"]["end"] == "2026-10-10"
    assert decision["calendar"]["workdays"] == ["2026-10-10"]
    bureau.done(decision["award_id"], "reject")
    bureau.done(decision["award_id"], "reopen", "apply", "review", "joint_review")
    given = {"from": "2026-09-29", "until": "2026-10-09", "documents": None}
    status, told = bureau.step(decision["award_id"], "publish", **given)
    assert (status, [one["field"] for one in told["errors"]]) == (422, ["until"])


def test_a_batch_is_one_list_with_a_row_for_each_award(bureau: Bureau) -> None:
    awards = [bureau.purchase(number) for number in (1, 2, 3)]
    for award_id in awards:
        bureau.done(award_id, "apply", "review", "joint_review")
    given = {"action": "publish", "awards": [{"award_id": one} for one in awards]}
    given |= {"from": FIRST, "until": LAST, "where": "门户网站"}
    status, batch = bureau.post("/v1/batches", given, key="batch-1")
    assert status == 201, batch
    decisions = [bureau.decisions(award_id)[-1] for award_id in awards]
    [sha256] = {one["notice_list"] for one in decisions}
    assert {one["calendar"]["end"] for one in decisions} == {LAST}
    [notice] = open_notices(bureau)["items"]
    assert (notice["sha256"], notice["count"], notice["total"]) == (sha256, 3, "600000.00")
    assert [row["award_id"] for row in notice["rows"]] == sorted(awards)


def test_the_lists_of_a_batch_say_for_ever_what_they_said(bureau: Bureau) -> None:
    awards = [bureau.purchase(number) for number in (1, 2)]
    for award_id in awards:
        bureau.done(award_id, "apply", "review", "joint_review")
    listed = [{"award_id": one} for one in awards]
    notice = {"from": FIRST, "until": LAST, "where": "门户网站"}
    posted = batch(bureau, "bureau", {"action": "publish", "awards": listed, **notice})
    bureau.later(days=5)
    approved = batch(bureau, "bureau3", {"action": "approve", "awards": listed, "documents": DOCUMENTS})
    vouchers = [{**one, "voucher_no": f"V-{number}"} for number, one in enumerate(listed, 1)]
    paid = batch(bureau, "bureau", {"action": "pay", "awards": vouchers, "paid_on": "2026-06-06"})
    texts = {}
    for batch_id, title in ((posted, "奖补资金公示"), (approved, "奖补资金核定名单"), (paid, "奖补资金拨付名单")):
        texts[batch_id] = text_of(document(bureau, batch_id, "pdf"))
        assert title in texts[batch_id]
        assert "合计 400,000.00 元" in texts[batch_id]
    [heading, first, second] = csv.reader(io.StringIO(document(bureau, paid, "csv").decode("utf-8-sig")))
    assert [name.split()[-1] for name in heading[8:11]] == ["account_name", "bank", "account"]
    assert heading[11:13] == ["凭证号 voucher_no", "拨付日期 paid_on"]
    for number, row in enumerate((first, second), 1):
        assert row[7:13] == ["200000.00", "", "", "", f"V-{number}", "2026-06-06"]
    [sheet] = openpyxl.load_workbook(io.BytesIO(document(bureau, approved, "xlsx"))).worksheets
    assert [row[7] for row in sheet.iter_rows(min_row=2, values_only=True)] == [200000, 200000]
    before = {batch_id: document(bureau, batch_id, "pdf") for batch_id in texts}
    bureau.purchase(1, "3000000.00", seq=2)
    assert {batch_id: document(bureau, batch_id, "pdf") for batch_id in texts} == before
    applied = batch(bureau, "bureau", {"action": "apply", "awards": [{"award_id": bureau.purchase(3)}]})
    for batch_id in (applied, "none"):
        answer = bureau.ask.client.get(f"/v1/batches/{batch_id}/document", headers=headers("bureau"))
        assert answer.status_code == 404


def batch(bureau: Bureau, who: str, given: dict[str, Any]) -> str:
    status, answer = bureau.post("/v1/batches", given, who, key=f"batch-{given['action']}")
    assert status == 201, answer
    return str(answer["batch_id"])


def document(bureau: Bureau, batch_id: str, format_name: str) -> bytes:
    path = f"/v1/batches/{batch_id}/document"
    answer = bureau.ask.client.get(path, query_string={"format": format_name}, headers=headers("auditor"))
    assert answer.status_code == 200, answer.text
    return answer.data
