"""Migrations: from the replaced revision, from older ones, twice and concurrently; and who may migrate."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import make_url

from devset.postgres import postgres_binaries
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from shared.postgres.schema_version import WrongSchemaError, check_schema, package_of, required_revision
from shared.settings import SettingsError
from tests.support.paths import ROOT
from tests.support.replaced_schema import REPLACED, replaced_schema

SERVICES = [("listing", "r1"), ("trade-ingest", "r1"), ("incentive", None)]


@pytest.mark.parametrize(("service", "register"), SERVICES)
def test_migrating_twice_at_once_does_no_harm(postgres, service, register) -> None:
    owner_url, service_url = postgres("migrations")
    package = package_of(service)
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(migrate, package, owner_url, service_url, register) for _ in range(2)]:
            done.result()
    migrate(package, owner_url, service_url, register)
    engine = make_engine(owner_url)
    check_schema(engine, service)
    engine.dispose()


@pytest.mark.parametrize(("service", "_register"), SERVICES)
def test_the_newest_migration_is_known_without_alembic(service, _register) -> None:
    folder = ROOT / package_of(service).replace(".", "/") / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == required_revision(service)


@pytest.mark.parametrize(("service", "register"), SERVICES)
def test_a_database_of_the_replaced_revision_is_upgraded(postgres, service, register) -> None:
    package = package_of(service)
    owner_url, service_url = postgres("migrations")
    restore(owner_url, service)
    before = contents(owner_url)
    assert sum(map(len, before.values())) > 40
    migrate(package, owner_url, service_url, register)
    after = contents(owner_url)
    assert after.pop("alembic_version") == [{"version_num": required_revision(service)}]
    assert before.pop("alembic_version") == [{"version_num": REPLACED[service]}]
    assert {table: only(columns, after[table]) for table, columns in columns_of(before).items()} == before
    fresh_owner_url, fresh_service_url = postgres("migrations")
    migrate(package, fresh_owner_url, fresh_service_url, register)
    assert schema_of(owner_url) == schema_of(fresh_owner_url)
    migrate(package, owner_url, service_url, register)
    assert contents(owner_url) == after | {"alembic_version": [{"version_num": required_revision(service)}]}


@pytest.mark.parametrize(("service", "register"), SERVICES)
def test_a_database_before_the_replaced_revision_is_refused(postgres, service, register) -> None:
    owner_url, service_url = postgres("migrations")
    restore(owner_url, service)
    with psycopg.connect(owner_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    before = contents(owner_url)
    with pytest.raises(
        SettingsError, match=rf"revision 0001: upgrade to jiangbu 0\.1\.0 \(revision {REPLACED[service]}\) first"
    ):
        migrate(package_of(service), owner_url, service_url, register)
    assert contents(owner_url) == before


def restore(owner_url: str, service: str) -> None:
    """Fill an empty database with the schema and the rows of the replaced revision."""
    with psycopg.connect(owner_url) as connection:
        connection.execute(replaced_schema(service, service_role(owner_url)).encode())


def service_role(owner_url: str) -> str:
    return str(make_url(owner_url).username).removesuffix("_owner") + "_service"


def columns_of(found: dict[str, list[dict[str, Any]]]) -> dict[str, set[str]]:
    return {table: {name for row in rows for name in row} for table, rows in found.items()}


def only(columns: set[str], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows without the columns that later migrations added."""
    return [{name: value for name, value in row.items() if name in columns} for row in rows]


def contents(owner_url: str) -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table."""
    with psycopg.connect(owner_url) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        return {
            table: [row for (row,) in connection.execute(f'SELECT to_jsonb(t) FROM "{table}" t ORDER BY t::text')]
            for (table,) in tables.fetchall()
        }


def schema_of(owner_url: str) -> str:
    """Return the schema by pg_dump with white space normalized, since bodies of functions keep theirs."""
    dumped = subprocess.run(
        [postgres_binaries() / "pg_dump", "--schema-only", "--no-owner", owner_url],
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    said = re.sub(r"^\\(un)?restrict .*$", "", dumped.stdout, flags=re.MULTILINE)
    return "\n".join(" ".join(part.split()) for part in said.replace(service_role(owner_url), "service").split("\n\n"))


@pytest.mark.parametrize(("found", "says"), [("0001", "run `listing migrate`"), ("9999", "start the newer version")])
def test_tables_of_another_version_are_reported(postgres, found, says) -> None:
    owner_url, service_url = postgres("migrations")
    owner, engine = make_engine(owner_url), make_engine(service_url)
    with pytest.raises(WrongSchemaError, match="not migrated yet"):
        check_schema(engine, "listing")
    migrate("services.listing", owner_url, service_url, "r1")
    with owner.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = %s", (found,))
    with pytest.raises(WrongSchemaError, match=says):
        check_schema(engine, "listing")
    owner.dispose()
    engine.dispose()


def test_a_role_that_is_no_plain_name_is_refused(postgres) -> None:
    owner_url, _ = postgres("migrations")
    with pytest.raises(SettingsError, match="plain role"):
        migrate("services.listing", owner_url, "postgresql://a%22b@127.0.0.1/x")


@pytest.mark.parametrize(
    ("role", "password", "says"), [("owner", "wrong", "password"), ("service", None, "lacks a privilege")]
)
def test_who_may_not_migrate_is_reported_in_one_line(postgres, monkeypatch, role, password, says) -> None:
    owner_url, service_url = postgres("migrations")
    url = make_url(owner_url if role == "owner" else service_url)
    given = url if password is None else url.set(password=password)
    code, told = ended(monkeypatch, "migrate", service_url, given.render_as_string(hide_password=False))
    assert code == 1
    assert says in told["reason"]
    assert "exception" not in told


def ended(monkeypatch, command: str, database_url: str, owner_url: str | None = None) -> tuple[int, dict]:
    """Run a command of incentive; return its exit code and the last line of stderr."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("DATABASE_URL", database_url)
    if owner_url is not None:
        monkeypatch.setenv("DATABASE_OWNER_URL", owner_url)
    command_line = [sys.executable, "-m", "services.incentive", command]
    done = subprocess.run(command_line, check=False, capture_output=True, text=True, timeout=60)
    return done.returncode, json.loads(done.stderr.splitlines()[-1])
