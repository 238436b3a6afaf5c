"""Rejected records by their places: exactly those that are asked for, whatever came since, and by an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.postgres import sorted_rows
from shared.postgres.database import make_engine
from shared.postgres.query import execute, fetch
from tests.support.registers.web_register import SIDES, RegisterSet, register_set

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from tests.support.engines.session import FreshDatabase


@pytest.fixture(params=list(SIDES))
def made(request: pytest.FixtureRequest, postgres: FreshDatabase, tmp_path: Path) -> Iterator[RegisterSet]:
    """A register that refused offsets 0, 2, 3 and 5 of kmdex, and of dcdex 0."""
    with register_set(request.param, postgres(request.param), tmp_path) as found:
        event = found.side.event
        found.feed("kmdex", [b"a", event("kmdex", "1"), b"b", b"c", event("kmdex", "2"), b"d"])
        found.feed("dcdex", [b"e"])
        yield found


def offsets(made: RegisterSet, places: str, role: str = "auditor", **query: Any) -> list[int]:
    return [one["offset"] for one in made.items("/v1/quarantine", role, exchange="kmdex", places=places, **query)]


def test_exactly_the_records_at_these_places_are_found(made: RegisterSet) -> None:
    assert offsets(made, "0:0") == [0]
    assert offsets(made, "0:1") == offsets(made, "1:0") == offsets(made, "0:6-999999999999999999") == []
    assert offsets(made, "0:1-4") == offsets(made, "0:3,0:2-2") == offsets(made, "0:2,0:3", limit=1) == [2, 3]
    assert offsets(made, "0:0-9", order="desc") == [5, 3, 2, 0]
    assert offsets(made, "0:0-9", "exchange:kmdex") == [0, 2, 3, 5]
    assert offsets(made, "0:0-9", "exchange:dcdex") == []
    own = made.items("/v1/quarantine", "exchange:dcdex", places="0:0-9")
    assert [(one["exchange"], one["offset"]) for one in own] == [("dcdex", 0)]


def test_a_batch_that_was_set_aside_is_found_by_any_of_its_offsets(made: RegisterSet) -> None:
    owner = make_engine(made.owner_url)
    with owner.begin() as connection:
        execute(
            connection, 'UPDATE quarantine SET last_offset = 90 WHERE exchange = %(one)s AND "offset" = 5', one="kmdex"
        )
    owner.dispose()
    assert offsets(made, "0:90") == offsets(made, "0:17-18,0:40") == offsets(made, "0:4-999") == [5]
    assert offsets(made, "0:91") == offsets(made, "0:4") == []


@pytest.mark.parametrize(
    "query",
    [{"places": "0:1"}]  # of no exchange
    + [{"exchange": "kmdex", "places": one} for one in ("", "0", "0:", "0:2-1", "0:1,", "x:1", ",".join(["0:1"] * 51))],
)
def test_what_names_no_places_is_refused(made: RegisterSet, query: dict[str, str]) -> None:
    assert made.get("/v1/quarantine", **query).status_code == 422


def test_they_are_read_by_the_index(made: RegisterSet, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[str] = []

    def explained(connection: Connection, statement: str, row_type: Any, /, **parameters: Any) -> Any:
        execute(connection, "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plans.append("\n".join(line for (line,) in fetch(connection, f"EXPLAIN {statement}", tuple[str], **parameters)))
        return fetch(connection, statement, row_type, **parameters)

    monkeypatch.setattr(sorted_rows, "fetch", explained)
    assert offsets(made, "0:1-4") == [2, 3]
    (plan,) = plans
    assert plan.count("using quarantine_by_place") == 2
    assert "Seq Scan" not in plan
