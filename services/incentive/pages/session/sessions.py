"""Sessions of the pages. The browser holds a token, the database its hash; signing out or time ends a session."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from shared.postgres.query import execute, fetch_one
from shared.web.keys import ApiKey

LASTS: Final = timedelta(hours=8)  # a working day


_BEGIN: Final = """
    INSERT INTO page_session (token_sha256, who, role, key_sha256, begun_at, expires_at)
    VALUES (%(token)s, %(who)s, %(role)s, %(key)s, %(now)s, %(expires_at)s)
"""
_FIND: Final = "SELECT who, role, key_sha256 FROM page_session WHERE token_sha256 = %(token)s AND expires_at > %(now)s"


def begin_session(connection: Connection, key: ApiKey, now: datetime) -> str:
    """Begin a session and return its token; expired sessions are deleted."""
    token = secrets.token_urlsafe(32)
    execute(connection, "DELETE FROM page_session WHERE expires_at <= %(now)s", now=now)
    execute(
        connection,
        _BEGIN,
        token=_digest(token),
        who=key.name,
        role=key.role,
        key=key.sha256,
        now=now,
        expires_at=now + LASTS,
    )
    return token


def find_session(connection: Connection, token: str, now: datetime) -> ApiKey | None:
    """Return who signed in with the token (without a hash if by OpenID Connect); None if unknown or expired."""
    row = fetch_one(connection, _FIND, tuple[str, str, str], token=_digest(token), now=now)
    return None if row is None else ApiKey(*row)


def end_session(connection: Connection, token: str) -> None:
    """End the session of the token."""
    execute(connection, "DELETE FROM page_session WHERE token_sha256 = %(token)s", token=_digest(token))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
