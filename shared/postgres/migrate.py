"""Migrations: run by the owner of the tables, who grants the service's own role no more than it needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg
from alembic import command, context
from alembic.config import Config
from sqlalchemy import make_url, text

from shared.postgres.database import make_engine, raw
from shared.postgres.row_security import make_viewer, viewer_role
from shared.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def _config(package: str) -> Config:
    config = Config()
    config.set_main_option("script_location", f"{package}:migrations")
    config.set_main_option("path_separator", "os")
    return config


def migrate(
    package: str, owner_url: str, service_url: str, register: str | None = None, revision: str = "head"
) -> None:
    """Bring the database to the newest form, or to an earlier `revision`. Safe to run again, and beside another.

    Of the roles to whom it grants the viewer's is made here, if the owner may make roles; else SettingsError.
    """
    role = make_url(service_url).username or ""
    if not _ROLE.fullmatch(role):
        raise SettingsError(f"DATABASE_URL must name a plain role of PostgreSQL, not {role!r}")
    engine = make_engine(owner_url)
    try:
        with engine.connect() as connection:
            _migrate(connection, _config(package), role, register, revision)
    finally:
        engine.dispose()


def _migrate(connection: Connection, config: Config, role: str, register: str | None, revision: str) -> None:
    viewer = viewer_role(role)
    if connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :viewer"), {"viewer": viewer}).first() is None:
        try:
            make_viewer(raw(connection), role)
        except psycopg.errors.InsufficientPrivilege:
            raise SettingsError(
                f"数据库缺少角色 / the server has no role {viewer}: run `jiangbu databases apply`"
            ) from None
        connection.exec_driver_sql(f'GRANT TEMPORARY ON DATABASE "{connection.engine.url.database}" TO {viewer}')
    # One migration at a time: the second waits here and then finds nothing to do.
    connection.execute(text("SELECT pg_advisory_lock(hashtextextended('jiangbu.migrate', 0))"))
    connection.commit()
    config.attributes.update(connection=connection, role=role, viewer=viewer, register=register)
    command.upgrade(config, revision)
    connection.execute(text("SELECT pg_advisory_unlock(hashtextextended('jiangbu.migrate', 0))"))
    connection.commit()


def run_environment() -> None:
    """What every `migrations/env.py` does."""
    context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()


def execute_all(statements: Iterable[str]) -> None:
    """Run a migration's statements.

    `{role}` is the service's own role, `{viewer}` the one that it reads as for exchanges, `{register}` the register.
    """
    attributes = context.config.attributes
    connection = attributes["connection"]
    for statement in statements:
        filled = statement
        for name in ("role", "viewer", "register"):
            filled = filled.replace(f"{{{name}}}", attributes[name] or "")
        connection.exec_driver_sql(filled)
