"""Schema migrations. The role that owns the tables runs them; they grant the service's role only what it needs."""

import re
from pathlib import Path
from typing import Final

import psycopg
from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, make_url

from shared.postgres.database import make_engine
from shared.postgres.query import driver_connection, execute, fetch_optional
from shared.postgres.row_security import create_viewer_role, viewer_role
from shared.settings import SettingsError

# SQL of tables that several services have. Like migrations, these files are frozen once released.
COMMON: Final = Path(__file__).parent / "tables"
_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def migrate(package: str, owner_url: str, service_url: str, register: str | None = None) -> None:
    """Upgrade a database to the newest revision. Safe to repeat, and to run concurrently.

    Creates the viewer's role if the owner may create roles; otherwise the role must exist. SettingsError.
    """
    role = make_url(service_url).username or ""
    if not _ROLE.fullmatch(role):
        raise SettingsError(f"DATABASE_URL must name a plain role of PostgreSQL, not {role!r}")
    config = Config()
    config.set_main_option("script_location", f"{package}:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes.update(role=role, viewer=viewer_role(role), register=register)
    engine = make_engine(owner_url)
    try:
        with engine.begin() as connection:
            _ensure_viewer_role(connection, role)
        with engine.connect() as connection:
            # One migration at a time: a second one waits here and then finds nothing to do. The lock ends with the
            # session; Alembic's context is global, so it must be held before.
            with connection.begin():
                execute(connection, "SELECT pg_advisory_lock(hashtextextended('jiangbu.migrate', 0))")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def _ensure_viewer_role(connection: Connection, role: str) -> None:
    viewer = viewer_role(role)
    if fetch_optional(connection, "SELECT 1 FROM pg_roles WHERE rolname = %(viewer)s", int, viewer=viewer):
        return
    try:
        create_viewer_role(driver_connection(connection), role)
    except psycopg.errors.InsufficientPrivilege:
        raise SettingsError(
            f"数据库缺少角色 / the server has no role {viewer}: run `jiangbu databases apply`"
        ) from None
    execute(connection, f'GRANT TEMPORARY ON DATABASE "{connection.engine.url.database}" TO {viewer}')


def run_environment() -> None:
    """Run the migrations; each `migrations/env.py` calls it."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        _upgrade_replaced()
        context.run_migrations()


def _upgrade_replaced() -> None:
    """Upgrade from the revision that the first migration replaces; refuse older ones. SettingsError."""
    found = context.get_context().get_current_revision()
    first = context.script.get_revision(context.script.get_base() or "")
    if found is None or found >= first.revision:
        return
    replaced = first.module.replaces
    if found != replaced:
        todo = f"upgrade to jiangbu 0.1.0 (revision {replaced}) first, then to this version"
        raise SettingsError(f"数据库结构过旧 / the database is of revision {found}: {todo}")
    first.module.upgrade_replaced()
    execute(
        context.config.attributes["connection"],
        "UPDATE alembic_version SET version_num = %(first)s",
        first=first.revision,
    )


def execute_files(*files: Path) -> None:
    """Execute the SQL of a migration.

    `{role}` is the service's own role, `{viewer}` the role that it reads as for exchanges, `{register}` the register.
    """
    attributes = context.config.attributes
    for file in files:
        statements = file.read_text(encoding="utf-8")
        for name in ("role", "viewer", "register"):
            statements = statements.replace(f"{{{name}}}", attributes[name] or "")
        execute(attributes["connection"], statements)
