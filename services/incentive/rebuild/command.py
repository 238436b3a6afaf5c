"""`incentive rebuild`: everything worked out again from the recorded facts, held against what stands, and mended.

To verify takes one snapshot and no lock. To mend takes the ledger's lock, and writes new versions and new postings
only; what PostgreSQL does not accept stays as it is, and is told.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import click
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from services.incentive.domain.facts import FactError
from services.incentive.policy.terms import Policy
from services.incentive.rebuild.awards import compare_awards, rebuild_awards
from services.incentive.rebuild.check_acts import check_acts
from services.incentive.rebuild.check_ledger import check_whole, count_all, wrong_entitlements
from services.incentive.rebuild.check_topics import compare_topics, read_facts
from services.incentive.rebuild.repair import repair
from services.incentive.store.intake import apply_facts
from services.incentive.store.ledger import lock_ledger, next_seq
from services.incentive.store.log_entries import ledger_log, stored_transactions
from services.incentive.store.rulebook import (
    Rulebook,
    SettingsChangedError,
    check_settings,
    load_rulebook,
    settings_in_force,
)
from shared.postgres.database import make_engine
from shared.postgres.query import execute
from shared.service_log.check import compare_log
from shared.service_log.signing import signing_key
from shared.service_log.store import ServiceLog
from shared.settings import ClientConfig, Settings
from shared.telemetry.masking import reason_of
from shared.values.differences import Difference
from shared.values.times import Clock, now

MOST_LINES: Final = 1_000
_NOT_MENDABLE: Final = "不可更正 / not mendable: "
_THE_OWNERS: Final = (
    "fact 与 fact_current 只能由其所有者更正，有误的事实不据以记账 / fact and fact_current can only be put right by"
    " their owner; nothing is posted on the word of a damaged fact"
)

Say = Callable[[str], None]


@dataclass(frozen=True)
class _Reported:
    """How many differences were told, and whether one is of a recorded fact."""

    count: int = 0
    of_facts: bool = False

    def __add__(self, other: "_Reported") -> "_Reported":
        return _Reported(self.count + other.count, self.of_facts or other.of_facts)


class RebuildResult(NamedTuple):
    """Whether nothing differs (any more), and the closing line: for a person, once the transaction has ended."""

    is_right: bool
    closing: str


def run_rebuild(settings: Settings, *, verify: bool, from_kafka: bool, say: Say = click.echo) -> None:
    """Verify or mend; ends the program with 1 where anything differs, or still does."""
    rulebook = load_rulebook(settings)
    client_config = settings.kafka.client_config() if from_kafka else None
    engine = make_engine(settings.database_url)
    try:
        if verify:
            with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
                outcome = verify_all(connection, rulebook, client_config, say)
        else:
            with engine.begin() as connection:
                log = ledger_log(signing_key(settings), settings.log_origin)
                outcome = repair_all(connection, rulebook, log, client_config, say, now)
    finally:
        engine.dispose()
    say(outcome.closing)
    if not outcome.is_right:
        raise SystemExit(1)


def verify_all(
    connection: Connection, rulebook: Rulebook, client_config: ClientConfig | None, say: Say
) -> RebuildResult:
    """Tell what differs; needs a transaction that is one snapshot."""
    _no_limits(connection)
    rulebook = _in_force(connection, rulebook)
    told = _report(_all_differences(connection, rulebook, client_config), say)
    return RebuildResult(told.count == 0, _what_was_compared(connection, client_config, told.count))


def repair_all(
    connection: Connection,
    rulebook: Rulebook,
    log: ServiceLog,
    client_config: ClientConfig | None,
    say: Say,
    clock: Clock,
) -> RebuildResult:
    """Tell what differs, and mend what can be mended. Nothing is written where nothing differs."""
    lock_ledger(connection)
    _no_limits(connection)
    rulebook = _in_force(connection, rulebook)
    edge = log.edge(connection)
    published, applied = _Reported(), 0
    refused: list[str] = []
    if client_config is not None:
        published = _report(compare_topics(connection, client_config), say)
        if published.count:
            applied, refused = _apply_lost(connection, rulebook, client_config, clock)
    damaged = _report(rebuild_awards(connection, rulebook), say, _NOT_MENDABLE)
    found = _report(_of_ledger(connection, rulebook.policy), say)
    if not published.count + damaged.count + found.count:
        return RebuildResult(True, _what_was_compared(connection, client_config, 0))
    mended = repair(connection, rulebook, clock)
    log.extend(connection, edge, clock())
    for refusal in (*refused, *mended.refused):
        say(f"{_NOT_MENDABLE}{refusal}")
    remains = damaged + _report(_of_ledger(connection, rulebook.policy), say, _NOT_MENDABLE)
    if client_config is not None and published.count:
        remains += _report(compare_topics(connection, client_config), say, _NOT_MENDABLE)
    if remains.of_facts:
        say(_THE_OWNERS)
    return RebuildResult(
        remains.count == 0,
        f"已补入事实 {applied}，新版本 {mended.versions}，更正分录 {mended.postings}；不可更正 {remains.count} / "
        f"facts applied {applied}, new versions {mended.versions}, correcting postings {mended.postings}; "
        f"not mendable {remains.count}",
    )


def _apply_lost(
    connection: Connection, rulebook: Rulebook, client_config: ClientConfig, clock: Clock
) -> tuple[int, list[str]]:
    """Take in what the topics have and the database does not; how many facts, and what did not go in."""
    before = count_all(connection).facts
    refused: list[str] = []
    for records in read_facts(connection, client_config):
        try:
            with connection.begin_nested():
                apply_facts(connection, records, rulebook, clock)
        except (IntegrityError, FactError) as error:
            refused.append(reason_of(error))
    return count_all(connection).facts - before, refused


def _all_differences(
    connection: Connection, rulebook: Rulebook, client_config: ClientConfig | None
) -> Iterator[Difference]:
    if client_config is not None:
        yield from compare_topics(connection, client_config)
    yield from rebuild_awards(connection, rulebook)
    yield from _of_ledger(connection, rulebook.policy)


def _of_ledger(connection: Connection, policy: Policy) -> Iterator[Difference]:
    """What follows from `rebuilt_award` and from the tables alone; the same again after a mend."""
    yield from check_whole(connection)
    yield from check_acts(connection)
    yield from compare_log(connection, stored_transactions, next_seq(connection))
    for compared in compare_awards(connection, policy):
        if not compared.is_right:
            yield from compared.differences()
    for balance in wrong_entitlements(connection):
        yield balance.difference()


def _report(differences: Iterable[Difference], say: Say, prefix: str = "") -> _Reported:
    """Say each in one line, at most MOST_LINES of them; all are counted."""
    count, of_facts = 0, False
    for count, difference in enumerate(differences, 1):
        of_facts |= difference.what.startswith("fact")
        if count <= MOST_LINES:
            say(prefix + difference.line())
    if count > MOST_LINES:
        more = count - MOST_LINES
        say(f"{prefix}另有 {more} 项未列出 / {more} more are not listed")
    return _Reported(count, of_facts)


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
    execute(connection, "SET LOCAL transaction_timeout = 0; SET LOCAL cursor_tuple_fraction = 1")


def _in_force(connection: Connection, rulebook: Rulebook) -> Rulebook:
    """The rulebook with the registers that count in the ledger, if policy and whitelist are those in force."""
    if settings_in_force(connection) is None:
        raise SettingsChangedError("台账尚无生效的政策 / no policy is in force in the ledger yet")
    try:
        return check_settings(connection, rulebook)
    except SettingsChangedError:
        raise SettingsChangedError(
            "台账中生效的政策或名录不是本程序的，请核对 POLICY_FILE 与 EXCHANGES_FILE / the policy or whitelist in"
            f" force in the ledger is not this program's ({rulebook.policy.id} revision {rulebook.policy.revision})"
        ) from None
