"""The rule of a rollback, on a real server: one goes back as long as no database is newer than the version."""

from __future__ import annotations

import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, get_args

import psycopg
import pytest

from deploy.databases import database_of
from deploy.environment import environment_text, read_environment
from deploy.host.layout import HostError, Version, current_version, make_current, previous_version
from deploy.host.upgrade import rollback, upgrade
from deploy.host.versions import Revisions, differing
from devset.postgres import Postgres
from devset.processes import free_ports
from shared.settings import Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVICES: tuple[Service, ...] = get_args(Service)


class Ready(BaseHTTPRequestHandler):
    """An API that is ready."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def apis() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Ready) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def server(extended: None, tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path / "postgres", free_ports(1)[0], tmp_path / "postgres.log")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def config(server: Postgres, apis: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of settings; `systemctl` writes what it is told into `told`."""
    folder = tmp_path / "etc"
    folder.mkdir()
    settings = {
        "DATABASE_ADMIN_URL": f"postgresql://postgres@127.0.0.1:{server.port}/postgres",
        "DATABASE_ADMIN_PASSWORD_FILE": str(server.password_file),
        "REGISTERS": f"r1={apis},{apis}",
        "INCENTIVE_URL": apis,
    }
    (folder / "admin.env").write_text(environment_text(settings), "utf-8")
    for name, value in (settings | {"PGSSLMODE": "prefer"}).items():  # the commands set them for their process
        monkeypatch.setenv(name, value)
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.parent.mkdir()
    systemctl.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path / "told"}\n', "utf-8")
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{systemctl.parent}:{os.environ['PATH']}")
    return folder


def told(tmp_path: Path) -> list[str]:
    file = tmp_path / "told"
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return lines


def bare_version(tmp_path: Path, name: str, newest: str) -> Version:
    """Return a version that has nothing but the names of its migrations."""
    version = Version(tmp_path / "opt" / "versions" / name)
    for service in SERVICES:
        package = f"services/{service.replace('-', '_')}/migrations/versions"
        folder = version.folder / "lib" / "python3.13" / "site-packages" / package
        folder.mkdir(parents=True)
        for revision in ("0001", newest):
            (folder / f"r{revision}_x.py").touch()
    return version


def set_revision(server: Postgres, service: Service, revision: str) -> None:
    name = database_of(service)
    with psycopg.connect(server.url(), autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            admin.execute(f"CREATE DATABASE {name}")
    with psycopg.connect(server.url(name)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num text)")
        connection.execute("TRUNCATE alembic_version")
        connection.execute("INSERT INTO alembic_version VALUES (%s)", [revision])


def test_one_goes_back_until_a_migration_lies_between(server: Postgres, config: Path, tmp_path: Path) -> None:
    old, new = bare_version(tmp_path, "0.1.0", "0007"), bare_version(tmp_path, "0.2.0", "0008")
    assert differing(old, config) == [Revisions(service, None, "0007") for service in SERVICES]
    for service in SERVICES:
        set_revision(server, service, "0007")
    make_current(old)
    make_current(new)
    assert differing(old, config) == []
    first, *_ = rollback(new, None, config)
    assert first.endswith("current: 0.1.0")
    assert (current_version(new.prefix), previous_version(new.prefix)) == (old, new)
    assert told(tmp_path) == ["daemon-reload", "restart jiangbu.target"]

    make_current(new)
    set_revision(server, "trade-ingest", "0008")
    for refused in (rollback(new, None, config), rollback(new, "0.1.0", config), upgrade(old, config)):
        with pytest.raises(HostError, match=r"a migration lies between.*: trade_ingest 0008 -> 0007$"):
            list(refused)
    with pytest.raises(HostError, match=r"0\.3\.0: .*has no listing"):
        list(rollback(new, "0.3.0", config))
    assert current_version(new.prefix) == new
    assert told(tmp_path) == []


def test_own_env_wins_as_for_the_programs(server: Postgres, config: Path, tmp_path: Path) -> None:
    version, admin, own = bare_version(tmp_path, "0.1.0", "0007"), config / "admin.env", config / "own.env"
    settings = read_environment(admin)
    own.write_text(environment_text(settings), "utf-8")
    elsewhere = settings | {"DATABASE_ADMIN_URL": "postgresql://postgres@127.0.0.1:1/postgres"}
    admin.write_text(environment_text(elsewhere), "utf-8")
    assert differing(version, config) == [Revisions(service, None, "0007") for service in SERVICES]
    own.write_text(environment_text(settings | {"PGSSLMODE": "require"}), "utf-8")  # for libpq
    with pytest.raises(psycopg.OperationalError, match="server does not support SSL"):
        differing(version, config)
    admin.unlink()
    with pytest.raises(HostError, match=r"admin\.env"):
        differing(version, config)


def test_a_failed_step_lets_the_current_version_go_on(server: Postgres, config: Path, tmp_path: Path) -> None:
    """The new version has no command that succeeds; the old one is started again if the tables are still its own."""
    old, new = bare_version(tmp_path, "0.1.0", "0007"), bare_version(tmp_path, "0.2.0", "0008")
    for service in SERVICES:
        set_revision(server, service, "0007")
    make_current(old)
    new.program("jiangbu").parent.mkdir()
    new.program("jiangbu").write_text("#!/bin/sh\necho 'Error: no broker' >&2\nexit 1\n", "utf-8")
    new.program("jiangbu").chmod(0o755)
    with pytest.raises(HostError, match=r"^jiangbu databases: no broker$"):
        list(upgrade(new, config))
    assert current_version(new.prefix) == old
    assert told(tmp_path) == ["stop jiangbu.target", "start jiangbu.target"]
