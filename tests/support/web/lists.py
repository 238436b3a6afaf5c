"""Checks of every list in the OpenAPI document: it is sorted, paged, counted, and has a CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from shared.web.csv_list import unguarded
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flask.testing import FlaskClient

_MONEY = re.compile(r"-?[0-9]+\.[0-9]{2}")
_MOST_PAGES = 200


class ListedRoute(NamedTuple):
    """A list of the API: its path with variables, the fields that it can be sorted by (the default first)."""

    path: str
    sorts: tuple[str, ...]


class Asked(NamedTuple):
    """A list as it is asked for."""

    route: ListedRoute
    sort: str
    order: str
    limit: int

    @property
    def query(self) -> dict[str, Any]:
        return {"sort": self.sort, "order": self.order}


def listed_routes(document: Mapping[str, Any]) -> list[ListedRoute]:
    """The routes whose answers have `items` and `next_cursor`; each has the parameters of a list."""
    found = []
    for path, operations in document["paths"].items():
        if "get" not in operations:
            continue
        answer = operations["get"]["responses"]["200"].get("content", {})
        name = answer.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
        if {"items", "next_cursor"} <= set(document["components"]["schemas"].get(name, {}).get("properties", {})):
            parameters = {one["name"]: one["schema"] for one in operations["get"]["parameters"] if "schema" in one}
            assert parameters["order"]["enum"] == ["asc", "desc"], path
            assert parameters["count"]["enum"] == ["true", "false"], path
            assert parameters["limit"]["maximum"] == 500, path
            assert "text/csv" in answer, path
            found.append(ListedRoute(path, tuple(parameters["sort"]["enum"])))
    return found


# A list in an order, in pages of any size: the place of its sort among those of all lists, the order and the size.
PLACES = st.tuples(st.integers(0, 10_000), st.sampled_from(["asc", "desc"]), st.integers(1, 7))


def asked_at(routes: list[ListedRoute], place: tuple[int, str, int]) -> Asked:
    number, order, limit = place
    sorts = [(route, sort) for route in routes for sort in route.sorts]
    return Asked(*sorts[number % len(sorts)], order, limit)


def pages(client: FlaskClient, path: str, role: str = "auditor", **query: Any) -> Iterator[list[Any]]:
    """The pages of a list, one after the other."""
    cursor: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        answer = client.get(path, headers=headers(role), query_string={**query, **cursor})
        assert answer.status_code == 200, answer.text
        found = answer.get_json()
        yield found["items"]
        if found["next_cursor"] is None:
            return
        cursor = {"cursor": found["next_cursor"]}
    raise AssertionError(f"{path} has no end")


def all_items(client: FlaskClient, path: str, role: str = "auditor", **query: Any) -> list[Any]:
    return [item for page in pages(client, path, role, **query) for item in page]


def csv_items(client: FlaskClient, path: str, role: str = "auditor", **query: Any) -> list[dict[str, str]]:
    """The rows of a list as CSV, by column."""
    given = headers(role) | {"Accept": "text/csv"}
    answer = client.get(path, headers=given, query_string=query, buffered=True)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/csv; charset=utf-8"
    rows = csv.DictReader(io.StringIO(answer.text, newline=""))
    return [{name: unguarded(cell) for name, cell in row.items()} for row in rows]


def value_at(item: Any, name: str) -> Any:
    for part in name.split("."):
        item = None if item is None else item.get(part)
    return item


def cell_of(item: Any, column: str) -> str:
    value = value_at(item, column)
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def sort_value(item: Any, name: str) -> Any:
    """A field as a list sorts it: null first, amounts as numbers, text in code point order."""
    value = value_at(item, name)
    if value is None:
        return (0, 0)
    return (1, float(value) if isinstance(value, str) and _MONEY.fullmatch(value) else value)


def check_list(client: FlaskClient, path: str, asked: Asked, role: str = "auditor", **filters: Any) -> list[Any]:
    """Page through a list, and compare it with its other order, its count and its CSV."""
    query = {**asked.query, **filters}
    found = all_items(client, path, role, limit=asked.limit, **query)
    values = [sort_value(item, asked.sort) for item in found]
    assert values == sorted(values, reverse=asked.order == "desc"), asked
    turned = {**query, "order": "asc" if asked.order == "desc" else "desc"}
    assert all_items(client, path, role, limit=500, **turned) == found[::-1], asked
    answer = client.get(path, headers=headers(role), query_string={**query, "count": "true", "limit": 1}).get_json()
    assert answer["count"] == len(found), asked
    rows = csv_items(client, path, role, **query)
    assert rows == [{name: cell_of(item, name) for name in row} for item, row in zip(found, rows, strict=True)], asked
    for item, row in zip(found, rows, strict=True):
        columns = dict.fromkeys(name.partition(".")[0] for name in row)
        assert [name for name in columns if name in item] == list(item), asked
    return found
