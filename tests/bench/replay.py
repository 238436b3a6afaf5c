"""Replay: the whole set with empty databases, from offset 0 of the exchange's topics to the ledger."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import psycopg

from devset.programs import SERVICES
from shared.events.topics import topic_of
from shared.kafka.replay import stable_end_offsets
from shared.settings import KafkaSettings
from tests.bench.bed import EXCHANGE, SERVICE_OF, rate_of

if TYPE_CHECKING:
    from tests.bench.bed import Bed

REGISTER = "r1"  # the register that incentive counts in this benchmark


def replay(bed: Bed) -> float:
    """Measure events per second until all resulting facts are in the ledger; once per bed, as it keeps the facts."""
    client_config = KafkaSettings((bed.kafka.bootstrap_servers,)).client_config()
    with ExitStack() as stack:
        places = {service: stack.enter_context(bed.place(service, REGISTER)) for service in SERVICES}
        databases = {
            service: stack.enter_context(psycopg.connect(place.database.owner_url, autocommit=True))
            for service, place in places.items()
        }

        def taken() -> int:
            statement = "SELECT coalesce(sum(next_offset), 0)::bigint FROM position WHERE topic = %s"
            found = 0
            for kind, service in SERVICE_OF.items():
                row = databases[service].execute(statement, (topic_of(kind, EXCHANGE),)).fetchone()
                assert row is not None
                found += int(row[0])
            return found

        def all_posted() -> bool:
            if any(databases[one].execute("SELECT 1 FROM outbox LIMIT 1").fetchone() for one in SERVICE_OF.values()):
                return False
            rows = databases["incentive"].execute("SELECT topic, partition, next_offset FROM position").fetchall()
            reached = {(topic, partition): offset for topic, partition, offset in rows}
            ends = stable_end_offsets(client_config, reached)
            return bool(reached) and all(reached[partition] >= end for partition, end in ends.items())

        for place in places.values():
            place.run("consume")
        return rate_of(taken, all_posted, sum(bed.counts.values()))
