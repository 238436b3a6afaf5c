"""Pages of public notices: open ones with a form for objections, lists to print, objections on the worklist."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from tests.support.incentive.bureau import Bureau, empty_bureau
from tests.support.incentive.ledger import first_purchase, subject
from tests.support.incentive.pages import crawl, send, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

NOTICE = {"from": "2026-06-01", "until": "2026-06-05", "where": "市级行政中心公示栏", "documents": None}


@pytest.fixture
def bureau(postgres) -> Iterator[Bureau]:
    with empty_bureau(postgres) as found:
        yield found


def anybody(bureau: Bureau) -> FlaskClient:
    return bureau.ask.client.application.test_client()


def person(bureau: Bureau, role: str = "bureau") -> FlaskClient:
    client = anybody(bureau)
    assert sign_in(client, f"{role}-key").status_code == 303
    return client


def published(bureau: Bureau, number: int = 1) -> tuple[str, str]:
    """The award_id of an award under notice, and the SHA-256 of its list."""
    award_id = bureau.purchase(number)
    bureau.done(award_id, "apply", "review", "joint_review")
    return award_id, bureau.done(award_id, "publish", **NOTICE)["notice_list"]


def test_everybody_sees_the_notices_in_force(bureau: Bureau) -> None:
    client = anybody(bureau)
    assert "现在没有公示" in client.get("/notices").text
    award_id, sha256 = published(bureau)
    html = client.get("/notices").text
    assert "市级行政中心公示栏" in html
    assert f"/notices/{sha256}" in html
    page = client.get(f"/notices/{sha256}").text
    for expected in (
        "奖补资金公示",
        "2026年6月1日至2026年6月5日（不少于 5 个工作日，首日和末日均计入",
        subject(1).partition(":")[2],
        "200,000.00",
        award_id,
    ):
        assert expected in page, expected
    assert client.get(f"/notices/{sha256}/csv").status_code == 200
    assert client.get(f"/notices/{sha256}/xlsx").status_code == 200
    assert client.get(f"/notices/{sha256}/pdf").status_code == 404
    assert "/pdf" not in page
    assert client.get(f"/notices/{sha256}/doc").status_code == 404
    bureau.later(days=5)
    assert client.get(f"/notices/{sha256}").status_code == 404
    assert client.get(f"/notices/{sha256}/csv").status_code == 404
    assert "现在没有公示" in client.get("/notices").text


def test_the_bureau_finds_each_list_that_was_posted(bureau: Bureau) -> None:
    _, sha256 = published(bureau)
    assert "公示中" in person(bureau).get("/public-notices?year=2026").text
    bureau.later(days=5)
    client = person(bureau)
    html = client.get("/public-notices?year=2026").text
    assert f"/notices/{sha256}/pdf" in html
    assert client.get(f"/notices/{sha256}").status_code == 200
    assert client.get(f"/notices/{sha256}/pdf").data.startswith(b"%PDF")
    assert sha256 not in client.get("/public-notices?year=2025").text
    assert client.get(f"/notices/{'0' * 64}").status_code == 404
    assert person(bureau, "exchange:kmdex").get(f"/notices/{sha256}").status_code == 404


def test_an_objection_from_the_open_page_is_registered_and_answered(bureau: Bureau) -> None:
    award_id, _ = published(bureau)
    client, official = anybody(bureau), person(bureau)
    given = {"award_id": award_id, "name": "张某", "contact": "871-0000", "reason": "重复申报"}
    refused = send(client, "/notices/objections", page="/notices", **given | {"reason": ""})
    assert refused.status_code == 422
    assert 'id="object-reason-fault"' in refused.text
    assert 'value="871-0000"' in refused.text
    assert client.post("/notices/objections", data=given).status_code == 400  # without the form's token
    sent = send(client, "/notices/objections", page="/notices", **given)
    assert sent.status_code == 303
    [received] = bureau.ask.all("/v1/objections")
    assert received["objection_id"] in client.get(sent.headers["Location"]).text
    html = official.get("/worklist").text
    assert "待登记" in html
    assert "871-0000" in html
    path = f"/worklist/objections/{received['objection_id']}"
    assert send(official, path, page="/worklist", award_id=award_id).status_code == 422
    assert send(official, path, page="/worklist", award_id=award_id, reason="受理").status_code == 303
    assert bureau.award(award_id)["holds"] == ["objection"]
    assert "已登记，待答复" in official.get("/worklist").text
    [held] = bureau.ask.all(f"/v1/awards/{award_id}/holds")
    release = f"/awards/{award_id}/holds/{held['id']}/release"
    answer = {"outcome": "dismissed", "reason": "查无此事"}
    assert send(official, release, page=f"/awards/{award_id}", **answer).status_code == 303
    assert "没有待处理的异议" in official.get("/worklist").text
    assert "查无此事" in official.get(f"/awards/{award_id}").text
    assert "张某" not in client.get("/notices").text


def test_forms_without_a_key_are_limited(bureau: Bureau) -> None:
    published(bureau)
    client = anybody(bureau)
    for _ in range(10):
        assert send(client, "/notices/objections", page="/notices", name="x").status_code == 422
    refused = send(client, "/notices/objections", page="/notices", name="x")
    assert (refused.status_code, 'value="x"' in refused.text) == (429, True)


def test_a_visitor_without_a_key_leaves_no_file(bureau: Bureau) -> None:
    published(bureau)
    paper = (io.BytesIO(b"%PDF-1.7 from anybody"), "a.pdf")
    send(anybody(bureau), "/notices/objections", page="/notices", name="x", documents=paper)
    with bureau.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM kept_file")).scalar() == 0


def test_without_a_key_nothing_is_told_but_the_notices_as_posted(bureau: Bureau) -> None:
    """Every address of the service is asked for by somebody without a key, with ids of an award that is not public."""
    _, sha256 = published(bureau)
    secret = bureau.purchase(2, "4000000.00")
    bureau.done(secret, "apply")
    bureau.take(first_purchase(1, "2026-03-01", "6000000.00", seq=9))
    client = anybody(bureau)
    there: dict[str, Any] = {"award_id": secret, "subject": subject(2), "sha256": sha256, "exchange": "kmdex", "seq": 0}
    there |= {
        "filename": "style.css",
        "format_name": "csv",
        "format": "csv",
        "code": "0",
        "L": 0,
        "N": "000",
        "year": 2026,
        "kind": "trade",
    }
    adapter = client.application.url_map.bind("localhost")
    answered = set()
    for rule in client.application.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint != "operations.readyz":  # which asks Kafka
            values = {name: there.get(name, "0") for name in rule.arguments}
            answer = client.get(adapter.build(rule.endpoint, values, "GET"), buffered=True)
            if answer.status_code == 200:
                answered.add(rule.endpoint)
                said = answer.get_data(as_text=True)
                for word in (
                    "虚构实体2",
                    subject(2).partition(":")[2],
                    secret,
                    "key of bureau",
                    "6,000,000",
                    "6000000",
                ):
                    assert word not in said, rule.rule
    assert {one for one in answered if not one.startswith(("api-docs", "docs", "operations", "pages.static"))} == {
        *("pages.sign_in", "pages.access", "pages.notices", "pages.notice", "pages.notice_file"),
        *("public.list_notices", "public.download_notice"),
    }
    pages = crawl(client)
    assert {"/sign-in", "/access", "/notices", f"/notices/{sha256}"} <= {one.partition("?")[0] for one in pages}
    assert {answer.status_code for answer in pages.values()} <= {200, 302, 303}
    assert "虚构实体1" in pages[f"/notices/{sha256}"].text
    for word in ("虚构实体2", "6,000,000.00"):
        assert [address for address, one in pages.items() if one.mimetype == "text/html" and word in one.text] == []
