"""The faults by name: workers, database connections, PostgreSQL, Kafka, clocks and backups."""

from __future__ import annotations

from tests.faults.backups import BACKUPS
from tests.faults.engines import ENGINES
from tests.faults.recomputation import RECOMPUTATION
from tests.faults.streams import STREAMS
from tests.faults.workers import WORKERS

KINDS = {kind.name: kind for kind in (*WORKERS, *ENGINES, *STREAMS, *BACKUPS, *RECOMPUTATION)}
