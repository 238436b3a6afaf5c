"""Lists of the ledger's service: every one of them sorted either way, in pages, counted and as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.values.times import format_time
from tests.support.incentive.bureau import SHA256, Bureau, empty_bureau
from tests.support.incentive.ledger import provider_total, subject
from tests.support.web.listed_acts import record_of_each_kind
from tests.support.web.lists import (
    PLACES,
    ListedRoute,
    all_items,
    asked_at,
    check_list,
    csv_items,
    listed_routes,
    pages,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.engines.session import FreshDatabase

# Values for the variables of paths.
PATHS: dict[str, str] = {}


@pytest.fixture(scope="module")
def bureau(postgres: FreshDatabase) -> Iterator[Bureau]:
    """A bureau with awards of different amounts, two batches, and acts of each kind."""
    with empty_bureau(postgres) as found:
        ids = [found.purchase(number, f"{1 + number * 7 % 5}00000.00") for number in range(1, 9)]
        amounts = {20: "700.00", 21: "90000.00", 22: "5.50"}
        found.take(*(provider_total(one, 2026, {"kmdex": [("2026-02-01", amounts[one])]}, seq=one) for one in amounts))
        found.done(ids[0], "apply", "review", "joint_review")
        record_of_each_kind(found, ids[0])
        for action, some in (("apply", ids[3:6]), ("apply", ids[6:]), ("review", ids[4:])):
            body = {"action": action, "awards": [{"award_id": one} for one in some]}
            status, batch = found.post("/v1/batches", body, key=f"{action}{some[0]}")
            assert status == 201, batch
        about = {"award_id": ids[0], "subject": subject(1), "rule": "first_listing", "exchange": "kmdex"}
        PATHS.update(about, batch_id=batch["batch_id"])
        yield found


@pytest.fixture(scope="module")
def routes(bureau: Bureau) -> list[ListedRoute]:
    """All lists, but those that need a register, with the variables of their paths filled in."""
    found = listed_routes(bureau.ask.client.get("/openapi.json").get_json())
    return [one._replace(path=one.path.format(**PATHS)) for one in found if "{no}" not in one.path]


def test_every_list_has_items(bureau: Bureau, routes: list[ListedRoute]) -> None:
    """A list without items would show nothing in the tests below; those of the public are empty here."""
    empty = {one.path for one in routes if not bureau.ask.all(one.path)}
    assert empty == {"/public/notices", "/v1/objections", "/v1/clawbacks"}


def test_any_list_in_any_order(bureau: Bureau, routes: list[ListedRoute]) -> None:
    @settings(max_examples=150)
    @given(PLACES)
    def check(place: tuple[int, str, int]) -> None:
        asked = asked_at(routes, place)
        check_list(bureau.ask.client, asked.route.path, asked)

    check()


AWARD_FILTERS = (
    {"subject": subject(4)},
    {"exchange": "kmdex"},
    {"exchange": "dcdex"},
    {"rule": "first_purchase"},
    {"year": "2026"},
    {"state": "applied"},
    {"flag": "over_approved"},
    {"hold": "manual"},
    {"hold": "eligibility"},
    {"name": "虚构"},
    {"state": "reviewed", "hold": "budget"},
)


def test_awards_by_any_filter(bureau: Bureau, routes: list[ListedRoute]) -> None:
    awards = [one for one in routes if one.path == "/v1/awards"]

    @settings(max_examples=40)
    @given(PLACES, st.sampled_from(AWARD_FILTERS), st.booleans(), st.sampled_from(["auditor", "exchange:kmdex"]))
    def check(place: tuple[int, str, int], filters: dict[str, str], is_dated: bool, role: str) -> None:
        asked = asked_at(awards, place)
        given = {**filters, "as_of": format_time(bureau.now)} if is_dated else filters
        found = check_list(bureau.ask.client, "/v1/awards", asked, role, **given)
        plain = all_items(bureau.ask.client, "/v1/awards", role, **given)
        assert sorted(found, key=lambda one: one["award_id"]) == plain

    check()


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("place", range(6))
def test_awards_that_come_meanwhile_repeat_and_hide_none(postgres: FreshDatabase, place: int, order: str) -> None:
    with empty_bureau(postgres) as bureau:
        for number in range(1, 20, 2):
            bureau.purchase(number, f"{1 + number * 7 % 5}00000.00", verified=False)
        client = bureau.ask.client
        [route] = [one for one in listed_routes(client.get("/openapi.json").get_json()) if one.path == "/v1/awards"]
        query = {"sort": route.sorts[place], "order": order}
        before = all_items(client, "/v1/awards", **query)
        seen: list[Any] = []
        for number, page in enumerate(pages(client, "/v1/awards", limit=2, **query)):
            seen += page
            if number < 8:
                bureau.purchase(2 + 2 * number, f"{1 + number % 5}00000.00", verified=False)
        assert [item for item in seen if item in before] == before
        assert len({item["award_id"] for item in seen}) == len(seen)


def refused_field(bureau: Bureau, path: str, **query: Any) -> list[str]:
    status, answer = bureau.ask.get(path, **query)
    assert status == 422, answer
    return [error["field"] for error in answer["errors"]]


def test_an_unknown_sort_is_refused_by_name(bureau: Bureau, routes: list[ListedRoute]) -> None:
    for route in routes:
        assert refused_field(bureau, route.path, sort="colour") == ["sort"]
        assert refused_field(bureau, route.path, order="ASC") == ["order"]


def test_a_cursor_of_another_award_is_refused(bureau: Bureau) -> None:
    award_id = PATHS["award_id"]
    cursor = bureau.ask.ok(f"/v1/awards/{award_id}/holds", limit=1)["next_cursor"]
    other = bureau.ask.all("/v1/awards")[-1]["award_id"]
    assert other != award_id
    assert refused_field(bureau, f"/v1/awards/{other}/holds", cursor=cursor) == ["cursor"]


def test_documents_and_lists_are_json_in_a_csv(bureau: Bureau) -> None:
    [row, *_] = csv_items(bureau.ask.client, "/v1/related-parties")
    assert row["documents"] == f'[{{"name":"批复.pdf","sha256":"{SHA256}"}}]'
    [row, *_] = csv_items(bureau.ask.client, "/v1/awards", rule="first_purchase", sort="ceiling", order="desc")
    assert (row["subject.id_scheme"], row["partial"], row["ceiling"]) == ("uscc", "false", "25000.00")
