"""What became of each record of a batch: refused ones to quarantine, and all of them into the count of their day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.events.decode import REVISION_CONFLICT
from shared.register.quarantine import DailyCounts, RejectedRecord, quarantine
from shared.register.tables import ACCEPTED, DUPLICATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from shared.register.revisions import Arrival, Resolution

CONFLICT = REVISION_CONFLICT.reason


def record_outcomes(
    connection: Connection,
    resolution: Resolution[Any],
    refused: Sequence[RejectedRecord],
    now: datetime,
    amount_fen_of: Callable[[Any], int],
) -> None:
    """Keep what was refused and count what came; `amount_fen_of` gives the money of an accepted document."""
    days = DailyCounts(now)
    for entry in resolution.accepted:
        days.add(entry.arrival.exchange, entry.arrival.record, ACCEPTED, amount_fen_of(entry.arrival.document))
    for arrival in resolution.duplicates:
        days.add(arrival.exchange, arrival.record, DUPLICATE)
    quarantine(connection, [*refused, *_conflicts(resolution.conflicts)], days, now)
    days.store(connection)


def _conflicts(conflicts: Sequence[Arrival[Any]]) -> list[RejectedRecord]:
    return [
        RejectedRecord(arrival.exchange, arrival.record, CONFLICT, REVISION_CONFLICT.errors) for arrival in conflicts
    ]
