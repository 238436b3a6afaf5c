"""Every fact that the database has: keys for the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from shared.events.fact_topics import FIRST_LISTING, LISTING

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.register.publish.outbox import DirtyKey


def all_fact_keys(connection: Connection) -> list[DirtyKey]:
    """Keys of all listings, and of all parties that have a first one."""
    listings = connection.execute(text("SELECT exchange, number FROM listing"))
    keys = [(LISTING, f"{row.exchange}/{row.number}") for row in listings]
    parties = connection.execute(text("SELECT scheme, code FROM party p JOIN first_listing f ON f.party = p.id"))
    return keys + [(FIRST_LISTING, f"{row.scheme}:{row.code}") for row in parties]
