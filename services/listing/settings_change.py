"""Counting anew by another whitelist: which listings count, and what the first listings are then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from services.listing.firsts import FIRST_LISTINGS
from shared.events.fact_topics import FIRST_LISTING, LISTING
from shared.register.firsts import rebuild_firsts
from shared.register.head import record_settings
from shared.register.publish.outbox import mark_dirty
from shared.register.whitelist_recount import recount_documents

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from shared.register.head import Head
    from shared.register.intake import RegisterContext


def adopt_settings(connection: Connection, head: Head, register: RegisterContext, now: datetime) -> None:
    """Enter the settings as an entry of the register, and bring everything to what it is under them."""
    record_settings(connection, head, register.settings, now)
    changed = recount_documents(connection, "listing", "listed_at", register.exchanges)
    firsts = rebuild_firsts(connection, FIRST_LISTINGS)
    parties = connection.execute(text("SELECT scheme, code FROM party WHERE id = ANY(:ids)"), {"ids": list(firsts)})
    dirty = [(LISTING, f"{exchange}/{number}") for exchange, number in changed]
    dirty += [(FIRST_LISTING, f"{row.scheme}:{row.code}") for row in parties]
    mark_dirty(connection, dirty, now)
