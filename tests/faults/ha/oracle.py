"""Compare what was acknowledged or shown with what the set has now: decisions, log entries, records, checkpoints."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from shared.translog.merkle import Edge
from shared.translog.tiles import TILE_HEIGHT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from shared.translog.checkpoint import Checkpoint
    from tests.faults.compare import Findings
    from tests.faults.ha.acknowledged import Decided
    from tests.faults.reference import Place

Json = dict[str, Any]
_SHOWN = 5


def compare_decisions(
    findings: Findings, acknowledged: Sequence[Decided], listed: Sequence[Decided], logged: Mapping[int, str]
) -> None:
    """Count decisions that are missing from the awards' lists or from the log, and those that nobody asked for.

    `listed` are all decisions of the awards concerned, `logged` the decision ids of the log by transaction.
    """
    expected = Counter(acknowledged)  # a repeated request is acknowledged once, as its client stops repeating it
    findings.count("decisions", expected, Counter(listed))
    for decision in acknowledged:
        found = logged.get(decision.transaction)
        findings.holds(found == decision.decision_id, f"log entry {decision.transaction}: {found}, not {decision}")


def decisions_in(entries: Iterable[Json]) -> dict[int, str]:
    """Return the decision ids of ledger transactions, as the log has them, by number."""
    return {entry["seq"]: entry["decision"]["id"] for entry in entries if entry["decision"] is not None}


def compare_records(findings: Findings, acknowledged: Mapping[Place, bytes], found: Mapping[Place, bytes]) -> None:
    """Count acknowledged records that are no longer in their place with their content (SHA-256)."""
    lost = [place for place, digest in acknowledged.items() if found.get(place) != digest]
    findings.lost += len(lost)
    if lost:
        findings.wrong.append(f"records that Kafka acknowledged: lost: {len(lost)}: {lost[:_SHOWN]}")


def digest_of(value: bytes | None) -> bytes:
    return hashlib.sha256(value or b"").digest()


def roots_of(leaves: Sequence[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """Return the RFC 6962 root of the first `size` leaf hashes for each size that the log has."""
    roots, edge = {}, Edge()
    for size in sorted(set(sizes)):
        if size > len(leaves):
            break
        edge, _ = edge.grown(leaves[edge.size : size], TILE_HEIGHT)
        roots[size] = edge.root()
    return roots


def forked(checkpoints: Collection[Checkpoint], leaves: Mapping[str, Sequence[bytes]]) -> list[Checkpoint]:
    """Return the checkpoints that the logs of today do not continue; `leaves` are today's leaf hashes by origin."""
    wrong = []
    for origin in sorted({checkpoint.origin for checkpoint in checkpoints}):
        own = [checkpoint for checkpoint in checkpoints if checkpoint.origin == origin]
        roots = roots_of(leaves.get(origin, ()), [checkpoint.size for checkpoint in own])
        wrong += [checkpoint for checkpoint in own if roots.get(checkpoint.size) != checkpoint.root]
    return sorted(wrong, key=lambda checkpoint: (checkpoint.origin, checkpoint.size))
