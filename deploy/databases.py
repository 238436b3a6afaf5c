"""Databases of the services, each with three roles: of the owner of all that is in it, of the service, of a viewer.

The service's role owns nothing. The viewer's cannot log in: the service reads as it for the keys of exchanges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import psycopg
from psycopg import sql

from deploy.secrets import DATABASE_PASSWORD, Secret, SecretsError
from shared.postgres.row_security import create_viewer_role, viewer_role
from shared.settings import Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def database_of(service: Service) -> str:
    """The name of a service's database, where each service has one on the same server."""
    return service.replace("-", "_")


def owner_role(database: str) -> str:
    """The role that migrates: it owns the database and all that is in it."""
    return f"{database}_owner"


def service_role(database: str) -> str:
    """The role of the service's programs."""
    return f"{database}_service"


def ensure_database(
    connection: psycopg.Connection[tuple[object, ...]], name: str, *, owner_password: str, service_password: str
) -> bool:
    """Create database `name` with its three roles where they do not exist yet; whether the database was made.

    The roles get their passwords and attributes, also when they exist. The service's role may connect and make
    temporary tables, nothing else: what it may do with tables is granted by the migration that makes them. Row-level
    security does not hold it until it becomes the viewer, on purpose. Nobody else may connect. To be called by a
    superuser, in autocommit mode; errors of psycopg.
    """
    database, owner, service = (sql.Identifier(word) for word in (name, owner_role(name), service_role(name)))
    viewer = sql.Identifier(viewer_role(service_role(name)))
    for role, password in ((owner_role(name), owner_password), (service_role(name), service_password)):
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        verb = sql.SQL("ALTER" if found else "CREATE")
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, sql.Identifier(role), sql.Literal(password))
        )
    create_viewer_role(connection, service_role(name))
    made = not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    if made:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, service))
    connection.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(database, viewer))
    return made


def apply_databases(admin_url: str, folder: Path) -> Iterator[str]:
    """Make the databases and roles of all services, with the passwords of the folder's files; a line for each.

    Raises SecretsError; errors of psycopg.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for service in get_args(Service):
            made = ensure_database(
                connection,
                database_of(service),
                owner_password=_password(folder, f"{service}-owner"),
                service_password=_password(folder, service),
            )
            yield f"{database_of(service)}: {'新建 / created' if made else '已就绪 / as it should be'}"


def _password(folder: Path, holder: str) -> str:
    path = Secret(holder, DATABASE_PASSWORD).path(folder)
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretsError(f"{path}: 无法读取 / cannot be read: {error}") from error
