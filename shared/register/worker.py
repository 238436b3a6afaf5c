"""The consumer program of a register: settings adopted, then intake and outbox side by side until told to stop."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from shared.db import is_worlds, make_engine
from shared.exchanges import load_exchanges
from shared.kafka import Consumption, is_worlds_kafka
from shared.positions import load_positions
from shared.register.head import check_register, lock_head, settings_of
from shared.register.intake import Register
from shared.register.outbox import DirtyKey, Render, Sender
from shared.register.parties import PartyIds
from shared.register.published import check_not_behind, newest_published
from shared.times import now
from shared.witness import check_witness, read_shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from shared.kafka import Record
    from shared.positions import Move
    from shared.register.head import Head
    from shared.settings import Settings

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Kind:
    """What one kind of register adds to the frame: its topics, its intake, its facts."""

    name: str  # listings or trades
    facts: tuple[str, ...]  # the topics that it publishes
    topics: Callable[[Sequence[str]], list[str]]
    prepare: Callable[[Sequence[Record]], list[Any]]
    apply: Callable[[Connection, Register, Sequence[Any], Sequence[Move], datetime], None]
    adopt_settings: Callable[[Connection, Head, Register, datetime], None]
    every_key: Callable[[Connection], list[DirtyKey]]  # of all facts that the database has
    render: Render

    def group(self, register: str) -> str:
        """The consumer group of a register's workers."""
        return f"jiangbu.{register}.{self.name}"


class _Handler:
    def __init__(self, kind: Kind, register: Register) -> None:
        self._kind = kind
        self._register = register

    def prepare(self, records: Sequence[Record]) -> list[Any]:
        return self._kind.prepare(records)

    def apply(self, connection: Connection, prepared: list[Any], moves: Sequence[Move], now: datetime) -> None:
        self._kind.apply(connection, self._register, prepared, moves, now)


def run_worker(kind: Kind, settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; raises what is a fault of ours."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # Threads hand over the interpreter often: the reader prepares while the writer waits for PostgreSQL.
    sys.setswitchinterval(0.0005)
    exchanges = load_exchanges(settings.exchanges_file)
    register = Register(settings.register, exchanges, settings_of(exchanges, settings.totals_cut_at), PartyIds())
    engine = make_engine(settings.database_url)
    _begin(kind, register, engine, settings, stop)
    sender = Sender(engine, settings.kafka.client_config(), kind.name, settings.register, kind.render, stop)

    def committed() -> None:
        register.parties.committed()
        sender.wake()

    gc.collect()
    gc.freeze()
    sender.start()
    try:
        Consumption(
            handler=_Handler(kind, register),
            engine=engine,
            client_config=settings.kafka.client_config(),
            service=settings.service,
            group=kind.group(settings.register),
            topics=kind.topics(settings.exchanges or exchanges.ids),
            clock=now,
            stop=stop,
            committed=committed,
        ).run()
    finally:
        stop.set()
        sender.join(timeout_s=3.0)
        engine.dispose()
    sender.wake()


def _begin(kind: Kind, register: Register, engine: Engine, settings: Settings, stop: threading.Event) -> None:
    """Make sure that this is the register, and not an older copy of it; then enter this worker's settings, if new.

    Waits for the broker and the database.
    """
    while not stop.is_set():
        try:
            published = newest_published(settings.kafka.client_config(), kind.facts, register.id)
            shown = read_shown(settings.kafka.client_config(), kind.group(register.id))
            with engine.begin() as connection:
                head = lock_head(connection)
                check_register(head, register.id)
                check_not_behind(head, published, settings.service)
                check_witness(shown, load_positions(connection), settings.service)
                if head.settings_digest != register.settings.digest:
                    log.info(
                        "settings are new, counting by them", register=register.id, digest=register.settings.digest
                    )
                    kind.adopt_settings(connection, head, register, now())
                return
        except Exception as error:
            if not is_worlds(error) and not is_worlds_kafka(error):
                raise
            log.warning("database or broker away, waiting", error=str(error).splitlines()[:1])
            stop.wait(1.0)
