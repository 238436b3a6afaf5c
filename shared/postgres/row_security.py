"""Row-level security: the rows that PostgreSQL itself shows to a request with the key of an exchange or a subject.

Queries are narrowed by their own conditions. This is the second line of defence, for the day on which a query forgets
one: such a request reads as another role, the *viewer*, to which policies show the rows of one exchange (`<id>`) or of
one subject (`<scheme>:<id>`, which is no exchange's id: a policy for the one shows nothing to the other). The
service's own role bypasses row-level security (BYPASSRLS), because COPY FROM is refused under it.
"""

from typing import Final

import psycopg
from psycopg import sql
from sqlalchemy import Connection

from shared.postgres.query import execute

_SET_VIEWER: Final = """
    SELECT set_config('jiangbu.viewer', %(viewer)s, true), set_config('role', session_user || '_viewer', true)
"""


def viewer_role(service_role: str) -> str:
    """The role as which a service reads for keys of exchanges and subjects."""
    return f"{service_role}_viewer"


def create_viewer_role(connection: psycopg.Connection[tuple[object, ...]], service_role: str) -> None:
    """Create the viewer of a service's role if it is missing; let the service bypass policies and become the viewer.

    The caller needs a role that may create roles. Errors are psycopg's.
    """
    viewer, service = sql.Identifier(viewer_role(service_role)), sql.Identifier(service_role)
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [viewer_role(service_role)]).fetchone()
    if not found:
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(viewer))
    connection.execute(sql.SQL("ALTER ROLE {} BYPASSRLS").format(service))
    connection.execute(sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(viewer, service))


def set_viewer(connection: Connection, viewer: str) -> None:
    """Read only what that exchange or subject may see, to the end of the transaction."""
    execute(connection, _SET_VIEWER, viewer=viewer)
