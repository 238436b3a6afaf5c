"""The pages without a browser: sign-in, what each role sees, and what never leaves the server."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.http.context import EXTENSION
from services.incentive.pages.blueprint import POLICY
from services.incentive.pages.session.sign_in import LASTS
from services.incentive.store.register_client import RegisterAddresses
from shared.settings import RegisterAddress
from shared.values.file_types import XLSX
from shared.values.times import SHANGHAI
from shared.web.keys import ApiKeys
from tests.support.incentive.extract_makers import SECRET_TRADE, SECRETS, Makers, files, makers_of
from tests.support.incentive.pages import (
    ARTICLE,
    HAN,
    PEOPLE,
    SCRIPT,
    TOKEN,
    Page,
    crawl,
    routes,
    send,
    sign_in,
    signed_in,
)
from tests.support.web.keys import NOBODY, headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

    from tests.support.engines.session import FreshDatabase


@pytest.fixture(scope="module")
def makers(postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Makers]:
    with makers_of(postgres, tmp_path_factory.mktemp("pages")) as found:
        yield found


def test_nothing_but_the_form_its_looks_and_notices_is_shown_to_who_did_not_sign_in(makers: Makers) -> None:
    client = makers.app.test_client()
    addresses = routes(makers, "GET")
    assert len(addresses) > 12
    for address in addresses:
        answer = client.get(address, buffered=True)
        if address in ("/sign-in", "/access", "/static/style.css"):
            assert answer.status_code == 200
        elif address.startswith("/access/"):
            assert (answer.status_code, answer.headers["Location"]) == (303, "/access")
        elif address.startswith("/sign-in/oidc"):
            assert answer.status_code == 404  # no provider is set
        elif address.startswith("/notices"):  # open to everybody; no list has that hash
            assert answer.status_code == (200 if address == "/notices" else 404)
        else:
            assert answer.status_code == 303, address
            assert answer.headers["Location"].startswith("/sign-in"), address
    # The API takes a key in a header, the pages take a session; neither is accepted by the other.
    assert client.get("/awards", headers=headers("auditor")).status_code == 303
    assert signed_in(makers, "auditor").get("/v1/awards").status_code == 401


@pytest.mark.parametrize("role", [None, *PEOPLE, NOBODY])
def test_an_unknown_address_is_a_page_for_people_and_a_problem_for_programs(makers: Makers, role: str | None) -> None:
    client = makers.app.test_client() if role is None else signed_in(makers, role)
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for address, status in (("/nowhere/at/all", 404), ("/sign-out", 405)):
        page = client.get(address, headers=browser)
        assert (page.status_code, page.mimetype, "没有此页" in page.text) == (status, "text/html", True)
        assert page.headers["Content-Security-Policy"] == POLICY
        assert ('aria-label="主导航"' in page.text) == (role is not None)
        assert page.headers.get("Allow") == (None if status == 404 else "OPTIONS, POST")
        assert client.get(address).mimetype == "application/problem+json"
    client.set_cookie("language", "en")
    english = Page(client.get("/nowhere", headers=browser).text)
    assert HAN.findall(english.text) == []
    assert client.get("/v1/nowhere", headers=browser).mimetype == "application/problem+json"


def test_a_style_sheet_is_kept_for_ever_under_the_name_of_its_content(makers: Makers) -> None:
    client = makers.app.test_client()
    named = re.search(r"/static/style\.[0-9a-f]{12}\.css", client.get("/sign-in").text)
    assert named is not None
    present = client.get(named[0])
    assert (present.mimetype, present.headers["Cache-Control"]) == ("text/css", "public, max-age=31536000, immutable")
    for name in ("style.0123456789ab.css", "style.css"):
        other = client.get(f"/static/{name}")
        assert (other.data, other.headers["Cache-Control"]) == (present.data, "no-store"), name
    assert client.get("/static/none.0123456789ab.css").status_code == 404


def test_forms_of_other_sites_are_refused(makers: Makers) -> None:
    client = signed_in(makers, "auditor")
    others = signed_in(makers, "bureau")
    foreign = TOKEN.search(others.get("/extracts").text)
    assert foreign is not None
    for address in routes(makers, "POST"):
        for form in ({}, {"csrf_token": "x"}, {"csrf_token": foreign[1]}):
            answer = client.post(address, data=form)
            assert answer.status_code == 400, address
            assert "表单已失效" in answer.text
    assert client.get("/awards").status_code == 200  # still signed in


def test_keys_of_people_sign_in_and_no_others(makers: Makers) -> None:
    client = makers.app.test_client()
    for key in ("", "nonsense", "密钥é", "x" * 5000):
        answer = sign_in(client, key)
        assert answer.status_code == 401
        assert 'role="alert"' in answer.text
    assert sign_in(client, "service-key").status_code == 403
    answer = sign_in(client, " auditor-key ", "/awards?year=2026")
    assert answer.headers["Location"] == "/awards?year=2026"
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


@pytest.mark.parametrize("target", ["https://example.org/", "//example.org", "/\\example.org", "javascript:1", "/\n/x"])
def test_signing_in_leads_to_pages_of_this_site_alone(makers: Makers, target: str) -> None:
    assert sign_in(makers.app.test_client(), "auditor-key", target).headers["Location"] == "/"


def test_a_session_ends_on_the_server(makers: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    """By signing out, by expiry, and with its API key; a kept cookie is useless afterwards."""
    client = signed_in(makers, "auditor")
    kept = client.get_cookie("jiangbu")
    assert kept is not None
    assert send(client, "/sign-out", page="/awards").status_code == 303
    assert client.get("/awards").status_code == 303
    client.set_cookie("jiangbu", kept.value)
    assert client.get("/awards").status_code == 303

    client = signed_in(makers, "auditor")
    service, now = makers.app.extensions["jiangbu"], makers.set.now
    fewer = ApiKeys(tuple(key for key in service.keys.keys if key.role != "auditor"))
    monkeypatch.setitem(makers.app.extensions, "jiangbu", replace(service, keys=fewer))
    assert client.get("/awards").status_code == 303
    monkeypatch.setitem(makers.app.extensions, "jiangbu", service)
    assert client.get("/awards").status_code == 200
    monkeypatch.setattr(makers.set, "now", now + LASTS)
    assert client.get("/awards").status_code == 303


def test_signing_in_begins_another_session(makers: Makers) -> None:
    """A session cookie planted before sign-in does not become signed in (session fixation)."""
    client = makers.app.test_client()
    client.get("/sign-in")
    planted = client.get_cookie("jiangbu")
    assert planted is not None
    assert sign_in(client, "auditor-key").status_code == 303
    other = makers.app.test_client()
    other.set_cookie("jiangbu", planted.value)
    assert other.get("/awards").status_code == 303


def test_signing_in_again_ends_the_session_before(makers: Makers) -> None:
    """The cookie of the former session no longer works."""
    client = signed_in(makers, "bureau")
    kept = client.get_cookie("jiangbu")
    assert kept is not None
    assert sign_in(client, "auditor-key").status_code == 303
    assert client.get("/awards").status_code == 200
    client.set_cookie("jiangbu", kept.value)
    assert client.get("/awards").status_code == 303


def test_an_unchanged_page_is_not_sent_again(makers: Makers) -> None:
    """Tokens and numbers of forms, which differ each time, do not count; another person's page is another page."""
    client = signed_in(makers, "bureau")
    of_kmdex = ("/exchanges/kmdex", "/exchanges/kmdex/outlook")
    for address in ("/", "/worklist", "/worklist/waiting", "/budget", "/year", *of_kmdex):
        first = client.get(address)
        assert SCRIPT.search(first.text), address
        again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b""), address
        assert "script-src 'self'" in again.headers["Content-Security-Policy"]
        assert client.get(address, headers={"If-None-Match": 'W/"0"'}).status_code == 200
        other = signed_in(makers, "auditor").get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert other.status_code == 200, address
        past = client.get(address, query_string={"as_of": halfway(makers)})
        assert "ETag" not in past.headers
        assert "<script" not in past.text
    for address in ("/exchanges/nowhere", "/awards"):
        assert "<script" not in client.get(address).text


@pytest.mark.parametrize("role", ["auditor", "bureau", "exchange:kmdex"])
def test_in_english_nothing_is_left_in_chinese(makers: Makers, role: str) -> None:
    for address, answer in crawl(signed_in(makers, role, "en")).items():
        # A statement is an official document, in Chinese for every reader.
        if answer.mimetype == "text/html" and not address.startswith(("/docs", "/statements/")):
            text = ARTICLE.sub("", Page(answer.text).text)
            assert HAN.findall(text) == [], (address, HAN.findall(text))
    # The language switch redirects back to the page.
    client = signed_in(makers, role, "en")
    answer = client.get("/awards?year=2026&lang=zh")
    assert answer.headers["Location"] == "/awards?year=2026"
    assert "奖补列表" in client.get("/awards?year=2026").text


@pytest.mark.parametrize(("role", "other"), [("exchange:kmdex", "dcdex"), ("exchange:dcdex", "kmdex")])
def test_an_exchange_sees_nothing_of_another(makers: Makers, role: str, other: str) -> None:
    secrets = [other] if other == "kmdex" else [other, SECRET_TRADE["trade_no"], *SECRETS, *SECRETS.values()]
    client = signed_in(makers, role)
    then = crawl(client, f"/?as_of={halfway(makers)}") if secrets[1:] else {}
    assert not secrets[1:] or sum("as_of=" in address for address in then) > 20
    for address, answer in [*crawl(client).items(), *then.items()]:
        # An object visible then may no longer be visible now, so the link back to the present may give 404.
        is_back = address in then and "as_of=" not in address
        assert answer.status_code in ((200, 302, 404) if is_back else (200, 302)), address
        if address.startswith("/docs"):
            continue
        assert [secret for secret in secrets if secret in readable(answer)] == [], address


def readable(answer: TestResponse) -> str:
    """Return the text of an answer; a workbook is unpacked."""
    if answer.mimetype != XLSX.media_type:
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.data)) as workbook:
        return "".join(workbook.read(name).decode() for name in workbook.namelist())


def test_what_is_foreign_is_answered_as_what_is_not_there(makers: Makers) -> None:
    """On every route, byte for byte."""
    client = signed_in(makers, "exchange:kmdex")
    code = list(SECRETS)[1]  # the buyer
    foreign = {
        f"/awards/first_purchase/uscc:{code}": "/awards/first_purchase/uscc:91530100MA6K12345X",
        "/awards/exchange_tiers/dcdex/2025": "/awards/exchange_tiers/nodex/2025",
        f"/subjects/uscc:{code}": "/subjects/overseas:nobody",
        f"/subjects/uscc:{code}/why-not": "/subjects/overseas:nobody/why-not",
        "/exchanges/dcdex": "/exchanges/nodex",
        f"/trades/dcdex/{SECRET_TRADE['trade_no']}": "/trades/nodex/T1",
        "/quarantine?exchange=dcdex": "/quarantine?exchange=nodex",
    }
    theirs = next(one for one in all_postings(makers) if one["award_id"] == f"first_purchase/uscc:{code}")
    foreign[f"/ledger/{theirs['seq']}"] = "/ledger/99999999999999999999"
    extract = makers.ask("POST", "/v1/extracts", "exchange:dcdex", {}).get_json()["id"]
    foreign |= {f"/extracts/{extract}{more}": f"/extracts/{'0' * 32}{more}" for more in ("", "/download")}
    for address, nowhere in foreign.items():
        answer, missing = client.get(address), client.get(nowhere)
        assert (answer.status_code, missing.status_code) == (404, 404), address
        assert without_links(answer.text) == without_links(missing.text), address
    assert send(client, f"/extracts/{extract}/withdraw", page="/extracts").status_code == 404
    listed = client.get("/awards?exchange=dcdex")
    assert listed.status_code == 200
    assert "没有奖补" in listed.text


def halfway(makers: Makers) -> str:
    """Return a second in which an award was posted, in the form of the pages; others were posted later."""
    posted = [one["posted_at"][:19] for one in all_postings(makers) if one["kind"] == "entitlement"]
    found: str = posted[len(posted) // 2]
    assert found < posted[-1]
    return found


def test_pages_show_an_instant_and_links_keep_it(makers: Makers) -> None:
    """The pages show the API's answers as of the last instant of that second, and offer no actions."""
    bureau, then = signed_in(makers, "bureau"), halfway(makers)
    as_of = f"as_of={then}.999999%2B08:00"
    awards = makers.get(f"/v1/awards?limit=500&{as_of}")["items"]
    now = {one["award_id"]: one for one in makers.get("/v1/awards?limit=500")["items"]}
    assert any(one != now[one["award_id"]] for one in awards)
    later = [award_id for award_id in now if award_id not in {one["award_id"] for one in awards}]
    assert later
    one = next(one for one in awards if now[one["award_id"]]["ceiling"] != one["ceiling"])
    year, subject = one["year"], f"{one['subject']['id_scheme']}:{one['subject']['id']}"
    budget = makers.get(f"/v1/budget?year={year}&{as_of}")
    assert budget != makers.get(f"/v1/budget?year={year}")
    status = makers.get(f"/v1/exchanges/kmdex/status?year={year}&{as_of}")
    standing = makers.get(f"/v1/subjects/{subject}/status?year={year}&{as_of}")
    says = {
        f"/awards/{one['award_id']}?": [one["ceiling"]],
        f"/subjects/{subject}?year={year}&": [
            rule[name]
            for rule in standing["rules"]
            for name in ("measure", "missing")
            if rule[name] not in (None, "0.00")
        ],
        f"/subjects/{subject}/why-not?year={year}&": [],
        f"/exchanges/kmdex?year={year}&": [status["total"]],
        f"/budget?year={year}&": [budget["payable"], budget["available"]],
        f"/worklist?year={year}&": [],
        f"/?year={year}&": [budget["payable"]],
        f"/awards?year={year}&": [],
        "/related-parties?": [],
        "/policy?": [],
        f"/public-notices?year={year}&": [],
    }
    for address, amounts in says.items():
        html = bureau.get(f"{address}as_of={then}").text
        assert "过去的状态" in html, address
        assert f'截至 <time datetime="{then}+08:00">' in html
        assert [amount for amount in amounts if f"{float(amount):,.2f}" not in html] == []
        kept = [link for link in Page(html).links if link.startswith("/") and "lang=" not in link]
        back = [link for link in kept if "as_of=" not in link]
        assert [link for link in back if not link.startswith("/docs")] == [address.rstrip("?&")], back
        assert set(re.findall(r'method="post" action="([^"?]*)', html)) == {"/sign-out"}, address
        assert html.count('method="get"') == html.count('name="as_of"'), address
    missing = bureau.get(f"/awards/{later[0]}?as_of={then}")
    assert missing.status_code == 404
    assert "截至所选时点还没有" in missing.text
    seq = all_postings(makers)[-1]["seq"]
    assert [bureau.get(f"/ledger/{seq}{asked}").status_code for asked in ("", f"?as_of={then}")] == [200, 404]
    # A page that only shows the present says so; its links lead to the present too, except those of the navigation.
    present = bureau.get(f"/quarantine?as_of={then}").text
    assert "本页显示现在的状态" in present
    assert f'href="/worklist?as_of={then}' in present.replace("%3A", ":")
    # A date means the end of that day, also for today; the API's time format is exact.
    day, today = then[:10], makers.set.now.astimezone(SHANGHAI).date().isoformat()
    whole = makers.get(f"/v1/awards/{one['award_id']}?as_of={day}T23:59:59.999999%2B08:00") if day < today else one
    assert f"{float(whole['ceiling']):,.2f}" in bureau.get(f"/awards/{one['award_id']}?as_of={day}").text
    assert bureau.get(f"/worklist?as_of={today}").status_code == 200
    assert bureau.get(f"/awards/{one['award_id']}?{as_of}").status_code == 200
    for wrong in ("2099-01-01", "2099-01-01T00:00", "yesterday", "2026-13-01", "1999-01-01", "2026-01-01T25:00", "0"):
        answer = bureau.get(f"/worklist?as_of={wrong}")
        assert answer.status_code == 422, wrong
        assert "as_of" in answer.text
        assert "as_of=" not in without_links(answer.text)


def without_links(html: str) -> str:
    """Return the page without the parts that always differ: the language link and the CSRF token."""
    return re.sub(r'<a class="language"[^>]*>|name="csrf_token" value="[^"]*"', "", html)


def all_postings(makers: Makers) -> list[dict[str, Any]]:
    return makers.get("/v1/ledger/transactions?limit=500")["items"]


def test_the_policy_page_lists_what_was_put_in_force(makers: Makers) -> None:
    """Those who see the whole ledger find each such transaction; an exchange sees none."""
    entered = [one for one in all_postings(makers) if one["kind"] == "settings"]
    html = signed_in(makers, "auditor").get("/policy").text
    assert all(f'href="/ledger/{one["seq"]}"' in html for one in entered)
    assert [one["cause"]["text"].partition(" / ")[0] in html for one in entered] == [True] * len(entered) != []
    assert "施行记录" not in signed_in(makers, "exchange:kmdex").get("/policy").text


def test_a_posting_leads_to_the_documents_that_its_reader_may_see(makers: Makers) -> None:
    """The auditor sees those of the evidence route; an exchange its own, without hints at an earlier one elsewhere."""
    auditor = signed_in(makers, "auditor")
    told = 0
    for posting in all_postings(makers):
        seq = posting["seq"]
        html = auditor.get(f"/ledger/{seq}").text
        facts = posting["cause"]["facts"]
        if posting["kind"] == "settings":
            assert "政策、名录或登记簿施行" in html
            assert all(posting["settings"][name]["sha256"] in html for name in ("policy", "whitelist"))
            continue
        if not facts:  # decisions rest on no document
            assert "所依据的决定" in html
            assert posting["cause"]["text"].partition(" / ")[0] in html
            continue
        if facts[0]["fact"].startswith("declared/"):
            assert "主管部门的申报" in html
            assert "key of bureau" in html
            continue
        documents = [document for ref in posting["cause"]["facts"] for document in evidence(makers, ref)]
        told += len(documents)
        for document in documents:
            number = document.get("trade_no") or document["listing_no"]
            assert f"{document['exchange']} {number}" in html
            assert f"{document['topic']} {document['partition']}:{document['offset']}" in html
        for exchange in ("kmdex", "dcdex"):
            answer = signed_in(makers, f"exchange:{exchange}").get(f"/ledger/{seq}")
            if answer.status_code == 200:
                elsewhere = any(one["exchange"] != exchange and one["counted"] is True for one in documents)
                own = [one for one in documents if one["exchange"] == exchange]
                assert all(f"{one['topic']} {one['partition']}:{one['offset']}" in answer.text for one in own)
                assert not (elsewhere and "不是首次" in answer.text)
    assert told > 20


def evidence(makers: Makers, ref: dict[str, Any]) -> list[dict[str, Any]]:
    register = makers.set.listings if "first-listing" in ref["fact"] else makers.set.trades
    answer = register.get("/v1/evidence", "service", fact=ref["fact"], seq=ref["seq"])
    lines = [json.loads(line) for line in answer.text.splitlines()]
    for exchange in ("kmdex", "dcdex"):
        one = register.get("/v1/evidence", "service", fact=ref["fact"], seq=ref["seq"], exchange=exchange)
        assert [json.loads(line) for line in one.text.splitlines()] == [
            line for line in lines if line["exchange"] == exchange
        ]
    return lines


def test_what_is_wrong_with_a_filter_is_said_at_its_field(makers: Makers) -> None:
    client = signed_in(makers, "auditor")
    answer = client.get("/awards?subject=uscc:1&year=20")
    assert answer.status_code == 422
    assert 'aria-describedby="fault-subject"' in answer.text
    assert 'id="fault-year"' in answer.text
    for address in (
        "/awards?cursor=x",
        "/exchanges/kmdex?year=abc",
        "/exchanges/kmdex?cursor=%00",
        "/quarantine?kind=x",
    ):
        assert client.get(address).status_code in (404, 422), address


def test_an_extract_is_asked_for_looked_after_and_taken_away(makers: Makers) -> None:
    client = signed_in(makers, "auditor")
    wrong = send(client, "/extracts", page="/extracts", subjects="nobody", since="x")
    assert wrong.status_code == 422
    assert 'id="fault-since"' in wrong.text
    late = send(client, "/extracts", page="/extracts", as_of="2099-01-01T00:00")
    assert late.status_code == 422
    assert 'id="fault-as_of"' in late.text
    asked = send(
        client,
        "/extracts",
        page="/extracts",
        **{"from": "2026-01-01", "until": "2027-01-01", "rules": ["first_purchase"], "exchange": "kmdex", "since": "1"},
    )
    assert asked.status_code == 303
    address = asked.headers["Location"]
    assert "排队中" in client.get(address).text
    assert client.get(f"{address}/download").status_code == 409
    makers.maker.run()
    assert "可下载" in client.get(address).text
    zipped = client.get(f"{address}/download", buffered=True)
    assert zipped.data[:2] == b"PK"
    assert zipped.headers["Content-Disposition"].startswith("attachment")
    # Another role that sees everything may read an extract, but not withdraw it.
    assert send(signed_in(makers, "bureau"), f"{address}/withdraw", page="/extracts").status_code == 403
    assert send(client, f"{address}/withdraw", page=address).status_code == 303
    assert client.get(address).status_code == 404
    assert client.get("/checkpoint").text == makers.ask("GET", "/v1/log/checkpoint").text
    assert client.get("/checkpoint/keys").text == makers.ask("GET", "/v1/log/keys").text
    page = client.get("/verify.html")
    assert page.headers["Content-Disposition"] == 'attachment; filename="verify.html"'
    assert page.data == files(zipped.data)["verify.html"]


def test_pages_do_without_registers_and_say_so(makers: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = RegisterAddress("http://127.0.0.1:9", "http://127.0.0.1:9")
    client = signed_in(makers, "exchange:kmdex")
    for known in (RegisterAddresses({"r1": nowhere}, "service-key"), RegisterAddresses({"r1": nowhere}, None)):
        context = replace(makers.app.extensions[EXTENSION], registers=known)
        monkeypatch.setitem(makers.app.extensions, EXTENSION, context)
        for address in ("/exchanges/kmdex", "/quarantine"):
            answer = client.get(address)
            assert answer.status_code == 200
            assert "登记簿暂无应答" in answer.text
        trade = client.get("/trades/kmdex/T1")
        assert trade.status_code == 503
        assert "text/html" in trade.headers["Content-Type"]


def test_cookies_are_secure_where_the_address_is(makers: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(makers.app.config, "SESSION_COOKIE_SECURE", True)
    answer = makers.app.test_client().get("/sign-in?lang=en")
    assert "; Secure" in answer.headers["Set-Cookie"]
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert timedelta(hours=8) == LASTS
