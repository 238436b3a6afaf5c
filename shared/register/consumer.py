"""The consumer program of a register: settings adopted, then intake and outbox side by side until told to stop."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from shared.kafka.consumer import BatchConsumer
from shared.kafka.offset_witness import check_offset_witness, read_witnessed_offsets
from shared.kafka.positions import load_positions
from shared.kafka.traced_handler import traced
from shared.postgres.database import make_engine
from shared.process.child_process import child_process
from shared.register.head import check_register, lock_head, read_head, register_settings
from shared.register.intake import RegisterContext
from shared.register.parties import PartyIds
from shared.register.publish.outbox import DirtyKey, OutboxSender, RenderFacts
from shared.register.publish.restored_backup import check_not_behind, newest_published_version
from shared.register.publish.send_schedule import topics_of
from shared.service_log.signing import signing_key
from shared.service_log.store import LogHead, ServiceLog
from shared.values.times import now
from shared.whitelist import load_whitelist
from shared.worker.checkpoint_publisher import publishing_checkpoints
from shared.worker.consumer_program import ConsumerProgram, consumer_program

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from sqlalchemy import Connection

    from shared.kafka.handler import Record
    from shared.kafka.positions import Move
    from shared.process.child_process import ChildProcess, ChildSide
    from shared.register.head import Head
    from shared.register.publish.send_schedule import Lane
    from shared.service_log.store import Stored
    from shared.settings import Settings

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class RegisterKind:
    """What one kind of register adds to the frame: its topics, its intake, its facts."""

    name: str  # listings or trades
    lanes: tuple[Lane, ...]  # of the facts that it publishes
    topics: Callable[[Sequence[str]], list[str]]
    prepare: Callable[[Sequence[Record]], list[Any]]
    apply: Callable[[Connection, Head, RegisterContext, Sequence[Any], Sequence[Move], datetime], None]
    adopt_settings: Callable[[Connection, Head, RegisterContext, datetime], None]
    every_key: Callable[[Connection], list[DirtyKey]]  # of all facts that the database has
    stored: Stored  # the entries of its log
    render: RenderFacts

    @property
    def facts(self) -> tuple[str, ...]:
        """The topics that it publishes."""
        return topics_of(self.lanes)

    def group(self, register: str) -> str:
        """The consumer group of a register's workers."""
        return f"jiangbu.{register}.{self.name}"

    def log(self, private: Ed25519PrivateKey, log_origin: str) -> ServiceLog:
        """The log of a register of this kind; each generation has one of its own."""

        def read_log_head(connection: Connection) -> LogHead:
            head = read_head(connection)
            return LogHead(f"{log_origin}/{self.name}/{head.register}/{head.generation}", head.next_seq)

        return ServiceLog(private, read_log_head, self.stored)


class RegisterHandler:
    """What `shared.kafka.consumer.Consumption` calls: a batch as the one writer, and what it numbered into the log."""

    def __init__(self, kind: RegisterKind, register: RegisterContext, log: ServiceLog) -> None:
        self._kind = kind
        self._register = register
        self._log = log

    def prepare(self, records: Sequence[Record]) -> list[Any]:
        return self._kind.prepare(records)

    def apply(self, connection: Connection, prepared: list[Any], moves: Sequence[Move], now: datetime) -> None:
        head = lock_head(connection)
        edge = self._log.edge(connection)
        self._kind.apply(connection, head, self._register, prepared, moves, now)
        self._log.extend(connection, edge, now)


def run_worker(kind: RegisterKind, settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; raises what is a fault of ours."""
    exchanges = load_whitelist(settings.exchanges_file)
    register = RegisterContext(
        settings.register, exchanges, register_settings(exchanges, settings.totals_cut_at), PartyIds()
    )
    topics = kind.topics(settings.exchanges or exchanges.ids)
    service_log = kind.log(signing_key(settings), settings.log_origin)
    with (
        child_process("sender", lambda inside: _send(kind, settings, inside)) as sender,
        consumer_program(settings, ("reader", "writer", "sender")) as program,
    ):
        if program.wait_until_ready([*topics, *kind.facts], lambda: _begin(kind, register, service_log, program)):
            _consume(kind, register, service_log, program, topics, sender)


def _send(kind: RegisterKind, settings: Settings, inside: ChildSide) -> None:
    """What the process of the sender does."""
    engine = make_engine(settings.database_url)
    sender = OutboxSender(
        engine=engine,
        client_config=settings.kafka.client_config(),
        name=kind.name,
        register=settings.register,
        lanes=kind.lanes,
        render=kind.render,
        stop=inside.stop,
        throttled=inside.throttled,
        heartbeat=inside,
    )
    try:
        sender.run()
    finally:
        engine.dispose()


def _consume(
    kind: RegisterKind,
    register: RegisterContext,
    service_log: ServiceLog,
    program: ConsumerProgram,
    topics: Sequence[str],
    sender: ChildProcess,
) -> None:
    group = kind.group(register.id)

    def committed() -> None:
        register.parties.committed()
        sender.throttle(consumption.has_backlog)

    consumption = BatchConsumer(
        handler=traced(RegisterHandler(kind, register, service_log), program.tracing, group),
        engine=program.engine,
        client_config=program.settings.kafka.client_config(),
        service=program.settings.service,
        group=group,
        topics=topics,
        clock=now,
        stop=program.stop,
        committed=committed,
        begun=program.run.begun,
        heartbeat=program.heartbeat,
    )
    gc.collect()
    gc.freeze()
    with sender.working(program.stop, program.heartbeat), publishing_checkpoints(program):
        consumption.run()


def _begin(kind: RegisterKind, register: RegisterContext, service_log: ServiceLog, program: ConsumerProgram) -> None:
    """Make sure that this is the register, and not an older copy of it; then enter this worker's settings, if new."""
    service, client_config = program.settings.service, program.settings.kafka.client_config()
    published = newest_published_version(client_config, kind.facts, register.id)
    shown = read_witnessed_offsets(client_config, kind.group(register.id))
    with program.engine.begin() as connection:
        head = lock_head(connection)
        check_register(head, register.id)
        check_not_behind(head, published, service)
        check_offset_witness(shown, load_positions(connection), service)
        edge = service_log.begin(connection, now())
        if head.settings_digest != register.settings.digest:
            log.info("settings are new, counting by them", register=register.id, digest=register.settings.digest)
            kind.adopt_settings(connection, head, register, now())
        service_log.extend(connection, edge, now())
