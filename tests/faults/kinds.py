"""The faults, by name: of workers, of the line to the database, of PostgreSQL, of Kafka, of clocks and backups."""

from __future__ import annotations

from tests.faults.anew import ANEW
from tests.faults.backups import BACKUPS
from tests.faults.engines import ENGINES
from tests.faults.streams import STREAMS
from tests.faults.workers import WORKERS

KINDS = {kind.name: kind for kind in (*WORKERS, *ENGINES, *STREAMS, *BACKUPS, *ANEW)}
