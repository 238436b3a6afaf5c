"""Declared rewards: entered over the API, posted in the ledger, and treated as other awards are."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from click.testing import CliRunner
from sqlalchemy import text

from services.incentive.__main__ import main
from services.incentive.rebuild.command import verify_all
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from shared.table_files.rows import XLSX_TYPE
from tests.support.incentive.app import Asker, incentive_app
from tests.support.incentive.bureau import Bureau, empty_bureau
from tests.support.incentive.ledger import (
    OPERATOR_OF_KMDEX,
    WHITELIST,
    changed,
    first_purchase,
    ledger_database,
    provider_total,
    rulebook,
    subject,
)
from tests.support.incentive.whole_set import served
from tests.support.table_files.workbooks import xlsx
from tests.support.web.contract import check_contract
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine

NOW = datetime(2026, 7, 1, tzinfo=UTC)
DOCUMENT = {"name": "认定文件.pdf", "sha256": hashlib.sha256(b"fictional").hexdigest()}


class Clock:
    """A clock that advances by a second at every call."""

    now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture(scope="module")
def engine(postgres: Callable[[str], tuple[str, str]]) -> Iterator[Engine]:
    facts = (
        first_purchase(1, "2026-03-01", "2000000.00", seq=1),
        provider_total(2, 2026, {"kmdex": [("2026-02-01", "30000000.00")]}, seq=2),
    )
    with ledger_database(postgres, facts) as database:
        yield database.service


@pytest.fixture(scope="module")
def ask(engine: Engine) -> Asker:
    return Asker(incentive_app(engine, rulebook(), Clock()).test_client())


def body(rule: str, number: int, item: str, day: str = "2026-04-01", **measure: str) -> dict[str, Any]:
    declared = {"rule": rule, "subject": subject(number), "item": item, "earned_on": day, "documents": [DOCUMENT]}
    return {**declared, "measure": measure}


def declared(ask: Asker, *of: Any, **measure: str) -> Any:
    status, answer = ask.post("/v1/declared", body(*of, **measure))
    assert status == 200, answer
    return answer


def refused(ask: Asker, asked: dict[str, Any]) -> dict[str, str]:
    """Return the error messages by field; check that nothing was posted."""
    size = ask.ok("/v1/ledger/balances")["size"]
    status, answer = ask.post("/v1/declared", asked)
    assert status == 422, answer
    assert ask.ok("/v1/ledger/balances")["size"] == size
    return {fault["field"]: fault["message"] for fault in answer["errors"]}


def test_a_declared_reward_is_an_award_like_any_other(ask: Asker) -> None:
    award = declared(ask, "compute_voucher", 3, "V-1", settled="100000.05")
    award_id = f"compute_voucher/{subject(3)}/2026/V-1"
    assert award == ask.ok(f"/v1/awards/{award_id}")
    fact = f"declared/bureau/{subject(3)}/compute_voucher/2026/V-1"
    assert award["evidence"] == [{"fact": fact, "generation": 1, "seq": award["evidence"][0]["seq"], "exchanges": []}]
    told = {name: award[name] for name in ("article", "year", "exchange", "base", "rate", "cap", "ceiling", "payable")}
    assert told == {
        "article": "(十四)",
        "year": 2026,
        "exchange": None,
        "base": "100000.05",
        "rate": "0.30",
        "cap": "30000.01",
        "ceiling": "30000.01",
        "payable": "30000.01",
    }
    [entered] = ask.all("/v1/declared", subject=subject(3))
    assert (entered["by"], entered["person"]) == ("key of bureau", "bureau")
    # No name is known for the subject, so its code is shown.
    assert award["subject"]["name"] == subject(3).removeprefix("uscc:")
    decision, posting = ask.all("/v1/ledger/transactions", award_id=award_id)
    assert (decision["kind"], decision["amount"], decision["entries"]) == ("decision", "0.00", [])
    assert decision["decision"]["id"] == f"declared/{award['evidence'][0]['seq']}"
    assert (posting["kind"], posting["amount"]) == ("entitlement", "30000.01")
    assert posting["posted_at"] == decision["posted_at"] == award["updated_at"]
    assert posting["cause"]["facts"] == decision["cause"]["facts"]
    told = ask.ok(f"/v1/awards/{award_id}/explanation")
    assert [step["step"] for step in told["steps"]] == ["base", "rate"]
    assert "合同最终结算金额：100,000.05元" in told["text"]["zh"]
    assert told["transactions"] == [decision["seq"], posting["seq"]]


def test_the_same_again_changes_nothing_and_another_takes_its_place(ask: Asker) -> None:
    first = declared(ask, "standards", 4, "GB-1", role="national_led")
    size = ask.ok("/v1/ledger/balances")["size"]
    assert declared(ask, "standards", 4, "GB-1", role="national_led") == first
    assert ask.ok("/v1/ledger/balances")["size"] == size
    second = declared(ask, "standards", 4, "GB-1", role="industry_led")
    assert (first["ceiling"], second["ceiling"]) == ("200000.00", "100000.00")
    assert [one["amount"] for one in ask.all("/v1/ledger/transactions", award_id=first["award_id"])] == [
        "0.00",
        "200000.00",
        "0.00",
        "-100000.00",
    ]
    then = ask.ok(f"/v1/awards/{first['award_id']}", as_of=first["updated_at"])
    assert then["ceiling"] == "200000.00"
    gone = {**body("standards", 4, "GB-1"), "withdrawn": True}
    status, taken_back = ask.post("/v1/declared", gone)
    assert (status, taken_back["ceiling"], taken_back["award_id"]) == (200, "0.00", first["award_id"])
    assert ask.post("/v1/declared", gone) == (200, taken_back)
    assert set(refused(ask, {**gone, "item": "GB-2"})) == {"withdrawn"}
    (stands,) = ask.all("/v1/declared", subject=subject(4))
    assert (stands["withdrawn"], stands["by"]) == (True, "key of bureau")


def test_it_competes_with_what_events_earn(ask: Asker) -> None:
    """就高不重复 (G6): 500,000 of annual trading against 200,000, then against 1,000,000."""
    trading = f"annual_listed_trading/{subject(2)}/2026"
    lower = declared(ask, "public_data_scenario", 2, "P-1")
    assert (lower["payable"], lower["suppressed_by"]) == ("0.00", trading)
    assert lower["subject"]["name"] == "虚构实体2"
    higher = declared(ask, "ai_scenario", 2, "A-1")
    assert (higher["payable"], higher["suppressed_by"]) == ("1000000.00", None)
    assert ask.ok(f"/v1/awards/{trading}")["suppressed_by"] == higher["award_id"]
    # The award is suppressed by one that the exchange may not see: it gets no amounts.
    assert ask.ok(f"/v1/awards/{trading}", "exchange:kmdex")["partial"] is True
    assert ask.get(f"/v1/awards/{higher['award_id']}", "exchange:kmdex")[0] == 404
    text_of = ask.ok(f"/v1/awards/{trading}/explanation")["text"]
    assert "“人工智能+”应用场景奖励（事项A-1，1,000,000.00元）" in text_of["zh"]


def test_limits_are_used_in_order_of_days_whatever_came_first(ask: Asker) -> None:
    late = declared(ask, "ai_model", 5, "M-3", "2026-06-01")
    assert late["ceiling"] == "200000.00"
    declared(ask, "ai_model", 5, "M-1", "2025-12-01")
    declared(ask, "ai_model", 5, "M-2", "2026-01-01")
    limited = ask.ok(f"/v1/awards/{late['award_id']}")
    assert (limited["ceiling"], limited["payable"], limited["kind"]) == ("200000.00", "100000.00", "ai_model")
    declared(ask, "ai_model", 5, "M-0", "2026-01-02")
    limited = ask.ok(f"/v1/awards/{late['award_id']}")
    assert (limited["ceiling"], limited["payable"], limited["suppressed_by"]) == ("200000.00", "0.00", None)
    assert len(limited["evidence"]) == 1
    why = ask.ok(f"/v1/awards/{late['award_id']}/explanation")
    assert (why["steps"][-1]["step"], why["steps"][-1]["value"]) == ("limit", "0.00")
    assert "同一主体累计至多" in why["text"]["zh"]
    assert declared(ask, "ai_model", 5, "M-4", "2026-06-02")["payable"] == "0.00"


def test_what_earns_nothing_is_refused_with_the_member(ask: Asker) -> None:
    for asked, fields in (
        (body("data_festival", 6, "X"), {"rule"}),
        (body("first_listing", 6, "X"), {"rule"}),
        (body("computing_centre", 6, "X", pue="1.26"), {"measure.pue"}),
        (body("computing_centre", 6, "X"), {"measure.pue"}),
        (body("computing_centre", 6, "X", pue="1.2", more="1"), {"measure.more"}),
        (body("computing_centre", 6, "X", pue="low"), {"measure.pue"}),
        (body("contest", 6, "X", prize="fourth"), {"measure.prize"}),
        (body("revenue_growth", 6, "X", revenue="1.00"), {"measure.revenue"}),
        (body("compute_voucher", 6, "X", settled="1e9"), {"measure.settled"}),
        (body("ai_scenario", 6, "X", "2025-10-14"), {"earned_on"}),
        (body("ai_scenario", 6, "X", "2026-12-31"), {"earned_on"}),
        ({**body("ai_scenario", 6, "X"), "item": "一"}, {"item"}),
        ({**body("ai_scenario", 6, "X"), "subject": "overseas:X1"}, {"subject"}),
        ({**body("ai_scenario", 6, "X"), "measure": {"a": 1.5}}, {"measure.a"}),
        ({**body("ai_scenario", 6, "X"), "documents": [{"name": "a", "sha256": "A" * 64}]}, {"documents.0.sha256"}),
        ({**body("ai_scenario", 6, "X"), "documents": []}, {"documents"}),
        ({name: value for name, value in body("ai_scenario", 6, "X").items() if name != "documents"}, {"documents"}),
        ({**body("ai_scenario", 6, "X"), "assessed": "0.00"}, {"assessed"}),
        ({**body("ai_scenario", 6, "X"), "assessed": 1}, {"assessed"}),
        ({**body("contest", 6, "X", prize="national_first"), "assessed": "100.00"}, {"assessed"}),
        ({**body("compute_voucher", 6, "X", settled="100000.00"), "assessed": "100.00"}, {"assessed"}),
        ({**body("ai_scenario", 6, "X"), "more": 1}, {"more"}),
        ({**body("ai_scenario", 6, "X"), "withdrawn": True}, {"withdrawn"}),
        (body("mutual_recognition", 6, "kmdex"), {"subject"}),
        (body("mutual_recognition", 6, "nowhere"), {"item"}),
    ):
        assert set(refused(ask, asked)) == fields, asked
    declared(ask, "startup_park", 6, "P-1", "2026-02-01")
    assert "startup_park/" in refused(ask, body("startup_park", 6, "P-2", "2026-03-01"))["subject"]


def test_an_award_is_held_until_its_amount_is_assessed(ask: Asker) -> None:
    asked = {**body("computing_centre", 15, "C-1", pue="1.20"), "assessed": None}
    status, award = ask.post("/v1/declared", asked)
    assert (status, award["ceiling"], award["holds"]) == (200, "10000000.00", ["eligibility", "assessment"])
    assert [one["award_id"] for one in ask.all("/v1/awards", hold="assessment")] == [award["award_id"]]
    assert ask.all("/v1/declared", subject=subject(15))[0]["assessed"] is None
    status, assessed = ask.post("/v1/declared", {**asked, "assessed": "3000000.5"})
    assert (status, assessed["cap"], assessed["ceiling"]) == (200, "10000000.00", "3000000.50")
    assert (assessed["holds"], ask.all("/v1/awards", hold="assessment")) == (["eligibility"], [])
    assert ask.all("/v1/declared", subject=subject(15))[0]["assessed"] == "3000000.50"
    # The text names the most of a scenario, so less may be assessed, and nothing is held before.
    assert declared(ask, "ai_scenario", 15, "S-1")["holds"] == ["eligibility"]
    status, less = ask.post("/v1/declared", {**body("ai_scenario", 15, "S-1"), "assessed": "2000000.00"})
    assert (status, less["ceiling"]) == (200, "1000000.00")
    assert ask.post("/v1/declared", {**body("ai_scenario", 15, "S-1"), "measure": None})[0] == 200


def test_what_is_recorded_only_and_history_earn_nothing_and_are_kept(ask: Asker) -> None:
    recorded = declared(ask, "international_communications", 7, "C-1")
    assert (recorded["ceiling"], recorded["award_id"]) == (
        "0.00",
        f"international_communications/{subject(7)}/2026/C-1",
    )
    assert ask.get(f"/v1/awards/{recorded['award_id']}")[0] == 404
    assert declared(ask, "data_assets", 7, "old", "2024-01-01")["ceiling"] == "0.00"
    assert set(refused(ask, body("data_assets", 7, "new", "2026-01-01"))) == {"subject"}
    assert [one["item"] for one in ask.all("/v1/declared", subject=subject(7))] == ["old", "C-1"]
    assert len(ask.all("/v1/declared", rule="data_assets")) == 1
    assert len(ask.all("/v1/declared", limit=2)) > 5


def test_an_operator_is_rewarded_for_its_exchange_which_sees_it(ask: Asker) -> None:
    asked = {**body("mutual_recognition", 1, "kmdex"), "subject": OPERATOR_OF_KMDEX}
    status, award = ask.post("/v1/declared", asked)
    assert (status, award["exchange"], award["ceiling"]) == (200, "kmdex", "200000.00")
    assert ask.ok(f"/v1/awards/{award['award_id']}", "exchange:kmdex") == award
    assert ask.get(f"/v1/awards/{award['award_id']}", "exchange:dcdex")[0] == 404
    rules = ask.ok(f"/v1/subjects/{OPERATOR_OF_KMDEX}/status", "exchange:kmdex", year=2026)["rules"]
    assert rules[-1] == {
        "rule": "mutual_recognition",
        "article": "(六) 1",
        "measure": "0.00",
        "threshold": None,
        "missing": None,
        "award": award["award_id"],
    }


def test_a_cluster_may_change_its_operator(ask: Asker) -> None:
    declared(ask, "cluster_recognition", 8, "K-1", "2026-01-01", level="city")
    taken_over = declared(ask, "cluster_recognition", 9, "K-1", level="province")
    assert (taken_over["ceiling"], len(taken_over["evidence"])) == ("500000.00", 2)
    assert declared(ask, "cluster_revenue", 9, "K-1", revenue="50000000000.00")["ceiling"] == "4000000.00"
    # The 500万 of (十六) is the cluster's.
    assert set(refused(ask, body("cluster_recognition", 12, "K-1", "2026-05-01", level="nation"))) == {"item"}


def test_an_item_brings_its_amount_once_whoever_declares_it(ask: Asker) -> None:
    first = declared(ask, "data_circulation_facility", 30, "F-1", "2026-05-01")
    faults = refused(ask, body("data_circulation_facility", 31, "F-1", "2026-06-01"))
    assert set(faults) == {"item"}
    assert f"已全部计入在先的主体（{first['award_id']}）" in faults["item"]
    took_part = declared(ask, "standards", 30, "F-2", "2026-05-01", role="international_took_part")
    led = declared(ask, "standards", 31, "F-2", "2026-06-01", role="international_led")
    assert (took_part["ceiling"], led["ceiling"], led["cap"]) == ("100000.00", "200000.00", "300000.00")
    assert [one["fact"].split("/")[2] for one in led["evidence"]] == [subject(31), subject(30)]


def test_whoever_declares_an_earlier_day_takes_the_item_and_the_other_is_told(ask: Asker) -> None:
    second = declared(ask, "public_data_scenario", 33, "G-1", "2026-06-01")
    status = ask.ok(f"/v1/subjects/{subject(33)}/status", year=2026)["rules"]
    assert [one["award"] for one in status if one["rule"] == "public_data_scenario"] == [second["award_id"]]
    first = declared(ask, "public_data_scenario", 32, "G-1", "2026-05-01")
    award = ask.ok(f"/v1/awards/{second['award_id']}")
    assert (first["ceiling"], award["ceiling"], award["payable"]) == ("200000.00", "0.00", "0.00")
    posting, taken = ask.all("/v1/ledger/transactions", award_id=second["award_id"], kind="entitlement")
    assert (posting["amount"], taken["amount"]) == ("200000.00", "-200000.00")
    assert taken["posted_at"] == first["updated_at"] == award["updated_at"]
    told = ask.ok(f"/v1/awards/{second['award_id']}/explanation")
    assert (told["steps"][-1]["step"], told["steps"][-1]["value"]) == ("item", "0.00")
    assert told["why_not"]["code"] == "item_used_up"
    assert f"{first['subject']['name']}（{subject(32).removeprefix('uscc:')}）的事项G-1" in told["text"]["zh"]
    before = ask.ok(f"/v1/awards/{second['award_id']}/explanation", as_of=second["updated_at"])
    assert before["steps"][-1]["value"] == "200000.00"
    (answer,) = ask.ok("/v1/explanations", subject=subject(33), rule="public_data_scenario", year=2026)["items"]
    assert answer["award_id"] == second["award_id"]
    # The first takes it back: the second has it again.
    status, _ = ask.post("/v1/declared", {**body("public_data_scenario", 32, "G-1", "2026-05-01"), "withdrawn": True})
    assert status == 200
    assert ask.ok(f"/v1/awards/{second['award_id']}")["ceiling"] == "200000.00"


def test_a_table_shows_what_an_item_leaves_for_the_next_subject(ask: Asker) -> None:
    rows = "".join(
        f"standards,{subject(number)},,H-1,2026-0{number - 35}-01,{role},{PAPER}\n"
        for number, role in ((40, "international_took_part"), (41, "international_led"), (42, "national_led"))
    )
    head = "rule,subject,name,item,earned_on,measure,documents\n"
    seen = post_table(ask, (head + rows).encode(), "?preview=true")[1]["rows"]
    assert [(row["ceiling"], [one["field"] for one in row["errors"]]) for row in seen] == [
        ("100000.00", []),
        ("200000.00", []),
        (None, ["item"]),
    ]


def test_the_status_of_a_subject_shows_the_next_step(ask: Asker) -> None:
    award = declared(ask, "revenue_growth", 10, "R", "2026-05-31", revenue="120000000.00")
    (rule,) = [one for one in ask.ok(f"/v1/subjects/{subject(10)}/status", year=2026)["rules"] if one["award"]]
    assert rule == {
        "rule": "revenue_growth",
        "article": "(十三)",
        "measure": "120000000.00",
        "threshold": "500000000.00",
        "missing": "380000000.00",
        "award": award["award_id"],
    }


PAPER = f"认定文件.pdf {DOCUMENT['sha256']}"
TABLE = f"""奖项 rule,主体 subject,名称 name,事项 item,取得日期 earned_on,计量 measure,文件 documents
算力券,{{0}},虚构表格,T-1,2026-03-01,100000.00,{PAPER}
标准制定奖励,{{0}},,T-2,2026/4/1,主导国家标准,{PAPER}
revenue_growth,{{1}},,T-3,2025-12-31,{{2}},{PAPER}
"""


def table(measured: str) -> bytes:
    return TABLE.format(*(subject(number).removeprefix("uscc:") for number in (20, 21)), measured).encode()


def post_table(
    ask: Asker, content: bytes, query: str = "", role: str = "bureau", content_type: str = "text/csv"
) -> tuple[int, Any]:
    answer = ask.client.post(
        f"/v1/declared/table{query}", headers={**headers(role), "Content-Type": content_type}, data=content
    )
    return answer.status_code, answer.get_json()


def test_a_table_is_looked_at_before_anything_is_written(ask: Asker) -> None:
    size = ask.ok("/v1/ledger/balances")["size"]
    status, seen = post_table(ask, table("99999999.99"), "?preview=true")
    assert (status, seen["written"], seen["faulty"]) == (200, False, 1)
    assert [fault["field"] for fault in seen["rows"][2]["errors"]] == ["measure.revenue"]
    assert seen["rows"][2]["award_id"] is None
    # The payable amount is computed over all rows: the second suppresses the first.
    standard = f"standards/{subject(20)}/2026/T-2"
    assert seen["rows"][:2] == [
        {
            "line": 2,
            "award_id": f"compute_voucher/{subject(20)}/2026/T-1",
            "ceiling": "30000.00",
            "payable": "0.00",
            "suppressed_by": standard,
            "errors": [],
        },
        {
            "line": 3,
            "award_id": standard,
            "ceiling": "200000.00",
            "payable": "200000.00",
            "suppressed_by": None,
            "errors": [],
        },
    ]
    status, refused_table = post_table(ask, table("99999999.99"))
    assert (status, [fault["field"] for fault in refused_table["errors"]]) == (422, ["4.measure.revenue"])
    assert post_table(ask, table("100000000"), "?preview=true")[1]["written"] is False
    assert ask.ok("/v1/ledger/balances")["size"] == size
    assert ask.get(f"/v1/awards/{standard}")[0] == 404
    status, written = post_table(ask, table("100000000"))
    assert (status, written["written"], written["ceiling"], written["payable"]) == (200, True, "430000.00", "400000.00")
    for row in written["rows"]:
        award = ask.ok(f"/v1/awards/{row['award_id']}")
        assert (award["ceiling"], award["payable"]) == (row["ceiling"], row["payable"])
        assert award["subject"]["name"] in ("虚构表格", subject(21).removeprefix("uscc:"))
    size = ask.ok("/v1/ledger/balances")["size"]
    assert post_table(ask, table("100000000"))[1]["rows"] == written["rows"]
    assert ask.ok("/v1/ledger/balances")["size"] == size
    twice = table("100000000") + f"算力券,{subject(20)},,T-9,2026-03-01,100000.00,{PAPER}\n".encode() * 2
    assert [len(row["errors"]) for row in post_table(ask, twice, "?preview=true")[1]["rows"]] == [0, 0, 0, 0, 1]


def test_a_workbook_is_declared_as_a_csv_file_is(ask: Asker) -> None:
    head = ["事项清单", None], ["奖项", "主体", "名称", "事项", "取得日期", "计量", "文件"]
    rows = [
        ["算力券", subject(40).removeprefix("uscc:"), "虚构甲", "W-1", date(2026, 3, 1), 200000.5, PAPER],
        ["talent_project", subject(40), None, 20260001, "2026/3/2", None, PAPER],
    ]
    content = xlsx([*head, *rows])
    status, seen = post_table(ask, content, "?preview=true")
    assert (status, seen["faulty"], [row["line"] for row in seen["rows"]]) == (200, 0, [3, 4])
    assert post_table(ask, content, content_type=XLSX_TYPE)[0] == 200
    as_csv = (
        "rule,subject,name,item,earned_on,measure,documents\n"
        f"算力券,{subject(40)},虚构甲,W-1,2026-03-01,200000.50,{PAPER}\n"
    ).encode("gb18030")
    assert post_table(ask, as_csv)[1]["rows"][0]["award_id"] == seen["rows"][0]["award_id"]
    found = {one["item"]: one for one in ask.all("/v1/declared", subject=subject(40))}
    assert found.keys() == {"W-1", "20260001"}
    assert (found["W-1"]["measure"], found["W-1"]["seq"]) == ({"settled": "200000.50"}, found["20260001"]["seq"] - 1)
    rows[1][4] = "=TODAY()"
    status, refused = post_table(ask, xlsx([*head, *rows]), "?preview=true")
    assert (status, "E4 is a formula" in refused["detail"] or "E4 是公式" in refused["detail"]) == (422, True)
    assert post_table(ask, content, content_type="application/zip")[0] == 415


def test_a_preview_of_a_table_says_what_follows_for_budgets_and_other_awards(postgres) -> None:
    """One row raises what is in front of the queue, one takes back what was approved, one suppresses a lower kind."""
    rulebook = changed(4, WHITELIST, **{'annual: "100000000.00"': 'annual: "400000.00"'})
    with empty_bureau(postgres, rulebook) as bureau:
        front, taken = (f"standards/{subject(number)}/2026/T-{number}" for number in (1, 3))
        whole = {1: "international_took_part", 3: "international_took_part"}
        assert post_table(bureau.ask, standards_table(whole))[0] == 200
        for number in (1, 3):
            bureau.verify(subject(number))
        bureau.published(taken)
        bureau.done(taken, "approve")
        behind, lower = bureau.purchase(2), bureau.purchase(4, "1000000.00")
        bureau.done(front, "apply")
        bureau.done(behind, "apply")
        before = {one["award_id"]: one for one in bureau.ask.all("/v1/awards")}
        assert {len(one["holds"]) for one in before.values()} == {0}
        left = bureau.ask.ok("/v1/budget", year=2026)["available"]
        content = standards_table({1: "national_led", 4: "national_led"}, withdrawn={3: "international_took_part"})
        status, seen = post_table(bureau.ask, content, "?preview=true")
        assert (status, seen["faulty"]) == (200, 0)
        assert (seen["held"], seen["suppressed"], seen["over_approved"]) == ([behind], [lower], [taken])
        assert seen["budget"] == [{"year": 2026, "before": left, "after": left}]
        assert {one["award_id"]: one for one in bureau.ask.all("/v1/awards")} == before
        status, done = post_table(bureau.ask, content)
        assert (status, done["written"], done["rows"]) == (200, True, seen["rows"])
        assert [done[name] for name in ("budget", "held", "suppressed", "over_approved")] == [None] * 4
        after = {one["award_id"]: one for one in bureau.ask.all("/v1/awards")}
        assert [one for one in after if "budget" in after[one]["holds"]] == [behind]
        assert [one for one in after if after[one]["suppressed_by"]] == [lower]
        assert [one for one in after if "over_approved" in after[one]["flags"]] == [taken]


def standards_table(grades: dict[int, str], withdrawn: dict[int, str] | None = None) -> bytes:
    """A table that declares the standards of these subjects, by grade, and withdraws others."""
    rows = [(number, grade, "") for number, grade in grades.items()]
    rows += [(number, grade, "yes") for number, grade in (withdrawn or {}).items()]
    lines = (
        f"standards,{subject(number)},T-{number},2026-04-01,{grade},{PAPER},{mark}\n" for number, grade, mark in rows
    )
    return ("rule,subject,item,earned_on,measure,documents,withdrawn\n" + "".join(lines)).encode()


def test_what_is_no_table_is_refused(ask: Asker) -> None:
    assert post_table(ask, b"")[0] == 422
    assert post_table(ask, "奖项,谁\n".encode())[0] == 422
    assert post_table(ask, table("1"), "?preview=yes")[0] == 422
    assert post_table(ask, table("1"), role="auditor")[0] == 403
    assert ask.post("/v1/declared/table", {})[0] == 415


def test_the_command_shows_the_rows_and_declares_them(ask: Asker, tmp_path: Path) -> None:
    file, key = tmp_path / "table.csv", tmp_path / "key"
    key.write_text("bureau-key\n", "utf-8")
    with served(ask.client.application) as url:

        def run(content: bytes, *more: str) -> tuple[int, str]:
            file.write_bytes(content)
            done = CliRunner().invoke(main, ["declare", str(file), "--url", url, "--key-file", str(key), *more])
            return done.exit_code, done.output

        good = f"rule,subject,item,earned_on,documents\nai_scenario,{subject(22)},N-1,2026-04-01,{PAPER}\n".encode()
        code, said = run(good, "--preview")
        assert (code, "1000000.00/1000000.00" in said, "preview only; nothing was written" in said) == (0, True, True)
        assert ask.all("/v1/declared", subject=subject(22)) == []
        code, said = run(good)
        assert (code, "declared 1 rows" in said) == (0, True)
        assert len(ask.all("/v1/declared", subject=subject(22))) == 1
        workbook = xlsx([line.split(",") for line in good.decode().splitlines()])
        code, said = run(workbook, "--preview")
        assert (code, "1000000.00/1000000.00" in said) == (0, True)
        code, said = run(good.replace(b"ai_scenario", b"ai_scene"))
        assert (code, "2: rule: " in said, "1 rows are faulty; nothing was written" in said) == (1, True, True)
        code, said = run(b"x\n")
        assert (code, "422" in said) == (1, True)


def test_vouchers_must_fit_the_pool_of_their_article(postgres: Callable[[str], tuple[str, str]]) -> None:
    """Article (十四) has its own annual budget: awards beyond it are held until part of it is returned."""
    owner_url, service_url = postgres("incentive")
    migrate("services.incentive", owner_url, service_url)
    engine = make_engine(service_url)
    bureau = Bureau(engine, changed(0, WHITELIST, **{'annual: "10000000.00"': 'annual: "50000.00"'}))
    bureau.begin()

    def entered(rule: str, number: int, item: str, **measure: str) -> str:
        status, award = bureau.post("/v1/declared", body(rule, number, item, **measure))
        assert status == 200, award
        bureau.verify(subject(number))
        return str(award["award_id"])

    one = entered("compute_voucher", 1, "V-1", settled="100000.00")
    other = entered("compute_voucher_overseas", 2, "V-2", settled="100000.00")
    standard = entered("standards", 3, "S-1", role="national_led")
    assert [bureau.award(award_id)["holds"] for award_id in (one, other, standard)] == [[], [], []]
    bureau.approved(one, "30000.00")
    pool = {"article": "(十四)", "budget": "50000.00", "approved": "30000.00"}
    assert bureau.ask.ok("/v1/budget", year=2026)["pools"] == [pool]
    bureau.published(other)
    assert [bureau.award(award_id)["holds"] for award_id in (one, other, standard)] == [[], ["budget"], []]
    assert bureau.ask.ok("/v1/budget", year=2026)["held"] == [other]
    assert bureau.award(other)["payable"] == "30000.00"
    assert bureau.step(other, "approve", amount="20000.00")[0] == 409

    status, gone = bureau.post("/v1/declared", {**body("compute_voucher", 1, "V-1"), "withdrawn": True})
    assert (status, gone["ceiling"], gone["flags"]) == (200, "0.00", ["over_approved"])
    (proposal,) = bureau.ask.all("/v1/clawbacks", state="open")
    assert proposal["award_id"] == one
    bureau.done(one, "revoke", amount="30000.00")
    assert bureau.award(other)["holds"] == []
    bureau.done(other, "approve", amount="30000.00")
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        told: list[str] = []
        assert verify_all(connection, bureau.rulebook, None, told.append).is_right, told
    engine.dispose()


def test_who_may_declare_and_who_may_read(ask: Asker) -> None:
    for role, status in (("auditor", 403), ("service", 403), ("exchange:kmdex", 403), (None, 401)):
        assert ask.post("/v1/declared", {}, role)[0] == status
    for role, status in (("auditor", 200), ("bureau", 200), ("service", 403), ("exchange:kmdex", 403), (None, 401)):
        assert ask.get("/v1/declared", role)[0] == status


def test_all_of_it_is_in_the_log_and_follows_when_worked_out_again(ask: Asker, engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        told: list[str] = []
        assert verify_all(connection, rulebook(), None, told.append).is_right, told
        facts = connection.execute(text("SELECT seq, value FROM fact WHERE topic = 'declared' ORDER BY seq")).all()
    assert [fact.seq for fact in facts] == list(range(1, len(facts) + 1))
    decisions = [one["decision"] for one in ask.all("/v1/ledger/transactions", kind="decision")]
    assert decisions == [
        {"id": f"declared/{fact.seq}", "sha256": hashlib.sha256(fact.value).hexdigest()} for fact in facts
    ]
    newest = ask.client.get("/v1/log/checkpoint", headers=headers("auditor")).text.splitlines()[1]
    assert int(newest) == ask.ok("/v1/ledger/balances")["size"]


def test_the_routes_keep_to_their_document(ask: Asker) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", ask.client.application)
    schema.validate()
    asked = check_contract(schema.include(path_regex="^/v1/declared"), headers("bureau"))
    tables = "/v1/declared/tables"
    assert sorted(asked) == [
        *("GET /v1/declared", f"GET {tables}", f"GET {tables}/{{table_id}}", "POST /v1/declared"),
        *("POST /v1/declared/table", f"POST {tables}/{{table_id}}/confirm", f"POST {tables}/{{table_id}}/discard"),
    ]
