"""`incentive rebuild`: recompute everything from the recorded facts, compare it with what is stored, and repair it.

Verification uses one snapshot and no lock. Repair takes the ledger's lock and writes new versions and postings, and
participants, which are derived; what PostgreSQL refuses stays as it is and is reported.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, NamedTuple

import click
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from services.incentive.domain.facts import FactError
from services.incentive.policy.terms import Policy
from services.incentive.rebuild.awards import Rebuilt, compare_awards, rebuild_awards
from services.incentive.rebuild.check_ledger import check_tables, count_all, wrong_entitlements
from services.incentive.rebuild.check_readings import check_readings
from services.incentive.rebuild.check_topics import compare_topics, read_facts
from services.incentive.rebuild.participants import compare_participants
from services.incentive.rebuild.repair import repair
from services.incentive.store.intake import apply_facts
from services.incentive.store.ledger import lock_ledger, next_seq
from services.incentive.store.log_entries import ledger_log, stored_transactions
from services.incentive.store.readings import forget_effects
from services.incentive.store.rulebook import (
    Rulebook,
    SettingsChangedError,
    check_settings,
    load_rulebook,
    settings_in_force,
)
from shared.postgres.database import make_engine
from shared.postgres.long_reads import Say, compare_in_snapshot
from shared.postgres.query import execute
from shared.service_log.check import compare_log
from shared.service_log.signing import signing_key
from shared.service_log.store import ServiceLog
from shared.settings import ClientConfig, Settings
from shared.telemetry.masking import reason_of
from shared.values.differences import Difference
from shared.values.times import Clock, now

MOST_LINES: Final = 1_000
_NOT_REPAIRABLE: Final = "不可更正 / not repairable: "
_DAMAGED_FACTS: Final = (
    "表 fact 与 fact_current 只能由其属主更正；受损的事实不作为记账依据 / only the owner of the tables fact and"
    " fact_current can repair them; nothing is posted because of a damaged fact"
)

Reported = Counter[bool]  # the number of differences, by whether they concern a recorded fact


class RebuildResult(NamedTuple):
    """True if nothing differs (any more), and a summary to print once the transaction has ended."""

    is_right: bool
    summary: str


def run_rebuild(settings: Settings, *, verify: bool, from_kafka: bool, say: Say = click.echo) -> None:
    """Verify or repair; exit with 1 if anything differs (still)."""
    rulebook = load_rulebook(settings)
    client_config = settings.kafka.client_config() if from_kafka else None
    engine = make_engine(settings.database_url)
    try:
        if verify:

            def compare(connection: Connection, say: Say) -> RebuildResult:
                return verify_all(connection, rulebook, client_config, say)

            result = compare_in_snapshot(engine, settings.database_read_url, compare, say)
        else:
            with engine.begin() as connection:
                log = ledger_log(signing_key(settings), settings.log_origin)
                result = repair_all(connection, rulebook, log, client_config, say, now)
    finally:
        engine.dispose()
    say(result.summary)
    if not result.is_right:
        raise SystemExit(1)


def verify_all(
    connection: Connection, rulebook: Rulebook, client_config: ClientConfig | None, say: Say
) -> RebuildResult:
    """Report what differs; needs a transaction that is one snapshot."""
    rulebook = _begin(connection, rulebook)
    published = () if client_config is None else compare_topics(connection, client_config)
    rebuilt = Rebuilt()
    recorded = chain(
        rebuild_awards(connection, rulebook, rebuilt),
        _ledger_differences(connection, rulebook.policy, rebuilt),
        check_readings(connection, rulebook),
    )
    reported = _report(chain(published, recorded), say)
    return RebuildResult(not reported, _summary(connection, client_config, reported.total()))


def repair_all(
    connection: Connection,
    rulebook: Rulebook,
    log: ServiceLog,
    client_config: ClientConfig | None,
    say: Say,
    clock: Clock,
) -> RebuildResult:
    """Report what differs and repair what can be repaired; write nothing if nothing differs."""
    lock_ledger(connection)
    rulebook = _begin(connection, rulebook)
    edge = log.edge(connection)
    published, applied = Reported(), 0
    refused: list[str] = []
    if client_config is not None:
        published = _report(compare_topics(connection, client_config), say)
        if published:
            applied, refused = _apply_missing(connection, rulebook, client_config, clock)
    rebuilt = Rebuilt()
    damaged = _report(rebuild_awards(connection, rulebook, rebuilt), say, _NOT_REPAIRABLE)
    found = _report(_ledger_differences(connection, rulebook.policy, rebuilt), say)
    if _report(check_readings(connection, rulebook), say):
        forget_effects(connection)  # the background process computes them again
    if not published + damaged + found:
        return RebuildResult(True, _summary(connection, client_config, 0))
    repairs = repair(connection, rulebook, rebuilt, clock)
    log.extend(connection, edge, clock())
    for reason in (*refused, *repairs.refused):
        say(f"{_NOT_REPAIRABLE}{reason}")
    remains = damaged + _report(_ledger_differences(connection, rulebook.policy, rebuilt), say, _NOT_REPAIRABLE)
    if client_config is not None and published:
        remains += _report(compare_topics(connection, client_config), say, _NOT_REPAIRABLE)
    if remains[True]:
        say(_DAMAGED_FACTS)
    return RebuildResult(
        not remains,
        f"已补入事实 {applied}，新版本 {repairs.versions}，更正分录 {repairs.postings}；不可更正 {remains.total()} / "
        f"facts applied {applied}, new versions {repairs.versions}, correcting postings {repairs.postings}; "
        f"not repairable {remains.total()}",
    )


def _apply_missing(
    connection: Connection, rulebook: Rulebook, client_config: ClientConfig, clock: Clock
) -> tuple[int, list[str]]:
    """Apply facts that the topics have and the database lacks; return their number, and why others were refused."""
    before = count_all(connection).facts
    refused: list[str] = []
    for records, _ in read_facts(connection, client_config):
        try:
            with connection.begin_nested():
                apply_facts(connection, records, rulebook, clock)
        except (IntegrityError, FactError) as error:
            refused.append(reason_of(error))
    return count_all(connection).facts - before, refused


def _ledger_differences(connection: Connection, policy: Policy, rebuilt: Rebuilt) -> Iterator[Difference]:
    """Differences from what was rebuilt, and those that the tables alone show; checked again after a repair."""
    yield from check_tables(connection)
    yield from compare_log(connection, stored_transactions, next_seq(connection))
    for compared in compare_awards(connection, policy, rebuilt):
        yield from compared.differences()
    for balance in wrong_entitlements(connection, rebuilt.accounts):
        yield balance.difference()
    yield from compare_participants(connection, rebuilt.participants)


def _report(differences: Iterable[Difference], say: Say, prefix: str = "") -> Reported:
    """Say each in one line, at most MOST_LINES of them, and count all."""
    reported = Reported()
    for difference in differences:
        reported[difference.what.startswith("fact")] += 1
        if reported.total() <= MOST_LINES:
            say(prefix + difference.line())
    if (more := reported.total() - MOST_LINES) > 0:
        say(f"{prefix}另有 {more} 项未列出 / {more} more are not listed")
    return reported


def _summary(connection: Connection, client_config: ClientConfig | None, differences: int) -> str:
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


def _begin(connection: Connection, rulebook: Rulebook) -> Rulebook:
    """Return the rulebook with the registers the ledger counts, if its policy and whitelist are those in force."""
    # A rebuild takes longer than a batch may, and reads its cursors to the end.
    execute(connection, "SET LOCAL transaction_timeout = 0; SET LOCAL cursor_tuple_fraction = 1")
    if settings_in_force(connection) is None:
        raise SettingsChangedError("台账尚无生效的政策 / no policy is in force in the ledger yet")
    try:
        return check_settings(connection, rulebook)
    except SettingsChangedError:
        raise SettingsChangedError(
            f"台账中生效的政策或名录与本程序的（{rulebook.policy.id} 第 {rulebook.policy.revision} 版）不一致，请核对"
            " POLICY_FILE 与 EXCHANGES_FILE / the policy or whitelist in force in the ledger differs from this"
            f" program's ({rulebook.policy.id} revision {rulebook.policy.revision}); check POLICY_FILE and"
            " EXCHANGES_FILE"
        ) from None
