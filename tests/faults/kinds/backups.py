"""Older backups, restored by the procedures in docs/en/operations."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg

from deploy.databases import database_of
from devset.postgres import postgres_account
from devset.programs import SERVICES
from shared.values.times import now
from tests.faults.fault import Fault, Kind
from tests.support.incentive.clock_ahead import AHEAD
from tests.support.paths import ROOT
from tests.support.procedures import carry_out
from tests.support.registers import worlds

if TYPE_CHECKING:
    from shared.settings import Service
    from tests.faults.rig import Rig


def _in_database(rig: Rig, name: str, **variables: str) -> str:
    """Run a documented PostgreSQL procedure under the server's account, with a separate backup folder."""
    folder = rig.folder / "backup"
    folder.mkdir(exist_ok=True)
    environment = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(rig.postgres.port),
        "PGUSER": "postgres",
        "PGPASSWORD": rig.postgres.password_file.read_text("ascii").strip(),
        "PGDATA": str(rig.postgres.data),
        "BACKUP": str(folder),
    }
    options: dict[str, Any] = {"cwd": folder}
    account = postgres_account()
    if account is not None:
        shutil.chown(folder, account.pw_uid, account.pw_gid)
        options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return carry_out(name, environment | variables, **options)


def _as_superuser(rig: Rig, *statements: str) -> None:
    with psycopg.connect(rig.postgres.url(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def _go_on(fault: Fault, service: Service) -> None:
    """The consumer stops at the older database and reports it; then it continues."""
    rig = fault.rig
    said = [line for line in rig.start_to_see_it_halt(service) if "DatabaseBehindError" in line]
    assert said, "the older database is not reported"
    assert "new-generation" in said[-1]
    told = carry_out("after a restore", {**rig.environment(service), "SERVICE": service})
    fault.plan.append(told.strip().splitlines()[0])
    rig.start_worker(service)


def older_backup(service: Service, fault: Fault) -> None:
    rig = fault.rig
    name = database_of(service)
    fault.publish()
    fault.some_moment()
    _in_database(rig, "dump", DATABASE=name)
    fault.plan.append("dump under load")
    fault.publish()
    fault.await_published()
    rig.await_quiet(120)
    assert rig.stop_worker(service) == 0
    _in_database(rig, "restore database", DATABASE=name)
    _as_superuser(rig, f"DROP DATABASE {name}_damaged")
    _go_on(fault, service)


def point_in_time_recovery(fault: Fault) -> None:
    """Point-in-time recovery of the whole server, to before what was published and posted since."""
    rig = fault.rig
    _begin_archive(rig)
    fault.publish()
    fault.some_moment()
    _in_database(rig, "base backup")
    fault.plan.append("base backup under load")
    first, second = sorted((rig.folder / "backup").glob("base-*"))
    archived = set((rig.folder / "backup" / "wal").iterdir())
    _in_database(rig, "old backups", KEEP="1")
    assert (first.exists(), second.exists()) == (False, True)
    assert set((rig.folder / "backup" / "wal").iterdir()) < archived
    fault.publish()
    fault.await_published()
    rig.await_quiet(120)
    target = now()
    fault.publish()
    fault.await_published()
    rig.await_quiet(120)
    _stop_to_restore(rig)
    _in_database(rig, "restore server", TARGET=target.isoformat(sep=" "))
    rig.start_engine("postgres")
    _in_database(rig, "recovered")
    fault.plan.append(f"recovered to {target}")
    _go_on_without_archive(fault, "damaged")


def ledger_ahead(fault: Fault) -> None:
    """An act by a clock a year ahead, as of an earlier version: reported while all goes on, undone by the archive."""
    rig = fault.rig
    _begin_archive(rig)
    fault.publish()
    fault.await_published()
    rig.await_quiet(120)
    command = [sys.executable, "-m", "tests.support.incentive.clock_ahead", f"uscc:{worlds.uscc(1)}"]
    subprocess.run(command, check=True, env=rig.environment("incentive"), cwd=ROOT, timeout=120)
    fault.publish()
    fault.await_published()
    rig.await_quiet(120)
    assert rig.is_ready()
    assert rig.metric("incentive", "jiangbu_ledger_ahead_seconds")[""] > AHEAD.total_seconds() - 600
    xid, seq, *_ = _in_database(rig, "find the jump").split("|")
    fault.plan.append(f"the ledger is a year ahead from entry {seq}")
    _stop_to_restore(rig)
    _in_database(rig, "restore before the jump", XID=xid)
    rig.start_engine("postgres")
    _in_database(rig, "restored before the jump")
    with rig.database("incentive") as connection:
        ((size,),) = connection.execute("SELECT count(*) FROM ledger_transaction").fetchall()
    assert size == int(seq), "the restored ledger does not end where the jump was"
    _go_on_without_archive(fault, "ahead")
    assert rig.metric("incentive", "jiangbu_ledger_ahead_seconds")[""] == 0


def _begin_archive(rig: Rig) -> None:
    """Archive from now on, with a first base backup."""
    _in_database(rig, "archive")
    rig.stop_engine("postgres")
    rig.start_engine("postgres")
    _in_database(rig, "base backup")


def _stop_to_restore(rig: Rig) -> None:
    _as_superuser(rig, "SELECT pg_switch_wal()")
    for service in SERVICES:
        assert rig.stop_worker(service) == 0
    rig.stop_engine("postgres")


def _go_on_without_archive(fault: Fault, replaced: str) -> None:
    """Continue after the restore. The rest of this set needs no archive, and the disk is small."""
    rig = fault.rig
    for service in SERVICES:
        _go_on(fault, service)
    _as_superuser(rig, "ALTER SYSTEM SET archive_command = '/bin/true'", "SELECT pg_reload_conf()")
    shutil.rmtree(f"{rig.postgres.data}.{replaced}")
    shutil.rmtree(rig.folder / "backup")


BACKUPS = (
    *(
        Kind(
            f"older backup of {service}",
            "restored: stopped, reported, continued by `jiangbu new-generation`",
            partial(older_backup, service),
        )
        for service in SERVICES
    ),
    Kind(
        "point-in-time recovery",
        "the whole PostgreSQL server restored to a point in time from base backup and archive",
        point_in_time_recovery,
    ),
    Kind(
        "ledger ahead",
        "an act by a clock a year ahead, without the check; restored to just before it from base backup and archive",
        ledger_ahead,
    ),
)
