"""Statements (决定书): frozen with each decision, numbered without gaps, readable as bytes, PDF and HTML, served."""

from __future__ import annotations

import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import rfc8785
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.incentive.policy.loader import read_policy
from services.incentive.queries.statements import OpenStatement, open_statements, remedy_days
from services.incentive.queries.view import LedgerView
from services.incentive.store.rulebook import Rulebook
from tests.support.incentive.bureau import DOCUMENTS, SECOND, Bureau, empty_bureau
from tests.support.incentive.ledger import rulebook as project_rulebook
from tests.support.incentive.ledger import subject
from tests.support.incentive.pages import send, signed_in_to
from tests.support.incentive.pdf_files import attachments, embedded_fonts, text_of
from tests.support.paths import ROOT
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def bureau(postgres: Callable[[str], tuple[str, str]]) -> Iterator[Bureau]:
    with empty_bureau(postgres) as found:
        yield found


def content_of(bureau: Bureau, sha256: str, role: str = "auditor", **query: str) -> tuple[int, bytes, str]:
    answer = bureau.ask.client.get(f"/v1/statements/{sha256}", headers=headers(role), query_string=query)
    return answer.status_code, answer.data, answer.content_type


def statement_of(bureau: Bureau, sha256: str) -> dict[str, Any]:
    status, content, content_type = content_of(bureau, sha256)
    assert (status, content_type) == (200, "application/json")
    assert hashlib.sha256(content).hexdigest() == sha256
    found = json.loads(content)
    assert rfc8785.dumps(found) == content
    return found


def test_each_decision_that_binds_freezes_what_it_rests_on(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    bureau.done(award_id, "apply", "review", "joint_review", "publish", "approve", "pay")
    bureau.done(award_id, "notify_return", amount="80000.00")
    bureau.done(award_id, "return", amount="30000.00")
    decisions = bureau.decisions(award_id)
    assert [one["action"] for one in decisions if one["statement"]] == [
        *("publish", "approve", "notify_return", "return")
    ]
    found = [statement_of(bureau, one["statement"]) for one in decisions if one["statement"]]
    assert [one["number"] for one in found] == [f"昆数奖补〔2026〕{number}" for number in range(1, 5)]
    published, approved, notified, returned = found
    assert (published["kind"], published["amounts"]["amount"]) == ("publish", "200000.00")
    assert published["contact"] == "昆明市数据局奖补经办处室"
    assert (approved["amounts"]["amount"], approved["amount_in_words"]) == ("200000.00", "人民币贰拾万元整")
    assert approved["notice"] == {"from": "2026-01-12", "until": "2026-01-31", "where": "公告栏"}
    assert approved["decided_by"] == {"person": "bureau3", "name": "key of bureau3", "post": "核定人"}
    assert approved["documents"] == DOCUMENTS
    assert [one["remedy"] for one in approved["remedies"]] == ["administrative_review", "litigation"]
    assert approved["facts"][0]["value"]["first"]["trade_no"] == "T1"
    assert "首单为交易T1" in approved["explanation"]["text"]["zh"]
    assert not approved["explanation"].keys() & {"signs", "readings"}
    assert approved["eligibility"]["status"] == "verified"
    assert approved["eligibility"]["record"]["subject"] == subject(1)
    rules = bureau.rulebook
    assert approved["policy"] == {
        "id": rules.policy.id,
        "revision": rules.policy.revision,
        "sha256": rules.policy.digest,
        "document_no": "昆政发〔2025〕14号",
        "title": rules.policy.title.zh,
    }
    assert approved["whitelist_sha256"] == rules.exchanges.digest
    assert (notified["ground"], notified["amounts"]["paid"]) == ("correction", "200000.00")
    assert returned["amounts"]["amount"] == "30000.00"
    rests_on = {name: notified[name] for name in ("ground", "reason")}
    assert None not in rests_on.values()
    assert returned["notice"] == notified["notice"] | rests_on


def test_an_objection_is_frozen_with_its_answer_and_without_the_ids_of_acts(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    bureau.published(award_id)
    given = {"reason": "重复申报", "by": "虚构乙公司", "received_on": "2026-05-20", "documents": DOCUMENTS}
    _, hold = bureau.post(f"/v1/awards/{award_id}/holds", {"kind": "objection", **given})
    answer = {"reason": "不是同一合同", "outcome": "dismissed", "documents": DOCUMENTS}
    bureau.post(f"/v1/holds/{hold['id']}/release", answer)
    approved = bureau.done(award_id, "approve")
    day = approved["at"][:10]
    assert statement_of(bureau, approved["statement"])["objections"] == [
        {**given, "by": None, "registered_on": day, "answer": {**answer, "answered_on": day}}
    ]
    pdf = content_of(bureau, approved["statement"], format="pdf")[1]
    text = text_of(pdf).replace(" ", "")
    assert "重复申报" in text
    assert "虚构乙公司" not in text  # the statement is served on the award's subject


def test_whoever_gets_nothing_has_a_statement_too(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    bureau.done(award_id, "apply", "review")
    rejected = bureau.done(award_id, "reject", reason="经查，交易不真实。")
    found = statement_of(bureau, rejected["statement"])
    assert (found["kind"], found["reason"], found["amount_in_words"]) == (
        "reject",
        "经查，交易不真实。",
        "人民币零元整",
    )
    status, document, _ = content_of(bureau, rejected["statement"], format="pdf")
    assert status == 200
    assert "不予奖补决定书" in text_of(document)
    assert "经查，交易不真实。" in text_of(document)


def test_a_revocation_is_of_the_unpaid_approval(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    bureau.approved(award_id, "150000.00")
    revoked = bureau.done(award_id, "revoke", amount="50000.00")
    found = statement_of(bureau, revoked["statement"])
    assert (found["amounts"]["approved"], found["amounts"]["amount"]) == ("150000.00", "50000.00")


def test_the_hash_is_in_the_decision_and_so_in_the_log(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    bureau.published(award_id)
    decision = bureau.decisions(award_id)[-1]
    posted = bureau.ask.all("/v1/ledger/transactions", award_id=award_id)[-1]
    assert posted["decision"]["sha256"] == hashlib.sha256(rfc8785.dumps(decision)).hexdigest()
    assert len(decision["statement"]) == 64


def test_it_says_for_ever_what_it_said(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    bureau.published(award_id)
    sha256 = bureau.decisions(award_id)[-1]["statement"]
    before = content_of(bureau, sha256)
    pdf = content_of(bureau, sha256, format="pdf")
    bureau.purchase(1, "1000.00", seq=2, verified=False)
    bureau.later(days=400)
    assert bureau.award(award_id)["payable"] == "50.00"
    assert content_of(bureau, sha256) == before
    assert content_of(bureau, sha256, format="pdf") == pdf
    assert "人民币贰拾万元整" in text_of(pdf[1])


def test_pdf_and_html_are_of_the_frozen_bytes(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    bureau.published(award_id)
    sha256 = bureau.decisions(award_id)[-1]["statement"]
    _, content, _ = content_of(bureau, sha256)
    status, document, content_type = content_of(bureau, sha256, format="pdf")
    assert (status, content_type) == (200, "application/pdf")
    assert attachments(document) == {"statement.json": content}
    assert all(embedded_fonts(document).values())
    status, page, content_type = content_of(bureau, sha256, format="html")
    assert (status, content_type) == (200, "text/html; charset=utf-8")
    assert "奖补资金拟兑现公示告知书" in page.decode()
    assert content_of(bureau, sha256, format="doc")[0] == 422


def test_bureau_and_auditors_alone_may_read_them(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    bureau.published(award_id)
    sha256 = bureau.decisions(award_id)[-1]["statement"]
    for role, expected in (("bureau", 200), ("auditor", 200), ("exchange:kmdex", 403)):
        assert content_of(bureau, sha256, role)[0] == expected
        assert bureau.ask.get(f"/v1/statements/{sha256}/service", role)[0] == expected
    assert content_of(bureau, "ab" * 32)[0] == 404
    assert content_of(bureau, "x")[0] == 404


def test_service_begins_the_periods_of_the_remedies(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    bureau.done(award_id, "apply", "review")
    sha256 = bureau.done(award_id, "reject")["statement"]
    path, today = f"/v1/statements/{sha256}/service", bureau.now.date().isoformat()
    assert [one["until"] for one in bureau.ask.ok(path)["remedies"]] == [None, None]
    given = {"way": "直接送达", "served_on": today, "to": "法定代表人", "documents": DOCUMENTS}
    status, served = bureau.post(path, given, SECOND)
    assert status == 201
    assert {name: served[name] for name in given} == given
    assert (served["statement"], served["award_id"], served["person"]) == (sha256, award_id, "bureau2")
    found = bureau.ask.ok(path)
    assert found["items"] == [served]
    # 1 June 2026: sixty days end on 31 July, six months on 1 December.
    assert [one["until"] for one in found["remedies"]] == ["2026-07-31", "2026-12-01"]
    posted = bureau.ask.all("/v1/ledger/transactions", subject=subject(1))[-1]
    assert (posted["kind"], posted["decision"]["id"]) == ("decision", served["service_id"])
    assert bureau.award(award_id)["updated_at"] < posted["posted_at"]


@pytest.mark.parametrize(
    "changes", [{"served_on": "2026-05-31"}, {"served_on": "2099-01-01"}, {"to": ""}, {"way": None}]
)
def test_a_service_that_cannot_be_is_refused(bureau: Bureau, changes: dict[str, Any]) -> None:
    award_id = bureau.purchase(1)
    bureau.published(award_id)
    sha256 = bureau.decisions(award_id)[-1]["statement"]
    given = {"way": "邮寄", "served_on": bureau.now.date().isoformat(), "to": "公司", **changes}
    assert bureau.post(f"/v1/statements/{sha256}/service", given)[0] == 422
    assert bureau.post(f"/v1/statements/{'ab' * 32}/service", {**given, "to": "x", "way": "y"})[0] == 404


def test_a_refused_decision_uses_no_number(bureau: Bureau) -> None:
    first, second = bureau.purchase(1), bureau.purchase(2)
    bureau.done(first, "apply", "review", "joint_review")
    assert bureau.step(first, "publish", until="2026-01-13")[0] == 422
    assert bureau.step(second, "publish")[0] == 409
    bureau.done(first, "publish")
    bureau.done(second, "apply", "review", "joint_review", "publish")
    numbers = [statement_of(bureau, bureau.decisions(one)[-1]["statement"])["number"] for one in (first, second)]
    assert numbers == ["昆数奖补〔2026〕1", "昆数奖补〔2026〕2"]


def test_numbers_begin_again_each_year(bureau: Bureau) -> None:
    first, second = bureau.purchase(1), bureau.purchase(2)
    bureau.done(first, "apply", "review", "reject")
    bureau.later(days=300)
    bureau.done(second, "apply", "review", "reject")
    numbers = [statement_of(bureau, bureau.decisions(one)[-1]["statement"])["number"] for one in (first, second)]
    assert numbers == ["昆数奖补〔2026〕1", "昆数奖补〔2027〕1"]


def test_numbers_of_decisions_at_once_have_no_gaps(bureau: Bureau) -> None:
    awards = [bureau.purchase(number) for number in range(1, 21)]
    for award_id in awards:
        bureau.done(award_id, "apply", "review")

    def reject(award_id: str) -> int:
        given = headers(SECOND) | {"Idempotency-Key": award_id}
        client = bureau.ask.client.application.test_client()
        body = {"action": "reject", "reason": "r"}
        for _ in range(20):  # 503 while the ledger's lock is not free: on a busy machine it can take several waits
            status = client.post(f"/v1/awards/{award_id}/decisions", json=body, headers=given).status_code
            if status != 503:
                break
        return status

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(reject, awards)) == {201}
    found = [statement_of(bureau, bureau.decisions(one)[-1]["statement"])["number"] for one in awards]
    assert sorted(int(one.partition("〕")[2]) for one in found) == list(range(1, 21))


def test_a_policy_file_without_statements_freezes_none(postgres: Callable[[str], tuple[str, str]]) -> None:
    source = (ROOT / "tests/support/policy/kunming-2025-14.r2.yaml").read_bytes()
    rulebook = Rulebook(read_policy(source, "r2"), source.decode(), project_rulebook().exchanges)
    with empty_bureau(postgres, rulebook) as bureau:
        award_id = bureau.purchase(1)
        bureau.done(award_id, "apply", "review", "reject")
        assert bureau.decisions(award_id)[-1]["statement"] is None


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        ("statement_sha256", "INSERT INTO statement VALUES (repeat('a', 64), 2026, 2, 'x')"),
        (
            "statement 2 of the year is missing",
            "INSERT INTO statement VALUES (encode(sha256('x'), 'hex'), 2026, 3, 'x')",
        ),
        ("statement_number_once", "INSERT INTO statement VALUES (encode(sha256('x'), 'hex'), 2026, 1, 'x')"),
        ("permission denied", "UPDATE statement SET number = 7"),
        ("permission denied", "DELETE FROM statement"),
        ("permission denied", "DELETE FROM service"),
    ],
)
def test_the_database_itself_keeps_statements(bureau: Bureau, constraint: str, statement: str) -> None:
    bureau.published(bureau.purchase(1))
    with bureau.engine.connect() as connection, pytest.raises(DBAPIError) as refused:
        connection.execute(text(statement))
    assert constraint in str(refused.value)


def test_the_page_of_an_award_links_to_its_statements(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    bureau.published(award_id)
    sha256 = bureau.decisions(award_id)[-1]["statement"]
    client = signed_in_to(bureau.ask.client.application, "auditor")
    page = client.get(f"/awards/{award_id}").text
    assert f"/statements/{sha256}?format=pdf" in page
    shown = client.get(f"/statements/{sha256}")
    assert "奖补资金拟兑现公示告知书" in shown.text
    assert "style-src 'sha256-" in shown.headers["Content-Security-Policy"]
    assert client.get(f"/statements/{sha256}?format=pdf").data == content_of(bureau, sha256, format="pdf")[1]
    assert client.get(f"/statements/{'ab' * 32}").status_code == 404
    for_exchange = signed_in_to(bureau.ask.client.application, "exchange:kmdex")
    assert sha256 not in for_exchange.get(f"/awards/{award_id}").text
    assert for_exchange.get(f"/statements/{sha256}").status_code == 403


def test_a_batch_numbers_its_statements_in_a_row(bureau: Bureau) -> None:
    awards = sorted(bureau.purchase(number) for number in range(1, 6))
    for award_id in awards:
        bureau.done(award_id, "apply", "review")
    body = {"action": "reject", "reason": "经查不实。", "awards": [{"award_id": one} for one in awards]}
    assert bureau.post("/v1/batches", body, SECOND, "batch")[0] == 201
    found = [statement_of(bureau, bureau.decisions(one)[-1]["statement"]) for one in awards]
    assert [one["number"] for one in found] == [f"昆数奖补〔2026〕{number}" for number in range(1, 6)]
    assert {one["reason"] for one in found} == {"经查不实。"}
    assert [one["award_id"] for one in found] == awards


def test_statements_wait_for_service_and_then_for_the_last_day(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    bureau.done(award_id, "apply", "review")
    sha256, today = bureau.done(award_id, "reject")["statement"], bureau.now.date()

    def waiting(day: date) -> list[OpenStatement]:
        with bureau.engine.connect() as connection:
            return open_statements(connection, LedgerView(None, None, bureau.now, bureau.rulebook), day, 9)

    (found,) = waiting(today)
    assert (found.sha256, found.award_id, found.served_on, found.until) == (sha256, award_id, None, None)
    given = {"way": "邮寄", "served_on": today.isoformat(), "to": "公司"}
    assert bureau.post(f"/v1/statements/{sha256}/service", given)[0] == 201
    (found,) = waiting(today)
    assert (found.served_on, found.until) == (today, date(2026, 12, 1))
    assert waiting(date(2026, 12, 1)) == [found]
    assert waiting(date(2026, 12, 2)) == []


def test_statements_that_are_not_served_come_first_and_are_limited(bureau: Bureau) -> None:
    awards = [bureau.purchase(number) for number in range(1, 4)]
    found = []
    for award_id in awards:
        bureau.done(award_id, "apply", "review")
        found.append(bureau.done(award_id, "reject")["statement"])
    served = {"way": "邮寄", "served_on": bureau.now.date().isoformat(), "to": "公司"}
    assert bureau.post(f"/v1/statements/{found[0]}/service", served)[0] == 201
    with bureau.engine.connect() as connection:
        view = LedgerView(None, None, bureau.now, bureau.rulebook)
        listed = [open_statements(connection, view, bureau.now.date(), limit) for limit in (3, 2)]
        days = remedy_days(connection, view, date(2026, 8, 1))
    assert [[one.sha256 for one in some] for some in listed] == [[*found[1:], found[0]], found[1:]]
    # The sixty days are over, the six months are not.
    assert days == {awards[0]: [date(2026, 12, 1)]}


def test_the_page_of_an_award_takes_the_service_of_a_statement(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    bureau.done(award_id, "apply", "review")
    sha256, today = bureau.done(award_id, "reject")["statement"], bureau.now.date().isoformat()
    client = signed_in_to(bureau.ask.client.application, "bureau", "en")
    page, address = f"/awards/{award_id}", f"/awards/{award_id}/statements/{sha256}/service"
    assert f'action="{address}"' in client.get(page).text
    assert "Not served" in client.get(page).text
    waiting = client.get("/worklist?year=2026").text
    assert "昆数奖补〔2026〕1" in waiting
    assert "Not served" in waiting
    form = {"once": "1", "way": "直接送达", "served_on": today}
    refused = send(client, address, page=page, **form, to="")
    assert refused.status_code == 422
    assert f'id="service-{sha256[:16]}-to-fault"' in refused.text
    receipt = (io.BytesIO(b"%PDF-1.7"), "回证.pdf")
    sent = send(client, address, page=page, **form, to="法定代表人", documents=receipt)
    assert sent.status_code == 303
    (served,) = bureau.ask.ok(f"/v1/statements/{sha256}/service")["items"]
    assert (served["to"], served["documents"][0]["name"]) == ("法定代表人", "回证.pdf")
    shown = client.get(page).text
    assert "Not served" not in shown
    assert "2026-12-01" in shown
    listed = client.get("/worklist?year=2026").text
    assert "2026-07-31" in listed
    assert "Not served" not in listed
    assert 'action="' + address not in client.get(f"{page}?as_of={bureau.award(award_id)['updated_at'][:19]}").text
    for role in ("auditor", "exchange:kmdex"):
        other = signed_in_to(bureau.ask.client.application, role)
        assert send(other, address, page="/extracts", **form).status_code == 403
    assert sha256 not in signed_in_to(bureau.ask.client.application, "exchange:kmdex").get(page).text


def test_the_waiting_list_names_the_last_day_of_a_remedy(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    bureau.published(award_id)
    sha256 = bureau.done(award_id, "approve")["statement"]
    served = {"way": "邮寄", "served_on": bureau.now.date().isoformat(), "to": "公司"}
    client = signed_in_to(bureau.ask.client.application, "bureau", "en")
    assert "End of the time to seek a remedy" not in client.get("/worklist/waiting?year=2026&scope=all").text
    assert bureau.post(f"/v1/statements/{sha256}/service", served)[0] == 201
    page = client.get("/worklist/waiting?year=2026&scope=all").text
    assert "End of the time to seek a remedy" in page
    assert "2026-08-01 00:00" in page
