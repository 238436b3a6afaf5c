"""The page of what waits for a person, and the way from one case of its list to the next."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from tests.support.incentive.bureau import Bureau, empty_bureau
from tests.support.incentive.ledger import first_purchase, ledger_database, rulebook, subject
from tests.support.incentive.pages import TOKEN, signed_in_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

CASE = re.compile(r'<a href="(/awards/first_purchase/[^"]*\?queue=[^"]*)"')
NEXT = re.compile(r'rel="next" href="([^"]+)"')


def award_id(number: int) -> str:
    return f"first_purchase/{subject(number)}"


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    """Sixty awards: one reviewed, one under public notice, the others estimated; two subjects verified until a day."""
    with empty_bureau(postgres) as found:
        found.take(*(first_purchase(number, "2026-03-01", f"{number}00000.00", seq=number) for number in range(1, 61)))
        found.verify(subject(1), until="2026-12-31")
        found.verify(subject(2), until="2026-06-20")
        found.done(award_id(1), "apply", "review")
        found.done(award_id(2), "apply", "review", "joint_review", "publish")
        yield found


def client_of(bureau: Bureau, role: str, language: str = "en") -> FlaskClient:
    return signed_in_to(bureau.ask.client.application, role, language)


def cases(page: str) -> list[str]:
    return [html.unescape(found) for found in CASE.findall(page)]


def test_each_person_sees_what_waits_for_it_and_whose_the_rest_is(bureau: Bureau) -> None:
    page = client_of(bureau, "bureau").get("/worklist/waiting?year=2026").text
    assert "For me (58)" in page
    assert "Next page" in page
    assert len(cases(page)) == 50
    assert len(cases(client_of(bureau, "bureau").get("/worklist/waiting?year=2026&page=2").text)) == 8
    others = client_of(bureau, "bureau").get("/worklist/waiting?year=2026&scope=others").text
    assert [one.partition("?")[0] for one in cases(others)] == [f"/awards/{award_id(1)}", f"/awards/{award_id(2)}"]
    assert "another person of the bureau" in others
    assert "the initial review was done by key of bureau" in others
    # What the first person has reviewed is the second one's, and what both have reviewed is a third one's.
    mine = client_of(bureau, "bureau2").get("/worklist/waiting?year=2026&action=joint_review").text
    assert [one.partition("?")[0] for one in cases(mine)] == [f"/awards/{award_id(1)}"]
    everything = client_of(bureau, "bureau3").get("/worklist/waiting?year=2026&scope=all&sort=until").text
    assert "2026-06-20 00:00" in everything
    assert "2026-12-31 00:00" not in everything  # not soon


def test_filters_and_order(bureau: Bureau) -> None:
    client = client_of(bureau, "bureau")

    def first(**query: str) -> str:
        return cases(client.get("/worklist/waiting", query_string={"year": "2026", **query}).text)[0].partition("?")[0]

    assert first(sort="payable") == f"/awards/{min(map(award_id, range(40, 61)))}"  # 5% of 4,000,000 is the cap
    assert first(sort="award") == f"/awards/{min(map(award_id, range(3, 61)))}"
    assert first(name=subject(33)) == f"/awards/{award_id(33)}"
    assert "For me (0)" in client.get("/worklist/waiting?year=2026&rule=first_listing").text
    assert "For me (0)" in client.get("/worklist/waiting?year=2025").text
    for wrong in ("scope=x", "sort=x", "action=x", "page=0", "what=x"):
        assert client.get(f"/worklist/waiting?{wrong}").status_code in (200, 422)
    assert client.get("/worklist/waiting?sort=x").status_code == 422
    assert client_of(bureau, "exchange:kmdex").get("/worklist/waiting").status_code == 403
    auditor = client_of(bureau, "auditor").get("/worklist/waiting?year=2026").text
    assert "All (60)" in auditor
    assert "Possible now" in auditor


def test_a_case_leads_to_the_next_one_of_its_list_also_after_a_step(bureau: Bureau) -> None:
    client = client_of(bureau, "bureau")
    listed = cases(client.get("/worklist/waiting?year=2026&action=apply&sort=award").text)
    page = client.get(listed[0]).text
    assert html.unescape(NEXT.findall(page)[0]) == listed[1]
    assert "Back to the list (58)" in page
    step = html.unescape(re.findall(r'action="(/awards/[^"]*/steps\?queue=[^"]*)"', page)[0])
    token = TOKEN.search(page)
    assert token is not None
    done = client.post(step, data={"csrf_token": token[1], "once": "1", "action": "apply"})
    assert done.status_code == 303
    # The award has left the list, and its page still leads on.
    page = client.get(done.headers["Location"]).text
    assert "Back to the list (57)" in page
    following = html.unescape(NEXT.findall(page)[0])
    assert following.partition("?")[0] == listed[1].partition("?")[0]
    assert html.unescape(NEXT.findall(client.get(following).text)[0]).partition("?")[0] == listed[2].partition("?")[0]
    last = cases(client.get("/worklist/waiting?year=2026&action=apply&sort=award&page=2").text)[-1]
    assert "This is the last one" in client.get(last).text
    for wrong in ("x", "scope=mine", "scope=x&sort=since&year=2026", "scope=mine&sort=since&year=1", "a=%00", ""):
        page = client.get(f"/awards/{award_id(5)}", query_string={"queue": wrong})
        assert (page.status_code, "Back to the list" in page.text) == (200, False), wrong


def test_the_list_that_a_browser_has_is_made_again_only_when_it_may_have_changed(
    postgres: Callable[[str], tuple[str, str]],
) -> None:
    with ledger_database(postgres) as database:
        bureau = Bureau(database.service, rulebook())
        bureau.begin()
        bureau.purchase(1)
        address, client = "/worklist/waiting?year=2026&scope=all", client_of(bureau, "bureau")
        tag = client.get(address).headers["ETag"]

        def again(by: FlaskClient) -> TestResponse:
            return by.get(address, headers={"If-None-Match": tag})

        with database.owner.begin() as connection:  # the page cannot be made
            connection.execute(text("ALTER TABLE award_current RENAME TO award_hidden"))
        assert again(client).status_code == 304
        with database.owner.begin() as connection:
            connection.execute(text("ALTER TABLE award_hidden RENAME TO award_current"))
        for other in (client_of(bureau, "bureau", "zh"), client_of(bureau, "bureau2")):
            assert again(other).status_code == 200
        bureau.later(minutes=10)
        found = again(client)
        assert found.status_code == 200  # a period may be over
        tag = found.headers["ETag"]
        bureau.verify(subject(2))
        assert again(client).status_code == 200
