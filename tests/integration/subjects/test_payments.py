"""Payments by table: the list for finance, and its table back as one batch with a preview, all rows or none."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from services.incentive.http.tables.rows import read_rows
from shared.table_files.rows import XLSX_TYPE
from shared.table_files.table_error import TableError
from shared.values.times import shanghai_date
from tests.support.incentive.bureau import DOCUMENTS, FIRST, SECOND, THIRD, Bureau, empty_bureau
from tests.support.incentive.ledger import subject
from tests.support.incentive.pages import send, sign_in
from tests.support.table_files.workbooks import xlsx
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

NUMBER = "6222020200011234567"
HEADINGS = "award,amount,voucher,day"


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    """A ledger that all tests of the module share; each uses its own subjects."""
    with empty_bureau(postgres) as found:
        yield found


def approved(bureau: Bureau, *numbers: int) -> list[str]:
    awards = [bureau.purchase(number) for number in numbers]
    for award_id in awards:
        bureau.done(award_id, "apply", "review", "joint_review", "publish", "approve")
    return awards


def due(bureau: Bureau, form: str = "csv", who: str = FIRST, **query: str) -> Any:
    return bureau.ask.client.get("/v1/batches/payments", query_string={"format": form, **query}, headers=headers(who))


def listed(bureau: Bureau) -> dict[str, list[str]]:
    rows = list(csv.reader(io.StringIO(due(bureau).data.decode("utf-8-sig"))))
    return {row[0]: row for row in rows[1:]}


def table(*rows: str) -> str:
    return "\n".join([HEADINGS, *rows])


def sent(bureau: Bureau, content: str, key: str | None = None, who: str = FIRST, query: str = "") -> tuple[int, Any]:
    bureau.later()
    given = headers(who) | ({} if key is None else {"Idempotency-Key": key})
    path = f"/v1/batches/payments{query}"
    answer = bureau.ask.client.post(path, data=content.encode(), content_type="text/csv", headers=given)
    return answer.status_code, answer.get_json()


def test_finance_pays_by_the_list_and_sends_it_back(bureau: Bureau) -> None:
    first, second, held = approved(bureau, 1, 2, 3)
    body = {"bank": "虚构银行", "account": NUMBER, "name": "虚构户名", "documents": DOCUMENTS}
    _, account = bureau.post(f"/v1/subjects/{subject(1)}/accounts", body)
    assert bureau.post(f"/v1/accounts/{account['id']}/confirm", None, SECOND)[0] == 201
    assert bureau.post(f"/v1/awards/{held}/holds", {"kind": "manual", "reason": "r"})[0] == 201
    rows = listed(bureau)
    assert rows[first][4:] == ["虚构户名", "虚构银行", NUMBER, "200000.00", "", ""]
    assert rows[second][4:] == ["", "", "", "200000.00", "", ""]
    assert held not in rows
    # The approver may print the list; nobody else sees the numbers.
    assert NUMBER in due(bureau, who=THIRD).text
    assert [due(bureau, who=who).status_code for who in ("auditor", "exchange:kmdex")] == [403, 403]
    assert due(bureau, batch="none").status_code == 404
    book = openpyxl.load_workbook(io.BytesIO(due(bureau, "xlsx").data)).active
    assert NUMBER in [row[6] for row in book.values]
    day = shanghai_date(bureau.now)
    for number, row in enumerate((rows[first], rows[second])):
        row[7:] = ["200,000", f"V-{number}", f"{day.year}/{day.month}/{day.day}"]
    text = io.StringIO()
    csv.writer(text).writerows(
        [due(bureau).data.decode("utf-8-sig").splitlines()[0].split(","), rows[first], rows[second]]
    )
    status, previewed = sent(bureau, text.getvalue(), query="?preview=true")
    assert (status, previewed["count"], previewed["amount"], previewed["refused"]) == (200, 2, "400000.00", [])
    assert bureau.award(first)["state"] == "approved"
    status, batch = sent(bureau, text.getvalue(), "finance-1")
    assert (status, batch["action"], batch["count"], batch["amount"]) == (201, "pay", 2, "400000.00")
    assert sent(bureau, text.getvalue(), "finance-1") == (201, batch)
    paid = [bureau.decisions(one)[-1] for one in (first, second)]
    assert [(one["voucher_no"], one["paid_on"], one["account"]) for one in paid] == [
        ("V-0", day.isoformat(), account["id"]),
        ("V-1", day.isoformat(), None),
    ]
    assert not {first, second} & listed(bureau).keys()


def test_all_rows_are_recorded_or_none(bureau: Bureau) -> None:
    first, second = approved(bureau, 11, 12)
    today = shanghai_date(bureau.now)
    early = today - timedelta(days=1)
    good = f"{first},200000.00,V-1,{today}"
    for other, field in (
        (f"{second},200000.00,,{today}", "3.voucher_no"),
        (f"{second},20万,V-2,{today}", "3.amount"),
        (f"{second},200000.00,V-2,{today + timedelta(days=1)}", "3.paid_on"),
        (f"{first},200000.00,V-2,{today}", "3.award_id"),
        (f"{second},200000.00,V-2,{early}", f"{second}.paid_on"),
        (f"{second},200000.00,V-2,{today},x", "3."),
    ):
        for query in ("", "?preview=true"):
            status, answer = sent(bureau, table(good, other), "bad", query=query)
            assert (status, [one["field"] for one in answer["errors"]]) == (422, [field]), other
    less = table(good, f"{second},100000.00,V-2,{today}")
    status, answer = sent(bureau, less, "less")
    assert (status, [one["award_id"] for one in answer["refused"]]) == (409, [second])
    assert [why["code"] for one in answer["refused"] for why in one["why"]] == ["room"]
    assert [one["award_id"] for one in sent(bureau, less, query="?preview=true")[1]["refused"]] == [second]
    # Another person than the approver pays.
    status, answer = sent(bureau, table(good), "own", THIRD)
    assert [why["code"] for one in answer["refused"] for why in one["why"]] == ["person"]
    assert sent(bureau, table(good))[0] == 422
    assert sent(bureau, "award,colour\n", "columns")[0] == 422
    assert sent(bureau, table(good), "auditor", "auditor")[0] == 403
    given = {**headers(FIRST), "Idempotency-Key": "json"}
    assert bureau.ask.client.post("/v1/batches/payments", json={}, headers=given).status_code == 415
    assert [bureau.award(one)["state"] for one in (first, second)] == ["approved", "approved"]


def test_finance_fills_in_the_workbook_and_sends_it_back(bureau: Bureau) -> None:
    first, second = approved(bureau, 31, 32)
    today = shanghai_date(bureau.now)
    book = openpyxl.load_workbook(io.BytesIO(due(bureau, "xlsx").data))
    sheet, out = book.worksheets[0], io.BytesIO()
    for line in range(sheet.max_row, 1, -1):
        if sheet.cell(line, 1).value not in (first, second):
            sheet.delete_rows(line)
    for line in (2, 3):
        for column, value in ((8, 200000), (9, f"V-3{line}"), (10, today)):
            sheet.cell(line, column, value)
    book.save(out)
    given = {**headers(FIRST), "Idempotency-Key": "workbook"}
    for content_type in (XLSX_TYPE, "text/csv"):  # the content says what it is
        answer = bureau.ask.client.post(
            "/v1/batches/payments", data=out.getvalue(), content_type=content_type, headers=given
        )
        assert answer.status_code == 201, answer.text
        batch = answer.get_json()
        assert (batch["count"], batch["amount"]) == (2, "400000.00")
    paid = [bureau.decisions(one)[-1] for one in (first, second)]
    assert {one["voucher_no"] for one in paid} == {"V-32", "V-33"}
    assert {one["paid_on"] for one in paid} == {today.isoformat()}


def test_the_page_takes_a_workbook(bureau: Bureau) -> None:
    (award_id,) = approved(bureau, 41)
    client = bureau.ask.client.application.test_client()
    assert sign_in(client, f"{FIRST}-key").status_code == 303
    page, day = "/batches/payments", shanghai_date(bureau.now)
    bureau.later()

    def look(amount: object) -> TestResponse:
        content = xlsx([["拨付清单"], [], ["奖补", "金额", "凭证号", "日期"], [award_id, amount, 20260001, day]])
        return send(client, page, page=page, table=(io.BytesIO(content), "t.csv"))

    refused = look("=200000")
    assert (refused.status_code, "B4 是公式" in refused.text) == (422, True)
    assert "4.amount" in look(0.001).text
    shown = look(200000.0)
    content = shown.text.partition('name="content" value="')[2].partition('"')[0]
    assert send(client, f"{page}/enter", page=page, content=content, once="page-4").status_code == 303
    assert bureau.decisions(award_id)[-1]["voucher_no"] == "20260001"


def test_a_table_has_as_many_rows_as_its_reader_allows() -> None:
    known = {"award": ("award",)}
    assert len(read_rows(b"award\na\nb\n", known, ("award",), lambda *row: row, 2)) == 2
    with pytest.raises(TableError, match="at most 1"):
        read_rows(b"award\na\nb\n", known, ("award",), lambda *row: row, 1)


def test_the_page_previews_and_records_a_table(bureau: Bureau) -> None:
    (award_id,) = approved(bureau, 21)
    client = bureau.ask.client.application.test_client()
    assert sign_in(client, f"{FIRST}-key").status_code == 303
    page = "/batches/payments"
    assert page in client.get("/batches").text
    assert award_id in client.get("/batches/payments/csv").text
    bad, good = table(f"{award_id},1,V-1,x"), table(f"{award_id},200000,V-21,{shanghai_date(bureau.now)}")
    bureau.later()
    refused = send(client, page, page=page, table=(io.BytesIO(bad.encode()), "t.csv"))
    assert (refused.status_code, "2.paid_on" in refused.text) == (422, True)
    shown = send(client, page, page=page, table=(io.BytesIO(good.encode()), "t.csv"))
    assert (shown.status_code, "200,000.00" in shown.text) == (200, True)
    content = shown.text.partition('name="content" value="')[2].partition('"')[0]
    done = send(client, f"{page}/enter", page=page, content=content, once="page-1")
    assert done.status_code == 303
    batch = client.get(done.headers["Location"])
    assert (batch.status_code, award_id in batch.text) == (200, True)
    for form in ("pdf", "xlsx", "csv"):
        assert client.get(f"{done.headers['Location']}/{form}").status_code == 200
        assert f"{done.headers['Location']}/{form}" in batch.text
    assert bureau.decisions(award_id)[-1]["voucher_no"] == "V-21"
    assert send(client, f"{page}/enter", page=page, content=content, once="page-2").status_code == 409
