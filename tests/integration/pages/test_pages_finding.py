"""Pages that find: search from every page, participants by what they lack, and documents as registered."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.http.context import EXTENSION
from services.incentive.store.register_client import RegisterAddresses
from shared.settings import RegisterAddress
from tests.support.incentive.extract_makers import SECRET_TRADE, SECRETS, Makers, makers_of
from tests.support.incentive.pages import signed_in
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.engines.session import FreshDatabase

YEAR = 2026


@pytest.fixture(scope="module")
def makers(postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Makers]:
    with makers_of(postgres, tmp_path_factory.mktemp("finding")) as found:
        yield found


def section(html: str, name: str) -> str:
    found = re.search(rf'<section class="card" aria-labelledby="{name}">.*?</section>', html, re.DOTALL)
    assert found is not None, name
    return found[0]


def test_every_page_has_the_search_field_for_who_is_signed_in(makers: Makers) -> None:
    client = signed_in(makers, "auditor")
    for address in ("/", "/awards", "/policy", "/awards/nothing"):
        assert '<form class="search" role="search" action="/search">' in client.get(address).text
    assert 'role="search"' not in makers.app.test_client().get("/sign-in").text


def test_the_only_exact_hit_is_shown_at_once(makers: Makers) -> None:
    client = signed_in(makers, "auditor")
    code = next(iter(SECRETS))
    for text, path in (
        (code.lower(), f"/subjects/uscc:{code}"),
        (SECRETS[code], f"/subjects/uscc:{code}"),
        ("T-secret", "/trades/dcdex/T-secret"),
        ("kmdex", "/exchanges/kmdex"),
    ):
        answer = client.get("/search", query_string={"q": text})
        assert (answer.status_code, answer.headers["Location"]) == (302, path)
        assert client.get(path).status_code == 200


def test_hits_are_grouped_by_type_and_lead_to_their_pages(makers: Makers) -> None:
    client = signed_in(makers, "auditor")
    html = client.get("/search", query_string={"q": "虚构"}).text
    links = re.findall(r'href="(/subjects/[^"?]+)"', section(html, "found-subject"))
    assert len(links) > 5
    assert all(client.get(link).status_code == 200 for link in links)
    assert "/exchanges/kmdex" in section(html, "found-exchange")
    assert "没有找到" in client.get("/search?q=不存在的名称").text
    assert "没有找到" not in client.get("/search").text
    assert client.get("/search", query_string={"q": "a" * 201}).status_code == 422


@pytest.mark.parametrize("role", ["exchange:kmdex", "exchange:dcdex"])
def test_all_hits_of_an_exchange_have_pages_that_it_may_see(makers: Makers, role: str) -> None:
    client = signed_in(makers, role)
    for text in ("虚构", "9153", "L", "T"):
        found = makers.get(f"/v1/search?q={text}&limit=100", role)
        assert found["items"] or text == "T"
        for item in found["items"]:
            assert client.get(item["path"]).status_code == 200, item


def test_a_search_that_a_register_did_not_answer_says_so(makers: Makers) -> None:
    context = makers.app.extensions[EXTENSION]
    nowhere = RegisterAddresses({"r1": RegisterAddress("http://127.0.0.1:9", "http://127.0.0.1:9")}, "service-key")
    client = signed_in(makers, "auditor")
    makers.app.extensions[EXTENSION] = replace(context, registers=nowhere)
    try:
        answer = client.get("/search?q=kmdex")
        assert answer.status_code == 200
        assert "登记簿暂无应答，未查找" in answer.text
    finally:
        makers.app.extensions[EXTENSION] = context


def participants(makers: Makers, role: str, **query: Any) -> list[dict[str, Any]]:
    text = "&".join(f"{name}={value}" for name, value in {"year": YEAR, "limit": 500, **query}.items())
    items: list[dict[str, Any]] = makers.get(f"/v1/exchanges/kmdex/participants?{text}", role)["items"]
    return items


@pytest.mark.parametrize("role", ["bureau", "exchange:kmdex"])
def test_participants_come_as_the_api_has_them_nearest_first(makers: Makers, role: str) -> None:
    client = signed_in(makers, role)
    for shown, reached in (("no", "false"), ("yes", "true")):
        expected = participants(makers, role, reached=reached, sort="missing")[:25]
        html = section(client.get(f"/exchanges/kmdex?year={YEAR}&reached={shown}").text, "participants")
        links = re.findall(r'<th scope="row"><a href="/subjects/([^"?]+)', html)
        assert links == [item["subject"] for item in expected]
    assert participants(makers, role)
    firsts = section(client.get(f"/exchanges/kmdex?year={YEAR}&rule=first_purchase").text, "participants")
    assert "门槛" not in firsts
    for wrong in ("rule=nothing", "reached=x"):
        assert client.get(f"/exchanges/kmdex?{wrong}").status_code == 404


def test_what_does_not_count_leads_to_its_trades_and_to_what_to_tell(makers: Makers) -> None:
    """The page has what the API answers: the amount of each reason, what to tell, and the records."""
    client = signed_in(makers, "exchange:kmdex")
    html = "".join(client.get(f"/exchanges/kmdex?year={year}&reached=all").text for year in (2025, 2026))
    links = set(re.findall(r'href="(/exchanges/kmdex/participants/[^"]+)"', html))
    assert links
    reasons = set()
    for link in links:
        address, _, reason = link.replace("&amp;", "&").partition("#")
        page = section(client.get(address).text, reason)
        found = makers.get(f"/v1{address}", "exchange:kmdex")
        (part,) = [one for one in found["not_counted"] if one["reason"] == reason]
        assert part["text"]["zh"] in page
        assert f"{float(part['amount']):,.2f}" in page
        trades = [one["trade_no"] for one in found["trades"] if one["reason"] == reason]
        assert found["complete"]
        # The registers know nothing of a policy's period.
        assert len(trades) == (0 if reason == "not_in_force" else part["trades"])
        assert re.findall(r'href="/trades/kmdex/([^"]+)"', page) == trades
        reasons.add(reason)
    assert len(reasons) > 1
    subject = next(iter(links)).split("/")[4].partition("?")[0]
    for prefix in ("", "/v1"):
        role = headers("exchange:kmdex") if prefix else {}
        for path in (f"dcdex/participants/{subject}", "kmdex/participants/uscc:91530100MA6K12345X"):
            assert client.get(f"{prefix}/exchanges/{path}?year={YEAR}", headers=role).status_code == 404


@pytest.mark.parametrize("role", ["bureau", "exchange:kmdex"])
def test_the_outlook_of_a_year_is_shown_as_the_api_has_it(makers: Makers, role: str) -> None:
    client = signed_in(makers, role)
    for year in (2025, YEAR):
        found = makers.get(f"/v1/exchanges/kmdex/outlook?year={year}", role)
        html = client.get(f"/exchanges/kmdex/outlook?year={year}").text
        shown = section(html, "tiers")
        for tier in found["tiers"]:
            assert tier["reached"] or f"{float(tier['missing']):,.2f}" in shown
        assert f"{float(found['total']):,.2f}" in shown
        assert found["forecast"] is not None or found["why_not"]["text"]["zh"] in section(html, "forecast")
    assert f'href="/exchanges/kmdex/outlook?year={YEAR}"' in client.get(f"/exchanges/kmdex?year={YEAR}").text
    assert client.get("/exchanges/nowhere/outlook").status_code == 404


def test_a_document_is_shown_as_registered(makers: Makers) -> None:
    client = signed_in(makers, "exchange:dcdex")
    trade = section(client.get("/trades/dcdex/T-secret").text, "document")
    for shown in (*SECRETS, *SECRETS.values(), "777,777.77", "2026-03-01 10:00:00", "协议交易"):
        assert shown in trade
    assert SECRET_TRADE["trade_no"] == "T-secret"
    listing = next(one for one in makers.set.listings.items("/v1/listings") if one["exchange"] == "dcdex")
    number = listing["listing_no"]
    page = section(client.get(f"/listings/dcdex/{number}").text, "document")
    assert listing["provider"]["id"] in page
    assert page.count("次修订") == len(makers.set.listings.get(f"/v1/listings/dcdex/{number}").get_json()["revisions"])
    assert client.get("/listings/dcdex/nothing").status_code == 404
    assert signed_in(makers, "exchange:kmdex").get(f"/listings/dcdex/{number}").status_code == 404
