"""Both registers, the ledger and their APIs in one process: real databases and real HTTP, but no broker.

Facts that a register would publish are handed on at once. All exchanges and entities are fictional.
"""

from __future__ import annotations

import random
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from werkzeug.serving import make_server

from services.incentive.verifier.values import fen
from shared.events.fact_topics import LISTING
from shared.register.head import read_head
from tests.support.incentive.ledger import CUT_AT, Ledger, ledger_database, rulebook
from tests.support.paths import ROOT
from tests.support.records import FakeRecord
from tests.support.registers import worlds
from tests.support.registers.web_register import RECORD_MS, RegisterSet, register_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from flask import Flask
    from sqlalchemy import Engine

    from services.incentive.store.rulebook import Rulebook

WHITELIST = ROOT / "exchanges.yaml"
CUTS = tuple(date.fromisoformat(day) for day in CUT_AT)
START = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass
class WholeSet:
    """Two registers and a ledger; `published` has every version of every fact, by topic and key."""

    listings: RegisterSet
    trades: RegisterSet
    ledger: Engine
    ledger_owner_url: str
    rulebook: Rulebook
    now: datetime = START
    published: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)
    offset: int = 0

    def put_in_force(self) -> None:
        with self.ledger.begin() as connection:
            posting = Ledger(connection, self.rulebook, self.now)
            posting.put_in_force()
        self.now = posting.now

    def listing(self, exchange: str, *values: bytes) -> None:
        """Take in listings of one exchange as one batch, and hand on the resulting facts."""
        self.listings.feed(exchange, values)
        self.hand_on()

    def trade(self, exchange: str, *values: bytes) -> None:
        self.trades.feed(exchange, values)
        self.hand_on()

    def take(self, records: Sequence[tuple[str, str, bytes]], timestamp: int = RECORD_MS) -> None:
        """Take in documents (kind, topic, value) in this order; consecutive ones of a kind are one batch."""
        for kind, batch in groupby(records, key=itemgetter(0)):
            register = self.listings if kind == "listing" else self.trades
            register.take_all([(topic, None, value) for _, topic, value in batch], timestamp)
            self.hand_on()

    def hand_on(self) -> None:
        """Deliver the facts in the outboxes to their consumers."""
        facts = self._publish(self.listings)
        proofs = [(key.encode(), value) for topic, key, value in facts if topic == LISTING]
        if proofs:
            self.trades.take(LISTING, proofs)
        others = [fact for fact in (*facts, *self._publish(self.trades)) if fact[0] != LISTING]
        if others:
            self._post(others)

    def _publish(self, register: RegisterSet) -> list[tuple[str, str, bytes]]:
        """Return the messages that the outbox would send."""
        with register.engine.begin() as connection:
            dirty = sorted({tuple(row) for row in connection.execute(text("SELECT topic, key FROM outbox"))})
            values = register.side.kind.render(connection, read_head(connection), dirty)
            connection.execute(text("DELETE FROM outbox"))
        sent = [
            (topic, f"{register.register.id}/{key}", values[topic, key])
            for topic, key in dirty
            if (topic, key) in values
        ]
        for topic, key, value in sent:
            self.published.setdefault((topic, key), []).append(value)
        return sent

    def _post(self, facts: list[tuple[str, str, bytes]]) -> None:
        records = []
        for topic, key, value in facts:
            records.append(FakeRecord(topic, 0, self.offset, 1_780_000_000_000, key.encode(), value))
            self.offset += 1
        with self.ledger.begin() as connection:
            posting = Ledger(connection, self.rulebook, self.now)
            posting.take(*records)
        self.now = posting.now


@contextmanager
def whole_set(
    postgres: Callable[[str], tuple[str, str]], folder: Path, whitelist: Path = WHITELIST
) -> Iterator[WholeSet]:
    """An empty set with the project's policy, and its whitelist unless another is given."""
    with registers_of(postgres, folder, whitelist) as registers, ExitStack() as opened:
        database = opened.enter_context(ledger_database(postgres))
        made = WholeSet(*registers, database.service, database.owner_url, rulebook(exchanges=whitelist))
        made.put_in_force()
        yield made


@contextmanager
def registers_of(
    postgres: Callable[[str], tuple[str, str]], folder: Path, whitelist: Path, register_id: str = "r1"
) -> Iterator[tuple[RegisterSet, RegisterSet]]:
    """An empty register of listings and one of trades."""
    options: dict[str, Any] = {"whitelist_file": whitelist, "cut_dates": CUTS, "register_id": register_id}
    with (
        register_set("listing", postgres("listing"), folder, **options) as listings,
        register_set("trade-ingest", postgres("trade-ingest"), folder, **options) as trades,
    ):
        yield listings, trades


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the application and yield its URL."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


Item = tuple[str, str, dict[str, Any]]  # kind, exchange, data


def fed_with_a_world(made: WholeSet, seed: int, documents: int, times: int = 1) -> None:
    """Feed random listings and trades in small batches, with amounts `times` as large."""
    items = items_of_a_world(seed, documents, times)
    random.Random(seed).shuffle(items)
    feed(made, items)


def items_of_a_world(
    seed: int, documents: int, times: int = 1, exchanges: tuple[str, ...] = worlds.EXCHANGES
) -> list[Item]:
    """Return random listings, then trades, with amounts `times` as large."""
    world = worlds.random_world(seed, documents, exchanges)
    for _, trade in world.trades:
        amount = int(fen(trade["amount"]) // 100) * times
        trade["refunded"] = f"{amount}.00" if trade["refunded"] + ".00" == trade["amount"] else trade["refunded"]
        trade["amount"] = f"{amount}.00"
    return [*(("listing", *one) for one in world.listings), *(("trade", *one) for one in world.trades)]


def feed(made: WholeSet, items: list[Item], at_once: int = 8) -> None:
    """Feed documents in this order, in batches of one topic each."""
    rest = list(items)
    while rest:
        kind, exchange, _ = rest[0]
        batch = []
        while rest and rest[0][:2] == (kind, exchange) and len(batch) < at_once:
            batch.append(worlds.record(kind, exchange, rest.pop(0)[2], 0).value)
        made.listing(exchange, *batch) if kind == "listing" else made.trade(exchange, *batch)
