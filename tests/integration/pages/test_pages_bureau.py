"""The bureau's forms do what the API does: steps, holds, eligibility, grants, suspensions, lists."""

from __future__ import annotations

import csv
import hashlib
import html
import io
import re
from itertools import count
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from services.incentive.commands.price_readings import price_readings
from services.incentive.domain.subjects.eligibility import CONDITIONS
from services.incentive.pages.words import NEXT
from services.incentive.policy.loader import load_policy
from services.incentive.store import kept_files
from shared.settings import POLICY_FILE
from shared.values.money import format_yuan, parse_yuan
from shared.values.times import shanghai_date
from tests.support.digests import digests
from tests.support.incentive.bureau import Bureau
from tests.support.incentive.extract_makers import Makers, makers_of
from tests.support.incentive.pages import PEOPLE, routes, send, signed_in
from tests.support.policy.revisions import later_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.support.engines.session import FreshDatabase

READING = load_policy(POLICY_FILE).computable_readings[0].id
AMOUNTS = ("payable", "ceiling")  # the list is sorted by the changes of these amounts
PAPER = b"%PDF-1.7 minutes of a meeting"


@pytest.fixture(scope="module")
def makers(postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Makers]:
    with makers_of(postgres, tmp_path_factory.mktemp("bureau")) as found:
        yield found


@pytest.fixture(scope="module")
def award(makers: Makers) -> dict[str, Any]:
    """A first-purchase award with a payable amount."""
    awards = makers.get("/v1/awards?rule=first_purchase&limit=500")["items"]
    return next(one for one in awards if one["payable"] != "0.00")


def step(client: FlaskClient, award: dict[str, Any], action: str, **form: Any) -> TestResponse:
    page = f"/awards/{award['award_id']}"
    return send(client, f"{page}/steps", page=page, action=action, **form)


@pytest.mark.parametrize(
    ("former", "present"),
    [
        ("/desk", "/worklist"),
        ("/desk?year=2025&as_of=2026-03-01", "/worklist?year=2025&as_of=2026-03-01"),
        ("/publicity?year=2025", "/public-notices?year=2025"),
        ("/publicity.xlsx?year=2025", "/public-notices.xlsx?year=2025"),
    ],
)
def test_former_addresses_redirect_with_their_query(makers: Makers, former: str, present: str) -> None:
    answer = signed_in(makers, "auditor").get(former)
    assert (answer.status_code, answer.headers["Location"]) == (308, present)
    assert signed_in(makers, "auditor").get(present).status_code == 200


def test_only_the_bureau_acts_and_only_it_and_auditors_see_the_worklist(makers: Makers, award: dict[str, Any]) -> None:
    acts = [
        address
        for address in routes(makers, "POST")
        if any(part in address for part in ("steps", "holds", "statements", "worklist", "declared", "related"))
    ]
    acts += [
        f"/subjects/uscc:{award['subject']['id']}/{what}"
        for what in (
            *("eligibility", "other-grants", f"other-grants/{'0' * 32}/withdraw"),
            *("accounts", f"accounts/{'0' * 32}/confirm"),
        )
    ]
    assert len(acts) == 21
    for role in PEOPLE:
        client = signed_in(makers, role)
        for address in (
            *("/worklist", "/budget", "/public-notices", "/public-notices.xlsx"),
            *("/declared", "/lab", "/related-parties", "/readings", f"/readings/{READING}"),
        ):
            assert client.get(address).status_code == (403 if role.startswith("exchange") else 200), (role, address)
        assert client.get("/declared/table").status_code == (200 if role == "bureau" else 403)
        for address in acts:
            refused = send(client, address, page="/extracts").status_code == 403
            assert refused == (role != "bureau"), (role, address)
        assert ("现在没有可由您办理的步骤" in client.get("/awards/exchange_tiers/kmdex/2025").text) <= (
            role == "bureau"
        )


def paper() -> dict[str, Any]:
    return {"documents": (io.BytesIO(PAPER), "纪要.pdf")}


def test_three_persons_take_an_award_from_application_to_payment(makers: Makers, award: dict[str, Any]) -> None:
    one, other, third = (signed_in(makers, who) for who in ("bureau", "bureau2", "bureau3"))
    page = f"/awards/{award['award_id']}"
    subject = f"/subjects/uscc:{award['subject']['id']}"
    year = award["year"]
    assert step(one, award, "list", once="the same", **paper()).status_code == 303
    assert step(one, award, "list", once="the same", **paper()).status_code == 303
    # Missing input is reported at its field, and nothing is recorded.
    answer = step(one, award, "reject")
    assert answer.status_code == 422
    assert 'id="reject-reason-fault"' in answer.text
    listed = makers.get(f"/v1/awards/{award['award_id']}/decisions")["items"]
    assert len(listed) == 1
    assert listed[0]["documents"] == [{"name": "纪要.pdf", "sha256": hashlib.sha256(PAPER).hexdigest()}]
    assert "纪要.pdf" in one.get(page).text
    assert step(one, award, "review").status_code == 303
    refused = step(one, award, "joint_review", **paper())
    assert refused.status_code == 409
    assert "初审由 key of bureau 办理，本步骤须由其他人办理" in refused.text
    assert 'value="joint_review"' not in one.get(page).text
    assert "初审由 key of bureau 办理" in one.get(page).text
    assert "其中您初审的 1" in one.get(f"/worklist?year={year}").text
    assert 'value="joint_review"' in other.get(page).text
    assert step(other, award, "joint_review").status_code == 409
    assert step(other, award, "joint_review", **paper()).status_code == 303
    notice = {"from": "2026-01-12", "until": "2026-01-16", "where": "公告栏"}
    short = step(other, award, "publish", **{**notice, "until": "2026-01-15"}, **paper())
    assert short.status_code == 422
    assert 'id="publish-until-fault"' in short.text
    assert step(other, award, "publish", **notice, **paper()).status_code == 303
    published(makers, one, award)
    assert "其中您初审或联合审核的 1" in one.get(f"/worklist?year={year}").text
    # The subject is not verified yet.
    refused = step(third, award, "approve", amount=award["payable"], **paper())
    assert refused.status_code == 409
    assert "有暂缓事由：资格未核实" in refused.text
    record = eligible_form(year)
    assert send(one, f"{subject}/eligibility", page=subject, **record, **paper()).status_code == 303
    assert "已核实" in one.get(subject).text
    assert step(third, award, "approve", amount="many").status_code == 422
    assert step(third, award, "approve", amount=award["payable"], **paper()).status_code == 303
    assert "核定由 key of bureau3 办理" in third.get(page).text
    answer = step(other, award, "pay", voucher_no="第 1 号", paid_on="2099-01-01")
    assert answer.status_code == 422
    assert 'id="pay-paid_on-fault"' in answer.text
    assert 'value="第 1 号"' in answer.text
    today = shanghai_date(makers.set.now).isoformat()
    assert step(other, award, "pay", voucher_no="第 1 号", paid_on=today).status_code == 303
    paid = makers.get(f"/v1/awards/{award['award_id']}")
    assert (paid["state"], paid["paid"]) == ("paid", award["payable"])
    budget = makers.get(f"/v1/budget?year={year}")
    assert f"{float(budget['available']):,.2f}" in signed_in(makers, "auditor").get(f"/budget?year={year}").text
    for decision in makers.get(f"/v1/awards/{award['award_id']}/decisions")["items"]:
        assert decision["by"] in one.get(f"/ledger/{decision['transaction']}").text


def test_eligibility_is_recorded_by_its_conditions(makers: Makers, award: dict[str, Any]) -> None:
    client, page, year = signed_in(makers, "bureau"), f"/subjects/uscc:{award['subject']['id']}", award["year"]
    wrong = send(client, f"{page}/eligibility", page=page, **{**eligible_form(year), "met-good_credit": ""})
    assert wrong.status_code == 422
    assert "须符合并写明依据" in wrong.text
    assert 'value="虚构依据"' in wrong.text
    given = {**eligible_form(year), "kind_of_entity": "university"}
    assert send(client, f"{page}/eligibility", page=page, **given, **paper()).status_code == 303
    shown = client.get(page).text
    assert "三年内无重大安全事故：符合" in shown
    assert "虚构依据" in shown
    assert "高等院校" in shown


def test_an_account_is_recorded_and_confirmed_by_another_person(makers: Makers, award: dict[str, Any]) -> None:
    one, other = signed_in(makers, "bureau"), signed_in(makers, "bureau2")
    page = f"/subjects/uscc:{award['subject']['id']}"
    form = {"name": "虚构甲", "bank": "虚构银行", "account": "6222 0202 0001 1234 567"}
    wrong = send(one, f"{page}/accounts", page=page, **{**form, "account": "12"}, **paper())
    assert wrong.status_code == 422
    assert 'id="account-account-fault"' in wrong.text
    assert send(one, f"{page}/accounts", page=page, **form, **paper()).status_code == 303
    shown = other.get(page).text
    assert "***************4567" in shown
    assert "0001 1234" not in shown
    assert "待确认" in shown
    path = shown.partition(f'action="{page}/accounts/')[2].partition('"')[0].replace("&amp;", "&")
    refused = send(one, f"{page}/accounts/{path}", page=page)
    assert (refused.status_code, "登记人以外的人" in refused.text) == (409, True)
    assert send(other, f"{page}/accounts/{path}", page=page).status_code == 303
    assert "使用中" in one.get(page).text


def test_a_table_of_eligibility_is_previewed_and_then_recorded(makers: Makers, award: dict[str, Any]) -> None:
    client, page = signed_in(makers, "bureau"), "/eligibility/table"
    code, conditions = award["subject"]["id"], ",".join(CONDITIONS)
    head = f"subject,status,from,until,kind_of_entity,{conditions},documents\n"
    good = f"{head}{code},verified,2020-01-01,2099-01-01,enterprise,a,b,c,d,e,审核表.pdf {'ab' * 32}\n"

    def recorded() -> int:
        return len(makers.get(f"/v1/subjects/uscc:{code}/eligibility")["items"])

    def look(content: str) -> TestResponse:
        return send(client, page, page=page, table=(io.BytesIO(content.encode()), "t.csv"))

    before = recorded()
    assert look("x" * 400_000).status_code == 422
    wrong = look(good.replace(",b,c", ",,c"))
    assert (wrong.status_code, "criteria.sound_accounts" in wrong.text, "登记全部" in wrong.text) == (422, True, False)
    shown = look(good)
    assert (shown.status_code, recorded()) == (200, before)
    content = shown.text.partition('name="content" value="')[2].partition('"')[0]
    assert send(client, f"{page}/enter", page=page, content="?").status_code == 422
    entered = send(client, f"{page}/enter", page=page, content=content)
    assert (entered.status_code, "已登记 1 行" in entered.text, recorded()) == (200, True, before + 1)
    assert signed_in(makers, "auditor").get(page).status_code == 403


def eligible_form(year: int) -> dict[str, Any]:
    """The fields of the form that records that a subject is eligible."""
    form = {"status": "verified", "from": "2020-01-01", "until": "2099-01-01", "kind_of_entity": "enterprise"}
    for name in CONDITIONS:
        form |= {f"met-{name}": "yes", f"basis-{name}": "虚构依据"}
    return {**form, "year": year}


def test_what_was_returned_of_an_award_is_shown_wherever_it_is(makers: Makers) -> None:
    """Of the paid award a part was returned, and a part of that recovered; then all of it."""
    awards = makers.get("/v1/awards?limit=500")["items"]
    (returned,) = [one for one in awards if one["returned"] != "0.00"]
    page, subject = f"/awards/{returned['award_id']}", f"uscc:{returned['subject']['id']}"
    bureau = Bureau(makers.set.ledger, makers.set.rulebook, makers.set.now, count(1_000))
    pages = (page, f"/awards?subject={subject}&year={returned['year']}", f"/subjects/{subject}?year={returned['year']}")
    client = signed_in(makers, "auditor")
    for path in pages:
        shown = client.get(path).text
        assert all(tag in shown for tag in ("已拨付", "部分追缴", "待收回")), path
    assert "其中有追缴的 1" in client.get(f"/worklist?year={returned['year']}").text
    rest_fen = parse_yuan(returned["approved"]) - parse_yuan(returned["returned"])
    bureau.returned(returned["award_id"], format_yuan(rest_fen))
    makers.set.now = bureau.now
    for path in pages:
        shown = client.get(path).text
        assert "已全部追缴" in shown
        assert 'class="tag paid"' not in shown, path
    bureau.done(returned["award_id"], "recover", amount=format_yuan(rest_fen + 1))
    makers.set.now = bureau.now
    assert "待收回" not in client.get(page).text


def test_a_year_is_reopened_and_closed_on_the_worklist(makers: Makers) -> None:
    """The year of the set is closed by the bureau already, and is so again after the test."""
    client, page = signed_in(makers, "bureau"), "/worklist?year=2026"
    assert "重新开放 2026 年" in client.get(page).text
    assert send(client, "/worklist/years/2026/reopen", page=page).status_code == 422
    assert send(client, "/worklist/years/2026/reopen", page=page, reason="有更正").status_code == 303
    shown = client.get(page).text
    assert "2026 年提前结账" in shown
    assert "有更正" in shown
    assert send(client, "/worklist/years/2026/reopen", page=page, reason="有更正").status_code == 409
    assert send(client, "/worklist/years/2026/close", page=page, reason="已核对").status_code == 303
    assert "重新开放 2026 年" in client.get(page).text
    assert "重新开放 2026 年" not in signed_in(makers, "auditor").get(page).text


def test_awards_are_ticked_previewed_and_decided_on_together(makers: Makers) -> None:
    client = signed_in(makers, "bureau")
    awards = makers.get("/v1/awards?rule=first_listing&state=estimated&limit=500")["items"]
    chosen = [one["award_id"] for one in awards[:2]]
    page = "/batches/new?rule=first_listing&state=estimated&action=list"
    shown = client.get(page)
    assert shown.status_code == 200
    assert all(f'value="{one}"' in shown.text for one in chosen)
    assert "办理 2 项" not in shown.text
    previewed = send(client, page, page=page, whose="ticked", award_id=chosen, do="preview", **paper())
    assert previewed.status_code == 200
    assert "办理 2 项" in previewed.text
    kept = re.findall(r'name="kept" value="([^"]+)"', previewed.text)
    assert kept == [f"{hashlib.sha256(PAPER).hexdigest()}:纪要.pdf"]
    done = send(client, page, page=page, whose="ticked", award_id=chosen, kept=kept, do="record", once="batch 1")
    assert done.status_code == 303
    batch = client.get(done.headers["Location"])
    assert (batch.status_code, all(one in batch.text for one in chosen)) == (200, True)
    assert done.headers["Location"] in client.get("/batches").text
    decisions = makers.get(f"/v1/awards/{chosen[0]}/decisions")["items"]
    assert decisions[-1]["documents"] == [{"name": "纪要.pdf", "sha256": hashlib.sha256(PAPER).hexdigest()}]
    # What cannot be done is named, and nothing is recorded.
    refused = send(client, page, page=page, whose="ticked", award_id=chosen, do="record", once="batch 2")
    assert (refused.status_code, "不能办理" in refused.text) == (409, True)
    assert send(client, page, page=page, whose="ticked", do="preview").status_code == 422
    assert signed_in(makers, "auditor").get(page).status_code == 403
    assert signed_in(makers, "auditor").get("/batches").status_code == 200


def published(makers: Makers, client: FlaskClient, award: dict[str, Any]) -> None:
    """Check that the public notice lists the award, on the page and in the workbook."""
    year = award["year"]
    assert award["subject"]["id"] in client.get(f"/public-notices?year={year}").text
    content = client.get(f"/public-notices.xlsx?year={year}").data
    rows = list(openpyxl.load_workbook(io.BytesIO(content)).active.values)
    assert [row[2] for row in rows[1:]] == [award["subject"]["id"]]
    assert rows[1][6] == pytest.approx(float(award["payable"]))
    assert [row[2] for row in rows[:1]] == ["代码 Code"]
    assert makers.get(f"/v1/awards/{award['award_id']}")["state"] == "published"


def test_a_reward_is_declared_corrected_and_taken_back(makers: Makers, award: dict[str, Any]) -> None:
    client = signed_in(makers, "bureau")
    page = "/declared?rule=standards"
    assert "先在上面选择规则" in client.get("/declared").text
    assert client.get("/declared?rule=first_purchase").status_code == 404
    subject = f"uscc:{award['subject']['id']}"
    grade = client.get(page).text.partition('name="measure"')[2].partition('<option value="')[2].partition('"')[0]
    form = {"subject": subject, "item": "GB-1", "earned_on": "2026-03-01", "measure": grade}
    wrong = send(client, page, page=page, **{**form, "subject": "nobody", "earned_on": ""})
    assert wrong.status_code == 422
    assert 'id="declare-subject-fault"' in wrong.text
    assert 'id="declare-earned_on-fault"' in wrong.text
    answer = send(client, page, page=page, **form, documents=(io.BytesIO(PAPER), "标准.pdf"))
    assert answer.status_code == 303
    told = makers.get(f"/v1{answer.headers['Location']}")
    assert (told["rule"], told["subject"]["id"]) == ("standards", award["subject"]["id"])
    assert told["ceiling"] != "0.00"
    assert client.get(answer.headers["Location"]).status_code == 200
    assert "GB-1" in client.get(page).text
    assert send(client, page, page=page, **form, withdrawn="yes").headers["Location"] == page
    assert "已撤回" in client.get(page).text


def test_a_table_is_looked_at_and_then_entered_as_a_whole(makers: Makers, award: dict[str, Any]) -> None:
    client = signed_in(makers, "bureau")
    page, rule = "/declared/table", "talent_project"
    head, paper = b"rule,subject,item,earned_on,documents\n", f",p.pdf {'ab' * 32}\n".encode()
    row = f"{rule},uscc:{award['subject']['id']}".encode()
    good = head + row + b",P-1,2026-03-01" + paper + row + b",P-2,2026-03-02" + paper
    bad = good + row + b",P-3,yesterday" + paper

    def look(content: bytes) -> TestResponse:
        return send(client, page, page=page, table=(io.BytesIO(content), "t.csv"))

    def declared() -> list[str]:
        return [one["item"] for one in makers.get(f"/v1/declared?rule={rule}")["items"]]

    for content in (b"", b"\xff\xfe", b"x" * 400_000):
        assert look(content).status_code == 422
    wrong = look(bad)
    assert wrong.status_code == 422
    assert "earned_on" in wrong.text
    assert "登记全部" not in wrong.text
    shown = look(good)
    assert shown.status_code == 200
    assert shown.text.count(f"{rule}/uscc:{award['subject']['id']}/2026/P-") == 2
    assert declared() == []
    content = shown.text.partition('name="content" value="')[2].partition('"')[0]
    assert send(client, f"{page}/enter", page=page, content="?").status_code == 422
    for _ in range(2):  # sent again, it changes nothing
        entered = send(client, f"{page}/enter", page=page, content=content)
        assert entered.status_code == 200
        assert "已登记 2 行" in entered.text
        assert declared() == ["P-1", "P-2"]
    for item in declared():
        link = f"/awards/{rule}/uscc:{award['subject']['id']}/2026/{item}"
        assert f'href="{link}"' in entered.text
        assert f'href="{link}"' in client.get(f"/declared?rule={rule}").text
        assert client.get(link).status_code == 200


def test_another_policy_file_or_reading_is_tried_and_nothing_is_written(makers: Makers) -> None:
    client = signed_in(makers, "auditor")
    ours = POLICY_FILE.read_text("utf-8")
    url = makers.set.ledger.url.render_as_string(hide_password=False)
    before = digests(url)

    def tried(source: str, **form: Any) -> TestResponse:
        return send(client, "/lab", page="/lab", policy=(io.BytesIO(source.encode()), "other.yaml"), **form)

    other = later_policy(1).replace('rate: "0.05"', 'rate: "0.04"', 1)
    other = other.replace('amount: "20000.00"', 'amount: "30000.01"', 1)
    assert (other.count('"0.04"'), other.count('"30000.01"')) == (1, 1)
    answer = tried(other)
    assert answer.status_code == 200
    assert "rules.first_purchase.rate" in answer.text
    awards = {one["award_id"]: one for one in makers.get("/v1/awards?limit=500")["items"]}
    uncapped = [
        one for one in awards.values() if one["rule"] == "first_purchase" and "0.00" != one["ceiling"] != one["cap"]
    ]
    assert uncapped
    table = {row["award_id"]: row for row in csv.DictReader(io.StringIO(tried(other, **{"as": "csv"}).text[1:]))}
    assert {award_id for award_id, one in awards.items() if one["ceiling"] != "0.00"} <= set(table)
    for award in uncapped:
        fen = round(float(award["base"]) * 100) * 4 // 100
        assert f"{fen / 100:,.2f}" in answer.text, award["award_id"]
        row = table[award["award_id"]]
        assert (row["ceiling_before"], row["ceiling_after"]) == (award["ceiling"], f"{fen / 100:.2f}")
        assert row["payable_before"] == award["payable"]
    listed = re.findall(r'href="/awards/([^"]+)"', answer.text.partition('id="cases"')[2])
    changes = [
        [abs(float(table[one][f"{amount}_after"]) - float(table[one][f"{amount}_before"])) for amount in AMOUNTS]
        for one in listed
    ]
    assert len(listed) > 1
    assert changes == sorted(changes, reverse=True)

    assert "没有变化" in tried(ours).text
    for faulty, said in (("id: x", "other.yaml:1"), (other + "#" * 300_000, "300 KB")):
        wrong = tried(faulty)
        assert wrong.status_code == 422
        assert said in wrong.text
    assert send(client, "/lab", page="/lab").status_code == 422
    reading = send(client, "/lab", page="/lab", reading=READING)
    assert reading.status_code == 200
    assert reading.text.index("general.in_force.until") < reading.text.index("general.in_force.alternative.until")
    assert send(client, "/lab", page="/lab", reading="general/first").status_code == 404
    assert digests(url) == before


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_alternative_that_can_be_computed_is_offered_and_tried(makers: Makers, language: str) -> None:
    client = signed_in(makers, "auditor", language)
    policy = load_policy(POLICY_FILE)
    page = html.unescape(client.get("/lab").text)
    assert re.findall(r'name="reading" value="([^"]+)"', page) == sorted(
        policy.alternatives, key=lambda one: page.index(f'value="{one}"')
    )
    others = [(reading, other) for reading in policy.readings for other in reading.others]
    assert others
    for reading, other in others:
        assert (other.says.zh if language == "zh" else other.says.en) in page
        tried = send(client, "/lab", page="/lab", reading=reading.id_of(other))
        assert tried.status_code == 200
        assert f"{reading.path}.reading" in tried.text
        assert other.reading in tried.text


def test_readings_show_what_their_alternatives_would_change(makers: Makers) -> None:
    client = signed_in(makers, "auditor", "en")
    assert "Not computed yet" in client.get("/readings").text
    price_readings(makers.set.ledger)
    found = makers.get("/v1/readings?limit=500")["items"]
    shown = client.get("/readings").text
    assert client.get("/readings/none/such").status_code == 404
    dated = client.get(f"/awards?flag=reading:{READING}&as_of=2026-03-01")
    assert (dated.status_code, "readings are priced as of now" in dated.text) == (422, True)
    changing = [one for one in found if one["years"]]
    assert changing
    for one in found:
        assert f'href="/readings/{one["id"]}"' in shown
        assert (one["alternative"] is None) or html.escape(one["alternative"]["en"], quote=False) in html.unescape(
            shown
        )
    for one in changing:
        page = client.get(f"/readings/{one['id']}").text
        for year in one["years"]:
            assert f"{float(year['payable_after']):,.2f}" in page
            assert f"{float(year['payable_after']):,.2f}" in shown
        named = makers.get(f"/v1/awards?flag=reading:{one['id']}&limit=500")["items"]
        linked = re.findall(r'href="/awards/([^"?]+)"', page)
        assert linked == [award["award_id"] for award in named][:50]
        for award_id in linked[:2]:
            assert f'href="/readings/{one["id"]}"' in client.get(f"/awards/{award_id}").text
        listed = client.get(f"/awards?flag=reading:{one['id']}").text
        assert all(f'href="/awards/{award_id}"' in listed for award_id in linked[:25])
    assert all(f'href="{link}"' in client.get(page).text for page in ("/policy", "/lab") for link in ["/readings"])


def test_related_parties_are_kept_and_what_they_flag_is_found(makers: Makers) -> None:
    client, onlooker = signed_in(makers, "bureau"), signed_in(makers, "auditor")
    awards = makers.get("/v1/awards?rule=first_purchase&limit=500")["items"]
    bought = next(one for one in awards if one["ceiling"] != "0.00" and one["year"] == 2026)
    page, buyer = "/related-parties", f"uscc:{bought['subject']['id']}"
    trades = makers.set.trades.items("/v1/trades", buyer=buyer, status="completed")
    in_order = sorted((one["completed_at"], one["exchange"], one["trade_no"], one) for one in trades if one["counted"])
    provider = f"uscc:{in_order[0][-1]['provider']['id']}"
    wrong = send(client, page, page=page, subjects=[buyer, "nobody"], reason="同一实际控制人")
    assert wrong.status_code == 422
    assert 'id="relate-subjects-fault"' in wrong.text
    assert 'value="nobody"' in wrong.text
    assert send(client, page, page=page, subjects=[buyer, buyer], reason="r").status_code == 422
    assert send(client, page, page=page, subjects=[buyer, provider]).status_code == 422
    form = {"subjects": [buyer, provider], "reason": "同一实际控制人", "once": "o"}
    for _ in range(2):
        paper = (io.BytesIO(PAPER), "股权.pdf")
        assert send(client, page, page=page, **form, documents=paper).status_code == 303
    (told,) = makers.get("/v1/related-parties")["items"]
    assert told["documents"] == [{"name": "股权.pdf", "sha256": hashlib.sha256(PAPER).hexdigest()}]
    for reader in (client, onlooker):
        listed = reader.get(f"{page}?subject={provider}").text
        assert all(said in listed for said in ("同一实际控制人", "股权.pdf", buyer, provider))
        assert ('action="/related-parties/end"' in listed) == (reader is client)
        assert bought["subject"]["id"] in reader.get("/awards?flag=related_parties").text
        assert "/awards?flag=related_parties&amp;year=2026" in reader.get("/worklist?year=2026").text
    assert "名单上没有主体" in client.get(f"{page}?subject=uscc:91530100MAXGAAA018").text
    assert client.get(f"{page}?subject=x").status_code == 422
    # An exchange does not learn that the flag exists.
    seen = signed_in(makers, "exchange:kmdex")
    assert "related_parties" not in seen.get("/awards").text
    assert bought["subject"]["id"] not in seen.get("/awards?flag=related_parties").text
    ended = send(client, f"{page}/end", page=page, subjects=[buyer, provider])
    assert ended.status_code == 422
    assert f'id="unrelate-{"-".join(told["subjects"])}-reason-fault"' in ended.text
    assert send(client, f"{page}/end", page=page, subjects=[provider, buyer], reason="已转让").status_code == 303
    assert makers.get("/v1/related-parties")["items"] == []
    assert bought["subject"]["id"] not in client.get("/awards?flag=related_parties").text


def test_an_objection_is_registered_and_answered(makers: Makers) -> None:
    client = signed_in(makers, "bureau")
    held = next(one for one in makers.get("/v1/awards?limit=500")["items"] if one["rule"] == "first_listing")
    page = f"/awards/{held['award_id']}"
    assert send(client, f"{page}/holds", page=page, kind="objection").status_code == 422
    assert send(client, f"{page}/holds", page=page, kind="objection", reason="有人提出异议").status_code == 303
    assert "objection" in makers.get(f"/v1{page}")["holds"]
    html = client.get(page).text
    assert "有人提出异议" in html
    release = html.partition(f'action="{page}/holds/')[2].partition('"')[0]
    assert send(client, f"{page}/holds/{release}", page=page, reason="已答复").status_code == 422
    answered = {"reason": "已答复", "outcome": "dismissed"}
    assert send(client, f"{page}/holds/{release}", page=page, **answered).status_code == 303
    html = client.get(page).text
    assert "异议不成立" in html
    assert "已答复" in html
    again = send(client, f"{page}/holds/{release}", page=page)
    assert again.status_code == 409
    assert "暂缓已解除" in again.text
    assert "objection" not in makers.get(f"/v1{page}")["holds"]


def test_suspensions_and_grants_are_placed_and_let_go_of(makers: Makers) -> None:
    client = signed_in(makers, "bureau")
    assert all(f"<small>{note.zh}</small>" in client.get("/worklist").text for _, note in NEXT.values() if note)
    held = next(one for one in makers.get("/v1/awards?limit=500")["items"] if one["rule"] == "first_listing")
    page = f"/awards/{held['award_id']}"
    sent = {"rule": "first_listing", "from": "2025-10-15", "reason": "上级规定"}
    before = makers.get(f"/v1{page}")["holds"]
    assert send(client, "/worklist/suspensions", page="/worklist", **sent, until="2025-10-15").status_code == 422
    assert send(client, "/worklist/suspensions", page="/worklist", **sent).status_code == 303
    assert "rule_suspended" in makers.get(f"/v1{page}")["holds"]
    html = client.get("/worklist").text
    assert "上级规定" in html
    lift = html.partition("上级规定")[2].partition('action="/worklist/suspensions/')[2].partition('"')[0]
    assert send(client, f"/worklist/suspensions/{lift}", page="/worklist").status_code == 303
    assert "上级规定" not in client.get("/worklist").text
    assert makers.get(f"/v1{page}")["holds"] == before

    subject = f"/subjects/uscc:{held['subject']['id']}"
    award_id = makers.get(f"/v1{page}")["suppressed_by"] or held["award_id"]
    page = f"/awards/{award_id}"
    grant = {"name": "另一项政策", "department": "虚构部门", "document_no": "虚〔2026〕1号", "granted_on": "2026-01-05"}
    grant |= {"year": str(held["year"]), "amount": "90000000", "awards": award_id}
    path = f"{subject}/other-grants"

    def sent(**changed: Any) -> TestResponse:
        return send(client, path, page=subject, **grant | {"documents": (io.BytesIO(PAPER), "批复.pdf")} | changed)

    assert [sent(**one).status_code for one in ({"amount": "-1"}, {"awards": "none/x"}, {"documents": ""})] == [422] * 3
    assert sent().status_code == 303
    name = makers.get(f"/v1{page}")["suppressed_by"]
    assert name.startswith("other_grant/")
    assert "另一项政策" in client.get(page).text
    html = client.get(subject).text
    assert "另一项政策" in html
    withdraw = f"{path}/{name.partition('/')[2]}/withdraw"
    assert f'action="{withdraw}?' in html
    assert send(client, withdraw, page=subject).status_code == 422
    assert send(client, withdraw, page=subject, reason="重复登记").status_code == 303
    assert makers.get(f"/v1{page}")["suppressed_by"] is None
    assert send(client, withdraw, page=subject, reason="重复登记").status_code == 409
    assert f'action="{withdraw}?' not in client.get(subject).text
    # An exchange sees none of it.
    seen = signed_in(makers, "exchange:kmdex")
    assert all("另一项政策" not in seen.get(address).text for address in (page, subject))


def test_an_uploaded_document_is_kept_and_linked(makers: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    client, subject = signed_in(makers, "bureau", "en"), "uscc:91530100MAXKMDEX0C"
    page, content = f"/subjects/{subject}", b"%PDF-1.7 fictional report"
    digest = hashlib.sha256(content).hexdigest()

    def verify(name: str = "报告.pdf", paper: bytes = content, **form: Any) -> TestResponse:
        fields = {**eligible_form(2026), "documents": (io.BytesIO(paper), name), **form}
        return send(client, f"{page}/eligibility", page=page, **fields)

    # A form that is refused still has its document, which is there already.
    refused = verify(until="2019-01-01")
    assert refused.status_code == 422
    assert f'name="uploaded" value="{digest} 报告.pdf" checked' in refused.text
    assert client.get(f"/files/{digest}").data == content
    assert f'href="/files/{digest}"' not in client.get(page).text
    assert verify(documents="", uploaded=f"{digest} 报告.pdf").status_code == 303
    assert f'<a href="/files/{digest}" lang="zh-CN">报告.pdf</a>' in client.get(page).text
    wrong = verify("page.pdf", b"<html>")
    assert wrong.status_code == 422
    assert "page.pdf: only PDF, JPG, PNG, OFD, DOCX, XLSX files" in wrong.text
    monkeypatch.setattr(kept_files, "KEPT_MOST_BYTES", 1000)
    large = verify("large.pdf", b"%PDF-" + b"x" * 1000)
    assert (large.status_code, "large.pdf: the file is over 20 MB" in large.text) == (422, True)
    # Any file may be named by its hash alone.
    assert verify("notes.txt", b"notes", hash_only="yes").status_code == 303
    noted = hashlib.sha256(b"notes").hexdigest()
    assert "notes.txt" in client.get(page).text
    assert client.get(f"/files/{noted}").status_code == 404
    for role, status in (("auditor", 200), ("exchange:kmdex", 403)):
        with signed_in(makers, role).get(f"/files/{digest}") as answer:
            assert answer.status_code == status
            if status == 200:
                assert answer.headers["Content-Disposition"].startswith("attachment; ")
                assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert f'href="/files/{digest}"' not in signed_in(makers, "exchange:kmdex").get(page).text
