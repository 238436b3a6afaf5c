"""Commits that a synchronous standby has not acknowledged: they are unknown, and nothing that rests on them leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from deploy.databases import service_role
from deploy.doctor.databases import server
from deploy.doctor.replication import standbys, way_to_primary
from shared.postgres.database import make_engine
from shared.postgres.errors import driver_error, is_transient
from shared.postgres.query import execute, fetch_values
from shared.postgres.replication import ReplicatedConnection, UnreplicatedCommitError, require_replication
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine

    from tests.support.engines.replicated import Replicated


@pytest.fixture
def engine(pair: Replicated) -> Iterator[Engine]:
    owner = make_engine(pair.urls("replication")[0])
    with owner.begin() as connection:
        execute(connection, "CREATE TABLE IF NOT EXISTS kept (n integer)")
        execute(connection, "TRUNCATE kept")
    yield owner
    owner.dispose()


def commit(engine: Engine, work: Callable[[Connection], object]) -> Exception | None:
    """Run `work` in a transaction; return the error of its commit."""
    try:
        with engine.begin() as connection:
            work(connection)
    except DBAPIError as error:
        return error
    return None


def add(connection: Connection) -> int:
    return execute(connection, "INSERT INTO kept VALUES (1)")


def read(connection: Connection) -> list[int]:
    return fetch_values(connection, "SELECT n FROM kept", int)


def read_and_require(connection: Connection) -> None:
    read(connection)
    require_replication(connection)


@pytest.mark.parametrize("work", [add, read_and_require])
@pytest.mark.parametrize("function", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_commit_whose_wait_was_ended_is_unknown(pair, engine, work, function) -> None:
    with pair.no_acknowledgement(), ThreadPoolExecutor() as pool:
        error = pool.submit(commit, engine, work)
        until(pair.waiting_for_standby)
        pair.end_waits(function)
        failure = error.result()
    assert failure is not None
    assert is_transient(failure)
    assert isinstance(driver_error(failure), UnreplicatedCommitError) is (function == "pg_cancel_backend")
    # The next transaction has a new session, and commits once the standby is back.
    assert commit(engine, work) is None


def test_a_session_that_ends_behind_its_commit_waited_for_nothing(pair, engine, monkeypatch) -> None:
    """The server says FATAL, with the code that a wait has that ends with its session."""
    committed = psycopg.Connection.commit

    def commit_and_end(connection: psycopg.Connection) -> None:
        committed(connection)
        if not isinstance(connection, ReplicatedConnection):
            return
        pid, code = connection.info.backend_pid, []
        connection.add_notice_handler(lambda notice: code.append(notice.sqlstate))
        with psycopg.connect(pair.primary.url(), autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", [pid])
            until(lambda: not admin.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [pid]).fetchall())
        with suppress(psycopg.OperationalError):  # the connection has ended
            connection.pgconn.consume_input()
        connection.pgconn.is_busy()  # reads what came
        assert code == ["57P01"]

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Connection, "commit", commit_and_end)
        failure = commit(engine, add)
    assert failure is None or not isinstance(driver_error(failure), UnreplicatedCommitError)


def test_what_was_read_of_an_unknown_commit_does_not_leave_before_the_standby_has_it(pair, engine) -> None:
    def insert() -> None:
        with engine.begin() as connection:
            add(connection)

    with ThreadPoolExecutor() as pool:
        with pair.unreplicated(insert):
            with engine.connect() as connection:
                assert read(connection) == [1]  # visible, though no standby has it
            leaving = pool.submit(commit, engine, read_and_require)
            until(pair.waiting_for_standby)
            assert not leaving.done()
        assert leaving.result(60) is None


@pytest.mark.parametrize("standbys", ["*", ""])
def test_a_demoted_server_refuses_as_every_write_does(pair, standbys: str) -> None:
    """Patroni takes the standbys out of the settings of a server that it demotes."""
    (_, url) = pair.urls("replication")
    engine = make_engine(url.replace(f":{pair.primary.port}/", f":{pair.standby.port}/"))
    with psycopg.connect(pair.standby.url(), autocommit=True) as admin:
        until(lambda: admin.execute("SELECT 1 FROM pg_database WHERE datname = 'replication'").fetchall())
        admin.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{standbys}'")
        admin.execute("SELECT pg_reload_conf()")
        try:
            until(lambda: admin.execute("SHOW synchronous_standby_names").fetchall() == [(standbys,)])
            failure = commit(engine, require_replication)
        finally:
            admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
            admin.execute("SELECT pg_reload_conf()")
            engine.dispose()
    assert failure is not None
    assert isinstance(driver_error(failure), psycopg.errors.ReadOnlySqlTransaction)
    assert is_transient(failure)


def through_both(pair: Replicated, target: str = "read-write") -> str:
    """Return the administrator's URL that names both servers, the standby first."""
    password = pair.primary.password_file.read_text("ascii").strip()
    ports = f"{pair.standby.port},{pair.primary.port}"
    return f"postgresql://postgres:{password}@/postgres?host=127.0.0.1,127.0.0.1&port={ports}&target_session_attrs={target}"


def test_the_doctor_sees_the_standby_and_whether_commits_wait_for_it(pair) -> None:
    until(lambda: standbys(through_both(pair)).well)
    assert standbys(through_both(pair)).text == "1 synchronous, 0 asynchronous"
    with pair.without(pair.standby):
        until(lambda: "commits wait: 0 standbys of * are attached" in standbys(through_both(pair)).text)
    until(lambda: standbys(through_both(pair)).well)


def test_the_doctor_wants_a_url_that_follows_the_primary(pair) -> None:
    assert "leads to one server alone" in standbys(pair.primary.url()).text
    assert "leads to a standby" in standbys(through_both(pair, "any")).text
    (url, _) = pair.urls("replication")
    (fault,) = way_to_primary(url)
    assert fault.startswith("DATABASE_URL: ")


def test_the_doctor_refuses_asynchronous_standbys(pair) -> None:
    with pair.asynchronous():
        until(lambda: "a failover loses acknowledged data" in standbys(through_both(pair)).text)


def test_the_doctor_sees_roles_that_do_not_wait(pair) -> None:
    pair.urls("replication")
    role = service_role("replication")
    with psycopg.connect(pair.primary.url(), autocommit=True) as admin:
        admin.execute(f"ALTER ROLE {role} SET synchronous_commit = off")
        try:
            assert f"set fsync, full_page_writes, synchronous_commit of {role} to on" in server(pair.primary.url()).text
        finally:
            admin.execute(f"ALTER ROLE {role} RESET synchronous_commit")
    assert role not in server(pair.primary.url()).text


def test_a_transaction_that_only_read_waits_for_nobody_without_a_standby(postgres) -> None:
    engine = make_engine(postgres("alone")[1])
    with engine.begin() as connection:
        require_replication(connection)
        assert fetch_values(connection, "SELECT pg_current_xact_id_if_assigned()::text", str) == [None]
    engine.dispose()
