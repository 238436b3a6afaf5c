"""Lists of the registers: sorted either way, in pages, counted and as CSV, for the keys of exchanges too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.registers.web_register import SIDES, RegisterSet, register_set
from tests.support.web.lists import PLACES, Asked, ListedRoute, all_items, asked_at, check_list, listed_routes, pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.engines.session import FreshDatabase

ROLES = ("auditor", "service", "exchange:kmdex", "exchange:dcdex")
# The same numbers at both exchanges, in an order that is neither that of numbers nor that of times.
NUMBERS = ("b", "Z", "a.1", "a", "B-2", "9")


def fill(made: RegisterSet) -> None:
    event, at = made.side.event, made.side.at
    for exchange in ("kmdex", "dcdex"):
        made.feed(
            exchange,
            [
                event(exchange, number, certificate_no="=1+1", **{at: f"2026-02-0{1 + place % 3}T10:00:00+08:00"})
                for place, number in enumerate(NUMBERS)
            ],
        )
        made.feed(exchange, [b"{}", None, event(exchange, "a", certificate_no="other"), b"\xff"])


@pytest.fixture(scope="module", params=list(SIDES))
def filled(
    request: pytest.FixtureRequest, postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RegisterSet]:
    with register_set(request.param, postgres(request.param), tmp_path_factory.mktemp("lists")) as made:
        fill(made)
        yield made


@pytest.fixture(scope="module")
def routes(filled: RegisterSet) -> list[ListedRoute]:
    return listed_routes(filled.get("/openapi.json", None).get_json())


def test_documents_and_quarantine_are_lists(filled: RegisterSet, routes: list[ListedRoute]) -> None:
    number = f"{filled.side.document}_no"
    assert routes == [
        ListedRoute("/v1/quarantine", ("id", "received_at")),
        ListedRoute(filled.side.path, ("exchange", number, "seq", filled.side.at)),
    ] or routes == [
        ListedRoute(filled.side.path, ("exchange", number, "seq", filled.side.at)),
        ListedRoute("/v1/quarantine", ("id", "received_at")),
    ]


def test_any_list_in_any_order(filled: RegisterSet, routes: list[ListedRoute]) -> None:
    @settings(max_examples=40)
    @given(PLACES, st.sampled_from(ROLES), st.sampled_from([None, "kmdex", "dcdex"]))
    def check(place: tuple[int, str, int], role: str, exchange: str | None) -> None:
        asked = asked_at(routes, place)
        filters = {} if exchange is None else {"exchange": exchange}
        found = check_list(filled.app.test_client(), asked.route.path, asked, role, **filters)
        own = role.partition(":")[2]
        seen = {one for one in ("kmdex", "dcdex") if exchange in (None, one) and own in ("", one)}
        assert {item["exchange"] for item in found} == seen
        assert len(found) == len(seen) * (len(NUMBERS) if asked.route.path == filled.side.path else 4)

    check()


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("place", range(4))
def test_documents_that_come_meanwhile_repeat_and_hide_none(
    postgres: FreshDatabase, tmp_path: Path, order: str, place: int
) -> None:
    with register_set("trade-ingest", postgres("trade-ingest"), tmp_path) as made:
        fill(made)
        [route] = [one for one in listed_routes(made.get("/openapi.json", None).get_json()) if one.path == "/v1/trades"]
        sort = route.sorts[place]
        client = made.app.test_client()
        before = all_items(client, "/v1/trades", sort=sort, order=order)
        seen: list[Any] = []
        for number, page in enumerate(pages(client, "/v1/trades", sort=sort, order=order, limit=2)):
            seen += page
            if number >= 8:  # else a list in order of their coming would have no end
                continue
            at = f"2026-02-0{1 + number % 5}T10:00:00+08:00"
            made.feed(
                "kmdex", [made.side.event("kmdex", f"{name}{number}", completed_at=at) for name in ("A", "a", "z")]
            )
        assert [item for item in seen if item in before] == before
        assert len({(item["exchange"], item["trade_no"]) for item in seen}) == len(seen)


def refused_field(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["field"] for error in answer.get_json()["errors"]]


def test_an_unknown_sort_order_or_count_is_refused_by_name(filled: RegisterSet) -> None:
    for path in (filled.side.path, "/v1/quarantine"):
        assert refused_field(filled.get(path, sort="colour")) == ["sort"]
        assert refused_field(filled.get(path, order="up")) == ["order"]
        assert refused_field(filled.get(path, count="yes")) == ["count"]
        assert refused_field(filled.get(path, limit=501)) == ["limit"]


@pytest.mark.parametrize("changed", [{"sort": "seq"}, {"order": "desc"}, {"exchange": "kmdex"}, {"status": "annulled"}])
def test_a_cursor_belongs_to_its_sort_order_and_filters(filled: RegisterSet, changed: dict[str, str]) -> None:
    if filled.side.document == "trade" and "status" in changed:
        changed = {"status": "cancelled"}
    cursor = filled.get(filled.side.path, limit=1).get_json()["next_cursor"]
    assert filled.get(filled.side.path, limit=3, cursor=cursor).status_code == 200
    assert refused_field(filled.get(filled.side.path, cursor=cursor, **changed)) == ["cursor"]


def test_the_page_before_is_in_the_link_header(filled: RegisterSet) -> None:
    client = filled.app.test_client()
    first, second, *_ = pages(client, filled.side.path, limit=3)
    cursor = filled.get(filled.side.path, limit=3).get_json()["next_cursor"]
    answer = filled.get(filled.side.path, limit=3, cursor=cursor)
    assert answer.get_json()["items"] == second
    links = dict(one.split("; ")[::-1] for one in answer.headers.getlist("Link"))
    back = client.get(links['rel="prev"'].strip("<>"), headers={"Authorization": "Bearer auditor-key"})
    assert back.get_json()["items"] == first
    assert not any('rel="prev"' in link for link in back.headers.getlist("Link"))
    again = client.get(links['rel="next"'].strip("<>"), headers={"Authorization": "Bearer auditor-key"})
    assert again.get_json()["items"] == list(pages(client, filled.side.path, limit=3))[2]


def test_the_orders_differ(filled: RegisterSet) -> None:
    """The list is made so that no two orders of it are the same, else the tests above would see nothing."""
    client = filled.app.test_client()
    route = ListedRoute(filled.side.path, ())
    sorts = ("exchange", f"{filled.side.document}_no", "seq", filled.side.at)
    orders = [
        [(item["exchange"], item["seq"]) for item in check_list(client, route.path, Asked(route, sort, "asc", 5))]
        for sort in sorts
    ]
    assert len({tuple(one) for one in orders}) == len(sorts)
