"""One-time links: made and revoked by the bureau, opened once by a company, and of no use to anybody else."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from services.incentive.domain.subjects.access_codes import code_sha256, new_code
from tests.support.incentive.bureau import Bureau, empty_bureau
from tests.support.incentive.ledger import subject
from tests.support.incentive.pages import TOKEN, send, signed_in_to
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

OF, OTHER = subject(1), subject(2)
LINKS = f"/v1/subjects/{OF}/access-links"
FLOOD = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.fixture
def bureau(postgres) -> Iterator[Bureau]:
    with empty_bureau(postgres) as found:
        found.purchase(1)
        found.purchase(2)
        yield found


def visitor(bureau: Bureau) -> FlaskClient:
    return bureau.ask.client.application.test_client()


def made(bureau: Bureau, **given: Any) -> Any:
    status, answer = bureau.post(LINKS, given or None)
    assert status == 201, answer
    return answer


def opened(client: FlaskClient, code: str) -> TestResponse:
    return send(client, "/access", page="/access", code=code)


def states(bureau: Bureau) -> list[str]:
    return [one["state"] for one in bureau.ask.all(LINKS)]


def test_a_link_shows_a_company_its_own_once(bureau: Bureau) -> None:
    link, client = made(bureau), visitor(bureau)
    followed = client.get(link["path"])
    assert (followed.status_code, followed.headers["Location"]) == (303, "/access")
    assert followed.headers["Referrer-Policy"] == "no-referrer"
    assert link["code"] not in followed.text
    assert link["code"] in client.get("/access").text
    assert states(bureau) == ["open"]
    answer = opened(client, link["code"])
    assert (answer.status_code, answer.headers["Location"]) == (303, "/own")
    assert "虚构实体1" in client.get("/own").text
    assert link["code"] not in client.get("/access").text
    assert client.get(f"/awards/first_purchase/{OTHER}").status_code == 404
    assert client.get("/worklist").status_code == 403
    assert states(bureau) == ["used"]
    again = visitor(bureau)
    used = opened(again, link["code"].lower().replace("-", ""))
    assert used.status_code == 410
    assert "已经用过" in used.text
    assert "昆明市数据局奖补经办处室" in used.text
    assert again.get("/own").status_code == 303
    bureau.later(hours=9)
    assert client.get("/own").status_code == 303


def test_a_link_opens_once_for_requests_at_the_same_time(bureau: Bureau) -> None:
    code = made(bureau)["code"]
    clients = [visitor(bureau) for _ in range(4)]
    tokens = [TOKEN.search(client.get("/access").text) for client in clients]

    def use(number: int) -> int:
        token = tokens[number]
        assert token is not None
        return clients[number].post("/access", data={"csrf_token": token[1], "code": code}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(use, range(4))) == [303, 410, 410, 410]


def test_the_code_is_kept_nowhere_and_answered_once(bureau: Bureau, caplog: pytest.LogCaptureFixture) -> None:
    status, first = bureau.post(LINKS, {}, key="k")
    assert (status, first["code_sha256"]) == (201, code_sha256(first["code"]))
    status, second = bureau.post(LINKS, {}, key="k")
    assert (status, second["id"], second["code"], second["path"]) == (201, first["id"], None, None)
    client = visitor(bureau)
    client.get(first["path"])
    opened(client, first["code"])
    assert first["code"] not in caplog.text
    with bureau.engine.connect() as connection:
        tables = connection.execute(
            text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname !~ '^(pg|sql)_'")
        )
        for table in tables.scalars().all():
            if connection.execute(text("SELECT has_table_privilege(:t, 'SELECT')"), {"t": table}).scalar():
                rows = connection.execute(text(f'SELECT CAST(t AS text) FROM "{table}" t')).scalars()
                assert not any(first["code"] in row for row in rows), table
    acts = bureau.ask.all("/v1/acts", kind="access_link")
    assert [(one["by"], one["subject"]) for one in acts] == [("key of bureau", OF)]


def test_a_link_ends_with_its_day_or_its_revocation(bureau: Bureau) -> None:
    expired, revoked = made(bureau, until="2026-06-02"), made(bureau)
    assert expired["expires_at"].startswith("2026-06-03T00:00:00")
    inside = visitor(bureau)
    assert opened(inside, made(bureau)["code"]).status_code == 303
    [*_, used] = bureau.ask.all(LINKS)
    for link in (revoked, used):
        assert bureau.post(f"/v1/access-links/{link['id']}/revoke", {"reason": "误发"})[0] == 201
        assert bureau.post(f"/v1/access-links/{link['id']}/revoke", {"reason": "误发"})[0] == 409
    assert inside.get("/own").status_code == 303
    bureau.later(days=2)
    assert states(bureau) == ["expired", "revoked", "revoked"]
    for link, said in ((expired, "已过期"), (revoked, "撤销")):
        answer = opened(visitor(bureau), link["code"])
        assert (answer.status_code, said in answer.text) == (410, True)


@pytest.mark.parametrize("until", ["2026-05-31", "2026-08-31", "x"])
def test_a_link_lasts_at_most_ninety_days(bureau: Bureau, until: str) -> None:
    status, answer = bureau.post(LINKS, {"until": until})
    assert (status, [one["field"] for one in answer["errors"]]) == (422, ["until"])
    assert states(bureau) == []


def test_only_the_bureau_makes_links(bureau: Bureau) -> None:
    link = made(bureau)
    for role, listed in (("auditor", 200), ("exchange:kmdex", 403), (f"subject:{OF}", 403), (None, 401)):
        assert bureau.ask.client.get(LINKS, headers=headers(role)).status_code == listed
        for path in (LINKS, f"/v1/access-links/{link['id']}/revoke"):
            answer = bureau.ask.client.post(path, json={"reason": "r"}, headers=headers(role))
            assert answer.status_code == (401 if role is None else 403), (role, path)
    assert bureau.post("/v1/subjects/uscc:1/access-links", None)[0] == 404
    assert bureau.post(f"/v1/access-links/{'0' * 32}/revoke", {"reason": "r"})[0] == 404


def test_who_guesses_codes_opens_nothing_and_shuts_nobody_out(bureau: Bureau) -> None:
    code, hostile = made(bureau)["code"], visitor(bureau)
    token = TOKEN.search(hostile.get("/access").text)
    assert token is not None
    guesses = ["", "x" * 1000, "' OR 1=1 --", code[:-1], *(new_code() for _ in range(8))]
    answers = [
        hostile.post("/access", data={"csrf_token": token[1], "code": guess}, environ_overrides=FLOOD)
        for guess in guesses
    ]
    assert [one.status_code for one in answers] == [422] * 10 + [429] * 2
    assert hostile.get("/own", environ_overrides=FLOOD).status_code == 303
    assert (
        hostile.post("/access", data={"code": code}, environ_overrides={"REMOTE_ADDR": "192.0.2.8"}).status_code == 400
    )
    assert states(bureau) == ["open"]
    assert opened(visitor(bureau), code).status_code == 303


def test_the_letter_has_the_code_and_is_shown_once(bureau: Bureau) -> None:
    official = signed_in_to(bureau.ask.client.application, "bureau")
    page = f"/subjects/{OF}"
    once = re.search(r'name="once" value="([^"]+)"', official.get(page).text)
    assert once is not None
    path = f"{page}/access-links"
    letter = send(official, path, page=page, once=once[1], until="2026-06-30")
    found = re.findall(r"([0-9A-Z]{5}(?:-[0-9A-Z]{5}){4})", letter.text)
    assert letter.status_code == 200
    assert letter.headers["Cache-Control"] == "no-store"
    assert len(set(found)) == 1
    for words in ("虚构实体1", "http://localhost/access", "2026年6月30日（含当日）", "昆明市数据局"):
        assert words in letter.text, words
    again = send(official, path, page=page, once=once[1], until="2026-06-30")
    assert (again.status_code, found[0] in again.text, "不能再次显示" in again.text) == (409, False, True)
    assert found[0] not in official.get(page).text
    assert opened(visitor(bureau), found[0]).status_code == 303
    [link] = bureau.ask.all(LINKS)
    revoke = f"{path}/{link['id']}/revoke"
    assert send(official, revoke, page=page, reason="").status_code == 422
    assert send(official, revoke, page=page, reason="单位要求").status_code == 303
    assert "已撤销" in official.get(page).text
