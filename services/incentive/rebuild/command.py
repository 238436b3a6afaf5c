"""`incentive rebuild`: everything worked out again from the recorded facts, held against what stands, and mended.

To verify takes one snapshot and no lock. To mend takes the ledger's lock, and writes new versions and new postings
only; what PostgreSQL does not accept stays as it is, and is told.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import click
import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from services.incentive.domain.facts import FactError
from services.incentive.policy.terms import Policy
from services.incentive.rebuild.awards import compare_awards, work_out_awards
from services.incentive.rebuild.check_acts import check_acts
from services.incentive.rebuild.check_ledger import check_whole, count_all, wrong_entitlements
from services.incentive.rebuild.check_topics import compare_topics, read_facts
from services.incentive.rebuild.repair import mend
from services.incentive.store.awards import next_seq
from services.incentive.store.basis import Basis, load_basis
from services.incentive.store.intake import (
    SettingsChanged,
    apply_facts,
    check_settings,
    lock_ledger,
    settings_in_force,
)
from services.incentive.store.log_entries import ledger_log, stored_transactions
from shared.postgres.database import make_engine
from shared.settings import Settings
from shared.telemetry.masking import reason_of
from shared.translog.check import log_differences
from shared.translog.signing import signing_key
from shared.translog.store import ServiceLog
from shared.values.differences import Difference
from shared.values.times import Clock, now

MOST_LINES: Final = 1_000
_NOT_MENDABLE: Final = "不可更正 / not mendable: "
_THE_OWNERS: Final = (
    "fact 与 fact_current 只能由其所有者更正，有误的事实不据以记账 / fact and fact_current can only be put right by"
    " their owner; nothing is posted on the word of a damaged fact"
)

ClientConfig = Mapping[str, Any]
Say = Callable[[str], None]


@dataclass(frozen=True)
class _Told:
    """How many differences were told, and whether one is of a recorded fact."""

    count: int = 0
    of_facts: bool = False

    def __add__(self, other: "_Told") -> "_Told":
        return _Told(self.count + other.count, self.of_facts or other.of_facts)


class Outcome(NamedTuple):
    """Whether nothing differs (any more), and the closing line: for a person, once the transaction has ended."""

    is_right: bool
    closing: str


def run_rebuild(settings: Settings, *, verify: bool, from_kafka: bool, say: Say = click.echo) -> None:
    """Verify or mend; ends the program with 1 where anything differs, or still does."""
    basis = load_basis(settings)
    client_config = settings.kafka.client_config() if from_kafka else None
    engine = make_engine(settings.database_url)
    try:
        if verify:
            with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
                outcome = verify_all(connection, basis, client_config, say)
        else:
            with engine.begin() as connection:
                log = ledger_log(signing_key(settings), settings.log_origin)
                outcome = mend_all(connection, basis, log, client_config, say, now)
    finally:
        engine.dispose()
    say(outcome.closing)
    if not outcome.is_right:
        raise SystemExit(1)


def verify_all(connection: Connection, basis: Basis, client_config: ClientConfig | None, say: Say) -> Outcome:
    """Tell what differs; needs a transaction that is one snapshot."""
    _no_limits(connection)
    basis = _in_force(connection, basis)
    told = _tell(_all_differences(connection, basis, client_config), say)
    return Outcome(told.count == 0, _what_was_compared(connection, client_config, told.count))


def mend_all(
    connection: Connection,
    basis: Basis,
    log: ServiceLog,
    client_config: ClientConfig | None,
    say: Say,
    clock: Clock,
) -> Outcome:
    """Tell what differs, and mend what can be mended. Nothing is written where nothing differs."""
    lock_ledger(connection)
    _no_limits(connection)
    basis = _in_force(connection, basis)
    edge = log.edge(connection)
    published, applied = _Told(), 0
    refused: list[str] = []
    if client_config is not None:
        published = _tell(compare_topics(connection, client_config), say)
        if published.count:
            applied, refused = _apply_lost(connection, basis, client_config, clock)
    damaged = _tell(work_out_awards(connection, basis), say, _NOT_MENDABLE)
    found = _tell(_of_ledger(connection, basis.policy), say)
    if not published.count + damaged.count + found.count:
        return Outcome(True, _what_was_compared(connection, client_config, 0))
    mended = mend(connection, basis, clock)
    log.extend(connection, edge, clock())
    for refusal in (*refused, *mended.refused):
        say(f"{_NOT_MENDABLE}{refusal}")
    remains = damaged + _tell(_of_ledger(connection, basis.policy), say, _NOT_MENDABLE)
    if client_config is not None and published.count:
        remains += _tell(compare_topics(connection, client_config), say, _NOT_MENDABLE)
    if remains.of_facts:
        say(_THE_OWNERS)
    return Outcome(
        remains.count == 0,
        f"已补入事实 {applied}，新版本 {mended.versions}，更正分录 {mended.postings}；不可更正 {remains.count} / "
        f"facts applied {applied}, new versions {mended.versions}, correcting postings {mended.postings}; "
        f"not mendable {remains.count}",
    )


def _apply_lost(
    connection: Connection, basis: Basis, client_config: ClientConfig, clock: Clock
) -> tuple[int, list[str]]:
    """Take in what the topics have and the database does not; how many facts, and what did not go in."""
    before = count_all(connection).facts
    refused: list[str] = []
    for records in read_facts(connection, client_config):
        try:
            with connection.begin_nested():
                apply_facts(connection, records, basis, clock)
        except (psycopg.IntegrityError, IntegrityError, FactError) as error:  # the first: from COPY, without SQLAlchemy
            refused.append(reason_of(error))
    return count_all(connection).facts - before, refused


def _all_differences(connection: Connection, basis: Basis, client_config: ClientConfig | None) -> Iterator[Difference]:
    if client_config is not None:
        yield from compare_topics(connection, client_config)
    yield from work_out_awards(connection, basis)
    yield from _of_ledger(connection, basis.policy)


def _of_ledger(connection: Connection, policy: Policy) -> Iterator[Difference]:
    """What follows from `rebuilt_award` and from the tables alone; the same again after a mend."""
    yield from check_whole(connection)
    yield from check_acts(connection)
    yield from log_differences(connection, stored_transactions, next_seq(connection))
    for compared in compare_awards(connection, policy):
        if not compared.is_right:
            yield from compared.differences()
    for balance in wrong_entitlements(connection):
        yield balance.difference()


def _tell(differences: Iterable[Difference], say: Say, prefix: str = "") -> _Told:
    """Say each in one line, at most MOST_LINES of them; all are counted."""
    count, of_facts = 0, False
    for count, difference in enumerate(differences, 1):
        of_facts |= difference.what.startswith("fact")
        if count <= MOST_LINES:
            say(prefix + difference.line())
    if count > MOST_LINES:
        more = count - MOST_LINES
        say(f"{prefix}另有 {more} 项未列出 / {more} more are not listed")
    return _Told(count, of_facts)


def _what_was_compared(connection: Connection, client_config: ClientConfig | None, differences: int) -> str:
    counts = count_all(connection)
    topics_zh, topics_en = ("", "") if client_config is None else ("事实主题, ", "the fact topics, ")
    return (
        f"已比对 / compared: {topics_zh}事实 {counts.facts} (键 {counts.keys}), 奖补 {counts.awards}"
        f" (版本 {counts.versions}), 交易 {counts.transactions} (分录 {counts.entries}), 办理 {counts.acts};"
        f" 差异 {differences} / "
        f"{topics_en}facts {counts.facts} (keys {counts.keys}), awards {counts.awards} (versions {counts.versions}),"
        f" transactions {counts.transactions} (entries {counts.entries}), acts {counts.acts};"
        f" differences {differences}"
    )


def _no_limits(connection: Connection) -> None:
    # Everything at once takes longer than a batch may, and a cursor is read to its end.
    connection.execute(text("SET LOCAL transaction_timeout = 0; SET LOCAL cursor_tuple_fraction = 1"))


def _in_force(connection: Connection, basis: Basis) -> Basis:
    """The basis with the registers that count in the ledger, if policy and whitelist are those in force."""
    if settings_in_force(connection) is None:
        raise SettingsChanged("台账尚无生效的政策 / no policy is in force in the ledger yet")
    try:
        return check_settings(connection, basis)
    except SettingsChanged:
        raise SettingsChanged(
            "台账中生效的政策或白名单不是本程序的，请核对 POLICY_FILE 与 EXCHANGES_FILE / the policy or whitelist in"
            f" force in the ledger is not this program's ({basis.policy.id} revision {basis.policy.revision})"
        ) from None
