"""`rebuild`: recompute everything that a register derives, compare, and repair what differs.

Sources are the entries (records with their bytes, applied facts, settings) and the quarantine. Derived are the columns
of documents, which of them is current, firsts, totals and daily counts. Verification reads one snapshot and locks
nothing. A repair runs as the register's one writer and records the settings as an entry again, as after a change of the
whitelist, so that changed facts are newer than those that readers hold. Entries never change.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine

from shared.kafka.errors import is_transient_kafka_error
from shared.language import localized, say
from shared.operator_errors import OperatorError
from shared.postgres.database import make_engine
from shared.postgres.long_reads import compare_in_snapshot
from shared.postgres.query import execute, fetch, fetch_value, fetch_values
from shared.register.context import RegisterContext, register_context
from shared.register.firsts import compare_firsts
from shared.register.head import check_register, check_settings, lock_head, read_head, settings_digest
from shared.register.kind import RegisterKind
from shared.register.parties import Entity, stored_ids
from shared.register.publish.outbox import DirtyKey, mark_dirty
from shared.register.publish.restored_backup import FactVersion, check_not_behind, newest_published_version
from shared.register.rebuild.daily_counts import Day, DayCount, compare_days, store_days
from shared.register.rebuild.report import RebuildReport
from shared.register.rebuild.topic_comparison import TopicComparison, compare_records
from shared.register.rebuild.versioned_table import (
    VersionedTable,
    apply_repairs,
    compare_columns,
    compare_places,
    create_repair_table,
    has_repairs,
    overlay_repairs,
)
from shared.service_log.check import compare_log
from shared.service_log.signing import signing_key
from shared.service_log.store import ServiceLog
from shared.settings import ClientConfig, Settings
from shared.values.json_types import Json
from shared.values.parties import Party
from shared.values.times import now

_WORK_MEM = "SET LOCAL work_mem = '128MB'"
_NO_TIMEOUT = "SET LOCAL transaction_timeout = 0"


@dataclass(frozen=True)
class RebuildSpec:
    """The parts that one kind of register adds to a rebuild.

    `facts`: the table of applied facts. `views`: database views that read the tables. `amount`: the SQL of a document's
    money. `document_topic`: the topic with a fact for each document. `compare_totals`: compares what else is derived.
    `compare_fact_topic`: compares the facts read from Kafka.
    """

    kind: RegisterKind
    documents: VersionedTable
    facts: VersionedTable | None = None
    views: tuple[str, ...] = ()
    amount: str = "0"
    document_topic: str | None = None
    compare_totals: Callable[[Connection, RegisterContext, RebuildReport], None] = lambda *_: None
    compare_fact_topic: Callable[[TopicComparison], None] = lambda _: None

    @property
    def tables(self) -> tuple[VersionedTable, ...]:
        return (self.documents,) if self.facts is None else (self.documents, self.facts)


def run_rebuild(spec: RebuildSpec, settings: Settings, *, verify: bool, from_kafka: bool) -> None:
    """Run the command; exit with 1 if differences are left."""
    register = register_context(settings)
    client_config = settings.kafka.client_config()
    # Only the owner may remove a row from the past, which hardly any repair needs.
    engine = make_engine(settings.database_url if verify else settings.database_owner_url or settings.database_url)
    topics = client_config if from_kafka else None

    def compare(connection: Connection, say: Callable[[str], None]) -> bool:
        return compare_register(connection, spec, register, RebuildReport(say), topics)

    try:
        if verify:
            is_sound = compare_in_snapshot(engine, settings.database_read_url, compare, print)
        else:
            report = RebuildReport(print)
            published = newest_published_version(client_config, spec.kind.facts, register.id)
            log = spec.kind.log(signing_key(settings), settings.log_origin)
            is_sound = repair_register(engine, spec, register, report, topics, log=log, published=published, now=now())
    except Exception as error:
        if is_transient_kafka_error(error):
            raise OperatorError(f"消息系统不可用：{error!r} / the broker is unavailable: {error!r}") from error
        raise
    finally:
        engine.dispose()
    if not is_sound:
        sys.exit(1)


def compare_register(
    connection: Connection,
    spec: RebuildSpec,
    register: RegisterContext,
    report: RebuildReport,
    topics: ClientConfig | None,
) -> bool:
    """Compare in one snapshot while intake continues; return True if nothing differs.

    `topics`: Kafka settings, to also read the topics again.
    """
    execute(connection, _NO_TIMEOUT)
    comparison = _Comparison(connection, spec, register, report, topics, read_head(connection).next_seq)
    comparison.compare(lambda parties: stored_ids(connection, parties), None)
    report.close()
    return report.differences == 0


def repair_register(  # noqa: PLR0913 - what to repair, by what, and as of when
    engine: Engine,
    spec: RebuildSpec,
    register: RegisterContext,
    report: RebuildReport,
    topics: ClientConfig | None,
    *,
    log: ServiceLog,
    published: FactVersion | None,
    now: datetime,
) -> bool:
    """Compare as the one writer and repair what can be repaired; return True if no difference is left.

    `published`: the newest version of the published facts.
    """
    with engine.connect() as connection, connection.begin() as transaction:
        head = lock_head(connection)
        execute(connection, _NO_TIMEOUT)
        check_not_behind(head, published, spec.kind.service)
        edge = log.edge(connection)
        comparison = _Comparison(connection, spec, register, report, topics, head.next_seq)
        register.parties.as_of(head.next_seq)
        days = comparison.compare(lambda parties: register.parties.find(connection, parties), now)
        recorded = None
        if report.repairable and (topics is not None or not report.is_incomplete):
            recorded = read_head(connection).next_seq
            comparison.store(days, now)
            log.extend(connection, edge, now)
        else:
            transaction.rollback()
    report.close()
    report.print_repair(recorded)
    return report.differences == (report.repairable if recorded is not None else 0)


@dataclass
class _Comparison:
    """A comparison in one transaction; `numbered`: the entries before a repair adds some."""

    connection: Connection
    spec: RebuildSpec
    register: RegisterContext
    report: RebuildReport
    topics: ClientConfig | None
    numbered: int
    _duplicates: Counter[Day] = field(default_factory=Counter, init=False)

    def __post_init__(self) -> None:
        head = read_head(self.connection)
        check_register(head, self.register.id)
        check_settings(head, self.register.settings)
        execute(self.connection, _WORK_MEM)

    def compare(
        self, find: Callable[[Sequence[Party]], dict[Entity, int]], repairing_at: datetime | None
    ) -> Sequence[DayCount]:
        """Compare everything, sources before what is derived from them; return the daily counts to store.

        `repairing_at`: also repair the documents that later comparisons build on.
        """
        connection, spec, report = self.connection, self.spec, self.report
        all_known = False
        if self.topics is not None:
            comparison = TopicComparison(connection, spec.kind, self.register, report, self.topics, repairing_at)
            self._duplicates = compare_records(comparison)
            all_known = comparison.all_known
            spec.compare_fact_topic(comparison)
            execute(connection, _NO_TIMEOUT)
        _compare_numbering(connection, spec, report)
        _compare_settings(connection, report)
        for table in spec.tables:
            if repairing_at is not None:
                create_repair_table(connection, table)
            compare_columns(connection, table, self.register.exchanges, report, find)
            compare_places(connection, table, report)
        self._repair_documents(write=repairing_at is not None)
        _compare_log(connection, spec, report, self.numbered)
        for table in spec.tables:
            count = fetch_value(connection, f"SELECT count(*) FROM {table.table}", int)
            report.compared(localized(table.title), count)
        compare_firsts(connection, spec.kind.firsts, report)
        spec.compare_totals(connection, self.register, report)
        return compare_days(connection, spec.documents.table, spec.amount, report, all_known=all_known)

    def _repair_documents(self, *, write: bool) -> None:
        """Make later comparisons read documents as they should be: write the repairs, or overlay the tables."""
        connection = self.connection
        wrong = [table for table in self.spec.tables if has_repairs(connection, table)]
        if write:
            for table in wrong:
                apply_repairs(connection, table)
        elif wrong:
            view_definition = "SELECT pg_get_viewdef(CAST(%(view)s AS regclass))"
            views = {view: fetch_value(connection, view_definition, str, view=view) for view in self.spec.views}
            for table in wrong:
                overlay_repairs(connection, table)
            for view, definition in views.items():
                # Parsed again, its table names mean the overlays.
                execute(connection, f"CREATE TEMPORARY VIEW {view} AS {definition}")
            # Prepared statements of this session would still read the tables below.
            execute(connection, "DISCARD PLANS")

    def store(self, days: Sequence[DayCount], now: datetime) -> None:
        """Record the settings again and update everything that is derived from the repaired documents."""
        connection, kind = self.connection, self.spec.kind
        kind.adopt_settings(connection, read_head(connection), self.register, now)
        mark_dirty(connection, _keys_of_repaired(connection, self.spec), now)
        store_days(connection, days, self._duplicates)


def _keys_of_repaired(connection: Connection, spec: RebuildSpec) -> Iterator[DirtyKey]:
    """Yield the facts about repaired documents themselves, and the firsts that they are."""
    firsts = spec.kind.firsts
    rows = fetch(
        connection,
        f"""
            SELECT r.exchange, r.number, p.scheme, p.code FROM {spec.documents.repairs} r
            LEFT JOIN {firsts.first} f ON f.seq = r.seq LEFT JOIN party p ON p.id = f.party
            WHERE r.is_current
            """,
        tuple[str, str, str | None, str | None],
    )
    for exchange, number, scheme, code in rows:
        if spec.document_topic is not None:
            yield spec.document_topic, f"{exchange}/{number}"
        if code is not None:
            yield firsts.topic, f"{scheme}:{code}"


def _compare_numbering(connection: Connection, spec: RebuildSpec, report: RebuildReport) -> None:
    """Check that entries are numbered from 0 to next_seq - 1, each number once."""
    tables = [*(name for table in spec.tables for name in (table.table, table.past)), "settings_entry"]
    entries = " UNION ALL ".join(f"SELECT seq FROM {table}" for table in tables)
    next_seq = read_head(connection).next_seq
    rows = fetch(
        connection,
        f"""
            SELECT seq, before FROM (
                SELECT seq, lag(seq, 1, CAST(-1 AS bigint)) OVER (ORDER BY seq) AS before
                FROM (SELECT seq FROM ({entries}) e WHERE seq >= 0 AND seq < %(next_seq)s
                      UNION ALL SELECT CAST(%(next_seq)s AS bigint)) e
            ) e WHERE seq <> before + 1 ORDER BY seq
            """,
        tuple[int, int],
        next_seq=next_seq,
    )
    for seq, before in rows:
        if seq == before:
            twice = say("不止一个", "more than one")
            report.add(f"{say('条目', 'entry')} {seq}", twice, say("一个", "one"), repairable=False)
        else:
            span = f"{before + 1}" if seq == before + 2 else f"{before + 1} .. {seq - 1}"
            report.add(f"{say('条目', 'entry')} {span}", None, say("在册", "stored"), repairable=False)
            report.is_incomplete = True
    beyond = fetch_values(
        connection,
        f"SELECT seq FROM ({entries}) e WHERE seq < 0 OR seq >= %(next_seq)s ORDER BY seq",
        int,
        next_seq=next_seq,
    )
    for seq in beyond:
        report.add(f"{say('条目', 'entry')} {seq}", say("在册", "stored"), f"next_seq {next_seq}", repairable=False)
    report.compared(say("条目", "entries"), next_seq)


def _compare_log(connection: Connection, spec: RebuildSpec, report: RebuildReport, numbered: int) -> None:
    """Compare the log with the entries; it does not show what an entry was before it was changed."""
    for difference in compare_log(connection, spec.kind.stored, numbered):
        report.add(*difference, repairable=False)
    report.compared(say("日志", "log"), numbered)


def _compare_settings(connection: Connection, report: RebuildReport) -> None:
    """Check that each digest is that of its content, and that the head counts by the last entry."""
    rows = fetch(connection, "SELECT seq, digest, content FROM settings_entry ORDER BY seq", tuple[int, str, Json])
    for seq, recorded, content in rows:
        digest = settings_digest(content)
        if digest != recorded:
            report.add(f"settings_entry {seq} digest", recorded, digest, repairable=False)
    stored, expected = read_head(connection).settings_digest, rows[-1][1] if rows else None
    if not rows or expected != stored:
        report.add("register_head settings_digest", stored, expected, repairable=True)
    report.compared(say("设置", "settings"), len(rows))
