"""The faults by name, and which of them proves each alert."""

from __future__ import annotations

from collections import defaultdict

from tests.faults.alerts.backups import BACKUPS
from tests.faults.alerts.disks import DISKS
from tests.faults.alerts.programs import PROGRAMS
from tests.faults.alerts.records import RECORDS
from tests.faults.alerts.replicas import REPLICAS
from tests.faults.alerts.work import WORK

ALERT_FAULTS = {fault.name: fault for faults in (PROGRAMS, RECORDS, WORK, DISKS, BACKUPS, REPLICAS) for fault in faults}


def proofs() -> dict[str, list[str]]:
    """Return the names of the faults in which each alert must fire."""
    found: dict[str, list[str]] = defaultdict(list)
    for fault in ALERT_FAULTS.values():
        for alert in sorted({one.split()[0] for one in fault.fires}):
            found[alert].append(fault.name)
    return found
