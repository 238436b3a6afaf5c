"""Row-level security: what PostgreSQL itself shows to a request that is asked with the key of an exchange.

Queries are narrowed to the exchange by their own conditions. This is the second fence, for the day on which one of them
is forgotten: such a request reads as another role, the *viewer*, to which policies show the rows of one exchange alone.
The service's own role is let past all policies (BYPASSRLS), since COPY FROM is refused under them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from psycopg import sql

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Connection

_SEE_AS: Final = "SELECT set_config('jiangbu.viewer', %s, true), set_config('role', session_user || '_viewer', true)"


def viewer_role(service_role: str) -> str:
    """The role as which a service reads for the keys of exchanges."""
    return f"{service_role}_viewer"


def create_viewer_role(connection: psycopg.Connection[tuple[object, ...]], service_role: str) -> None:
    """Make the viewer of a service's role where there is none. To be called by who may make roles; errors of psycopg.

    The service's own role is let past policies, and becomes the viewer only where it says so.
    """
    viewer, service = sql.Identifier(viewer_role(service_role)), sql.Identifier(service_role)
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [viewer_role(service_role)]).fetchone()
    if not found:
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(viewer))
    connection.execute(sql.SQL("ALTER ROLE {} BYPASSRLS").format(service))
    connection.execute(sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(viewer, service))


def set_viewer(connection: Connection, exchange: str) -> None:
    """From here to the end of the transaction read what that exchange may be shown, and nothing else."""
    connection.exec_driver_sql(_SEE_AS, (exchange,))
