"""The cost of lists: no schema for each item, no act before those of the page, no look-up of decisions by award."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
import pytest
from marshmallow import Schema

from services.incentive.domain.workflow import Actor
from services.incentive.queries import worklist
from services.incentive.queries.view import LedgerView
from shared.postgres import sorted_rows
from shared.postgres.database import snapshot
from shared.postgres.query import fetch
from tests.support.incentive.bureau import Bureau
from tests.support.incentive.ledger import ledger_database, rulebook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from tests.support.engines.session import FreshDatabase


# So that plans are those of many rows: some 50,000 decisions.
_AS_IF_LARGE: Final = """
    SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', name, 'relpages', 1, 'reltuples', 70000 :: real)
    FROM unnest(ARRAY['act', 'decision', 'ledger_transaction']) AS name
"""


@pytest.fixture
def bureau(postgres: FreshDatabase) -> Iterator[Bureau]:
    """A bureau with three awards, whose tables PostgreSQL takes to be large."""
    with ledger_database(postgres) as database:
        found = Bureau(database.service, rulebook())
        found.begin()
        for number in (1, 2, 3):
            found.purchase(number)
        with psycopg.connect(database.owner_url) as owner:
            owner.execute(_AS_IF_LARGE)
        yield found


def test_a_page_makes_no_schema_for_each_item(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[type[Schema]] = []
    create = Schema.__init__

    def counted(self: Schema, *arguments: Any, **options: Any) -> None:
        made.append(type(self))
        create(self, *arguments, **options)

    bureau.ask.ok("/v1/awards")
    monkeypatch.setattr(Schema, "__init__", counted)
    assert len(bureau.ask.ok("/v1/awards")["items"]) == 3
    assert made == []


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_acts_are_read_by_their_numbers(bureau: Bureau, monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    plans: list[str] = []

    def explained(connection: Connection, statement: str, row_type: Any, /, **parameters: Any) -> Any:
        plans.append("\n".join(line for (line,) in fetch(connection, f"EXPLAIN {statement}", tuple[str], **parameters)))
        return fetch(connection, statement, row_type, **parameters)

    monkeypatch.setattr(sorted_rows, "fetch", explained)
    assert len(bureau.ask.ok("/v1/acts", limit=2, order=order)["items"]) == 2
    [plan] = plans
    assert "Merge Append" in plan, plan
    assert "using act_seq_key on act" in plan, plan


def test_the_worklist_reads_the_decisions_once(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[str] = []

    def explained(connection: Connection, statement: str, row_type: Any, /, **parameters: Any) -> Any:
        plans.append("\n".join(line for (line,) in fetch(connection, f"EXPLAIN {statement}", tuple[str], **parameters)))
        return fetch(connection, statement, row_type, **parameters)

    monkeypatch.setattr(worklist, "fetch", explained)
    with snapshot(bureau.engine) as connection:
        view = LedgerView(None, None, bureau.now, bureau.rulebook)
        found = worklist.list_worklist(connection, view, 2026, Actor("bureau", "bureau"))
    assert sum(row.awards for row in found.states) == 3
    [plan] = plans
    assert "Unique" in plan, plan  # of all decisions, instead of the last one of each award
