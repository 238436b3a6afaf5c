"""Create the services' databases, each with three roles: owner, service and viewer.

The owner owns all objects, the service role none. The viewer cannot log in: the service reads as the viewer for API
keys of exchanges.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import psycopg
from psycopg import sql

from deploy.secrets import DATABASE_PASSWORD, Secret, SecretsError
from shared.postgres.row_security import create_viewer_role, viewer_role
from shared.settings import Service


def database_of(service: Service) -> str:
    """Return the name of a service's database if all services share one server."""
    return service.replace("-", "_")


def owner_role(database: str) -> str:
    """Return the role that owns the database and migrates it."""
    return f"{database}_owner"


def service_role(database: str) -> str:
    """Return the role of the service's programs."""
    return f"{database}_service"


def ensure_database(
    connection: psycopg.Connection[tuple[object, ...]], name: str, *, owner_password: str, service_password: str
) -> bool:
    """Create database `name` and its three roles if missing; return True if the database was created.

    Existing roles get their passwords and attributes again. The service role may connect, create temporary tables and
    read the server's statistics, which show its standbys; migrations grant rights on tables. It bypasses row-level
    security until it becomes the viewer. Nobody else may connect. Call it as a superuser in autocommit mode; raises
    errors of psycopg.
    """
    database, owner, service = (sql.Identifier(word) for word in (name, owner_role(name), service_role(name)))
    viewer = sql.Identifier(viewer_role(service_role(name)))
    for role, password in ((owner_role(name), owner_password), (service_role(name), service_password)):
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        verb = sql.SQL("ALTER" if found else "CREATE")
        # The statistics show statements of others: they must not contain a password.
        hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, sql.Identifier(role), sql.Literal(hashed))
        )
    create_viewer_role(connection, service_role(name))
    made = not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    if made:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, service))
    connection.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(database, viewer))
    connection.execute(sql.SQL("GRANT pg_read_all_stats TO {}").format(service))
    return made


def apply_databases(admin_url: str, folder: Path) -> Iterator[str]:
    """Create the databases and roles of all services with the passwords in the folder; yields a line for each.

    Raises SecretsError and errors of psycopg.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for service in get_args(Service):
            made = ensure_database(
                connection,
                database_of(service),
                owner_password=_password(folder, f"{service}-owner"),
                service_password=_password(folder, service),
            )
            yield f"{database_of(service)}: {'新建 / created' if made else '已就绪 / up to date'}"


def _password(folder: Path, holder: str) -> str:
    path = Secret(holder, DATABASE_PASSWORD).path(folder)
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretsError(f"{path}: 无法读取 / cannot be read: {error}") from error
