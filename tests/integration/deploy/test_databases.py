"""`jiangbu databases apply` on a real server: databases, roles, and what the roles may not do."""

from __future__ import annotations

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from deploy.__main__ import main
from deploy.secrets import make_secrets, wanted_secrets
from shared.postgres.database import make_engine, snapshot
from shared.postgres.migrate import migrate
from shared.settings import SettingsError
from shared.whitelist import load_whitelist
from tests.support.paths import ROOT

DATABASES = {"listing": "listing", "trade-ingest": "trade_ingest", "incentive": "incentive"}


@pytest.fixture
def apply(server, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_ADMIN_URL", f"postgresql://postgres@127.0.0.1:{server.port}/postgres")
    monkeypatch.setenv("DATABASE_ADMIN_PASSWORD_FILE", str(server.password_file))
    make_secrets(tmp_path, wanted_secrets(load_whitelist(ROOT / "exchanges.yaml")))
    return lambda: CliRunner().invoke(main, ["databases", "apply", str(tmp_path)])


def login(server, tmp_path, service: str, role: str) -> psycopg.Connection:
    holder = service if role == "service" else f"{service}-owner"
    password = (tmp_path / holder / "database-password").read_text().strip()
    name = DATABASES[service]
    return psycopg.connect(server.url(name, f"{name}_{role}", password), connect_timeout=5)


def test_databases_are_made_once_and_passwords_are_those_of_the_files(apply, server, tmp_path) -> None:
    first = apply()
    assert first.exit_code == 0, first.output
    assert len(first.output.splitlines()) == len(DATABASES)
    for service in DATABASES:
        with login(server, tmp_path, service, "owner") as owner:
            owner.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        with login(server, tmp_path, service, "service") as connection:
            connection.execute("CREATE TEMPORARY TABLE t (n int)")
            for refused in ("CREATE TABLE u (n int)", "SELECT * FROM kept", "CREATE ROLE v"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute(refused)
    (tmp_path / "listing" / "database-password").write_text("another\n")
    with psycopg.connect(server.url(), autocommit=True) as admin:  # as in a version without the viewer role
        for statement in (
            "ALTER ROLE listing_service NOBYPASSRLS",
            "REVOKE listing_service_viewer FROM listing_service",
        ):
            admin.execute(statement)
    again = apply()
    assert again.exit_code == 0
    assert "created" not in again.output
    with login(server, tmp_path, "listing", "service") as service:
        held = (
            "SELECT rolbypassrls, pg_has_role(rolname || '_viewer', 'SET') FROM pg_roles WHERE rolname = current_user"
        )
        assert service.execute(held).fetchone() == (True, True)
        assert service.execute("SELECT pg_has_role(current_user || '_viewer', 'USAGE')").fetchone() == (False,)
    with login(server, tmp_path, "listing", "owner") as owner:
        assert owner.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_migration_makes_the_viewer_where_it_may(server) -> None:
    with psycopg.connect(server.url(), autocommit=True) as admin:
        for statement in (
            "CREATE ROLE plain_owner LOGIN PASSWORD 'only-for-tests'",
            "CREATE ROLE plain LOGIN PASSWORD 'only-for-tests'",
            "CREATE DATABASE plain OWNER plain_owner",
        ):
            admin.execute(statement)
    owner, service = (server.url("plain", role, "only-for-tests") for role in ("plain_owner", "plain"))
    with pytest.raises(SettingsError, match="no role plain_viewer: run `jiangbu databases apply`"):
        migrate("services.listing", owner, service, "r1")
    migrate("services.listing", server.url("plain"), service, "r1")
    engine = make_engine(service)
    with snapshot(engine, "kmdex") as connection:
        assert connection.execute(text("SELECT current_user, count(*) FROM listing")).one() == ("plain_viewer", 0)
        assert connection.execute(text("SELECT has_database_privilege(current_database(), 'TEMPORARY')")).scalar()
    engine.dispose()


def test_a_role_cannot_reach_the_database_of_another(apply, server, tmp_path) -> None:
    assert apply().exit_code == 0
    password = (tmp_path / "listing" / "database-password").read_text().strip()
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(server.url("incentive", "listing_service", password))


def test_what_is_missing_is_reported_in_one_line(apply, tmp_path, monkeypatch) -> None:
    (tmp_path / "incentive-owner" / "database-password").unlink()
    result = apply()
    assert result.exit_code == 1
    assert "incentive-owner" in result.output
    monkeypatch.setenv("DATABASE_ADMIN_URL", "postgresql://postgres@127.0.0.1:1/postgres")
    result = apply()
    assert result.exit_code == 1
    assert "Traceback" not in result.output
