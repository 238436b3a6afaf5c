"""Intake by the real consumer programs, from the topic to committed documents and published facts.

Red-flag facts are not awaited: they are published after all others, and later under higher load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from shared.events.fact_topics import SIGN
from shared.events.topics import topic_of
from tests.bench.bed import EXCHANGE, SERVICE_OF, rate_of
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from shared.events.decode import Kind
    from tests.bench.bed import Bed


def intake(bed: Bed, kind: Kind, workers: int = 1, source: Path = ROOT) -> float:
    """Measure records per second of `workers` workers of the service on one register, run from this source tree."""
    with bed.place(SERVICE_OF[kind]) as place, psycopg.connect(place.database.owner_url, autocommit=True) as connection:
        taken = "SELECT coalesce(sum(next_offset), 0)::bigint FROM position WHERE topic = %s"

        def count() -> int:
            row = connection.execute(taken, (topic_of(kind, EXCHANGE),)).fetchone()
            assert row is not None
            return int(row[0])

        def all_sent() -> bool:
            return connection.execute("SELECT 1 FROM outbox WHERE topic <> %s LIMIT 1", (SIGN,)).fetchone() is None

        place.wrapper = ("env", f"--chdir={source}", f"PYTHONPATH={source}")
        for _ in range(workers):
            place.run("consume")
        return rate_of(count, all_sent, bed.counts[kind])
