"""Reading for the key that asks: what PostgreSQL itself shows to it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from shared.postgres.database import snapshot
from shared.web.keys import current_key
from shared.web.service import current_service


@contextmanager
def viewer_snapshot(asked_of: str | None = None) -> Iterator[Connection]:
    """One state of the database for the key of the request: of an exchange's, the rows that are for that exchange.

    `asked_of`: the exchange that is asked about, as which a key is answered that sees all.
    """
    with snapshot(current_service().engine, current_key().exchange or asked_of) as connection:
        yield connection
