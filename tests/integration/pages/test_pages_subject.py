"""The pages of a company: its rewards, why not, statements, account, letter and objection, and nothing of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.values.times import SHANGHAI
from tests.support.incentive.bureau import DOCUMENTS, SECOND, Bureau, empty_bureau
from tests.support.incentive.ledger import first_listing, provider_total, subject
from tests.support.incentive.pages import ARTICLE, HAN, Page, crawl, send, signed_in_to
from tests.support.web.keys import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient

PAID, REFUSED, SMALL = subject(1), subject(3), subject(4)
SECRETS = ("虚构实体3", "虚构实体4", REFUSED.removeprefix("uscc:"), "材料不实", "bureau3", "key of bureau")


@pytest.fixture(scope="module")
def bureau(postgres: Callable[[str], tuple[str, str]]) -> Iterator[Bureau]:
    """Subject 1 has one award under public notice and an account, subject 3 a rejected one, subject 4 too little."""
    with empty_bureau(postgres) as found:
        award_id = found.purchase(1)
        paper = [{"name": "开户许可证.pdf", "sha256": DOCUMENTS[0]["sha256"]}]
        account = {"bank": "虚构银行", "account": "6222020200011234567", "name": "虚构实体1", "documents": paper}
        recorded = found.post(f"/v1/subjects/{PAID}/accounts", account)[1]
        assert found.post(f"/v1/accounts/{recorded['id']}/confirm", None, SECOND)[0] == 201
        found.done(award_id, "apply", "review", "joint_review")
        found.done(award_id, "publish", **{"from": "2026-06-01", "until": "2026-06-10"})
        found.take(
            first_listing(3, "2026-01-05", seq=1, exchange="dcdex"),
            provider_total(4, 2026, {"kmdex": [("2026-02-01", "1000000.00")]}, seq=6),
        )
        found.verify(REFUSED)
        found.done(f"first_listing/{REFUSED}", "apply", "review", "reject", reason="材料不实")
        yield found


def client_of(bureau: Bureau, of: str, language: str = "zh") -> FlaskClient:
    return signed_in_to(bureau.ask.client.application, of if of == NOBODY else f"subject:{of}", language)


def test_the_home_page_has_rewards_missing_amounts_statements_and_the_account(bureau: Bureau) -> None:
    client = client_of(bureau, PAID)
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/own")
    page = client.get("/own?year=2026").text
    name = bureau.rulebook.policy.terms("first_purchase").name.zh
    for words in ("我的奖补", "虚构实体1", name, "200,000.00", "公示", "***4567", "虚构银行"):
        assert words in page, words
    assert "6222020200011234567" not in page
    [statement] = [link for link in Page(page).links if link.endswith("format=pdf")]
    assert client.get(statement).data.startswith(b"%PDF")
    small = client_of(bureau, SMALL).get("/own?year=2026").text
    assert "9,000,000.00" in small
    assert "没有奖补" in small


@pytest.mark.parametrize("of", [PAID, SMALL, NOBODY])
def test_every_link_leads_somewhere_and_shows_nothing_of_others(bureau: Bureau, of: str) -> None:
    pages = crawl(client_of(bureau, of))
    assert [address for address, answer in pages.items() if answer.status_code not in (200, 302)] == []
    assert {"/own", "/policy", "/notices"} <= pages.keys()
    secrets = [one for one in SECRETS if of != SMALL or one != "虚构实体4"]
    for address, answer in pages.items():
        # A notice is public; a statement of one's own names who decided it.
        if answer.mimetype == "text/html" and not address.startswith(("/docs", "/statements/", "/policy")):
            assert [secret for secret in secrets if secret in answer.text] == [], address


def test_in_english_nothing_is_left_in_chinese(bureau: Bureau) -> None:
    for of in (PAID, SMALL):
        for address, answer in crawl(client_of(bureau, of, "en")).items():
            if answer.mimetype == "text/html" and not address.startswith(("/docs", "/statements/")):
                assert HAN.findall(ARTICLE.sub("", Page(answer.text).text)) == [], address


def test_pages_of_others_and_of_the_bureau_are_closed(bureau: Bureau) -> None:
    client = client_of(bureau, PAID)
    theirs = f"first_listing/{REFUSED}"
    [statement] = [one["statement"] for one in bureau.decisions(theirs) if one["statement"]]
    for address in (
        f"/awards/{theirs}",
        f"/subjects/{REFUSED}/why-not",
        f"/subjects/{REFUSED}/why-not/letter",
        f"/statements/{statement}",
    ):
        assert client.get(address).status_code == 404, address
    for address in (
        "/awards",
        f"/subjects/{PAID}",
        "/exchanges/kmdex",
        "/worklist",
        "/quarantine",
        "/acts",
    ):
        assert client.get(address).status_code == 403, address
    for role in ("bureau", "exchange:kmdex"):
        assert signed_in_to(bureau.ask.client.application, role).get("/own").status_code == 403
    assert send(client, "/sign-out", page="/own").status_code == 303
    assert client.get("/own").status_code == 303


def test_a_company_requests_the_extract_of_its_own_records(bureau: Bureau) -> None:
    client, other = client_of(bureau, PAID), client_of(bureau, REFUSED)
    answer = send(client, "/extracts", page="/own")
    assert answer.status_code == 303
    asked = answer.headers["Location"]
    assert "排队中" in client.get(asked).text
    assert other.get(asked).status_code == other.get(f"{asked}/download").status_code == 404
    assert asked in client.get("/extracts").text
    assert asked not in other.get("/extracts").text
    for name in ("exchange", "evidence", "subjects"):
        assert f'name="{name}"' not in client.get("/extracts").text
    assert send(client, "/extracts", page="/own", subjects=REFUSED).status_code == 403
    for address in ("/checkpoint", "/checkpoint/keys", "/verify.html"):
        assert client.get(address).status_code == 200, address
    assert send(client, f"{asked}/withdraw", page=asked).status_code == 303
    assert client.get(asked).status_code == 404


def test_a_company_objects_to_its_own_award_under_notice(bureau: Bureau) -> None:
    award_id, client = f"first_purchase/{PAID}", client_of(bureau, PAID)
    page, form = f"/awards/{award_id}", f"/awards/{award_id}/objection"
    assert send(client, form, page=page, contact="0871-0000").status_code == 422
    answer = send(client, form, page=page, contact="0871-0000", reason="金额有误")
    assert answer.status_code == 303
    [received] = bureau.ask.all("/v1/objections")
    assert (received["award_id"], received["name"], received["reason"]) == (award_id, "虚构实体1", "金额有误")
    assert received["objection_id"] in client.get(answer.headers["Location"]).text
    theirs = f"/awards/first_listing/{REFUSED}"
    assert send(client, f"{theirs}/objection", page=page, contact="c", reason="r").status_code == 404
    other = client_of(bureau, REFUSED)
    assert "/objection" not in other.get(theirs).text
    assert send(other, f"{theirs}/objection", page="/notices", contact="c", reason="r").status_code == 422


@pytest.mark.parametrize("role", ["bureau", f"subject:{SMALL}"])
def test_who_gets_nothing_has_it_in_writing(bureau: Bureau, role: str) -> None:
    """A letter with article, reason and facts as of an instant; it says that it is no decision, and whom to ask."""
    client = signed_in_to(bureau.ask.client.application, role)
    instant = bureau.now.astimezone(SHANGHAI).replace(tzinfo=None).isoformat()
    letter = client.get(f"/subjects/{SMALL}/why-not/letter?year=2026&as_of={instant}").text
    for words in (
        "虚构实体4",
        SMALL.removeprefix("uscc:"),
        "昆政发〔2025〕14号",
        f"截至 {instant.replace('T', ' ')}（北京时间）",
        "(四) 3",
        "1,000,000.00",
        "不是行政决定",
        "昆明市数据局奖补经办处室",
        bureau.rulebook.policy.digest,
    ):
        assert words in letter, words
