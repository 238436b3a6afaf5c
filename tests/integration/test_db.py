"""Arrays written in PostgreSQL's own notation, and which failures of the database are the world's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from shared.db import is_worlds, make_engine, pg_array


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
        ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)", True),
        ("SET LOCAL transaction_timeout = 1; SELECT pg_sleep(5)", True),
        ("DO $$ BEGIN RAISE serialization_failure; END $$", True),
        ("DO $$ BEGIN RAISE deadlock_detected; END $$", True),
        ("DO $$ BEGIN RAISE disk_full; END $$", True),
        ("DO $$ BEGIN RAISE too_many_connections; END $$", True),
        ("SET TRANSACTION READ ONLY; CREATE TABLE x ()", True),
        ("SELECT no_such_column", False),
        ("SELECT 1 / 0", False),
        ("DO $$ BEGIN RAISE unique_violation; END $$", False),
        ("DO $$ BEGIN RAISE insufficient_privilege; END $$", False),
    ],
)
def test_whose_failure_it_is(engine, statement, worlds) -> None:
    with pytest.raises(DBAPIError) as raised, engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert is_worlds(raised.value) is worlds


def test_no_server_is_the_worlds_failure() -> None:
    engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(DBAPIError) as raised:
        engine.connect()
    assert is_worlds(raised.value)
    assert not is_worlds(ValueError())
