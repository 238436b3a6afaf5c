"""Sessions of the pages. The browser holds a token, the database its hash; signing out or time ends a session."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from services.incentive.store.tables import page_session
from shared.web.keys import ApiKey

LASTS: Final = timedelta(hours=8)  # a working day


def begin_session(connection: Connection, key: ApiKey, now: datetime) -> str:
    """Begin a session and return its token; expired sessions are deleted."""
    token = secrets.token_urlsafe(32)
    columns = page_session.c
    connection.execute(delete(page_session).where(columns.expires_at <= now))
    connection.execute(
        insert(page_session).values(
            token_sha256=_digest(token),
            who=key.name,
            role=key.role,
            key_sha256=key.sha256,
            begun_at=now,
            expires_at=now + LASTS,
        )
    )
    return token


def find_session(connection: Connection, token: str, now: datetime) -> ApiKey | None:
    """Return who signed in with the token (without a hash if by OpenID Connect); None if unknown or expired."""
    columns = page_session.c
    statement = select(columns.who, columns.role, columns.key_sha256)
    row = connection.execute(
        statement.where(columns.token_sha256 == _digest(token), columns.expires_at > now)
    ).one_or_none()
    return None if row is None else ApiKey(row.who, row.role, row.key_sha256)


def end_session(connection: Connection, token: str) -> None:
    """End the session of the token."""
    connection.execute(delete(page_session).where(page_session.c.token_sha256 == _digest(token)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
