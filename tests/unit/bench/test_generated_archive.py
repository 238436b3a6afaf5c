"""The documents of the archive that the bench of Spark generates."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from shared.events.decode import Accepted, decode
from tests.bench.spark.generated import Portion, records, write_archive
from tests.support.reading_cases import IN_FORCE, tree_by
from tests.support.spark.archives import SentRecord, awards_of_records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.events.decode import Kind

ROWS, COMPANIES = 300, 100


def portion(kind: Kind, exchange: str) -> Portion:
    return Portion(kind, exchange, date(2026, 12, 1), begin=9 * ROWS, in_month=ROWS, first=9 * ROWS, rows=ROWS)


@pytest.mark.parametrize("kind", ["listing", "trade"])
def test_intake_accepts_every_generated_document(kind: Kind) -> None:
    found = records(portion(kind, "kmdex"), COMPANIES)
    outcomes = [decode(kind, "kmdex", value, []) for value in found["value"].to_pylist()]
    assert all(isinstance(one, Accepted) for one in outcomes)
    revisions = [one.document.revision for one in outcomes if isinstance(one, Accepted)]
    assert revisions.count(2) == ROWS // 20


def test_values_follow_from_numbers_and_differ_by_exchange() -> None:
    first, again, other = (records(portion("trade", exchange), COMPANIES) for exchange in ("kmdex", "kmdex", "dcdex"))
    assert first.equals(again)
    assert len(set(first["value"].to_pylist())) == ROWS
    buyers = [
        value.decode().partition('"buyer"')[2] for table in (first, other) for value in table["value"].to_pylist()
    ]
    assert buyers[:ROWS] != buyers[ROWS:]


def test_every_rule_earns_in_several_years(tmp_path: Path) -> None:
    write_archive(tmp_path, 15_000)
    whitelist = Path("exchanges.yaml").read_text("utf-8")
    awards = awards_of_records(sent(tmp_path), whitelist, {IN_FORCE: tree_by(IN_FORCE)})[IN_FORCE].values()
    earned: dict[str, set[int]] = {}
    for one in awards:
        if one.payable:
            earned.setdefault(one.rule, set()).add(one.year)
    assert earned.keys() == {"first_listing", "first_purchase", "annual_listed_trading", "exchange_tiers"}
    assert all(len(years) > 1 for years in earned.values())


def sent(folder: Path) -> Iterator[SentRecord]:
    for file in sorted(folder.glob("records/*/*/*/*.parquet")):
        for row in pq.ParquetFile(file).read(["topic", "offset", "value"]).to_pylist():
            yield SentRecord(row["topic"], row["offset"], row["value"])
