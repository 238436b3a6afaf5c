"""COPY of arrays, and which failures of database and broker are transient."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import NamedTuple

import psycopg
import pytest
from kafka import errors as kafka_errors
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError

from devset.processes import free_ports
from shared.kafka.errors import is_transient_kafka_error
from shared.postgres.database import make_engine, plan_again_after_growth, snapshot
from shared.postgres.errors import is_damaged, is_transient
from shared.postgres.hosts import LEFT_OUT_FOR_S, Hosts
from shared.postgres.query import (
    copy_in,
    execute,
    execute_many,
    fetch,
    fetch_one,
    fetch_optional,
    fetch_value,
    fetch_values,
    pg_array,
    stream,
    stream_chunks,
    where,
)
from shared.postgres.replication import ReplicatedConnection
from shared.worker.clock_watch import watch_clock
from tests.support.procedures import carry_out
from tests.support.until import until


@pytest.fixture(scope="module")
def engine(postgres):
    engine = make_engine(postgres("db")[1])
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    ("of", "values"),
    [
        ("text", ["", "NULL", "null", " ", '"', "\\", '\\"', "{}", "a,b", "数据\n\t'", "a\u200b\U0001f600", None]),
        ("bigint", [0, -1, 2**63 - 1, None]),
        ("boolean", [True, False, None]),
        ("timestamptz", [datetime(1999, 12, 31, 16, 0, 0, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC), None]),
        ("bytea", [b"", bytes(range(256)), None]),
        ("text", []),
    ],
)
def test_arrays_come_back_as_they_were(engine, of, values) -> None:
    with engine.begin() as connection:
        found = connection.execute(text(f"SELECT CAST(:v AS {of}[])"), {"v": pg_array(values)}).scalar()
    assert found == values


@pytest.mark.parametrize(
    ("statement", "worlds"),
    [
        ("SELECT pg_terminate_backend(pg_backend_pid())", True),
        ("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(5)", True),
        ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)", True),
        ("SET LOCAL transaction_timeout = 1; SELECT pg_sleep(5)", True),
        ("DO $$ BEGIN RAISE serialization_failure; END $$", True),
        ("DO $$ BEGIN RAISE deadlock_detected; END $$", True),
        ("DO $$ BEGIN RAISE disk_full; END $$", True),
        ("DO $$ BEGIN RAISE too_many_connections; END $$", True),
        ("DO $$ BEGIN RAISE admin_shutdown; END $$", True),
        ("DO $$ BEGIN RAISE cannot_connect_now; END $$", True),
        ("DO $$ BEGIN RAISE object_in_use; END $$", True),
        ("DO $$ BEGIN RAISE io_error; END $$", True),
        ("SET TRANSACTION READ ONLY; CREATE TABLE x ()", True),
        ("SELECT no_such_column", False),
        ("SELECT 1 / 0", False),
        ("DO $$ BEGIN RAISE unique_violation; END $$", False),
        ("DO $$ BEGIN RAISE insufficient_privilege; END $$", False),
        ("DO $$ BEGIN RAISE in_failed_sql_transaction; END $$", False),
        ("DO $$ BEGIN RAISE object_not_in_prerequisite_state; END $$", False),
    ],
)
def test_which_failures_of_postgresql_are_transient(engine, statement, worlds) -> None:
    with pytest.raises(DBAPIError) as raised, engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert is_transient(raised.value) is worlds


def test_a_transaction_that_was_idle_too_long_is_transient(engine) -> None:
    with engine.connect() as connection, engine.connect().execution_options(isolation_level="AUTOCOMMIT") as another:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 1")
        session = text("SELECT 1 FROM pg_stat_activity WHERE pid = :pid")
        until(lambda: not another.execute(session, {"pid": pid}).all())
        with pytest.raises(DBAPIError) as raised:
            connection.exec_driver_sql("SELECT 1")
    assert is_transient(raised.value)


def test_a_lock_that_is_held_and_a_deadlock_are_transient(engine) -> None:
    with engine.begin() as holder, engine.connect() as connection:
        holder.exec_driver_sql("SELECT pg_advisory_xact_lock(1)")
        connection.exec_driver_sql("SET LOCAL lock_timeout = 1")
        with pytest.raises(DBAPIError) as raised:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(1)")
    assert is_transient(raised.value)
    failures: list[DBAPIError] = []
    both_hold = threading.Barrier(2)

    def lock(first: int, second: int) -> None:
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({first})")
                both_hold.wait(60)
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({second})")
        except DBAPIError as error:
            failures.append(error)

    threads = [threading.Thread(target=lock, args=pair) for pair in ((2, 3), (3, 2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [is_transient(failure) for failure in failures] == [True]


@pytest.mark.parametrize(
    ("harm", "mend"),
    [
        ("ALTER ROLE {role} CONNECTION LIMIT 0", "ALTER ROLE {role} CONNECTION LIMIT -1"),
        ("ALTER DATABASE {name} CONNECTION LIMIT 0", "ALTER DATABASE {name} CONNECTION LIMIT -1"),
        ("ALTER DATABASE {name} ALLOW_CONNECTIONS false", "ALTER DATABASE {name} ALLOW_CONNECTIONS true"),
        ("ALTER DATABASE {name} RENAME TO {name}_away", "ALTER DATABASE {name}_away RENAME TO {name}"),
    ],
)
@pytest.mark.parametrize("pooled", [False, True], ids=["at the start", "of a session that was cut off"])
def test_a_connection_that_is_refused_is_transient(server, harm, mend, pooled) -> None:
    names = {"name": "refused", "role": "refused_service"}
    engine = make_engine(server.ensure_database(names["name"], "only-for-tests").service_url)
    if pooled:
        engine.connect().close()
    with psycopg.connect(server.url(), autocommit=True) as administrator:
        cut_off = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'refused'"
        administrator.execute(cut_off)
        administrator.execute(harm.format(**names))
        try:
            with pytest.raises(DBAPIError) as raised:
                engine.connect()
        finally:
            administrator.execute(mend.format(**names))
    assert is_transient(raised.value)
    engine.connect().close()
    engine.dispose()


def test_a_damaged_page_and_a_damaged_index_need_an_operator(server) -> None:
    """The procedure counts the damaged page; the index is rebuilt; the page is not transient, and no bug."""
    url = server.ensure_database("damaged", "only-for-tests").owner_url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        connection.execute("CREATE INDEX kept_n ON kept (n)")
        paths = [
            server.data / str(connection.execute("SELECT pg_relation_filepath(%s)", (name,)).fetchone()[0])
            for name in ("kept", "kept_n")
        ]
        page_bytes = int(connection.execute("SHOW block_size").fetchone()[0])
    server.stop()
    for path in paths:
        with path.open("r+b") as file:
            file.seek(page_bytes)
            file.write(b"\xa5" * page_bytes)
    with pytest.raises(AssertionError, match=r"Bad checksums: +2"):
        carry_out("check database files", {"PGDATA": str(server.data)})
    server.start()
    engine = make_engine(url)
    for statement in ("SELECT sum(n) FROM kept", "SET enable_seqscan = off; SELECT n FROM kept WHERE n < 9"):
        with pytest.raises(DBAPIError) as raised, engine.begin() as connection:
            connection.exec_driver_sql(statement)
        assert is_damaged(raised.value)
        assert not is_transient(raised.value)
    engine.dispose()


@pytest.mark.parametrize(("hosts", "ports", "seconds"), [("h1", "1", [5]), ("h1,h2", "1,1", [2, 2])])
def test_the_next_of_several_hosts_is_tried_soon(monkeypatch, hosts: str, ports: str, seconds: list[int]) -> None:
    waits = []

    def refuse(**parameters: object) -> None:
        waits.append(parameters["connect_timeout"])
        raise psycopg.OperationalError("refused")

    monkeypatch.setattr(ReplicatedConnection, "connect", refuse)
    with pytest.raises(DBAPIError):
        make_engine(f"postgresql://u@/d?host={hosts}&port={ports}").connect()
    assert waits == seconds


class TestHosts:
    """A proxy without a primary closes connections at once; one that was cut off does not answer."""

    @pytest.fixture(autouse=True)
    def _servers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.silent, self.now_s = {"b"}, 1000.0
        self.closing, self.asked = {"a"}, []
        monkeypatch.setattr(ReplicatedConnection, "connect", self.answer)
        self.hosts = Hosts(lambda: self.now_s)

    def answer(self, host: str, **_: object) -> str:
        self.asked.append(host)
        if host in self.silent:
            raise psycopg.errors.ConnectionTimeout
        if host in self.closing:
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return host

    def connects_to(self) -> tuple[str | None, list[str]]:
        """Connect once; return the host that accepted, and those asked."""
        self.asked = []
        try:
            return str(self.hosts.connect({"host": "a,b", "port": "1,2"})), self.asked
        except psycopg.OperationalError:
            return None, self.asked

    def test_one_that_does_not_answer_is_left_out_for_some_seconds(self) -> None:
        assert self.connects_to() == (None, ["a", "b"])
        assert self.connects_to() == (None, ["a"])
        self.now_s += LEFT_OUT_FOR_S
        assert self.connects_to() == (None, ["a", "b"])
        self.closing = set()
        assert self.connects_to() == ("a", ["a"])

    def test_all_are_asked_if_none_answers(self) -> None:
        self.silent = {"a", "b"}
        assert self.connects_to() == (None, ["a", "b"])
        self.silent = {"a"}
        assert self.connects_to() == ("b", ["a", "b"])
        assert self.connects_to() == ("b", ["b"])

    def test_one_that_answers_again_counts_again(self) -> None:
        assert self.connects_to() == (None, ["a", "b"])
        self.silent = set()
        self.now_s += LEFT_OUT_FOR_S
        assert self.connects_to() == ("b", ["a", "b"])
        assert self.connects_to() == ("b", ["a", "b"])


def test_a_proxy_that_was_cut_off_delays_one_connection_alone() -> None:
    """It accepts connections and does not answer; nothing listens at the other host."""
    (closed,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as cut_off:
        ports = f"{closed},{cut_off.getsockname()[1]}"
        engine = make_engine(f"postgresql://u@/d?host=127.0.0.1,127.0.0.1&port={ports}")
        with pytest.raises(DBAPIError, match="timeout expired"):
            engine.connect()
        with pytest.raises(DBAPIError, match="refused"):
            engine.connect()
        cut_off.accept()[0].close()
        cut_off.setblocking(False)
        with pytest.raises(BlockingIOError):
            cut_off.accept()


def test_a_server_that_starts_or_stops_is_transient(server) -> None:
    """Every error that a worker gets while PostgreSQL restarts is transient."""
    engine = make_engine(server.ensure_database("restarted", "only-for-tests").service_url)
    met: list[DBAPIError] = []
    is_back = threading.Event()

    def work() -> None:
        while not is_back.is_set():
            try:
                with engine.begin() as connection:
                    connection.exec_driver_sql("SELECT pg_sleep(0.01)")
            except DBAPIError as error:
                met.append(error)
                time.sleep(0.001)

    worker = threading.Thread(target=work)
    worker.start()
    server.stop()
    server.start()
    is_back.set()
    worker.join(60)
    engine.dispose()
    assert met
    assert [error for error in met if not is_transient(error)] == []


def test_a_missing_server_is_transient() -> None:
    engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(DBAPIError) as raised:
        engine.connect()
    assert is_transient(raised.value)
    assert not is_transient(ValueError())


@pytest.mark.parametrize(
    ("error", "worlds"),
    [
        (kafka_errors.KafkaTimeoutError(), True),
        (kafka_errors.KafkaConnectionError(), True),
        (kafka_errors.NodeNotReadyError(), True),
        (kafka_errors.CoordinatorNotAvailableError(), True),
        (kafka_errors.CoordinatorLoadInProgressError(), True),
        (kafka_errors.NotCoordinatorError(), True),
        (kafka_errors.NotLeaderForPartitionError(), True),
        (kafka_errors.LeaderNotAvailableError(), True),
        (kafka_errors.BrokerNotAvailableError(), True),
        (kafka_errors.FencedLeaderEpochError(), True),
        (kafka_errors.KafkaStorageError(), True),
        (kafka_errors.UnknownTopicOrPartitionError(), True),
        (kafka_errors.OffsetNotAvailableError(), True),
        (kafka_errors.CommitFailedError(), True),
        (kafka_errors.IllegalGenerationError(), True),
        (kafka_errors.RebalanceInProgressError(), True),
        (kafka_errors.UnknownMemberIdError(), True),
        (kafka_errors.CorruptRecordError(), True),
        (kafka_errors.UnknownError(), True),
        (kafka_errors.UnrecognizedBrokerVersion(), True),
        (kafka_errors.TopicAuthorizationFailedError(), False),
        (kafka_errors.KafkaConfigurationError(), False),
        (kafka_errors.OffsetOutOfRangeError(), False),
        (kafka_errors.IllegalStateError(), False),
        (ValueError(), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_which_failures_of_kafka_are_transient(error, worlds) -> None:
    assert is_transient_kafka_error(error) is worlds


def test_the_session_of_the_writer_keeps_its_plans_beside_background_work(postgres) -> None:
    engine, stop = make_engine(postgres("plans")[1]), threading.Event()

    def plans(query: str = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%kept%'") -> int:
        with engine.begin() as connection:
            return fetch_value(connection, query, int)

    with engine.begin(), engine.begin(), engine.begin():
        pass  # three connections, as a consumer has them after its start
    for _ in range(6):
        plans("SELECT 1 AS kept")
    assert plans() == 1
    stop.wait = lambda _timeout: stop.is_set() or stop.set()  # type: ignore[method-assign]  # one look at the clock
    watch_clock(engine, stop)
    assert stop.is_set()
    assert plans() == 1
    engine.dispose()


def test_connections_that_were_ended_while_they_rested_are_left(engine) -> None:
    with engine.connect() as one, engine.connect() as other:
        pids = [held.exec_driver_sql("SELECT pg_backend_pid()").scalar() for held in (one, other)]
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _connection, _cursor, statement, *_: asked.append(statement))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT pg_backend_pid()").scalar() in pids
    assert len(asked) == 1  # checking an idle connection takes no query
    with psycopg.connect(engine.url.set(drivername="postgresql").render_as_string(hide_password=False)) as another:
        another.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) AS pid", [pids])
    for _ in pids:
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT pg_backend_pid()").scalar() not in pids


def test_a_connection_that_ends_as_soon_as_it_is_made_is_transient(engine) -> None:
    """A program that waits for CPU time can lose a session between opening and using it."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def end(driver, _record) -> None:
        with psycopg.connect(url) as another:
            another.execute("SELECT pg_terminate_backend(%s, 5000)", [driver.info.backend_pid])

    engine.connect().close()
    event.listen(engine, "connect", end)
    with psycopg.connect(url) as another:
        another.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'jiangbu'"
        )
    with pytest.raises(DBAPIError) as lost, engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    assert is_transient(lost.value)
    event.remove(engine, "connect", end)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_a_connection_that_read_a_snapshot_does_not_overrule_a_server_that_refuses_writes(postgres) -> None:
    engine = make_engine(postgres("refusing")[1], pool_size=1)
    with engine.begin() as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        connection.exec_driver_sql("SET default_transaction_read_only = on")
    with snapshot(engine) as connection:
        assert connection.exec_driver_sql("SELECT pg_backend_pid()").scalar() == pid
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT pg_backend_pid()").scalar() == pid
        with pytest.raises(DBAPIError) as refused:
            connection.exec_driver_sql("CREATE TABLE written ()")
    assert is_transient(refused.value)
    engine.dispose()


@pytest.mark.parametrize(
    "write",
    [lambda connection, sql: connection.exec_driver_sql(sql), execute],
)
def test_a_session_that_began_while_writes_were_refused_is_left(postgres, write) -> None:
    owner_url, _ = postgres("refused")
    engine = make_engine(owner_url, pool_size=1)

    def refuse(how: str) -> None:
        with psycopg.connect(owner_url, autocommit=True, options="-c default_transaction_read_only=off") as another:
            another.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {engine.url.database} {how}")

    refuse("SET default_transaction_read_only = on")
    with engine.connect() as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
    refuse("RESET default_transaction_read_only")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT pg_backend_pid()").scalar() == pid
    for outcome in (pytest.raises(DBAPIError, match="read-only"), nullcontext()):
        with outcome, engine.begin() as connection:
            write(connection, "CREATE TABLE written ()")
    engine.dispose()


class Numbered(NamedTuple):
    number: int
    name: str | None


NUMBERS = "SELECT * FROM (VALUES (1, 'one'), (2, NULL), (3, 'three')) AS n(number, name) WHERE number > %(least)s"


def test_a_typed_query_is_of_the_transaction_and_its_failures_are_as_all(engine) -> None:
    with snapshot(engine) as connection:
        assert fetch(connection, NUMBERS, Numbered, least=1) == [Numbered(2, None), Numbered(3, "three")]
        assert fetch(connection, NUMBERS, tuple[int, str | None], least=2) == [(3, "three")]
        assert fetch_value(connection, "SELECT current_setting('transaction_read_only')", str) == "on"
        with pytest.raises(DBAPIError) as wrong:
            fetch_value(connection, "SELECT 1 / %(zero)s", int, zero=0)
        assert not is_transient(wrong.value)
        assert "zero" not in str(wrong.value.params)


def test_rows_values_and_their_absence(engine) -> None:
    with snapshot(engine) as connection:
        assert fetch_one(connection, NUMBERS, Numbered, least=0) == Numbered(1, "one")
        assert fetch_one(connection, NUMBERS, Numbered, least=3) is None
        assert fetch_values(connection, NUMBERS, int, least=1) == [2, 3]
        assert fetch_optional(connection, NUMBERS, int, least=3) is None
        assert list(stream(connection, NUMBERS, Numbered, least=1)) == [Numbered(2, None), Numbered(3, "three")]
        chunks = stream_chunks(connection, NUMBERS, tuple[int, str | None], 2, least=0)
        assert [[number for number, _ in chunk] for chunk in chunks] == [[1, 2], [3]]
        with pytest.raises(ValueError, match="not enough values"):
            fetch_value(connection, NUMBERS, int, least=3)


def test_rows_are_written_one_by_one_and_by_copy(postgres) -> None:
    engine = make_engine(postgres("written")[0])
    with engine.begin() as connection:
        execute(connection, "CREATE TABLE kept (number int, name text)")
        execute_many(
            connection, "INSERT INTO kept VALUES (%(n)s, %(name)s)", [{"n": 1, "name": "one"}, {"n": 2, "name": None}]
        )
        copy_in(connection, "COPY kept FROM STDIN", [(3, "three")])
        assert execute(connection, "UPDATE kept SET name = upper(name) WHERE number > %(least)s", least=1) == 2
        assert fetch(connection, "SELECT * FROM kept ORDER BY 1", Numbered) == [(1, "one"), (2, None), (3, "THREE")]
    engine.dispose()


def test_a_clause_of_conditions_has_those_that_are_given() -> None:
    assert where(None, "a = 1", None, "b = 2") == "WHERE a = 1 AND b = 2"
    assert where(None) == ""


def test_a_connection_that_ends_under_a_typed_query_is_transient_and_is_left(engine) -> None:
    with pytest.raises(DBAPIError) as lost, snapshot(engine) as connection:
        fetch_value(connection, "SELECT pg_terminate_backend(pg_backend_pid())", bool)
    assert is_transient(lost.value)
    with snapshot(engine) as connection:
        assert fetch_value(connection, "SELECT 1", int) == 1


@pytest.fixture
def owner(postgres):
    engine = make_engine(postgres("db")[0])
    yield engine
    engine.dispose()


def test_a_session_plans_again_when_tables_have_grown(owner) -> None:
    """The plan of a nearly empty table reads all of it, and PostgreSQL keeps the plan."""
    with owner.begin() as connection:
        execute(connection, "CREATE TABLE growing (number integer PRIMARY KEY) WITH (autovacuum_enabled = false)")
        execute(connection, "INSERT INTO growing VALUES (0)")
        execute(connection, "ANALYZE growing")
        execute(connection, "SET plan_cache_mode = force_generic_plan")
        execute(connection, "PREPARE looked_up (integer) AS SELECT number FROM growing WHERE number = $1")

    def plan(written: int) -> str:
        with owner.begin() as connection:
            plan_again_after_growth(connection, written)
            return " ".join(fetch_values(connection, "EXPLAIN EXECUTE looked_up (1)", str))

    assert "Seq Scan" in plan(0)
    with owner.begin() as connection:
        execute(connection, "INSERT INTO growing SELECT generate_series(1, 20000)")
    assert "Seq Scan" in plan(999)
    assert "Index Only Scan" in plan(1000)
    with owner.begin() as connection:
        execute(connection, "TRUNCATE growing; INSERT INTO growing VALUES (0); ANALYZE growing")
    assert "Seq Scan" in plan(1001)
    with owner.begin() as connection:
        execute(connection, "INSERT INTO growing SELECT generate_series(1, 20000)")
    assert "Seq Scan" in plan(1999)
    assert "Index Only Scan" in plan(2000)
