"""Every error is problem+json and shows nothing internal."""

import threading
from collections.abc import Iterator
from typing import Any
from unittest.mock import MagicMock

import psycopg
import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import fields
from werkzeug.test import TestResponse

from shared.postgres.database import make_engine
from shared.postgres.errors import DAMAGED, translated_errors
from shared.values.times import now
from shared.web.app import BODY_MOST_BYTES, add_routes, create_base_app
from shared.web.keys import ApiKey, ApiKeys
from shared.web.query import (
    Blueprint,
    DayParameter,
    ExchangeParameter,
    QuerySchema,
    SubjectParameter,
    TimeParameter,
    WholeNumber,
)
from shared.web.service import ServiceInfo
from tests.support.until import until
from tests.support.web.keys import KEYS, headers

blueprint = Blueprint("tried", __name__)


class TriedQuery(QuerySchema):
    limit = WholeNumber(least=1, most=500)
    at = TimeParameter()
    day = DayParameter()
    exchange = ExchangeParameter()
    subject = SubjectParameter()


class InnerBody(QuerySchema):
    sha256 = fields.String(required=True)


class TriedBody(QuerySchema):
    reason = fields.String(required=True)
    documents = fields.List(fields.Nested(InnerBody))
    on = DayParameter()
    subject = SubjectParameter()


@blueprint.operation("GET /v1/tried", query=TriedQuery, operation_id="getTried")
def tried(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) for name, value in arguments.items()}


@blueprint.operation("POST /v1/tried", roles=("bureau",), body=TriedBody, operation_id="recordTried")
def try_body(body: dict[str, Any]) -> dict[str, Any]:
    return body


@blueprint.operation("GET /v1/broken", operation_id="getBroken")
def broken() -> None:
    raise RuntimeError("password=hunter2")


@blueprint.operation("GET /v1/not-json", operation_id="getNotJson")
def not_json() -> dict[str, Any]:
    return {"at": now()}


@blueprint.operation("GET /v1/database", operation_id="getDatabase")
def database() -> str:
    with make_engine("postgresql://nobody:secret@127.0.0.1:1/nothing").connect():
        return "never"


@blueprint.operation("GET /v1/database/below", operation_id="getDatabaseBelow")
def below_sqlalchemy() -> str:
    with translated_errors(MagicMock(), "SELECT 1"):
        raise psycopg.OperationalError("the server closed the connection of nobody:secret")


@blueprint.route("/v1/database/damaged")
def damaged_database() -> str:
    with translated_errors(MagicMock(), "SELECT 1"):
        raise psycopg.errors.DataCorrupted("invalid page in block 7 of the secret relation")


@pytest.fixture(scope="module")
def app() -> Iterator[Flask]:
    engine = make_engine("postgresql://nobody:secret@127.0.0.1:1/nothing")
    kafka = {"bootstrap_servers": ["127.0.0.1:1"]}
    keys = ApiKeys(tuple(ApiKey(role, role, digest, role) for role, digest in KEYS.items()))
    app = create_base_app(ServiceInfo("tried", "Tried", engine, (), kafka, keys, now, takes_documents=True))
    add_routes(app, blueprint)
    yield app
    engine.dispose()
    # The Kafka client of /readyz uses `random`, which fails a Hypothesis test that runs at the same time.
    until(
        lambda: (
            not any(thread.name.startswith(("ready-", "kafka-io-jiangbu-tried")) for thread in threading.enumerate())
        )
    )


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def problem(response: TestResponse, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    body: dict[str, Any] = response.get_json(force=True)
    assert set(body) == {"type", "title", "status", "detail", "instance", "errors"}
    assert body["status"] == status
    assert body["instance"] == response.request.path
    assert " / " in body["detail"]
    for error in body["errors"]:
        assert set(error) == {"field", "message"}
        assert isinstance(error["message"], str)
    return body


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", "Basic YTpi", "Bearer a b", "Bearer é"])
def test_401_without_a_known_key(client: FlaskClient, authorization: str | None) -> None:
    given = {} if authorization is None else {"Authorization": authorization}
    response = client.get("/v1/tried", headers=given)
    problem(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")


def test_the_scheme_is_read_in_any_case(client: FlaskClient) -> None:
    assert client.get("/v1/tried", headers={"Authorization": "bEARER auditor-key"}).status_code == 200


def test_403_comes_before_what_is_wrong_with_the_body(client: FlaskClient) -> None:
    for role in ("auditor", "service", "exchange:kmdex"):
        problem(client.post("/v1/tried", headers=headers(role), data="{"), 403)


@pytest.mark.parametrize("path", ["/", "/v1/nothing", "/v1//tried", "/v1/tried/", "/docs/assets/app.py", "/static/x"])
def test_404_of_unknown_routes(client: FlaskClient, path: str) -> None:
    problem(client.get(path), 404)


def test_405_names_what_is_allowed(client: FlaskClient) -> None:
    response = client.delete("/v1/tried")
    problem(response, 405)
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limt=5", "limt"),
        ("limit=5&limit=6", "limit"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=", "limit"),
        ("limit=5.0", "limit"),
        ("limit=+5", "limit"),
        ("limit=%D9%A5", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("at=2026-01-01T00:00:00+08:00", "at"),
        ("at=2026-01-01", "at"),
        ("at=1999-12-31T00:00:00Z", "at"),
        ("day=20260101", "day"),
        ("day=2026-02-30", "day"),
        ("day=2026-W01-1", "day"),
        ("day=1999-12-31", "day"),
        ("day=2100-01-01", "day"),
        ("day=9999-12-31", "day"),
        ("exchange=KMDEX", "exchange"),
        ("exchange=kmdex%0A", "exchange"),
        ("exchange=%00", "exchange"),
        ("subject=91530100MA6K123456", "subject"),
        ("subject=uscc:x", "subject"),
    ],
)
def test_422_names_the_parameter(client: FlaskClient, query: str, field: str) -> None:
    body = problem(client.get(f"/v1/tried?{query}", headers=headers("auditor")), 422)
    assert [error["field"] for error in body["errors"]] == [field]


def test_good_parameters_are_taken(client: FlaskClient) -> None:
    query = "limit=500&at=2026-01-01T00:00:00%2B08:00&day=2026-01-01&exchange=kmdex&subject=overseas:A.b:c"
    answer = client.get(f"/v1/tried?{query}", headers=headers("auditor")).get_json()
    assert answer["at"] == "2025-12-31 16:00:00+00:00"
    assert answer["subject"] == "overseas:A.b:c"


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b'{"reason": NaN}', b"[" * 100_000, b'\xef\xbb\xbf{"reason": "x"}', b"\0"]
)
def test_422_of_a_body_that_is_not_json(client: FlaskClient, body: bytes) -> None:
    sent = headers("bureau") | {"Content-Type": "application/json"}
    problem(client.post("/v1/tried", headers=sent, data=body), 422)


def test_422_names_members_of_the_body_by_path(client: FlaskClient) -> None:
    body = {"documents": [{"sha256": "x"}, {"sha": "x"}], "more": 1}
    answer = problem(client.post("/v1/tried", headers=headers("bureau"), json=body), 422)
    fields_said = {error["field"] for error in answer["errors"]}
    assert fields_said == {"reason", "more", "documents.1.sha256", "documents.1.sha"}
    for nothing in ("[]", "7", "null", ""):
        sent = headers("bureau") | {"Content-Type": "application/json"}
        assert problem(client.post("/v1/tried", headers=sent, data=nothing), 422)["errors"]


@pytest.mark.parametrize("value", [7, 1.5, True, None, {}, {"a": 1}, [], ["2026-01-01"]])
def test_422_of_a_member_that_is_no_text(client: FlaskClient, value: object) -> None:
    for name in ("on", "subject"):
        answer = problem(client.post("/v1/tried", headers=headers("bureau"), json={"reason": "r", name: value}), 422)
        assert [error["field"].partition(".")[0] for error in answer["errors"]] == [name]


def test_413_and_415(client: FlaskClient) -> None:
    sent = headers("bureau") | {"Content-Type": "application/json"}
    problem(client.post("/v1/tried", headers=sent, data=b"x" * (BODY_MOST_BYTES + 1)), 413)
    sent = headers("bureau") | {"Content-Type": "text/plain"}
    problem(client.post("/v1/tried", headers=sent, data=b'{"reason": "x"}'), 415)


@pytest.mark.parametrize("path", ["/v1/broken", "/v1/not-json"])
def test_500_is_logged_and_shows_nothing(client: FlaskClient, path: str) -> None:
    with structlog.testing.capture_logs() as logged:
        response = client.get(path, headers=headers("auditor"))
    problem(response, 500)
    for inside in ("hunter2", "Traceback", "Error(", "datetime"):
        assert inside not in response.text
    (line,) = logged
    assert line["log_level"] == "error"
    assert line["route"] == path
    assert line["exc_info"]


@pytest.mark.parametrize("path", ["/v1/database", "/v1/database/below"])
def test_503_when_the_database_is_unavailable(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers=headers("auditor"))
    problem(response, 503)
    assert "secret" not in response.text
    assert response.headers["Retry-After"] == "5"


def test_503_when_the_database_is_damaged(client: FlaskClient) -> None:
    """Without Retry-After: the same request fails until an operator acts."""
    response = client.get("/v1/database/damaged", headers=headers("auditor"))
    assert problem(response, 503)["detail"] == DAMAGED
    assert "Retry-After" not in response.headers


def test_readyz_gives_each_reason(client: FlaskClient) -> None:
    body = problem(client.get("/readyz"), 503)
    assert [error["field"] for error in body["errors"]] == ["broker", "database"]
    assert client.get("/healthz").get_json() == {"status": "alive"}


def test_every_answer_has_the_headers_that_browsers_heed(client: FlaskClient) -> None:
    for path in ("/healthz", "/docs", "/v1/tried", "/nothing", "/openapi.json", "/docs/assets/docs.js"):
        with client.get(path) as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
            assert response.headers["Referrer-Policy"] == "no-referrer"


def test_docs_need_no_other_host_and_no_inline_script(client: FlaskClient) -> None:
    page = client.get("/docs")
    assert page.content_type.startswith("text/html")
    assert "GET /v1/tried" in page.text
    assert "//" not in page.text.replace("<!doctype", "")
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    for asset in ("docs.js", "swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"):
        assert f"/docs/assets/{asset}" in page.text
        with client.get(f"/docs/assets/{asset}") as response:
            assert response.status_code == 200
