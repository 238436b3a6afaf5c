"""Record of all that the set acknowledged under faults, and when: decisions, records, checkpoints, reads."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from shared.translog.checkpoint import Checkpoint
from shared.translog.note import parse_note

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.faults.reference import Place

# Series of successes.
DECISIONS, INTAKE, READS, RECORDS = "decisions", "intake", "reads", "records"


class Decided(NamedTuple):
    """A decision that was answered with 201, or with 200 when its request was repeated."""

    award_id: str
    action: str
    decision_id: str
    transaction: int


@dataclass
class Acknowledged:
    """The acknowledgements of one set since its start; the threads of the load share it."""

    decisions: list[Decided] = field(default_factory=list)
    # SHA-256 of the value of each record that the broker acknowledged.
    records: dict[Place, bytes] = field(default_factory=dict)
    # Where each checkpoint was seen first: the address of an API, or the topic.
    checkpoints: dict[Checkpoint, str] = field(default_factory=dict)
    # Answers that no client should get, however often it retries.
    refused: list[str] = field(default_factory=list)
    _successes: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def success(self, series: str) -> None:
        """Note that something of the series succeeded just now."""
        with self._lock:
            self._successes[series].append(time.monotonic())

    def decided(self, decision: Decided) -> None:
        self.decisions.append(decision)
        self.success(DECISIONS)

    def see_checkpoint(self, note: str, where: str) -> None:
        self.checkpoints.setdefault(Checkpoint.parse(parse_note(note).text), where)

    def longest_pause_s(self, series: str, since_s: float, until_s: float) -> float:
        """Return the longest pause between two successes of a series that ended after `since_s`."""
        with self._lock:
            return longest_pause_s(self._successes[series], since_s, until_s)


def longest_pause_s(successes: Iterable[float], since_s: float, until_s: float) -> float:
    """Return the longest pause between successive instants, as far as it lies within `since_s .. until_s`.

    A series that never succeeds again is in a pause until `until_s`.
    """
    within = [instant for instant in successes if since_s < instant < until_s]
    edges = [since_s, *within, until_s]
    return max(later - earlier for earlier, later in pairwise(edges))
