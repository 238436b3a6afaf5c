"""The faults by name: workers, database connections, PostgreSQL, Kafka, clocks, backups and clients."""

from __future__ import annotations

from tests.faults.backups import BACKUPS, RECOMPUTATION
from tests.faults.clients import CLIENTS
from tests.faults.engines import ENGINES
from tests.faults.floods import FLOODS
from tests.faults.giants import GIANTS
from tests.faults.streams import STREAMS
from tests.faults.workers import WORKERS

KINDS = {
    kind.name: kind for kind in (*WORKERS, *ENGINES, *STREAMS, *BACKUPS, *RECOMPUTATION, *CLIENTS, *GIANTS, *FLOODS)
}
