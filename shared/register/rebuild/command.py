"""`rebuild`: work out anew, from what is stored upstream, all that a register derives, and say or mend what differs.

Upstream are the entries (records with their bytes, applied facts, settings) and the quarantine. Derived are columns of
documents, which of them stands, firsts, totals and daily counts. To verify is to read one snapshot, and lock nothing.
To mend is to be the one writer: what differs is brought to what follows, and the settings are entered again, as after a
change of the whitelist, so that the facts that change are newer than those that readers hold. Entries never change.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import text

from shared.kafka.errors import is_transient_kafka_error
from shared.operator_errors import OperatorError
from shared.postgres.database import make_engine
from shared.register.head import (
    check_register,
    check_settings,
    lock_head,
    read_head,
    register_settings,
    settings_digest,
)
from shared.register.intake import RegisterContext
from shared.register.parties import PartyIds, stored_ids
from shared.register.publish.outbox import mark_dirty
from shared.register.publish.restored_backup import check_not_behind, newest_published_version
from shared.register.rebuild.daily_counts import Day, add_duplicates, compare_days, store_days
from shared.register.rebuild.report import RebuildReport
from shared.register.rebuild.topic_comparison import TopicComparison, compare_records
from shared.register.rebuild.versioned_table import (
    apply_repairs,
    compare_columns,
    compare_places,
    create_repair_table,
    has_repairs,
    overlay_repairs,
)
from shared.service_log.check import compare_log
from shared.service_log.signing import signing_key
from shared.values.times import now
from shared.whitelist import load_whitelist

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from shared.events.decode import Kind as DocumentKind
    from shared.register.consumer import RegisterKind
    from shared.register.head import Head
    from shared.register.parties import Entity
    from shared.register.publish.outbox import DirtyKey
    from shared.register.publish.restored_backup import FactVersion
    from shared.register.rebuild.versioned_table import VersionedTable
    from shared.service_log.store import ServiceLog
    from shared.settings import Settings
    from shared.values.parties import Party

_WORK_MEM = text("SET LOCAL work_mem = '128MB'")
# Locked or not, it takes as long as it takes.
_NO_LIMIT = text("SET LOCAL transaction_timeout = 0")


class Derive(Protocol):
    def __call__(self, connection: Connection, register: RegisterContext, report: RebuildReport) -> None:
        """Hold firsts, and whatever else documents sum to, against the documents."""


@dataclass(frozen=True)
class RebuildSpec:
    """What one kind of register adds.

    `documents` (of the kind `document`) and `others` are kept in versions; `views` are those of the database that read
    them. `amount`: the SQL of a document's money. `facts_of_mended`: keys of facts that say something of the mended
    documents themselves. `compare_topics`: what else was read from Kafka.
    """

    service: str
    kind: RegisterKind
    document: DocumentKind
    documents: VersionedTable
    others: tuple[VersionedTable, ...]
    views: tuple[str, ...]
    amount: str
    derive: Derive
    facts_of_mended: Callable[[Connection, str], Iterable[DirtyKey]]
    compare_topics: Callable[[TopicComparison], None]

    @property
    def versions(self) -> tuple[VersionedTable, ...]:
        return (self.documents, *self.others)


def run_rebuild(anew: RebuildSpec, settings: Settings, *, verify: bool, from_kafka: bool) -> None:
    """The command: 0 if nothing differs or all was mended, else the program ends with 1."""
    exchanges = load_whitelist(settings.exchanges_file)
    register = RegisterContext(
        settings.register, exchanges, register_settings(exchanges, settings.totals_cut_at), PartyIds()
    )
    client_config = settings.kafka.client_config()
    # Only the owner may take a row out of the past, which hardly any mending needs.
    engine = make_engine(settings.database_url if verify else settings.database_owner_url or settings.database_url)
    report = RebuildReport(print)
    try:
        topics = client_config if from_kafka else None
        if verify:
            well = verify_register(engine, anew, register, report, topics)
        else:
            published = newest_published_version(client_config, anew.kind.facts, register.id)
            service_log = anew.kind.log(signing_key(settings), settings.log_origin)
            well = repair_register(
                engine, anew, register, report, topics, log=service_log, published=published, now=now()
            )
    except Exception as error:
        if is_transient_kafka_error(error):
            raise OperatorError(f"消息系统不可用 / the broker does not answer: {error!r}") from error
        raise
    finally:
        engine.dispose()
    if not well:
        sys.exit(1)


def verify_register(
    engine: Engine,
    anew: RebuildSpec,
    register: RegisterContext,
    report: RebuildReport,
    topics: Mapping[str, Any] | None,
) -> bool:
    """Compare in one snapshot, while intake goes on; whether nothing differs. `topics`: also read them again."""
    with (
        engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
        connection.begin() as all_,
    ):
        connection.execute(_NO_LIMIT)
        head = read_head(connection)
        comparison = _Comparison(connection, anew, register, report, head, topics)
        comparison.compare(lambda parties: stored_ids(connection, parties), None)
        all_.rollback()
    report.close()
    return report.differences == 0


def repair_register(  # noqa: PLR0913 - what to mend, by what, and as of when
    engine: Engine,
    anew: RebuildSpec,
    register: RegisterContext,
    report: RebuildReport,
    topics: Mapping[str, Any] | None,
    *,
    log: ServiceLog,
    published: FactVersion | None,
    now: datetime,
) -> bool:
    """Compare as the one writer, and mend what can be; whether nothing is left. `published`: the newest facts."""
    with engine.connect() as connection, connection.begin() as all_:
        head = lock_head(connection)
        connection.execute(_NO_LIMIT)
        check_not_behind(head, published, anew.service)
        edge = log.edge(connection)
        comparison = _Comparison(connection, anew, register, report, head, topics)
        register.parties.as_of(head.next_seq)
        days = comparison.compare(lambda parties: register.parties.find(connection, parties), now)
        entered = None
        if report.mendable and (topics is not None or not report.is_incomplete):
            entered = read_head(connection).next_seq
            comparison.write(days, now)
            log.extend(connection, edge, now)
        else:
            all_.rollback()
    report.close()
    report.say_of_mending(entered)
    return report.differences == (report.mendable if entered is not None else 0)


class _Comparison:
    """One comparison in one transaction."""

    def __init__(
        self,
        connection: Connection,
        anew: RebuildSpec,
        register: RegisterContext,
        report: RebuildReport,
        head: Head,
        topics: Mapping[str, Any] | None,
    ) -> None:
        check_register(head, register.id)
        check_settings(head, register.settings)
        connection.execute(_WORK_MEM)
        self._connection = connection
        self._anew = anew
        self._register = register
        self._report = report
        self._topics = topics
        self._numbered = head.next_seq  # before what is mended is entered
        self._duplicates: Counter[Day] | None = None

    def compare(
        self, find: Callable[[Sequence[Party]], dict[Entity, int]], mending_at: datetime | None
    ) -> Sequence[Any]:
        """All of it, from below to above; counts of days to write. `mending_at`: put right what is above builds on."""
        connection, anew, register, report = self._connection, self._anew, self._register, self._report
        all_known = False
        if self._topics is not None:
            reread = TopicComparison(
                connection, anew.service, anew.kind, anew.document, register, report, self._topics, mending_at
            )
            self._duplicates = compare_records(reread)
            all_known = reread.all_known
            anew.compare_topics(reread)
            connection.execute(_NO_LIMIT)
        _compare_numbering(connection, anew, report)
        _compare_settings(connection, report)
        for versions in anew.versions:
            create_repair_table(connection, versions)
            compare_columns(connection, versions, register.exchanges, report, find)
            compare_places(connection, versions, report)
        self._put_right(mending=mending_at is not None)
        _compare_log(connection, anew, report, self._numbered)
        anew.derive(connection, register, report)
        return compare_days(connection, anew.documents.table, anew.amount, report, all_known=all_known)

    def _put_right(self, *, mending: bool) -> None:
        """Let what follows read documents as they should be: written, or laid over."""
        connection, anew = self._connection, self._anew
        wrong = [versions for versions in anew.versions if has_repairs(connection, versions)]
        if mending:
            for versions in wrong:
                apply_repairs(connection, versions)
        elif wrong:
            views = {
                view: connection.execute(
                    text("SELECT pg_get_viewdef(CAST(:view AS regclass))"), {"view": view}
                ).scalar()
                for view in anew.views
            }
            for versions in wrong:
                overlay_repairs(connection, versions)
            for view, definition in views.items():
                # Read anew, its names mean what was laid over them.
                connection.exec_driver_sql(f"CREATE TEMPORARY VIEW {view} AS {definition}")
            # A statement that this session has prepared goes on meaning the tables below otherwise.
            connection.exec_driver_sql("DISCARD PLANS")

    def write(self, days: Sequence[Any], now: datetime) -> None:
        """Enter the settings again and bring up to date what documents, now right, sum to."""
        connection, anew = self._connection, self._anew
        anew.kind.adopt_settings(connection, read_head(connection), self._register, now)
        mark_dirty(connection, anew.facts_of_mended(connection, anew.documents.mended), now)
        store_days(connection, days)
        if self._duplicates:
            add_duplicates(connection, self._duplicates)


def _compare_numbering(connection: Connection, anew: RebuildSpec, report: RebuildReport) -> None:
    """Entries are numbered from 0 to next_seq - 1, each number once."""
    tables = [*(table for versions in anew.versions for table in (versions.table, versions.past)), "settings_entry"]
    entries = " UNION ALL ".join(f"SELECT seq FROM {table}" for table in tables)
    next_seq = read_head(connection).next_seq
    rows = connection.execute(
        text(
            f"""
            SELECT seq, before FROM (
                SELECT seq, lag(seq, 1, CAST(-1 AS bigint)) OVER (ORDER BY seq) AS before
                FROM (SELECT seq FROM ({entries}) e WHERE seq >= 0 AND seq < :next_seq
                      UNION ALL SELECT CAST(:next_seq AS bigint)) e
            ) e WHERE seq <> before + 1 ORDER BY seq
            """
        ),
        {"next_seq": next_seq},
    )
    for row in rows:
        if row.seq == row.before:
            report.add(f"条目 / entry {row.seq}", "不止一个 / more than one", "一个 / one", mendable=False)
        else:
            span = f"{row.before + 1}" if row.seq == row.before + 2 else f"{row.before + 1} .. {row.seq - 1}"
            report.add(f"条目 / entry {span}", None, "在册 / is there", mendable=False)
            report.is_incomplete = True
    beyond = connection.execute(
        text(f"SELECT seq FROM ({entries}) e WHERE seq < 0 OR seq >= :next_seq ORDER BY seq"), {"next_seq": next_seq}
    ).scalars()
    for seq in beyond:
        report.add(f"条目 / entry {seq}", "在册 / is there", f"next_seq {next_seq}", mendable=False)
    report.compared("条目 / entries", next_seq)


def _compare_log(connection: Connection, anew: RebuildSpec, report: RebuildReport, numbered: int) -> None:
    """The log is made of what stands. What was changed of that and cannot be put right is not known from it."""
    for found in compare_log(connection, anew.kind.stored, numbered):
        report.add(*found, mendable=False)
    report.compared("日志 / log", numbered)


def _compare_settings(connection: Connection, report: RebuildReport) -> None:
    """Each entry's digest is that of its content, and the head counts by the last."""
    rows = connection.execute(text("SELECT seq, digest, content FROM settings_entry ORDER BY seq")).all()
    for row in rows:
        digest = settings_digest(row.content)
        if digest != row.digest:
            report.add(f"settings_entry {row.seq} digest", row.digest, digest, mendable=False)
    stands = read_head(connection).settings_digest
    if not rows or rows[-1].digest != stands:
        report.add("register_head settings_digest", stands, rows[-1].digest if rows else None, mendable=True)
    report.compared("设置 / settings", len(rows))
