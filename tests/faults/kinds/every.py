"""The faults by name."""

from __future__ import annotations

from tests.faults.kinds.backups import BACKUPS
from tests.faults.kinds.clients import CLIENTS
from tests.faults.kinds.clocks import CLOCKS
from tests.faults.kinds.engines import ENGINES
from tests.faults.kinds.floods import FLOODS
from tests.faults.kinds.hostile_records import HOSTILE_RECORDS
from tests.faults.kinds.recomputation import RECOMPUTATION
from tests.faults.kinds.streams import STREAMS
from tests.faults.kinds.workers import WORKERS

_EVERY = (WORKERS, CLOCKS, ENGINES, STREAMS, BACKUPS, RECOMPUTATION, CLIENTS, HOSTILE_RECORDS, FLOODS)
KINDS = {kind.name: kind for kinds in _EVERY for kind in kinds}
