"""Search reads ranges of indexes alone, whatever is asked and however many parties and documents there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.queries.finding import search
from shared.postgres.query import execute, fetch, fetch_value, fetch_values
from shared.web.register import search as register_search
from tests.support.incentive.extract_makers import SECRET_TRADE, SECRETS, Makers, makers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from tests.support.engines.session import FreshDatabase

Plan = dict[str, Any]


@pytest.fixture(scope="module")
def makers(postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Makers]:
    with makers_of(postgres, tmp_path_factory.mktemp("search")) as found:
        yield found


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The steps that read tables, of all statements of a search."""
    found: list[Plan] = []

    def explained(run: Callable[..., Any]) -> Callable[..., Any]:
        def ask(connection: Connection, statement: str, row_type: Any, /, **parameters: Any) -> Any:
            execute(connection, "SET LOCAL enable_seqscan = off")  # tables are small here
            plan = fetch_value(connection, f"EXPLAIN (FORMAT JSON) {statement}", list[Any], **parameters)
            found.extend(step for step in steps(plan[0]["Plan"]) if "Scan" in step["Node Type"])
            return run(connection, statement, row_type, **parameters)

        return ask

    monkeypatch.setattr(search, "fetch", explained(fetch))
    monkeypatch.setattr(search, "fetch_values", explained(fetch_values))
    monkeypatch.setattr(register_search, "fetch", explained(fetch))
    return found


def steps(plan: Plan) -> Iterator[Plan]:
    """Yield all steps of a plan but an end of an index, which has one row."""
    parts = plan.get("Plans", [])
    is_end = plan["Node Type"] == "Limit" and parts[0]["Node Type"] == "Index Only Scan"
    if not is_end or {"Index Cond", "Filter"} & parts[0].keys():
        yield plan
        for part in parts:
            yield from steps(part)


@pytest.mark.parametrize("role", ["auditor", "exchange:dcdex"])
@pytest.mark.parametrize(
    "text",
    [
        "虚构秘",
        "甲",
        "虚构一个比条目更长的名称虚构一个比条目更长的名称",
        *SECRETS,
        "9153",
        SECRET_TRADE["trade_no"],
        "V-1",
        "first_listing/uscc:1",
    ],
)
def test_no_table_is_read_whole(makers: Makers, scans: list[Plan], role: str, text: str) -> None:
    assert makers.get(f"/v1/search?q={text}", role)["unavailable"] == []
    read = [step for step in scans if {"Relation Name", "Index Name"} & step.keys()]
    whole = [step for step in read if "Index Cond" not in step and step["Node Type"] != "Bitmap Heap Scan"]
    assert [(step["Node Type"], step.get("Relation Name"), step.get("Index Name")) for step in whole] == []
    assert {"search_entry", "decision"} <= {step.get("Relation Name") for step in read}
