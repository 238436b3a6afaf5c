"""Check that the databases are backed up: the age of the newest backup, the slots of backups, archiving."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import psycopg
from psycopg.rows import args_row

from deploy.backup.manifest import BackupManifest, Vault
from deploy.backup.sealed import load_backup_key
from deploy.backup.server_copy import SLOT_PREFIX
from deploy.backup.stores import open_store
from deploy.doctor.databases import connect, first_line
from deploy.doctor.finding import Finding, found
from shared.operator_errors import OperatorError
from shared.settings import BackupSettings, SettingsError

_SUBJECT: Final = "备份 backups"
# A backup every night, and some hours for it; a whole copy of the databases once a week.
_OLDEST_RUN: Final = timedelta(hours=26)
_OLDEST_BASE: Final = timedelta(days=8)
# A slot that keeps more WAL fills the disk of the server.
_MOST_KEPT_BYTES: Final = 1 << 30
_SLOTS: Final = """
    SELECT slot_name, wal_status = 'lost',
        coalesce(CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) AS bigint), 0)
    FROM pg_replication_slots WHERE starts_with(slot_name, %s) ORDER BY 1
"""
_ARCHIVER: Final = """
    SELECT current_setting('archive_mode') <> 'off', coalesce(last_failed_time > last_archived_time
        OR last_failed_time IS NOT NULL AND last_archived_time IS NULL, false), coalesce(last_failed_wal, '')
    FROM pg_stat_archiver
"""


class BackupSlot(NamedTuple):
    """The replication slot of a backup, and the WAL that the server keeps for it; `is_lost`: WAL it needs is gone."""

    name: str
    is_lost: bool
    kept_bytes: int


class Archiver(NamedTuple):
    """PostgreSQL's own archiving: is it on, did the last try fail, and the file at which it failed last."""

    is_on: bool
    fails: bool
    failed_wal: str


def backups(admin_url: str, settings: BackupSettings, now: datetime) -> Finding:
    """Check the backups of a server; a server of which nothing is known to be backed up is a warning."""
    try:
        with connect(admin_url) as connection:
            slots = connection.cursor(row_factory=args_row(BackupSlot)).execute(_SLOTS, [SLOT_PREFIX]).fetchall()
            (archiver,) = connection.cursor(row_factory=args_row(Archiver)).execute(_ARCHIVER).fetchall()
        newest = _newest(settings)
    except psycopg.Error as error:
        return Finding(_SUBJECT, False, f"DATABASE_ADMIN_URL: {first_line(error)}")
    except (OperatorError, SettingsError, OSError) as error:
        return Finding(_SUBJECT, False, f"BACKUP_PLACE: {error}")
    faults = [*slot_faults(slots), *archiver_faults(archiver)]
    if newest is not None:
        faults += age_faults(newest, now)
        return found(_SUBJECT, faults, f"{settings.place}: run {newest.number}, {newest.finished}")
    if faults or slots or archiver.is_on:
        known = ", ".join([*(slot.name for slot in slots), *(["archive_mode on"] if archiver.is_on else [])])
        return found(_SUBJECT, faults, f"{known}: 设置 BACKUP_PLACE 后检查时间 / set BACKUP_PLACE to check their age")
    unknown = "未见备份 / no backup is known: run `jiangbu backup`, set BACKUP_PLACE and BACKUP_KEY_FILE"
    return Finding(_SUBJECT, True, unknown, is_warning=True)


def _newest(settings: BackupSettings) -> BackupManifest | None:
    """Return the newest backup of the settings' place; None without a place. OperatorError, SettingsError, OSError."""
    if settings.place is None:
        return None
    if settings.key_file is None:
        raise SettingsError("缺少 BACKUP_KEY_FILE / BACKUP_KEY_FILE is missing")
    return Vault(open_store(settings.place), load_backup_key(settings.key_file)).manifest()


def slot_faults(slots: Iterable[BackupSlot]) -> Iterator[str]:
    """Report slots of backups that do not run: the server keeps its log for them until its disk is full."""
    for slot in slots:
        if slot.is_lost:
            yield (
                f"复制槽 {slot.name} 已失效 / slot {slot.name} has lost its log: run `jiangbu backup`, which copies the"
                " whole server"
            )
        elif slot.kept_bytes > _MOST_KEPT_BYTES:
            yield (
                f"复制槽 {slot.name} 保留 {slot.kept_bytes >> 20} MiB / slot {slot.name} keeps"
                f" {slot.kept_bytes >> 20} MiB of WAL: run `jiangbu backup`, or, if its place was given up,"
                f" SELECT pg_drop_replication_slot('{slot.name}')"
            )


def archiver_faults(archiver: Archiver) -> Iterator[str]:
    """Report an archive that the server cannot write to: it keeps its log until its disk is full."""
    if archiver.is_on and archiver.fails:
        yield f"归档失败 / archiving fails at {archiver.failed_wal}: check archive_command and the server's log"


def age_faults(newest: BackupManifest, now: datetime) -> Iterator[str]:
    """Report a newest backup that is too old, and a whole copy that is."""
    run_age = now - datetime.fromisoformat(newest.finished)
    if run_age > _OLDEST_RUN:
        hours = run_age // timedelta(hours=1)
        yield f"最近的备份在 {hours} 小时前 / the newest backup is {hours} hours old: run `jiangbu backup` by a timer"
    base_age = now - datetime.fromisoformat(newest.server.bases[-1].finished)
    if base_age > _OLDEST_BASE:
        yield (
            f"最近的全量备份在 {base_age.days} 天前 / the newest whole copy is {base_age.days} days old:"
            " run `jiangbu backup --full`"
        )
