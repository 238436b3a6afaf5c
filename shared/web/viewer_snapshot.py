"""Database snapshots that show an exchange's key only the rows of its exchange, by row security in PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from shared.postgres.database import snapshot
from shared.web.keys import current_key
from shared.web.service import current_service


@contextmanager
def viewer_snapshot(as_exchange: str | None = None) -> Iterator[Connection]:
    """Open a read-only snapshot with the rights of the request's key.

    `as_exchange` limits a key that sees everything to the rows of that exchange.
    """
    with snapshot(current_service().engine, current_key().exchange or as_exchange) as connection:
        yield connection
