"""Who is signed in: begun with a key, ended by signing out or by time. The browser holds a token, we hold its hash."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from services.incentive.store.tables import page_session
from shared.web.keys import ApiKey

LASTS: Final = timedelta(hours=8)  # a working day


def begin_session(connection: Connection, key: ApiKey, now: datetime) -> str:
    """Sign in; the token of it. Sessions that are over are forgotten."""
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
    """Who signed in with that token, without a hash if it was without a key; None: nobody did, or it is over."""
    columns = page_session.c
    statement = select(columns.who, columns.role, columns.key_sha256)
    row = connection.execute(
        statement.where(columns.token_sha256 == _digest(token), columns.expires_at > now)
    ).one_or_none()
    return None if row is None else ApiKey(row.who, row.role, row.key_sha256)


def end_session(connection: Connection, token: str) -> None:
    """Sign out; the token is good for nothing any more, whoever holds it."""
    connection.execute(delete(page_session).where(page_session.c.token_sha256 == _digest(token)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
