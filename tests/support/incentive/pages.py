"""Sign in to the pages and send their forms, as one role or another; the page of an award as its reader uses it."""

from __future__ import annotations

import html
import re
from collections import Counter, deque
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from services.incentive.pages.words import ACTIONS
from services.incentive.policy.loader import load_policy
from shared.settings import POLICY_FILE
from tests.support.incentive.extract_makers import SECRETS, Makers
from tests.support.web.forms import Form, forms_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse


PEOPLE = ("auditor", "bureau", "exchange:kmdex", "exchange:dcdex")
HAN = re.compile(r"[\u3400-\u9fff]")
ARTICLE = re.compile(r"[(（][一二三四五六七八九十]+[)）]")
SCRIPT = re.compile(r'<script src="/static/live\.[0-9a-f]{12}\.js" type="module"></script>')
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def signed_in(makers: Makers, role: str, language: str = "zh") -> FlaskClient:
    return signed_in_to(makers.app, role, language)


def signed_in_to(app: Flask, role: str, language: str = "zh") -> FlaskClient:
    client = app.test_client()
    client.set_cookie("language", language)
    assert sign_in(client, f"{role}-key").status_code == 303
    return client


def sign_in(client: FlaskClient, key: str, target: str = "/") -> TestResponse:
    return send(client, "/sign-in", page="/sign-in", key=key, next=target)


def send(client: FlaskClient, path: str, *, page: str, **form: Any) -> TestResponse:
    """Send a form with the token of a page."""
    found = TOKEN.search(client.get(page).text)
    assert found is not None
    return client.post(path, data={"csrf_token": found[1], **form})


def routes(makers: Makers, method: str) -> list[str]:
    """Return the addresses of all pages that accept the method, with ids of existing objects."""
    there = {
        "account_id": "0" * 32,
        "code": "0" * 25,
        "award_id": "exchange_tiers/dcdex/2026",
        "batch_id": "0" * 32,
        "exchange": "dcdex",
        "filename": "style.css",
        "format_name": "csv",
        "grant_id": "0" * 32,
        "hold_id": "0" * 32,
        "id": "0" * 32,
        "kind": "trade",
        "link_id": "0" * 32,
        "no": "T1",
        "objection_id": "20260601-0",
        "reading_id": load_policy(POLICY_FILE).computable_readings[0].id,
        "seq": 0,
        "table_id": "0" * 32,
        "year": 2026,
        "sha256": "0" * 64,
        "subject": f"uscc:{next(iter(SECRETS))}",
    }
    adapter = makers.app.url_map.bind("localhost")
    return [
        adapter.build(rule.endpoint, {name: there[name] for name in rule.arguments}, method)
        for rule in makers.app.url_map.iter_rules()
        if rule.endpoint.startswith("pages.") and method in (rule.methods or ())
    ]


class Page(HTMLParser):
    """The links of a page, and its text outside elements marked as Chinese."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.text = ""
        self._chinese: list[bool] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.append(given["href"] or "")
        for name in ("aria-label", "placeholder", "title"):
            self.text += f" {given.get(name, '')}"
        if tag not in ("meta", "link", "input", "path", "rect", "line", "circle", "br"):
            inherited = bool(self._chinese) and self._chinese[-1]
            self._chinese.append(given["lang"] == "zh-CN" if "lang" in given else inherited)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("path", "rect", "line", "circle"):
            self._chinese.pop()

    def handle_data(self, data: str) -> None:
        if not self._chinese or not self._chinese[-1]:
            self.text += data


# The controls of a list by the parameters that they set.
_CONTROLS = {"sort": "heading", "order": "heading", "limit": "size", "format": "file", "cursor": "page"}


def _used_controls(address: str) -> tuple[set[str], tuple[str, ...]]:
    """Which controls of lists were followed to come to this address; and its path with what they set."""
    path, _, query = address.partition("?")
    given = dict(parse_qsl(query))
    state = tuple(f"{name}={given[name]}" for name in ("sort", "order", "limit", "format") if name in given)
    return {control for name, control in _CONTROLS.items() if name in given}, (path, *state)


def crawl(client: FlaskClient, start: str = "/") -> dict[str, TestResponse]:
    """Return every page reachable by links, by its address; downloads are not read.

    Each control of a list is followed once on each path, and not together with another: all of their combinations are
    tens of thousands of addresses.
    """
    seen: dict[str, TestResponse] = {}
    followed: set[tuple[str, ...]] = set()
    waiting = deque([start])
    while waiting:
        address = waiting.popleft()
        controls, state = _used_controls(address)
        if address in seen or len(controls) > 1 or state in followed:
            continue
        if len(state) > 1:
            followed.add(state)
        answer = client.get(address, buffered=True)
        seen[address] = answer
        if answer.status_code in (302, 303):
            waiting.append(answer.headers["Location"])
        elif answer.mimetype == "text/html" and not address.startswith("/docs"):
            links = (link for link in Page(answer.text).links if link.startswith("/") and "lang=" not in link)
            waiting.extend(links)
    return seen


_LINK = re.compile(r"<a ([^>]*)>(.*?)</a>", re.DOTALL)
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_NUMBER = re.compile(r"[0-9][0-9,]{0,10}")  # a code of digits alone is longer
_SAID_NUMBER = re.compile(r"(\d[\d,]*) (?:笔|项)")
_TOTAL = re.compile(r'data-total="(\d+)"')


def _figure(given: Mapping[str, str], text: str) -> int | None:
    """The number that a link is: said of it, its whole text, or that of its label in a chart; None if it is none."""
    label, words = given.get("aria-label", ""), html.unescape(re.sub(r"<[^>]*>", "", text)).strip()
    said = _NUMBER.fullmatch(given.get("data-count", "")) or _NUMBER.fullmatch(words) or _SAID_NUMBER.search(label)
    return None if said is None else int((said[1] if said.re is _SAID_NUMBER else said[0]).replace(",", ""))


def counted_links(
    client: FlaskClient, pages: Mapping[str, TestResponse]
) -> tuple[Counter[str], list[tuple[object, ...]]]:
    """How many figures of each page link to as many items; and each figure that does not, with what it links to."""
    found, unequal = Counter[str](), []
    totals: dict[str, int | None] = {}
    for address, answer in pages.items():
        path = address.partition("?")[0]
        main = answer.text.partition("<main")[2] if answer.mimetype == "text/html" else ""
        for attributes, text in _LINK.findall(main):
            given = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(attributes)}
            target, number = given["href"].partition("#")[0], _figure(given, text)
            if number is None or "limit=" in target or not target.startswith("/"):
                continue
            if target not in totals:
                totals[target] = _total(client.get(target, buffered=True))
            if totals[target] == number:
                found[path] += 1
            else:
                unequal.append((address, number, target, totals[target]))
    return found, unequal


def _total(answer: TestResponse) -> int | None:
    """The number of items of a list, or of lines of a file; None for other pages."""
    if "ndjson" in answer.content_type:
        return len(answer.data.splitlines())
    said = _TOTAL.search(answer.text)
    return None if said is None else int(said[1])


_REASON = re.compile(r"<li><b>([^<]+)</b>：([^<]+)</li>")
_ALERT = re.compile(r'<p class="alert" role="alert">([^<]+)</p>')
_NAMES = {texts.zh: action for action, texts in ACTIONS.items()}


@dataclass
class AwardPage:
    """The page, read once: the steps that it offers by action, and the reason of each that it does not.

    `forms` are its other forms, of which some place and release holds.
    """

    client: FlaskClient
    award_id: str
    steps: dict[str, Form] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)

    def __post_init__(self) -> None:
        answer = self.client.get(f"/awards/{self.award_id}")
        assert answer.status_code == 200, self.award_id
        for form in forms_of(answer.text):
            if "action" in form.fields:
                self.steps[form.fields["action"]] = form
            else:
                self.forms.append(form)
        self.reasons = {_NAMES[name]: html.unescape(said) for name, said in _REASON.findall(answer.text)}

    def hold(self, given: Mapping[str, str]) -> None:
        done = self.form("/holds").send(self.client, given)
        assert done.status_code == 303, alerts(done)

    def release(self, hold_id: str, given: Mapping[str, str]) -> None:
        done = self.form(f"/holds/{hold_id}/release").send(self.client, given)
        assert done.status_code == 303, alerts(done)

    def form(self, address_ends: str) -> Form:
        [found] = (form for form in self.forms if form.action.endswith(address_ends))
        return found


def alerts(answer: TestResponse) -> list[str]:
    """Return what a page says of why a form was refused."""
    return [html.unescape(said) for said in _ALERT.findall(answer.text)]
