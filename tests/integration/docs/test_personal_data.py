"""docs/personal-data.yaml names every column of the migrated databases and every topic, and no others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from sqlalchemy import text

from deploy.broker.topics import wanted_topics
from services.listing.rebuild import LISTINGS_REBUILD
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from shared.register.rebuild.report import RebuildReport
from shared.whitelist import load_whitelist
from tests.support.paths import ROOT
from tests.support.registers.verification import verify_register
from tests.support.registers.web_register import register_set

if TYPE_CHECKING:
    from pathlib import Path

STORED: dict[str, list[dict[str, Any]]] = yaml.safe_load((ROOT / "docs" / "personal-data.yaml").read_text("utf-8"))
PAGE = ROOT / "docs" / "en" / "operations" / "personal-data.md"
SECTIONS = {
    "listing": ("every_database", "registers", "listing"),
    "trade-ingest": ("every_database", "registers", "trade_ingest"),
    "incentive": ("every_database", "incentive"),
}
COLUMNS = """
SELECT c.table_name, c.column_name FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
"""


def described(service: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the rows of a service's sections by table and column."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in (row for section in SECTIONS[service] for row in STORED[section]):
        for table in row["tables"]:
            for column in row["columns"]:
                assert (table, column) not in found, (table, column)
                found[table, column] = row
    return found


@pytest.mark.parametrize("service", SECTIONS)
def test_every_column_is_named(postgres, service: str) -> None:
    owner_url, service_url = postgres(service)
    migrate(f"services.{service.replace('-', '_')}", owner_url, service_url, "r1")
    engine = make_engine(owner_url)
    with engine.connect() as connection:
        stored = {(row.table_name, row.column_name) for row in connection.execute(text(COLUMNS))}
    engine.dispose()
    rows = described(service)
    assert stored - rows.keys() == set()
    assert rows.keys() - stored == set()


def test_every_row_says_why_and_how_long_in_both_languages() -> None:
    begins = {"en": r"\*\*(yes|can)\*\*|no\b|names of", "zh": r"\*\*(是|可能)\*\*|否|个体工商户"}
    for section, rows in STORED.items():
        for row in rows:
            for name in ("personal", "kept") if section == "elsewhere" else ("personal", "why", "kept"):
                assert row[name]["zh"], row
                assert row[name]["en"], row
            for language, pattern in begins.items():
                assert section == "elsewhere" or re.match(pattern, row["personal"][language]), row


def test_every_topic_is_named() -> None:
    exchanges = load_whitelist(ROOT / "exchanges.yaml")
    ids = "|".join(exchanges.ids)
    wanted = {re.sub(rf"^exchange\.({ids})\.", "exchange.<id>.", topic.name) for topic in wanted_topics(exchanges)}
    assert {topic for row in STORED["topics"] for topic in row["topics"]} == wanted


def test_refused_bytes_can_be_blanked_and_nothing_else_changes(postgres, tmp_path: Path) -> None:
    """The statement in the document blanks the bytes of one record and changes nothing else."""
    statement = re.search(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
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
