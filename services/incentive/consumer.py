"""The consumer of the incentive service: reads facts, computes awards, posts to the ledger."""

from dataclasses import replace

from services.incentive.commands.adopt_registers import adopting_registers, named_registers, registers_at_start
from services.incentive.commands.price_readings import pricing_readings
from services.incentive.commands.publish_awards.publisher import publish_awards
from services.incentive.commands.remove_files import removing_unnamed_files
from services.incentive.domain.facts import TOPICS
from services.incentive.extract.worker import supervising_extract_worker
from services.incentive.store.intake import LedgerIntake
from services.incentive.store.ledger import lock_ledger
from services.incentive.store.log_entries import ledger_log
from services.incentive.store.recompute import put_in_force
from services.incentive.store.rulebook import Rulebook, load_rulebook
from shared.events.award_events import AWARDS
from shared.kafka.consumer import BatchConsumer
from shared.kafka.offset_witness import check_offset_witness, read_witnessed_offsets
from shared.kafka.positions import load_positions
from shared.kafka.traced_handler import traced
from shared.process.child_process import ChildProcess, child_process
from shared.process.program import collect_garbage_rarely
from shared.service_log.signing import signing_key
from shared.service_log.store import ServiceLog
from shared.settings import Settings
from shared.values.times import now
from shared.worker.checkpoint_publisher import publishing_checkpoints
from shared.worker.clock_watch import watching_clock
from shared.worker.consumer_program import ConsumerProgram, consumer_program

GROUP = "jiangbu.incentive"


def run_consumer(settings: Settings) -> None:
    """Consume until SIGTERM or SIGINT; raise bugs."""
    rulebook = load_rulebook(settings)
    log = ledger_log(signing_key(settings), settings.log_origin)
    with (
        child_process("awards", lambda inside: publish_awards(settings, log, inside)) as publisher,
        consumer_program(settings, ("reader", "writer", "awards"), publisher.unknown_commits) as program,
    ):
        if program.wait_until_ready([*TOPICS, AWARDS], log, lambda: _put_in_force(rulebook, log, program)):
            _consume(rulebook, log, program, publisher)


def _put_in_force(rulebook: Rulebook, log: ServiceLog, program: ConsumerProgram) -> None:
    """Put this worker's policy and whitelist in force, if the database is not an older copy of the ledger.

    Its registers are put in force here only if that changes nothing, otherwise by `adopting_registers` later.
    """
    named = named_registers(program.settings.registers)
    shown = read_witnessed_offsets(program.settings.kafka.client_config(), GROUP)
    with program.engine.begin() as connection:
        check_offset_witness(shown, load_positions(connection), program.settings.service)
        lock_ledger(connection)
        edge = log.begin(connection, now())
        put_in_force(connection, replace(rulebook, registers=registers_at_start(connection, named)), now)
        log.extend(connection, edge, now())


def _consume(rulebook: Rulebook, log: ServiceLog, program: ConsumerProgram, publisher: ChildProcess) -> None:
    collect_garbage_rarely()

    def committed() -> None:
        publisher.committed(consumer.has_backlog)

    consumer = BatchConsumer(
        handler=traced(LedgerIntake(rulebook, log, now), program.tracing, GROUP),
        engine=program.engine,
        client_config=program.settings.kafka.client_config(),
        service=program.settings.service,
        group=GROUP,
        topics=TOPICS,
        clock=now,
        stop=program.stop,
        committed=committed,
        begun=program.run.begun,
        heartbeat=program.heartbeat,
    )
    with (
        publisher.working(program.stop, program.heartbeat),
        watching_clock(program),
        publishing_checkpoints(program),
        supervising_extract_worker(program),
        pricing_readings(program),
        removing_unnamed_files(program),
        adopting_registers(program, rulebook, log),
    ):
        consumer.run()
