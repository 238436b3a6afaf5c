"""The consumer program of a register: adopt the settings, then run intake and outbox sender until stopped."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from shared.events.topics import is_exchanges
from shared.kafka.consumer import BatchConsumer
from shared.kafka.handler import Record
from shared.kafka.offset_witness import check_offset_witness, read_witnessed_offsets
from shared.kafka.positions import Move, load_positions
from shared.kafka.traced_handler import traced
from shared.process.child_process import ChildProcess, ChildSide, child_process
from shared.process.pace import Pace
from shared.process.program import collect_garbage_rarely
from shared.register.context import RegisterContext, register_context
from shared.register.head import check_register, lock_head
from shared.register.kind import RegisterKind
from shared.register.publish.restored_backup import check_not_behind, newest_published_version
from shared.register.publish.sender import OutboxSender
from shared.service_log.signing import signing_key
from shared.service_log.store import ServiceLog
from shared.settings import Settings
from shared.telemetry.tracing import start_tracing
from shared.values.times import now
from shared.worker.checkpoint_publisher import publishing_checkpoints
from shared.worker.clock_watch import watching_clock
from shared.worker.consumer_program import ConsumerProgram, consumer_program
from shared.worker.guarded_engine import guarded_engine

# Where several exchanges are read: one's record may wait for the transaction under way, and is written by the next.
_BATCH_S: Final = 1.0
# The sender begins when a batch commits, so this is the only interval that an event waits for.
_PACE: Final = Pace(share=0.2, least_s=0.1, most_s=0.3)

log = structlog.get_logger(__name__)


class RegisterHandler:
    """The handler of `BatchConsumer`: applies a batch as the one writer and extends the log by its entries."""

    def __init__(self, kind: RegisterKind, register: RegisterContext, log: ServiceLog) -> None:
        self._kind = kind
        self._register = register
        self._log = log

    def prepare(self, records: Sequence[Record]) -> list[object]:
        return self._kind.prepare(records)

    def apply(self, connection: Connection, prepared: list[object], moves: Sequence[Move], now: datetime) -> None:
        head = lock_head(connection)
        edge = self._log.edge(connection)
        self._kind.apply(connection, head, self._register, prepared, moves, now)
        self._log.extend(connection, edge, now)


def run_consumer(kind: RegisterKind, settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises on bugs and on errors that need an operator."""
    register = register_context(settings)
    topics = kind.topics(settings.exchanges or register.exchanges.ids)
    service_log = kind.log(signing_key(settings), settings.log_origin)
    with (
        child_process("sender", lambda inside: _send(kind, settings, service_log, inside)) as sender,
        consumer_program(settings, ("reader", "writer", "sender"), sender.unknown_commits) as program,
    ):
        begin = partial(_begin, kind, register, service_log, program)
        if program.wait_until_ready([*topics, *kind.facts], service_log, begin):
            _consume(kind, register, service_log, program, topics, sender)


def _send(kind: RegisterKind, settings: Settings, service_log: ServiceLog, inside: ChildSide) -> None:
    """Run the outbox sender in its own process."""
    tracing = start_tracing(settings)
    with guarded_engine(settings, service_log) as engine:
        inside.unknown_commits.watch(engine)
        sender = OutboxSender(
            engine=engine,
            client_config=settings.kafka.client_config(),
            name=kind.name,
            register=settings.register,
            lanes=kind.lanes,
            render=kind.render,
            stop=inside.stop,
            throttled=inside.throttled,
            work=inside.work,
            beat=inside.beat,
            tracing=tracing,
        )
        try:
            sender.run()
        finally:
            if tracing is not None:
                tracing.stop()


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
        sender.committed(consumer.has_backlog)

    consumer = BatchConsumer(
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
        sets_aside=True,
        pace=_PACE,
        batch_s=_BATCH_S if len([topic for topic in topics if is_exchanges(topic)]) > 1 else None,
    )
    collect_garbage_rarely()
    with sender.working(program.stop, program.heartbeat), watching_clock(program), publishing_checkpoints(program):
        consumer.run()


def _begin(kind: RegisterKind, register: RegisterContext, service_log: ServiceLog, program: ConsumerProgram) -> None:
    """Check that this is the right register and not an older backup of it; then adopt new settings."""
    service, client_config = program.settings.service, program.settings.kafka.client_config()
    published = newest_published_version(client_config, kind.facts, register.id)
    witnessed = read_witnessed_offsets(client_config, kind.group(register.id))
    with program.engine.begin() as connection:
        started_at = now()
        head = lock_head(connection)
        check_register(head, register.id)
        check_not_behind(head, published, service)
        check_offset_witness(witnessed, load_positions(connection), service)
        edge = service_log.begin(connection, started_at)
        if head.settings_digest != register.settings.digest:
            log.info("adopting new settings", register=register.id, digest=register.settings.digest)
            kind.adopt_settings(connection, head, register, started_at)
        service_log.extend(connection, edge, started_at)
