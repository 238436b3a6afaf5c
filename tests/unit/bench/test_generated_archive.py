"""The documents of the archive that the bench of Spark generates."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from shared.events.decode import Accepted, decode
from tests.bench.spark.generated import Portion, records

if TYPE_CHECKING:
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
