"""Facts of the listing service: their keys and values."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Connection

from shared.events.documents import Listing
from shared.events.fact_topics import FIRST_LISTING, LISTING
from shared.postgres.query import fetch, fetch_values
from shared.register.context import RegisterContext
from shared.register.facts import party_json, render_firsts
from shared.register.firsts import FirstsTable, no_longer_counted, with_void
from shared.register.parties import subjects_of
from shared.register.publish.outbox import DirtyKey
from shared.register.revisions import Key
from shared.register.stored_documents import key_arrays, stored_document
from shared.values.json_types import Json
from shared.values.times import format_time

FIRST_LISTINGS = FirstsTable(
    topic=FIRST_LISTING,
    first="first_listing",
    document="listing",
    party="provider",
    eligible="status <> 'annulled' AND NOT mirrored AND counted",
    void="status = 'annulled' AND NOT mirrored AND counted",
    void_name="annulled",
)
_LISTINGS = """
    SELECT d.exchange, d.number, d.counted, d.mirrored, d.value, d.headers
    FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[])) AS k(exchange, number)
    CROSS JOIN LATERAL (
        SELECT exchange, number, counted, mirrored, value, headers FROM listing
        WHERE exchange = k.exchange AND number = k.number LIMIT 1
    ) d
"""


def fact_keys(listings: Iterable[Key], first_subjects: Iterable[str]) -> list[DirtyKey]:
    return [
        *((LISTING, f"{exchange}/{number}") for exchange, number in listings),
        *((FIRST_LISTING, subject) for subject in first_subjects),
    ]


def all_fact_keys(connection: Connection) -> list[DirtyKey]:
    """Return the keys of all listings, and of all parties that have a first one, or an annulled one."""
    listings = fetch(connection, "SELECT exchange, number FROM listing", tuple[str, str])
    parties = set(fetch_values(connection, "SELECT party FROM first_listing", int))
    parties |= with_void(connection, FIRST_LISTINGS)
    return fact_keys(listings, subjects_of(connection, parties).values())


def changed_by_settings(
    connection: Connection, register: RegisterContext, recounted: Sequence[Key], firsts: set[int]
) -> list[DirtyKey]:
    del register  # nothing else depends on the settings
    # Annulled listings are not stored beside firsts, so they cannot be compared: all of them are rendered again.
    annulled = with_void(connection, FIRST_LISTINGS) | no_longer_counted(connection, FIRST_LISTINGS, recounted)
    return fact_keys(recounted, subjects_of(connection, firsts | annulled).values())


def render_listings(connection: Connection, keys: list[str]) -> Json:
    pairs = [(exchange, number) for exchange, _, number in (key.partition("/") for key in keys)]
    # A listing may no longer exist: it was published before an older backup was restored, for example.
    gone = {"provider": None, "status": None, "listed_at": None, "mirrored": False, "counted": False}
    values: Json = {
        f"{exchange}/{number}": {"exchange": exchange, "listing_no": number, **gone} for exchange, number in pairs
    }
    for exchange, number, counted, mirrored, value, headers in fetch(
        connection, _LISTINGS, tuple[str, str, bool, bool, bytes, bytes | None], **key_arrays(pairs)
    ):
        document = cast("Listing", stored_document("listing", exchange, value, headers))
        values[f"{exchange}/{number}"] |= {
            "provider": party_json(document.provider),
            "status": document.status,
            "listed_at": format_time(document.listed_at),
            "mirrored": mirrored,
            "counted": counted,
        }
    return values


def render_first_listings(connection: Connection, subjects: list[str]) -> Json:
    return render_firsts(connection, FIRST_LISTINGS, subjects, _describe_first)


def _describe_first(listing: Listing, _record_at: datetime) -> Json:
    return {
        "listing_no": listing.listing_no,
        "revision": listing.revision,
        "listed_at": format_time(listing.listed_at),
    }
