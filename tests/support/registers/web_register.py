"""A register with a few documents, and its API: a real database, filled by the service's own intake."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml
from flask import Flask
from sqlalchemy import Engine

from services.listing import app as listing_app
from services.listing.register import LISTINGS
from services.trade_ingest import app as trade_app
from services.trade_ingest.register import TRADES
from shared.events.topics import topic_of
from shared.kafka.positions import Move, StoredPosition, start_positions
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from shared.register.consumer import RegisterHandler
from shared.register.context import RegisterContext
from shared.register.head import lock_head, register_settings
from shared.register.kind import RegisterKind
from shared.register.parties import PartyIds
from shared.settings import KafkaSettings, Settings
from shared.values.parties import complete_uscc
from shared.whitelist import load_whitelist
from tests.support.records import FakeRecord
from tests.support.registers.worlds import LOG_KEY, LOG_ORIGIN
from tests.support.web.closing import close_app
from tests.support.web.keys import KEYS

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
# 2026-03-01 23:59:59.999 in Shanghai
RECORD_MS = 1_772_380_799_999
PROVIDER = {"id_scheme": "uscc", "id": complete_uscc("91530100MA6K12345"), "name": "虚构供方"}
BUYER = {"id_scheme": "uscc", "id": complete_uscc("91530100MA6K12399"), "name": "虚构买方"}
ABROAD = {"id_scheme": "overseas", "id": "SG.1:a_b-c", "name": "Fictional Abroad"}
NUMBER = "A.1:x_y-z"


@dataclass
class Side:
    """The service-specific parts of listing and trade-ingest."""

    service: str
    package: str
    kind: RegisterKind
    document: str  # listing or trade
    create_app: Callable[[Settings], Flask]

    @property
    def path(self) -> str:
        return f"/v1/{self.document}s"

    @property
    def at(self) -> str:
        return "listed_at" if self.document == "listing" else "completed_at"

    @property
    def statuses(self) -> tuple[str, str]:
        """The usual status, and one that ends the document's effect."""
        return ("listed", "withdrawn") if self.document == "listing" else ("completed", "cancelled")

    def data(self, number: str, **members: Any) -> dict[str, Any]:
        common = {
            f"{self.document}_no": number,
            "revision": 1,
            "status": self.statuses[0],
            "provider": PROVIDER,
            self.at: "2026-03-01T10:00:00+08:00",
        }
        product = {"no": "P1", "name": "虚构产品", "kind": "dataset"}
        own = (
            {"product": product}
            if self.document == "listing"
            else {"mode": "negotiated", "buyer": BUYER, "amount": "1234.5", "currency": "CNY"}
        )
        return common | own | members

    def event(self, exchange: str, number: str, **members: Any) -> bytes:
        envelope = {
            "specversion": "1.0",
            "id": f"{number}/{members}",
            "source": f"/exchanges/{exchange}",
            "type": f"cn.kunming.data-exchange.{self.document}.v1",
            "time": "2026-03-01T10:00:01+08:00",
            "data": self.data(number, **members),
        }
        return json.dumps(envelope, ensure_ascii=False).encode()


SIDES = {
    "listing": Side("listing", "services.listing", LISTINGS, "listing", listing_app.create_app),
    "trade-ingest": Side("trade-ingest", "services.trade_ingest", TRADES, "trade", trade_app.create_app),
}


@dataclass
class RegisterSet:
    """One service's database, its intake and its API."""

    side: Side
    app: Flask
    engine: Engine
    owner_url: str
    register: RegisterContext
    settings: Settings
    next_offsets: dict[str, int]

    def feed(
        self, exchange: str, values: Sequence[bytes | None], timestamp: int = RECORD_MS, headers: Any = ()
    ) -> list[int]:
        """Take in values from one exchange as one batch; return their offsets."""
        topic = topic_of(self.side.document, exchange)  # type: ignore[arg-type]
        return self.take(topic, [(None, value) for value in values], timestamp, headers)

    def take(
        self,
        topic: str,
        pairs: Sequence[tuple[bytes | None, bytes | None]],
        timestamp: int = RECORD_MS,
        headers: Any = (),
    ) -> list[int]:
        """Take in records of one topic, each a key and a value, as one batch; return their offsets."""
        return self.take_all([(topic, *pair) for pair in pairs], timestamp, headers)

    def take_all(
        self, triples: Sequence[tuple[str, bytes | None, bytes | None]], timestamp: int = RECORD_MS, headers: Any = ()
    ) -> list[int]:
        """Take in records, each a topic, a key and a value, as one batch; return their offsets."""
        firsts = {topic: self.next_offsets.get(topic, 0) for topic, _, _ in triples}
        records = []
        for topic, key, value in triples:
            offset = self.next_offsets.get(topic, 0)
            records.append(FakeRecord(topic, 0, offset, timestamp, key, value, headers))
            self.next_offsets[topic] = offset + 1
        prepared = self.side.kind.prepare(records)  # type: ignore[arg-type]
        with self.engine.begin() as connection:
            start_positions(connection, [StoredPosition(topic, 0, "id", first) for topic, first in firsts.items()], NOW)
            moves = [Move(topic, 0, first, self.next_offsets[topic]) for topic, first in firsts.items()]
            log = self.side.kind.log(LOG_KEY, LOG_ORIGIN)
            RegisterHandler(self.side.kind, self.register, log).apply(connection, prepared, moves, NOW)
        self.register.parties.committed()
        return [record.offset for record in records]

    def get(self, path: str, role: str | None = "auditor", **query: Any) -> Any:
        headers = {} if role is None else {"Authorization": f"Bearer {role}-key"}
        return self.app.test_client().get(path, headers=headers, query_string=query or None, buffered=True)

    def items(self, path: str, role: str = "auditor", **query: Any) -> list[dict[str, Any]]:
        """Return all items of a list, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self.get(path, role, **query)
            assert answer.status_code == 200, answer.text
            page = answer.get_json()
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            query["cursor"] = page["next_cursor"]


@contextmanager
def register_set(  # noqa: PLR0913 - service and settings
    service: str,
    urls: tuple[str, str],
    folder: Path,
    kafka: str = "127.0.0.1:1",
    exchanges: tuple[str, ...] = (),
    *,
    whitelist_file: Path | None = None,
    cut_dates: tuple[date, ...] = (),
    register_id: str = "r1",
) -> Iterator[RegisterSet]:
    """An empty register of the exchanges (default: the sample's two, or those of a whitelist), and its API."""
    side = SIDES[service]
    owner_url, service_url = urls
    migrate(side.package, owner_url, service_url, register_id)
    settings = Settings(
        service=service,  # type: ignore[arg-type]
        kafka=KafkaSettings((kafka,)),
        database_url=service_url,
        database_owner_url=None,
        register=register_id,
        exchanges=None,
        registers=None,
        exchanges_file=whitelist_file or folder / f"{service}-exchanges.yaml",
        policy_file=folder,
        totals_cut_at=cut_dates,
        api_keys_file=folder / f"{service}-keys.yaml",
        signing_key_file=None,
        service_key_file=None,
        session_key_file=None,
        public_url=None,
        oidc=None,
        log_origin="jiangbu",
        checkpoint_interval_s=10.0,
        witnesses=(),
        heartbeat_file=None,
        otlp_endpoint=None,
        log_level="INFO",
    )
    ids = exchanges or ("kmdex", "dcdex")
    listed = [
        {"id": id_, "name": id_, "from": "2019-01-01", "until": None, "operators": [], "approved_by": None}
        for id_ in ids
    ]
    if whitelist_file is None:
        settings.exchanges_file.write_text(yaml.safe_dump(listed), "utf-8")
    entries = [{"name": role, "role": role, "sha256": digest} for role, digest in KEYS.items()]
    if settings.api_keys_file is not None:
        settings.api_keys_file.write_text(yaml.safe_dump(entries), "utf-8")
    whitelist = load_whitelist(settings.exchanges_file)
    register = RegisterContext(register_id, whitelist, register_settings(whitelist, cut_dates), PartyIds())
    engine = make_engine(service_url)
    with engine.begin() as connection:
        head, log = lock_head(connection), side.kind.log(LOG_KEY, LOG_ORIGIN)
        edge = log.begin(connection, NOW)
        side.kind.adopt_settings(connection, head, register, NOW)
        log.extend(connection, edge, NOW)
    settings = replace(settings, exchanges=exchanges or None)
    app = side.create_app(settings)
    try:
        yield RegisterSet(side, app, engine, owner_url, register, settings, {})
    finally:
        close_app(app)
        engine.dispose()
