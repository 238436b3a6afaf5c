"""PostgreSQL and Kafka killed, restarted, full and refusing, on real engines."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

import psycopg

from devset.programs import SERVICES
from tests.faults.disk import filled
from tests.faults.fault import Fault, Kind, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tests.faults.rig import Rig

AWAY_S = 60.0
REFUSED_S = 4.0
FAILURES = 3

_FAILS = """
CREATE SEQUENCE fault_count;
CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF nextval('fault_count') <= {failures} THEN
        RAISE EXCEPTION 'could not serialize access due to concurrent update' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NULL;
END $$;
"""
_AT_STATEMENT = "CREATE TRIGGER fault AFTER UPDATE ON position FOR EACH STATEMENT EXECUTE FUNCTION fault()"
_AT_COMMIT = (
    "CREATE CONSTRAINT TRIGGER fault AFTER UPDATE ON position DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION fault()"
)


def _role(service: str) -> str:
    return f"{service.replace('-', '_')}_service"


def _as_superuser(fault: Fault, *statements: str) -> None:
    with psycopg.connect(fault.rig.postgres.url(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def _all_not_ready(fault: Fault, field: str) -> None:
    """Check that every service reports that it is not ready, and why."""
    rig = fault.rig
    for service in SERVICES:
        rig.wait_until(
            lambda service=service: rig.readyz(service)[0] == 503 and f'"{field}"' in rig.readyz(service)[1],
            180,
            f"readyz of {service} does not tell of the {field}: {rig.readyz(service)}",
        )


# PostgreSQL


def postgres_killed(fault: Fault) -> None:
    fault.publish()
    fault.some_moment()
    fault.rig.kill_engine("postgres")
    fault.plan.append("SIGKILL of the postmaster")


def postgres_restarted(fault: Fault) -> None:
    rig = fault.rig
    fault.publish()
    fault.some_moment()
    rig.stop_engine("postgres")
    _all_not_ready(fault, "database")
    rig.pause(fault.rng.uniform(0, 3))
    rig.start_engine("postgres")


def sessions_cut(fault: Fault) -> None:
    fault.publish()
    for _ in range(4):
        fault.some_moment(0.7)
        fault.rig.cut_sessions()


def connections_cut(fault: Fault) -> None:
    """The network between workers and database breaks; neither side notices at once."""
    fault.publish()
    for _ in range(4):
        fault.some_moment(0.7)
        for worker in fault.rig.workers:
            worker.line.cut()


def out_of_connections(fault: Fault) -> None:
    rig = fault.rig
    fault.publish()
    fault.some_moment(0.5)
    _as_superuser(fault, *(f"ALTER ROLE {_role(service)} CONNECTION LIMIT 0" for service in SERVICES))
    rig.cut_sessions()
    _all_not_ready(fault, "database")
    rig.pause(REFUSED_S)
    _as_superuser(fault, *(f"ALTER ROLE {_role(service)} CONNECTION LIMIT -1" for service in SERVICES))


def refusing_writes(fault: Fault) -> None:
    rig = fault.rig
    databases = [service.replace("-", "_") for service in SERVICES]
    _as_superuser(fault, *(f"ALTER DATABASE {name} SET default_transaction_read_only = on" for name in databases))
    rig.cut_sessions()
    fault.publish()
    rig.pause(REFUSED_S)
    for service in ("listing", "trade-ingest"):
        rig.wait_until(lambda service=service: _is_waiting(rig, service), 180, f"{service} does not say that it waits")
    # Sessions that began meanwhile keep refusing until they are closed.
    _as_superuser(fault, *(f"ALTER DATABASE {name} RESET default_transaction_read_only" for name in databases))


def _is_waiting(rig: Rig, service: str) -> bool:
    lag = sum(rig.metric(service, "jiangbu_lag_records").values())
    return lag > 0 and rig.metric(service, "jiangbu_waiting_seconds")[""] > 0


def disk_full(fault: Fault) -> None:
    rig = fault.rig
    if rig.small_disk is None:
        raise Unavailable("需要挂载文件系统的权限 / needs the right to mount a file system")
    refusals = _refusals_for_space(rig)
    with filled(rig.small_disk) as fill:
        fault.plan.append(f"no room for {REFUSED_S:.0f} s")

        def is_refused() -> bool:
            # Free space in the tables' pages and recycled WAL are used up first.
            fill()
            if not fault.is_publishing:
                fault.publish()
            return _refusals_for_space(rig) > refusals

        rig.wait_until(is_refused, 180, "the disk is not full")
        rig.pause(REFUSED_S)


def _refusals_for_space(rig: Rig) -> int:
    """Count the refusals in PostgreSQL's log: without room for WAL the server ends, and no worker is told why."""
    return rig.postgres.log_file.read_text(encoding="utf-8", errors="replace").count("No space left")


def serialization_errors(fault: Fault) -> None:
    _failing(fault, _AT_STATEMENT)


def serialization_errors_at_commit(fault: Fault) -> None:
    _failing(fault, _AT_COMMIT)


def _failing(fault: Fault, trigger: str) -> None:
    rig = fault.rig
    for service in SERVICES:
        with rig.database(service) as connection:
            connection.execute(_FAILS.format(failures=FAILURES))
            connection.execute(trigger)
    fault.publish()
    try:
        for service in SERVICES:
            with rig.database(service) as connection:
                rig.wait_until(
                    lambda connection=connection: _count(connection) > FAILURES, 180, f"{service} does not try again"
                )
    finally:
        for service in SERVICES:
            with rig.database(service) as connection:
                connection.execute("DROP TRIGGER fault ON position")
                connection.execute("DROP FUNCTION fault")
                connection.execute("DROP SEQUENCE fault_count")


def _count(connection: psycopg.Connection[Any]) -> int:
    return connection.execute("SELECT last_value FROM fault_count").fetchone()[0]


@contextlib.contextmanager
def _held(fault: Fault, service: str) -> Iterator[psycopg.Connection[Any]]:
    """Hold a lock that every batch needs."""
    with psycopg.connect(fault.rig.postgres.url(service.replace("-", "_"))) as connection:
        connection.execute("LOCK TABLE position IN SHARE ROW EXCLUSIVE MODE")
        yield connection


def _waiting(connection: psycopg.Connection[Any], service: str) -> list[int]:
    rows = connection.execute(
        "SELECT pid FROM pg_stat_activity"
        " WHERE usename = %s AND wait_event_type = 'Lock' AND query LIKE '%%position%%'",
        [_role(service)],
    )
    return [row[0] for row in rows]


def cancelled(fault: Fault) -> None:
    """A statement in the middle of a batch is cancelled, twice in each service."""
    rig = fault.rig
    fault.publish()
    for service in SERVICES:
        with _held(fault, service), rig.database(service) as other:
            for _ in range(2):
                pids = rig.wait_until(
                    lambda other=other, service=service: _waiting(other, service), 180, f"{service} does not wait"
                )
                for pid in pids:
                    other.execute("SELECT pg_cancel_backend(%s)", [pid])
                rig.wait_until(
                    lambda other=other, service=service, pids=pids: not set(pids) & set(_waiting(other, service)),
                    180,
                    f"{service} is not cancelled",
                )
    fault.plan.append("cancelled twice in each service")


def timed_out(fault: Fault) -> None:
    """Statements wait longer than the database's timeout."""
    rig = fault.rig
    service = fault.rng.choice(SERVICES)
    worker = rig.worker(service)
    before = worker.log.count("statement timeout")
    _as_superuser(fault, f"ALTER ROLE {_role(service)} SET statement_timeout = '400ms'")
    rig.cut_sessions([service])
    fault.publish()
    with _held(fault, service):
        rig.wait_until(
            lambda: worker.log.count("statement timeout") > before, 180, f"no statement of {service} timed out"
        )
    _as_superuser(fault, f"ALTER ROLE {_role(service)} RESET statement_timeout")
    rig.cut_sessions([service])


# Kafka


def kafka_killed(fault: Fault) -> None:
    fault.publish()
    fault.some_moment()
    fault.rig.kill_engine("kafka")
    fault.plan.append("SIGKILL of the broker")


def kafka_restarted(fault: Fault) -> None:
    rig = fault.rig
    fault.publish()
    fault.some_moment()
    rig.stop_engine("kafka")
    rig.start_engine("kafka")


def kafka_down(fault: Fault) -> None:
    """Kafka is stopped for a minute; every service reports it meanwhile."""
    rig = fault.rig
    fault.publish()
    fault.some_moment()
    rig.stop_engine("kafka")
    _all_not_ready(fault, "broker")
    rig.pause(AWAY_S)
    rig.start_engine("kafka")


def kafka_forgot_offsets(fault: Fault) -> None:
    """The broker returns without any committed offset."""
    rig = fault.rig
    fault.publish()
    fault.some_moment()
    rig.stop_engine("kafka")
    for folder in (rig.kafka.directory / "data").glob("__consumer_offsets-*"):
        shutil.rmtree(folder)
        fault.plan.append(f"{folder.name} is gone")
    fault.rig.start_engine("kafka")


def everything_killed(fault: Fault) -> None:
    """Kill all workers and both engines at once, like a power cut."""
    rig = fault.rig
    fault.publish()
    fault.some_moment()
    for worker in rig.workers:
        worker.kill()
    rig.kill_engine("postgres")
    rig.kill_engine("kafka")


ENGINES = (
    Kind("PostgreSQL killed", "SIGKILL of the postmaster, restarted", postgres_killed),
    Kind("PostgreSQL restarted", "stopped and started again", postgres_restarted),
    Kind("sessions cut", "all sessions of the services ended by the server, four times", sessions_cut),
    Kind("connections cut", "all connections of the workers to PostgreSQL broken, four times", connections_cut),
    Kind("out of connections", "PostgreSQL accepts no connection of the services", out_of_connections),
    Kind("refusing writes", "the databases are read-only for a while", refusing_writes),
    Kind("disk full", "no room on PostgreSQL's file system for a while", disk_full),
    Kind("serialization errors", "each service's batches fail three times with SQLSTATE 40001", serialization_errors),
    Kind("serialization errors at commit", "the same at COMMIT", serialization_errors_at_commit),
    Kind("cancelled statements", "a statement of each consumer's batch is cancelled, twice", cancelled),
    Kind("timed-out statements", "statements of a batch run into statement_timeout", timed_out),
    Kind("Kafka killed", "SIGKILL of the broker, restarted", kafka_killed),
    Kind("Kafka restarted", "stopped and started again", kafka_restarted),
    Kind("Kafka down for a minute", "stopped, restarted after a minute", kafka_down),
    Kind("Kafka without offsets", "the broker returns without committed offsets", kafka_forgot_offsets),
    Kind("everything killed", "SIGKILL of all consumers, PostgreSQL and Kafka at once", everything_killed),
)
