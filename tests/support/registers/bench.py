"""A register and its worker, driven by hand against a real database, without a broker."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import text

from shared.events.fact_topics import FACT_TOPICS, LISTING
from shared.kafka.positions import Move, StoredPosition, start_positions
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from shared.register.consumer import RegisterHandler
from shared.register.context import RegisterContext
from shared.register.head import lock_head, read_head, register_settings
from shared.register.parties import PartyIds
from shared.register.publish.outbox import delete_rows, load_dirty
from shared.whitelist import load_whitelist
from tests.support.event_schemas import validator
from tests.support.registers import worlds

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from shared.register.publish.send_schedule import Lane

CUTS = (date(2025, 10, 15), date(2028, 10, 15), date(2028, 10, 16))
NOW = datetime(2026, 6, 1, tzinfo=UTC)
WHITELIST = f"""
- {{id: kmdex, name: 虚构交易所甲, from: 2019-01-01, until: null, operators: [
    {{uscc: {worlds.uscc(1)}, name: 虚构主体1, from: 2019-01-01, until: 2026-12-31}}]}}
- {{id: dcdex, name: 虚构交易所乙, from: 2019-01-01, until: null, operators: []}}
"""
FACT_SCHEMAS = {topic: validator(f"{topic}.json") for topic in FACT_TOPICS}


class Bench:
    """One register and its worker, driven by hand."""

    def __init__(self, package: str, kind, urls: tuple[str, str], whitelist: Path) -> None:
        migrate(package, *urls, register="r1")
        self.kind = kind
        self.log = kind.log(worlds.LOG_KEY, worlds.LOG_ORIGIN)
        self.engine = make_engine(urls[1])
        self.offsets: dict[tuple[str, int], int] = {}
        self.worker(whitelist)

    def worker(self, whitelist: Path) -> None:
        exchanges = load_whitelist(whitelist)
        self.register = RegisterContext("r1", exchanges, register_settings(exchanges, CUTS), PartyIds())
        with self.engine.begin() as connection:
            head = lock_head(connection)
            edge = self.log.begin(connection, NOW)
            if head.settings_digest != self.register.settings.digest:
                self.kind.adopt_settings(connection, head, self.register, NOW)
            self.log.extend(connection, edge, NOW)

    def apply(self, records: list) -> None:
        """Take in one batch; offsets are consecutive in each partition."""
        moves: dict[tuple[str, int], list[int]] = {}
        for record in records:
            moves.setdefault((record.topic, record.partition), []).append(record.offset)
        with self.engine.begin() as connection:
            start_positions(connection, [StoredPosition(*tp, "id", offsets[0]) for tp, offsets in moves.items()], NOW)
            RegisterHandler(self.kind, self.register, self.log).apply(
                connection,
                self.kind.prepare(records),
                [Move(*tp, offsets[0], offsets[-1] + 1) for tp, offsets in moves.items()],
                NOW,
            )
        self.register.parties.committed()

    def offset(self, topic: str) -> int:
        self.offsets[topic, 0] = self.offsets.get((topic, 0), -1) + 1
        return self.offsets[topic, 0]

    def publish(self) -> dict[tuple[str, str], dict]:
        """Return the messages that the outbox would send."""
        found: dict[tuple[str, str], dict] = {}
        for lane in self.kind.lanes:
            found |= self._publish(lane)
        return found

    def _publish(self, lane: Lane) -> dict[tuple[str, str], dict]:
        found: dict[tuple[str, str], dict] = {}
        while True:
            with self.engine.begin() as connection:
                dirty = load_dirty(connection, lane.topics, lane.max_keys)
                if not dirty.keys:
                    return found
                values = self.kind.render(connection, read_head(connection), dirty.keys)
                found |= {key: json.loads(value) for key, value in values.items()}
                for topic, key in values:
                    FACT_SCHEMAS[topic].validate(found[topic, key])
                delete_rows(connection, dirty.ids + dirty.repeated)

    def rows(self, sql: str) -> list:
        with self.engine.begin() as connection:
            return connection.execute(text(sql)).all()


def cut(rng: random.Random, items: list) -> list[list]:
    """Split into batches of 1 to 15."""
    batches = []
    while items:
        size = rng.randint(1, 15)
        batches.append(items[:size])
        items = items[size:]
    return batches


def facts_as_records(trades: Bench, published: dict, facts: dict) -> list:
    keep_newest(facts, published)
    return [
        worlds.raw_record(topic, json.dumps(value).encode(), trades.offset(topic), key=f"r1/{key}".encode())
        for (topic, key), value in published.items()
        if topic == LISTING
    ]


def keep_newest(facts: dict, published: dict) -> None:
    for key, value in published.items():
        assert key not in facts or value["seq"] >= facts[key]["seq"]
        facts[key] = value


def trade(**changes) -> dict:
    return {
        "trade_no": "T1",
        "revision": 1,
        "status": "completed",
        "mode": "negotiated",
        "provider": {"id": worlds.uscc(1), "name": "虚构甲"},
        "buyer": {"id": worlds.uscc(2), "name": "虚构乙"},
        "amount": "10.00",
        "currency": "CNY",
        "completed_at": "2026-03-01T10:00:00+08:00",
    } | changes


def put(bench: Bench, exchange: str, *documents: dict) -> None:
    topic = f"exchange.{exchange}.trades.v1"
    bench.apply([worlds.record("trade", exchange, data, bench.offset(topic)) for data in documents])
