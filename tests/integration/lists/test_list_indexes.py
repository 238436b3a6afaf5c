"""Lists of the large tables are read through an index in each of their orders: no page sorts or scans a whole table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from shared.postgres import sorted_rows
from shared.postgres.query import execute, fetch
from tests.support.incentive.bureau import empty_bureau
from tests.support.registers.web_register import SIDES, register_set
from tests.support.web.keys import headers
from tests.support.web.lists import listed_routes

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient
    from sqlalchemy import Connection

    from tests.support.engines.session import FreshDatabase

# PostgreSQL takes these steps only where there is no other way.
_NO_WAY_AROUND = "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off"

# An incremental sort only orders rows whose first keys, which the index has, are equal.
_SORT = re.compile(r"(?<!Incremental )Sort +\(cost")


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The plans of the pages that are read."""
    found: list[str] = []

    def explained(connection: Connection, statement: str, row_type: Any, /, **parameters: Any) -> Any:
        execute(connection, _NO_WAY_AROUND)
        plan = fetch(connection, f"EXPLAIN {statement}", tuple[str], **parameters)
        found.append("\n".join(line for (line,) in plan))
        return fetch(connection, statement, row_type, **parameters)

    monkeypatch.setattr(sorted_rows, "fetch", explained)
    return found


def check_plans(client: FlaskClient, path: str, plans: list[str], role: str = "auditor", **filters: str) -> None:
    document = client.get("/openapi.json").get_json()
    [route] = [one for one in listed_routes(document) if one.path == path]
    for sort in route.sorts:
        for order in ("asc", "desc"):
            query = {"sort": sort, "order": order, "limit": 1, **filters}
            first = client.get(path, headers=headers(role), query_string=query).get_json()
            assert first["next_cursor"], (sort, order)
            client.get(path, headers=headers(role), query_string={**query, "cursor": first["next_cursor"]})
            assert len(plans) == 2
            for plan in plans:
                assert "Seq Scan" not in plan, (sort, order, plan)
                assert not _SORT.search(plan), (sort, order, plan)
            assert "Index Cond" in plans[1], (sort, order, plans[1])
            plans.clear()


@pytest.mark.parametrize("service", list(SIDES))
@pytest.mark.parametrize(
    ("role", "filters"), [("auditor", {}), ("auditor", {"exchange": "kmdex"}), ("exchange:kmdex", {})]
)
def test_documents_and_quarantine(
    postgres: FreshDatabase, tmp_path: Path, plans: list[str], service: str, role: str, filters: dict[str, str]
) -> None:
    with register_set(service, postgres(service), tmp_path) as made:
        made.feed("kmdex", [made.side.event("kmdex", str(number)) for number in range(5)] + [b"{}", b"", b"1"])
        check_plans(made.app.test_client(), made.side.path, plans, role, **filters)
        if not filters and role == "auditor":
            check_plans(made.app.test_client(), "/v1/quarantine", plans)


def test_awards_and_transactions(postgres: FreshDatabase, plans: list[str]) -> None:
    with empty_bureau(postgres) as bureau:
        for number in range(1, 4):
            bureau.purchase(number)
        client = bureau.ask.client
        for path in ("/v1/awards", "/v1/ledger/transactions"):
            check_plans(client, path, plans)
