"""Ask a quiet set for everything that it acknowledged or showed before, and compare."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition

from devset.programs import SERVICES
from shared.events.topics import topics_of
from shared.translog.checkpoint import Checkpoint
from shared.translog.merkle import split_hashes
from shared.translog.note import parse_note
from shared.translog.tiles import TILE_WIDTH, Tile, tile_of
from tests.faults.compare import Findings, compare, compare_versions, published_facts
from tests.faults.ha.acknowledged import Decided
from tests.faults.ha.oracle import compare_decisions, compare_records, decisions_in, digest_of, forked
from tests.faults.reference import Place
from tests.faults.world import committed_ends
from tests.support.translog.bundles import parse_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exchange_kit.api import Api
    from tests.faults.ha.acknowledged import Acknowledged
    from tests.faults.ha.rig import HaRig
    from tests.faults.reference import Reference

Json = dict[str, Any]
COVERED_WITHIN_S = 60.0


def examine(rig: HaRig, reference: Reference, seen: Acknowledged) -> tuple[Findings, list[Checkpoint]]:
    """Return everything that differs, and the checkpoints that the logs no longer continue."""
    facts = list(published_facts(rig))
    findings = compare(rig, reference, facts)
    _decisions(findings, rig, seen)
    _records(findings, rig, seen)
    compare_versions(findings, facts)
    findings.wrong += [f"refused: {told}" for told in seen.refused]
    leaves = dict(_leaves(rig.api(service)) for service in SERVICES)
    forks = forked(seen.checkpoints, leaves)
    findings.wrong += [f"forked: {one.origin} at {one.size}, seen at {seen.checkpoints[one]}" for one in forks]
    for service, done in rig.rebuilds().items():
        findings.holds(done.returncode == 0, f"{service} rebuild --verify: {done.stdout[-500:]}")
    return findings, forks


def _decisions(findings: Findings, rig: HaRig, seen: Acknowledged) -> None:
    api = rig.api("incentive")
    newest = max((decision.transaction for decision in seen.decisions), default=-1)
    # A checkpoint is served once a standby is known to have it.
    rig.wait_until(lambda: _newest(api).size > newest, COVERED_WITHIN_S, f"no checkpoint covers {newest}", 0.5)
    listed = [
        Decided(award_id, one["action"], one["decision_id"], one["transaction"])
        for award_id in sorted({decision.award_id for decision in seen.decisions})
        for one in api.items(f"/v1/awards/{award_id}/decisions")
    ]
    compare_decisions(findings, seen.decisions, listed, decisions_in(_entries(api)))


def _records(findings: Findings, rig: HaRig, seen: Acknowledged) -> None:
    topics = [topic for exchange in rig.exchanges.ids for topic in topics_of(exchange)]
    compare_records(findings, seen.records, dict(_kept(rig.bootstrap_servers, topics)))


def _kept(kafka: str, topics: Sequence[str]) -> Iterator[tuple[Place, bytes]]:
    """Yield the place and digest of each committed record, as any client reads them."""
    ends = {TopicPartition(*place): end for place, end in committed_ends(kafka, topics).items()}
    consumer = KafkaConsumer(bootstrap_servers=kafka, isolation_level="read_committed", metrics_enabled=False)
    try:
        consumer.assign(list(ends))
        consumer.seek_to_beginning()
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            for records in consumer.poll(timeout_ms=500).values():
                for record in records:
                    yield Place(record.topic, record.partition, record.offset), digest_of(record.value)
    finally:
        consumer.close(autocommit=False)


def _entries(api: Api) -> Iterator[Json]:
    """Yield the entries of a service's log, as an auditor reads them."""
    for tile in _tiles(None, _newest(api).size):
        yield from map(json.loads, parse_bundle(api.read(f"/v1/log/tile/{tile.path}")))


def _leaves(api: Api) -> tuple[str, list[bytes]]:
    """Return the origin and all leaf hashes of a service's log."""
    newest = _newest(api)
    hashes = b"".join(api.read(f"/v1/log/tile/{tile.path}") for tile in _tiles(0, newest.size))
    return newest.origin, split_hashes(hashes)


def _tiles(level: int | None, size: int) -> Iterator[Tile]:
    for index in range(-(-size // TILE_WIDTH)):
        yield tile_of(level, index, size)


def _newest(api: Api) -> Checkpoint:
    return Checkpoint.parse(parse_note(api.read("/v1/log/checkpoint").decode()).text)
