"""No request of a stranger or a key is answered with a server error, on any route, page or method."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.http.context import EXTENSION
from shared.web.server.lanes import STREAMS, lane_of
from tests.support.incentive.extract_makers import SECRETS, Makers, makers_of
from tests.support.incentive.pages import PEOPLE, TOKEN, signed_in
from tests.support.web.examples import same_examples
from tests.support.web.keys import ROLES, headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.routing import Rule

    from tests.support.engines.session import FreshDatabase

# Minutes of waiting for deadlines, or many examples.
pytestmark = pytest.mark.usefixtures("extended")

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
# They ask the broker, which there is none of here; tests/e2e asks them.
UNAVAILABLE = ("/readyz", "/metrics", "/v1/progress")
# `url_for` takes them for its own.
OF_FLASK = ("endpoint", "values", "_method", "_scheme", "_external", "_anchor", "self")
PARAMETERS = (
    *OF_FLASK, "as_of", "lang", "next", "year", "cursor", "limit", "sort", "order", "count", "subject", "exchange",
    "rule", "state", "flag", "hold", "name", "q", "from", "until", "fact", "seq", "date", "reason", "provider", "buyer",
    "status", "min_size", "csrf_token",
)  # fmt: skip
TEXTS = (
    "", "0", "-1", "1", "2026", "9223372036854775808", "9" * 400, "1e309", "nan", "\0", "a\0b", "\ud800", "'", "%",
    "%00", "../..", "//evil.example", "\\", "\r\nX: 1", "奖补", "🜁", "a" * 3000, "2026-01-01", "2026-13-45",
    "0001-01-01", "9999-12-31T23:59:59+08:00", "2026-01-01T00:00:00+25:00", "null", "true", "{}", "[]", "kmdex",
    "dcdex", "r1", "first_purchase", "estimated", f"uscc:{next(iter(SECRETS))}", "uscc:", "PUT",
    "facts.listing.v1/r1/x",
)  # fmt: skip
BODIES: tuple[Any, ...] = (
    None, b"", b"{", b"null", b"[]", b"{}", b'"x"', b"1" * 400, b"\xff", b"\0", b"[" * 5000, b'{"a":1,"a":2}',
    b'{"x":NaN}', json.dumps(dict.fromkeys(PARAMETERS, TEXTS[9])).encode(), b"*\n", b"uscc:x\n\0",
)  # fmt: skip
TYPES = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "x",
    "",
)
EXISTING = {
    "award_id": ("exchange_tiers/dcdex/2026",),
    "exchange": ("dcdex",),
    "filename": ("style.css", "../style.css", "\0"),
    "name": ("docs.js",),
    "no": ("T1",),
    "seq": (0, 1, 2**63),
    "id": (0, 2**63),
    "subject": (f"uscc:{next(iter(SECRETS))}",),
}


class Sent(NamedTuple):
    """A request: the number of the route, and the rest as the test client takes it."""

    route: int
    arguments: int
    method: str
    query: dict[str, str]
    body: bytes | None
    content_type: str
    header: str


SENT = st.builds(
    Sent,
    st.integers(0, 500),
    st.integers(0, 500),
    st.sampled_from(METHODS) | st.just("GET"),
    st.dictionaries(st.sampled_from(PARAMETERS), st.sampled_from(TEXTS), max_size=3),
    st.sampled_from(BODIES),
    st.sampled_from(TYPES),
    st.sampled_from(("", "\xff", "en", "text/csv", "gzip", "bytes=0-,1-", "Bearer \xe9", '"x"')),
)
# A header that a proxy or a browser sends, each with the value of the example.
HEADERS = ("Accept", "Accept-Language", "Range", "If-None-Match", "If-Modified-Since", "Idempotency-Key", "Cookie",
           "Host", "X-Forwarded-Host", "traceparent", "Transfer-Encoding", "Origin", "Referer")  # fmt: skip

EXAMPLES = 300


@pytest.fixture(scope="module")
def makers(postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Makers]:
    with makers_of(postgres, tmp_path_factory.mktemp("errors")) as found:
        yield found


def apps(makers: Makers) -> dict[str, Flask]:
    return {"incentive": makers.app, "listing": makers.set.listings.app, "trade-ingest": makers.set.trades.app}


def path_of(rule: Rule, arguments: int) -> str:
    """Return an address of the route, with arguments that exist or that nobody would expect."""
    given: dict[str, Any] = {}
    for place, name in enumerate(sorted(rule.arguments)):
        values = (*EXISTING.get(name, ()), *TEXTS)
        given[name] = values[(arguments + 7 * place) % len(values)]
    parts = []
    for part in rule.rule.split("<"):
        name, _, rest = part.rpartition(">")
        parts.append(f"{given[name.rpartition(':')[2]]}{rest}" if name else part)
    return "".join(parts)


def check(client: FlaskClient, path: str, sent: Sent, keyed: dict[str, str]) -> None:
    header = {HEADERS[sent.arguments % len(HEADERS)]: sent.header} if sent.header else {}
    answer = client.open(
        path.encode("utf-8", "surrogatepass").decode("latin-1"),
        method=sent.method,
        query_string={name: value.encode("utf-8", "surrogatepass") for name, value in sent.query.items()},
        data=sent.body,
        content_type=sent.content_type or None,
        headers={**keyed, **header},
        buffered=True,
    )
    assert answer.status_code < 500, (sent.method, path, sent, answer.text[:200])


def fuzz(app: Flask, client: FlaskClient, keyed: dict[str, str], examples: int) -> None:
    routes = [rule for rule in app.url_map.iter_rules() if rule.rule not in UNAVAILABLE]
    rules = sorted(routes, key=lambda rule: rule.rule)

    @given(SENT)
    @same_examples(examples)
    def ask(sent: Sent) -> None:
        rule = rules[sent.route % len(rules)]
        # Most requests use a method that the route has.
        own = sorted(rule.methods or ())
        method = own[sent.arguments % len(own)] if sent.arguments % 4 else sent.method
        check(client, path_of(rule, sent.arguments), sent._replace(method=method), keyed)

    ask()


@pytest.mark.parametrize("role", [None, *ROLES])
@pytest.mark.parametrize("service", ["incentive", "listing", "trade-ingest"])
def test_no_request_to_a_route_fails(makers: Makers, service: str, role: str | None) -> None:
    app = apps(makers)[service]
    fuzz(app, app.test_client(), headers(role), EXAMPLES)


@pytest.mark.parametrize("role", PEOPLE)
def test_no_request_to_a_page_fails_for_who_is_signed_in(makers: Makers, role: str) -> None:
    fuzz(makers.app, signed_in(makers, role), {}, EXAMPLES)


@pytest.mark.parametrize("role", [None, *PEOPLE])
def test_no_parameter_of_a_page_is_taken_for_one_of_flask(makers: Makers, role: str | None) -> None:
    client = makers.app.test_client() if role is None else signed_in(makers, role)
    rules = [rule for rule in makers.app.url_map.iter_rules() if rule.endpoint.startswith("pages.")]
    for rule in rules:
        for name in OF_FLASK:
            for lang in ({}, {"lang": "en"}):
                sent = Sent(0, 1, "GET", {name: "x", **lang}, None, "", "")
                check(client, path_of(rule, 0), sent, {})


@pytest.mark.parametrize("role", ["auditor", "bureau", "exchange:kmdex"])
def test_no_form_fails_whatever_its_fields_hold(makers: Makers, role: str) -> None:
    client = signed_in(makers, role)
    rules = [
        rule
        for rule in sorted(makers.app.url_map.iter_rules(), key=lambda rule: rule.rule)
        if rule.endpoint.startswith("pages.") and "POST" in (rule.methods or ()) and "sign" not in rule.rule
    ]
    found = TOKEN.search(client.get("/extracts").text)
    assert found is not None
    fields = ("action", "amount", "reason", "kind", "subject", "rule", "year", "item", "table", "policy", "file",
              "text", "expected", "idempotency", "key", "criteria", "from", "until", "evidence", "since", "as_of",
              "name")  # fmt: skip

    @given(
        st.integers(0, 500),
        st.integers(0, 500),
        st.dictionaries(st.sampled_from(fields), st.sampled_from(TEXTS), max_size=8),
    )
    @same_examples(EXAMPLES)
    def send(route: int, arguments: int, form: dict[str, str]) -> None:
        form = {name: value.encode("utf-8", "replace").decode() for name, value in form.items()}
        path = path_of(rules[route % len(rules)], arguments).encode("utf-8", "surrogatepass").decode("latin-1")
        answer = client.post(path, data={"csrf_token": found[1], **form}, buffered=True)
        assert answer.status_code < 500, (path, form, answer.text[:200])

    send()


def test_the_context_of_the_application_is_the_real_one(makers: Makers) -> None:
    """The applications are those that are deployed, with all routes: a fuzz of an empty one would find nothing."""
    assert EXTENSION in makers.app.extensions
    assert all(len(list(app.url_map.iter_rules())) > 10 for app in apps(makers).values())


def test_what_is_streamed_has_threads_of_its_own(makers: Makers) -> None:
    streamed = []
    for app in apps(makers).values():
        for path, operations in app.test_client().get("/openapi.json").json["paths"].items():
            for operation in operations.values():
                answered = json.dumps(operation["responses"] if isinstance(operation, dict) else {})
                if "application/x-ndjson" in answered or "application/zip" in answered:
                    streamed.append(path)
    assert len(streamed) >= 5
    assert {lane_of(path, is_large=False) for path in streamed} == {STREAMS}
