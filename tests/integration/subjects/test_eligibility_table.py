"""Eligibility by table: all rows or none, and a preview that says what follows and changes nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.domain.subjects.eligibility import CONDITIONS
from services.incentive.rebuild.command import verify_all
from shared.table_files.rows import XLSX_TYPE
from shared.values.times import shanghai_date
from tests.support.incentive.bureau import SHA256, Bureau, empty_bureau
from tests.support.incentive.ledger import subject
from tests.support.table_files.workbooks import xlsx
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADINGS = ("主体", "结论", "自", "至", "主体类型", *CONDITIONS, "事由", "文件")
MET = ["营业执照", "审计报告", "信用中国", "应急局证明", "环保局证明"]


@pytest.fixture
def bureau(postgres) -> Iterator[Bureau]:
    with empty_bureau(postgres) as found:
        yield found


def verified(number: int, start: str = "2020/1/1") -> list[str]:
    code = subject(number).removeprefix("uscc:")
    return [code, "符合", start, "2099-01-01", "企业", *MET, "", f"审核表.pdf {SHA256}"]


def failed(number: int, since: str) -> list[str]:
    return [subject(number), "failed", since, "", "", "", "", "不符合：列入失信名单", "", "", "失信", ""]


def send(bureau: Bureau, *rows: list[str], preview: bool, who: str = "bureau") -> tuple[int, Any]:
    bureau.later()
    content = "\n".join(",".join(row) for row in (HEADINGS, *rows)).encode()
    path = "/v1/eligibility" + ("?preview=true" if preview else "")
    answer = bureau.ask.client.post(path, data=content, content_type="text/csv", headers=headers(who))
    return answer.status_code, answer.get_json()


def follows(answer: Any) -> dict[str, list[str]]:
    return {name: answer[name] for name in ("held", "released", "not_eligible")}


def test_a_workbook_is_recorded_as_a_csv_file_is(bureau: Bureau) -> None:
    award_id = bureau.purchase(9, verified=False)
    row: list[object] = [*verified(9)]
    row[2] = date(2020, 1, 1)
    given = {"data": xlsx([HEADINGS, row]), "content_type": XLSX_TYPE, "headers": headers("bureau")}
    bureau.later()
    assert bureau.ask.client.post("/v1/eligibility", **given).status_code == 200
    assert bureau.award(award_id)["eligibility"] == "verified"
    assert bureau.ask.all(f"/v1/subjects/{subject(9)}/eligibility")[0]["from"] == "2020-01-01T00:00:00.000000+08:00"


def test_a_preview_says_what_follows_and_the_table_does_it(bureau: Bureau) -> None:
    unverified = bureau.purchase(1, verified=False)
    paid, other = bureau.purchase(2), bureau.purchase(3)
    bureau.approved(paid, "200000.00")
    rows = [verified(1), failed(2, shanghai_date(bureau.now).isoformat()), verified(3)]
    before = len(bureau.ask.all("/v1/ledger/transactions"))
    status, shown = send(bureau, *rows, preview=True)
    expected = {"held": [paid], "released": [unverified], "not_eligible": [paid]}
    assert (status, shown["written"], shown["faulty"]) == (200, False, 0)
    assert follows(shown) == expected
    assert len(bureau.ask.all("/v1/ledger/transactions")) == before
    assert bureau.award(unverified)["eligibility"] == "unverified"
    status, done = send(bureau, *rows, preview=False)
    assert (status, done["written"]) == (200, True)
    assert follows(done) == expected
    assert [bureau.award(one)["eligibility"] for one in (unverified, paid, other)] == [
        *("verified", "failed", "verified")
    ]
    assert "not_eligible" in bureau.award(paid)["flags"]
    recorded = bureau.ask.all(f"/v1/subjects/{subject(2)}/eligibility")[-1]
    assert recorded["criteria"] == {"good_credit": {"met": False, "basis": "列入失信名单"}}
    assert (recorded["reason"], recorded["by"]) == ("失信", "key of bureau")
    whole = bureau.ask.all(f"/v1/subjects/{subject(1)}/eligibility")[0]
    assert (whole["kind_of_entity"], whole["documents"]) == ("enterprise", [{"name": "审核表.pdf", "sha256": SHA256}])
    assert whole["criteria"]["sound_accounts"] == {"met": True, "basis": "审计报告"}
    assert len(bureau.ask.all("/v1/ledger/transactions")) == before + 3
    with bureau.engine.begin() as connection:
        said: list[str] = []
        assert verify_all(connection, bureau.rulebook, None, said.append).is_right, said


def test_a_later_failure_holds_and_claws_nothing_back(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    bureau.approved(award_id, "200000.00")
    since = (shanghai_date(bureau.now) + timedelta(days=1)).isoformat()
    bureau.later(days=2)
    shown = send(bureau, failed(1, since), preview=True)[1]
    assert follows(shown) == {"held": [award_id], "released": [], "not_eligible": []}


def test_one_faulty_row_refuses_all(bureau: Bureau) -> None:
    lacking = verified(2)
    lacking[6] = ""
    wrong = verified(3)
    wrong[0] = "nobody"
    status, shown = send(bureau, verified(1), lacking, wrong, [*verified(4), "more"], preview=True)
    assert (status, shown["faulty"], shown["written"]) == (200, 3, False)
    assert [[one["field"] for one in row["errors"]] for row in shown["rows"]] == [
        *([], ["criteria.sound_accounts"], ["subject"], [""])
    ]
    status, problem = send(bureau, verified(1), lacking, preview=False)
    assert status == 422
    assert [one["field"] for one in problem["errors"]] == ["3.criteria.sound_accounts"]
    assert bureau.ask.all(f"/v1/subjects/{subject(1)}/eligibility") == []


def test_refusals(bureau: Bureau) -> None:
    assert send(bureau, preview=True)[0] == 422
    assert send(bureau, verified(1), preview=False, who="auditor")[0] == 403
    answer = bureau.ask.client.post("/v1/eligibility", json={}, headers=headers("bureau"))
    assert answer.status_code == 415
