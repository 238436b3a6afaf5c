"""Intake of facts: from a batch of records to awards and postings, in one PostgreSQL transaction.

Who writes holds the one lock of the ledger from its first read to its commit, so batches follow each other whatever
the number of workers. Everything is done for the whole batch by a handful of statements.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec
import structlog
from sqlalchemy import Connection, text

from services.incentive.domain.facts import Fact, FactError, Registers, about_of, is_counted, parse_fact
from services.incentive.policy.terms import Policy
from services.incentive.store.as_of import last_instant, registers_of
from services.incentive.store.awards import Recomputation, next_seq, recompute
from services.incentive.store.rulebook import Rulebook
from services.incentive.store.tables import LEDGER_LOCK
from shared.kafka.handler import Record
from shared.kafka.positions import Move, move_positions
from shared.operator_errors import OperatorError
from shared.postgres.database import fetch, pg_array, raw
from shared.service_log.store import ServiceLog
from shared.settings import SettingsError
from shared.values.times import Clock

RECOMPUTE_AT_ONCE: Final = 5_000
_LIMITS: Final = text("SET LOCAL transaction_timeout = '120s'; SET LOCAL idle_in_transaction_session_timeout = '30s'")
_RECORDED: Final = b"""
    SELECT c.topic, c.key, c.generation, c.seq FROM fact_current c
    JOIN unnest(CAST(%(topics)s AS text[]), CAST(%(keys)s AS text[])) AS n(topic, key) USING (topic, key)
"""
_TICK: Final = timedelta(microseconds=1)

log = structlog.get_logger(__name__)


class SettingsChangedError(OperatorError):
    """The ledger's policy or whitelist in force is not this worker's: it must be started anew with the right files."""


class SettingsInForce(NamedTuple):
    """What awards are computed by: digests of policy and whitelist, and the registers that count."""

    policy_digest: str
    whitelist_digest: str
    registers: Registers


class FactRecord(NamedTuple):
    """A fact as it came from Kafka; of a declaration, which came another way, `offset` is its number."""

    fact: Fact
    topic: str
    key: str
    about: str
    value: bytes
    partition: int
    offset: int
    received_at: datetime


class LedgerIntake:
    """The handler that `shared.kafka.consumer.Consumption` calls."""

    def __init__(self, rulebook: Rulebook, log: ServiceLog, clock: Clock) -> None:
        self._rulebook = rulebook
        self._log = log
        self._clock = clock

    def prepare(self, records: Sequence[Record]) -> list[FactRecord]:
        """Decode; raises FactError for what is no fact, which is a fault of ours and stops the program."""
        return [read_record(record) for record in records]

    def apply(self, connection: Connection, prepared: list[FactRecord], moves: Sequence[Move], now: datetime) -> None:
        """All that follows from a batch. `now` was read before the lock was held, so it dates no posting."""
        lock_ledger(connection)
        edge = self._log.edge(connection)
        move_positions(connection, moves, now)
        apply_facts(connection, prepared, self._rulebook, self._clock)
        self._log.extend(connection, edge, now)


def read_record(record: Record) -> FactRecord:
    """A record of a fact topic. Raises FactError, naming where the record stands."""
    where = f"{record.topic}[{record.partition}]@{record.offset}"
    if record.key is None or record.value is None:
        raise FactError(f"{where}: a fact has a key and a value")
    try:
        key = record.key.decode()
        fact = parse_fact(record.topic, key, record.value)
    except ValueError as error:
        raise FactError(f"{where}: {error}") from error
    received_at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=record.timestamp)
    return FactRecord(
        fact, record.topic, key, about_of(fact), record.value, record.partition, record.offset, received_at
    )


def lock_ledger(connection: Connection) -> None:
    """Wait until nobody else writes, and keep others from it until the transaction ends.

    A process that is stopped in the middle is cut off, so that another can go on.
    """
    connection.execute(_LIMITS)
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LEDGER_LOCK})


def lock_ledger_for_request(connection: Connection) -> None:
    """The same for somebody who waits for an answer: not for long, as everything may be being computed anew."""
    connection.execute(text("SET LOCAL lock_timeout = '10s'"))
    lock_ledger(connection)


def apply_facts(connection: Connection, records: Sequence[FactRecord], rulebook: Rulebook, clock: Clock) -> None:
    """Record the facts that are newer than what is known, and post what follows. Needs the ledger's lock.

    Of one key the greatest (generation, seq) counts; what is equal or older changes nothing.
    """
    rulebook = check_settings(connection, rulebook)
    newer = _newer(connection, records)
    if newer:
        apply_newer(connection, newer, rulebook, next_instant(connection, clock))


def apply_newer(connection: Connection, newer: Sequence[FactRecord], rulebook: Rulebook, instant: datetime) -> None:
    """The same of facts that are known to be newer, by the rulebook in force, as of an instant of their own.

    Facts of registers that do not count are kept, and nothing follows from them.
    """
    _record_facts(connection, newer, instant)
    counted = [record for record in newer if is_counted(record.topic, record.key, rulebook.registers)]
    if counted:
        parsed = {(record.topic, record.key): record.fact for record in counted}
        recompute(
            connection, sorted({record.about for record in counted}), parsed, Recomputation(rulebook, instant, ("", ""))
        )


def put_in_force(connection: Connection, rulebook: Rulebook, clock: Clock) -> bool:
    """Compute everything anew if policy, whitelist or registers are not those in force; says whether it was done."""
    lock_ledger(connection)
    # All awards at once may take longer than a batch may.
    connection.execute(text("SET LOCAL transaction_timeout = 0"))
    before = settings_in_force(connection)
    if before == SettingsInForce(rulebook.policy.digest, rulebook.exchanges.digest, rulebook.registers):
        return False
    _check_revision(connection, rulebook.policy)
    _check_rules(connection, rulebook.policy)
    instant = next_instant(connection, clock)
    record_settings(connection, rulebook, instant)
    everybody = connection.execute(text("SELECT DISTINCT about FROM fact_current ORDER BY about")).scalars().all()
    run = Recomputation(rulebook, instant, _occasion(before, rulebook))
    for start in range(0, len(everybody), RECOMPUTE_AT_ONCE):
        chunk = everybody[start : start + RECOMPUTE_AT_ONCE]
        recompute(connection, chunk, {}, run)
    log.info(
        "policy, whitelist and registers put in force",
        policy=rulebook.policy.id,
        revision=rulebook.policy.revision,
        registers=rulebook.registers,
    )
    return True


def _occasion(before: SettingsInForce | None, rulebook: Rulebook) -> tuple[str, str]:
    """Why all is computed anew, for the cause of what is posted: the policy's revision, whitelist, registers."""
    policy, zh, en = rulebook.policy, [], []
    if before is None or before.policy_digest != policy.digest:
        zh.append(f"政策 {policy.id} 第 {policy.revision} 版施行")
        en.append(f"policy {policy.id} revision {policy.revision} put in force")
    if before is None or before.whitelist_digest != rulebook.exchanges.digest:
        zh.append("交易场所名录变更")
        en.append("another whitelist")
    if before is not None and before.registers != rulebook.registers:
        zh.append(f"改以登记簿 {registers_text(rulebook.registers)} 为准")
        en.append(f"registers {registers_text(rulebook.registers)} count")
    return f"{'、'.join(zh)}后重算，", f"recomputed, {' and '.join(en)}, "


def record_settings(connection: Connection, rulebook: Rulebook, instant: datetime) -> None:
    """Write down that everything is computed anew by this policy, whitelist and registers as of an instant."""
    connection.execute(
        text(
            "INSERT INTO ledger_settings (from_seq, recorded_at, policy_id, policy_revision, policy_digest,"
            " policy_source, whitelist_digest, whitelist, registers) VALUES (:from_seq, :recorded_at, :policy_id,"
            " :policy_revision, :policy_digest, :policy_source, :whitelist_digest, CAST(:whitelist AS jsonb),"
            " :registers)"
        ),
        {
            "from_seq": next_seq(connection),
            "recorded_at": instant,
            "policy_id": rulebook.policy.id,
            "policy_revision": rulebook.policy.revision,
            "policy_digest": rulebook.policy.digest,
            "policy_source": rulebook.policy_source,
            "whitelist_digest": rulebook.exchanges.digest,
            "whitelist": msgspec.json.encode(rulebook.exchanges.canonical()).decode(),
            "registers": None if rulebook.registers is None else list(rulebook.registers),
        },
    )


def _check_revision(connection: Connection, policy: Policy) -> None:
    """Revisions only rise: a start with an older file, say without POLICY_FILE, must not undo a newer one unseen."""
    newest = connection.execute(
        text("SELECT max(policy_revision) FROM ledger_settings WHERE policy_id = :id"), {"id": policy.id}
    ).scalar()
    if newest is not None and policy.revision < newest:
        raise SettingsError(
            f"POLICY_FILE: holds revision {policy.revision} of {policy.id}, but revision {newest} was put in force;"
            f" to go back to its values, give them as revision {newest + 1}"
        )


def _check_rules(connection: Connection, policy: Policy) -> None:
    """What awards are of must be told for ever: a rule that earned stays in the file, and can be made to end there."""
    rules = connection.execute(text("SELECT DISTINCT rule FROM award_current ORDER BY rule")).scalars()
    gone = [rule for rule in rules if rule not in policy.rule_order]
    if gone:
        raise SettingsError(
            f"POLICY_FILE: revision {policy.revision} of {policy.id} has no rule {', '.join(gone)}, of which there are"
            " awards; to end it, leave it there as `earned: recorded`, without an amount"
        )


def settings_in_force(connection: Connection) -> SettingsInForce | None:
    """None before the first."""
    row = connection.execute(
        text("SELECT policy_digest, whitelist_digest, registers FROM ledger_settings ORDER BY id DESC LIMIT 1")
    ).one_or_none()
    return None if row is None else SettingsInForce(row.policy_digest, row.whitelist_digest, registers_of(row))


def check_settings(connection: Connection, rulebook: Rulebook) -> Rulebook:
    """The rulebook with the registers that count, which the ledger says, whatever a program was started with.

    Raises SettingsChangedError unless the policy and the whitelist in force are these.
    """
    found = settings_in_force(connection)
    if found is None or found[:2] != (rulebook.policy.digest, rulebook.exchanges.digest):
        raise SettingsChangedError("another policy or whitelist is in force in the ledger: start this worker anew")
    return replace(rulebook, registers=found.registers)


def registers_text(registers: Registers) -> str:
    """For a person."""
    return "全部 all" if registers is None else ", ".join(registers)


def _newer(connection: Connection, records: Sequence[FactRecord]) -> list[FactRecord]:
    """The newest record of each key, where it is newer than what is recorded."""
    newest: dict[tuple[str, str], FactRecord] = {}
    for record in records:
        known = newest.get((record.topic, record.key))
        if known is None or _version(record) > _version(known):
            newest[record.topic, record.key] = record
    if not newest:
        return []
    keys = {"topics": pg_array(topic for topic, _ in newest), "keys": pg_array(key for _, key in newest)}
    recorded = {(topic, key): tuple(version) for topic, key, *version in fetch(connection, _RECORDED, keys)}
    return [record for where, record in newest.items() if _version(record) > recorded.get(where, (0, 0))]


def _version(record: FactRecord) -> tuple[int, int]:
    return record.fact.ref.generation, record.fact.ref.seq


def next_instant(connection: Connection, clock: Clock) -> datetime:
    """When this batch is recorded: the clock's word, and in any case later than all that is recorded."""
    last = last_instant(connection)
    return clock() if last is None else max(clock(), last + _TICK)


def _record_facts(connection: Connection, records: Iterable[FactRecord], instant: datetime) -> None:
    columns = 'topic, key, about, generation, seq, value, partition, "offset", received_at, recorded_at'
    with raw(connection).cursor() as cursor, cursor.copy(f"COPY fact ({columns}) FROM STDIN") as copy:
        for record in records:
            copy.write_row(
                (
                    record.topic,
                    record.key,
                    record.about,
                    *_version(record),
                    record.value,
                    record.partition,
                    record.offset,
                    record.received_at,
                    instant,
                )
            )
