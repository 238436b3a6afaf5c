"""docs/personal-data.md names every column of the migrated databases and every topic, and none that is not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from deploy.broker.topics import wanted_topics
from services.listing.rebuild import LISTINGS_REBUILD
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from shared.register.rebuild.command import verify_register
from shared.register.rebuild.report import RebuildReport
from shared.whitelist import load_whitelist
from tests.support.paths import ROOT
from tests.support.registers.web_register import register_set

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = (ROOT / "docs" / "personal-data.md").read_text("utf-8")
SECTIONS = {
    "listing": ("Every database", "Registers: listing and trade-ingest", "Listing"),
    "trade-ingest": ("Every database", "Registers: listing and trade-ingest", "Trade-ingest"),
    "incentive": ("Every database", "Incentive"),
}
COLUMNS = """
SELECT c.table_name, c.column_name FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
"""


def rows(heading: str) -> list[list[str]]:
    """Cells of the table below a heading, without the table's own head."""
    found = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", DOCUMENT, re.DOTALL | re.MULTILINE)
    assert found is not None, heading
    lines = [line for line in found[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def described(service: str) -> dict[tuple[str, str], list[str]]:
    """By table and column, the other cells: is it of a person, why, how long."""
    found: dict[tuple[str, str], list[str]] = {}
    for section in SECTIONS[service]:
        for tables, columns, *others in rows(section):
            for table in names(tables):
                for column in names(columns):
                    assert (table, column) not in found, (table, column)
                    found[table, column] = others
    return found


@pytest.mark.parametrize("service", SECTIONS)
def test_every_column_is_named_with_why_and_how_long(postgres, service: str) -> None:
    owner_url, service_url = postgres(service)
    migrate(f"services.{service.replace('-', '_')}", owner_url, service_url, "r1")
    engine = make_engine(owner_url)
    with engine.connect() as connection:
        stored = {(row.table_name, row.column_name) for row in connection.execute(text(COLUMNS))}
    engine.dispose()
    told = described(service)
    assert stored - told.keys() == set()
    assert told.keys() - stored == set()
    for is_of_a_person, why, how_long in told.values():
        assert re.match(r"\*\*(yes|can)\*\*|no\b", is_of_a_person)
        assert why
        assert how_long


def test_every_topic_is_named() -> None:
    exchanges = load_whitelist(ROOT / "exchanges.yaml")
    ids = "|".join(exchanges.ids)
    wanted = {re.sub(rf"^exchange\.({ids})\.", "exchange.<id>.", topic.name) for topic in wanted_topics(exchanges)}
    assert {name for topic, *_ in rows("Kafka") for name in names(topic)} == wanted


def test_refused_bytes_can_be_blanked_and_nothing_else_changes(postgres, tmp_path: Path) -> None:
    """By the statement that the document gives."""
    statement = re.search(r"```sql\n(.*?)```", DOCUMENT, re.DOTALL)
    assert statement is not None
    urls = postgres("listing")
    with register_set("listing", urls, tmp_path) as made:
        made.feed("kmdex", [b"rubbish", made.side.event("kmdex", "A"), made.side.event("kmdex", "B", status="sold")])
        reasons = [(item["reason"], item["value_size"]) for item in made.items("/v1/quarantine")]
        owner = make_engine(urls[0])
        with owner.begin() as connection:
            connection.execute(text("UPDATE quarantine SET received_at = now() - interval '2 years' WHERE id = 1"))
            assert connection.execute(text(statement[1])).rowcount == 1
        owner.dispose()
        blanked, whole = made.items("/v1/quarantine")
        assert [(item["reason"], item["value_size"]) for item in (blanked, whole)] == reasons
        assert (blanked["value_base64"], blanked["headers"], blanked["errors"]) == (None, [], [])
        assert whole["value_base64"]
        said: list[str] = []
        assert verify_register(made.engine, LISTINGS_REBUILD, made.register, RebuildReport(said.append), None), said
