"""Intake of facts: from a batch of records to awards and postings, in one PostgreSQL transaction.

A writer holds the ledger's single lock from its first read to its commit, so batches follow each other whatever the
number of workers. Each step is done for the whole batch by a handful of statements.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from services.incentive.domain.facts import is_counted
from services.incentive.store.facts import FactRecord, newer_facts, read_record, record_facts
from services.incentive.store.ledger import lock_ledger, next_instant
from services.incentive.store.recompute import Recomputation, recompute
from services.incentive.store.rulebook import Rulebook, check_settings
from shared.kafka.handler import Record
from shared.kafka.positions import Move, move_positions
from shared.service_log.store import ServiceLog
from shared.values.times import Clock


class LedgerIntake:
    """The handler of fact records for `shared.kafka.consumer.Consumption`."""

    def __init__(self, rulebook: Rulebook, log: ServiceLog, clock: Clock) -> None:
        self._rulebook = rulebook
        self._log = log
        self._clock = clock

    def prepare(self, records: Sequence[Record]) -> list[FactRecord]:
        """Decode. Raises FactError for an invalid fact: a bug of ours, which stops the program."""
        return [read_record(record) for record in records]

    def apply(self, connection: Connection, prepared: list[FactRecord], moves: Sequence[Move], now: datetime) -> None:
        """Record a batch and everything that follows from it.

        `now` was read before the lock was acquired, so it dates no posting.
        """
        lock_ledger(connection)
        edge = self._log.edge(connection)
        move_positions(connection, moves, now)
        apply_facts(connection, prepared, self._rulebook, self._clock)
        self._log.extend(connection, edge, now)


def apply_facts(connection: Connection, records: Sequence[FactRecord], rulebook: Rulebook, clock: Clock) -> None:
    """Record the facts that are newer than the known ones, and post what follows. Needs the ledger's lock.

    The greatest (generation, seq) of a key counts; an equal or older one changes nothing.
    """
    rulebook = check_settings(connection, rulebook)
    newer = newer_facts(connection, records)
    if newer:
        apply_newer(connection, newer, rulebook, next_instant(connection, clock()))


def apply_newer(connection: Connection, newer: Sequence[FactRecord], rulebook: Rulebook, instant: datetime) -> None:
    """The same for facts known to be newer, by the rulebook in force, as of an instant of their own.

    Facts of registers that do not count are recorded, and nothing follows from them.
    """
    record_facts(connection, newer, instant)
    counted = [record for record in newer if is_counted(record.topic, record.key, rulebook.registers)]
    if counted:
        parsed = {(record.topic, record.key): record.fact for record in counted}
        recompute(connection, sorted({record.about for record in counted}), parsed, Recomputation(rulebook, instant))
