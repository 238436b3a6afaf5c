"""Which registers count: those that REGISTERS names, once adopting them takes nothing from what counts already.

A register is split by new ones that read its exchanges' topics from offset 0. If they counted before they had read
everything, awards would be withdrawn and earned again. So a consumer that starts with other registers than the ledger
counts keeps those, and adopts its own REGISTERS once all of them have caught up, the ledger has read what they
published, and no register that ceases to count has published anything they may not have seen.
"""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Final

import structlog
from sqlalchemy import Connection

from services.incentive.domain.facts import DECLARED, TOPICS
from services.incentive.domain.facts import Registers as Ids
from services.incentive.store.ledger import lock_ledger
from services.incentive.store.recompute import put_in_force
from services.incentive.store.register_client import RegisterClient, RegisterRefused, RegisterUnavailable
from services.incentive.store.rulebook import Rulebook, check_settings, registers_text, settings_in_force
from shared.events.topics import topics_of
from shared.kafka.errors import is_transient_kafka_error
from shared.kafka.positions import load_positions
from shared.kafka.replay import stable_end_offsets
from shared.postgres.errors import is_transient
from shared.postgres.query import fetch_value, fetch_values
from shared.process.background import background_thread
from shared.process.backoff import Backoff
from shared.service_log.store import ServiceLog
from shared.settings import RegisterAddress, read_service_key
from shared.telemetry.masking import reason_of
from shared.values.times import now
from shared.whitelist import Whitelist
from shared.worker.consumer_program import ConsumerProgram

_READS_WITHIN_S: Final = 10.0
_LOOK_EVERY_S: Final = 0.1
_LAST_FACT: Final = "SELECT coalesce(max(id), 0) FROM fact"
_SINCE: Final = "SELECT DISTINCT split_part(key, '/', 1) FROM fact WHERE id > %(id)s AND topic <> %(declared)s"
_EVER: Final = "SELECT DISTINCT split_part(key, '/', 1) FROM fact_current WHERE topic <> %(declared)s"

log = structlog.get_logger(__name__)


class AdoptionPending(Exception):  # noqa: N818 - a state, not a fault
    """The named registers cannot count yet; the message says what they wait for."""


def named_registers(registers: Mapping[str, RegisterAddress] | None) -> Ids:
    """The ids of REGISTERS; None if none are named."""
    return None if registers is None else tuple(sorted(registers))


def registers_at_start(connection: Connection, named: Ids) -> Ids:
    """The registers that count when a consumer starts: the named ones if that changes nothing, else the ledger's.

    If none are named, the ledger's stay. Needs the ledger's lock.
    """
    found = settings_in_force(connection)
    if found is None:
        return named
    if named is None or found.registers is not None:
        return found.registers
    # So far all that have published count: naming all of them takes nothing away.
    published = fetch_values(connection, _EVER, str, declared=DECLARED)
    return named if set(published) <= set(named) else None


def adopting_registers(
    program: ConsumerProgram, rulebook: Rulebook, ledger_log: ServiceLog
) -> AbstractContextManager[None]:
    """Adopt the registers of REGISTERS as soon as possible while the program consumes; a programming error stops it."""
    if program.settings.registers is None:
        return nullcontext()
    change = RegisterAdoption(program, rulebook, ledger_log, program.settings.registers)
    return background_thread(change.run, "registers", program.stop, join_timeout_s=_READS_WITHIN_S)


@dataclass
class RegisterAdoption:
    """Wait until the named registers can count, and put them in force."""

    program: ConsumerProgram
    rulebook: Rulebook
    ledger_log: ServiceLog
    addresses: Mapping[str, RegisterAddress]

    def __post_init__(self) -> None:
        self._named = tuple(sorted(self.addresses))

    def run(self) -> None:
        """Retry until adopted or stopped; raise errors that are not transient."""
        Backoff(self.program.stop).retry(self._make, _why_retry, "registers do not count yet", named=self._named)

    def _make(self) -> None:
        """Put the named registers in force. Raises AdoptionPending and transient errors."""
        with self.program.engine.connect() as connection:
            before = check_settings(connection, self.rulebook).registers
            if before == self._named:
                return
            last_fact = fetch_value(connection, _LAST_FACT, int)
        log.info("adopting other registers", counted=registers_text(before), named=registers_text(self._named))
        with RegisterClient(read_service_key(self.program.settings)) as asked:
            check_caught_up(asked, self.addresses, self.rulebook.exchanges)
        self._read_what_they_published()
        with self.program.engine.begin() as connection:
            lock_ledger(connection)
            if check_settings(connection, self.rulebook).registers != before:
                raise AdoptionPending("其他程序刚刚变更 / another program has just changed them")
            check_silence(connection, before, self._named, last_fact)
            edge = self.ledger_log.edge(connection)
            put_in_force(connection, replace(self.rulebook, registers=self._named), now)
            self.ledger_log.extend(connection, edge, now())

    def _read_what_they_published(self) -> None:
        """Wait until the ledger has all facts that are in the topics now."""
        engine, client_config = self.program.engine, self.program.settings.kafka.client_config()
        with engine.connect() as connection:
            known = [where for where in load_positions(connection) if where[0] in TOPICS]
        ends = stable_end_offsets(client_config, known)
        until_s = time.monotonic() + _READS_WITHIN_S
        while not self.program.stop.is_set():
            with engine.connect() as connection:
                positions = load_positions(connection)
            behind = [where for where, end in ends.items() if positions[where].next_offset < end]
            if {topic for topic, _ in known} == set(TOPICS) and not behind:
                return
            if time.monotonic() > until_s:
                raise AdoptionPending("台账尚未读完事实主题 / the ledger itself has facts to read")
            self.program.stop.wait(_LOOK_EVERY_S)
        raise AdoptionPending("程序正在停止 / the program is stopping")


def check_caught_up(asked: RegisterClient, addresses: Mapping[str, RegisterAddress], exchanges: Whitelist) -> None:
    """Raise AdoptionPending unless no register has a backlog, and each exchange is in exactly one of them.

    Raises RegisterUnavailable and RegisterRefused, too. Listings are asked before trades, which depend on them.
    """
    readers: dict[str, list[str]] = {}
    for register, address in sorted(addresses.items()):
        for kind, url in (("listings", address.listing), ("trades", address.trade_ingest)):
            asked.log(kind, register, url)  # confirms that it is this register
            progress = asked.progress(url)
            if progress.lag or progress.outbox:
                raise AdoptionPending(f"{register} {kind}: lag {progress.lag}, outbox {progress.outbox}")
            for topic in progress.topics:
                readers.setdefault(topic, []).append(register)
    for topic in (topic for exchange in exchanges.ids for topic in topics_of(exchange)):
        found = readers.get(topic, [])
        if len(found) != 1:
            raise AdoptionPending(
                f"{topic}: 须恰有一个登记簿读取 / must be read by one of the registers named, is read by"
                f" {', '.join(found) or 'none'}; see EXCHANGES and REGISTERS"
            )


def check_silence(connection: Connection, before: Ids, named: tuple[str, ...], last_fact: int) -> None:
    """Raise AdoptionPending if a register that ceases to count has published since the fact with this id."""
    active = fetch_values(connection, _SINCE, str, id=last_fact, declared=DECLARED)
    going = [one for one in active if one not in named and (before is None or one in before)]
    if going:
        raise AdoptionPending(
            f"{', '.join(sorted(going))}: 仍在发布，请先停其消费程序 / still publishes facts: stop its consumers first"
        )


def _why_retry(error: Exception) -> str | None:
    if isinstance(error, AdoptionPending | RegisterRefused):
        return str(error)
    is_expected = isinstance(error, RegisterUnavailable) or is_transient(error) or is_transient_kafka_error(error)
    return reason_of(error) if is_expected else None
