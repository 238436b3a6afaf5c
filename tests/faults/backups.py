"""An older backup of a database put back: noticed at start, said and stopped; gone on from by a person's word."""

from __future__ import annotations

from functools import partial

import psycopg

from deploy.local.programs import SERVICES
from tests.faults.fault import Fault, Kind


def _alone(fault: Fault, name: str, *statements: str) -> None:
    """Statements that need a database to be used by nobody."""
    with psycopg.connect(fault.rig.postgres.url(), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        fault.rig.wait_until(
            lambda: not connection.execute("SELECT 1 FROM pg_stat_activity WHERE datname = %s", [name]).fetchall(),
            30,
            f"{name} is still used",
        )
        for statement in statements:
            connection.execute(statement)


def older_backup(service: str, fault: Fault) -> None:
    rig = fault.rig
    name = service.replace("-", "_")
    backup = f"{name}_backup"
    fault.publish()
    fault.some_moment()
    _alone(
        fault,
        name,
        f"CREATE DATABASE {backup} TEMPLATE {name} OWNER {name}_owner",
        f"ALTER DATABASE {name} ALLOW_CONNECTIONS true",
    )
    fault.plan.append("backup under load")
    fault.publish()
    fault.await_published()
    rig.await_quiet(120)
    assert rig.stop_worker(service) == 0
    lost = f"{name}_lost"
    _alone(
        fault,
        name,
        f"ALTER DATABASE {name} RENAME TO {lost}",
        f"ALTER DATABASE {backup} RENAME TO {name}",
        f"DROP DATABASE {lost}",
    )
    rig.grant(service)
    said = [line for line in rig.start_to_see_it_halt(service) if "DatabaseBehind" in line]
    assert said, "nothing is said of the older database"
    assert "new-generation" in said[-1]
    done = rig.operate(service, "new-generation", "--service", service, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    fault.plan.append(done.stdout.strip().splitlines()[0])
    rig.start_worker(service)


BACKUPS = tuple(
    Kind(
        f"older backup of {service}",
        "put back: stopped, said, gone on by `jiangbu new-generation`",
        partial(older_backup, service),
    )
    for service in SERVICES
)
