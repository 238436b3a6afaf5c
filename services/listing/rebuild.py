"""The register of listings worked out anew: what `listing rebuild` compares and mends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from services.listing.consumer import LISTINGS
from services.listing.firsts import FIRST_LISTINGS
from shared.events.fact_topics import FIRST_LISTING, LISTING
from shared.register.firsts import compare_firsts
from shared.register.rebuild.command import RebuildSpec
from shared.register.rebuild.versioned_table import VersionedTable
from shared.register.stored_documents import stored_event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from shared.register.intake import RegisterContext
    from shared.register.publish.outbox import DirtyKey
    from shared.register.rebuild.report import RebuildReport
    from shared.values.parties import Party
    from shared.whitelist import Whitelist


def _read(
    exchange: str, value: bytes, headers: bytes | None, exchanges: Whitelist
) -> tuple[tuple[Any, ...], tuple[Party, ...]]:
    event = stored_event("listing", exchange, value, headers)
    document: Any = event.document
    return (
        document.listing_no,
        document.revision,
        event.content_mode == "binary",
        document.status,
        document.listed_at,
        document.origin_exchange is not None,
        exchanges.counts(exchange, document.listed_at),
    ), (document.provider,)


_DOCUMENTS = VersionedTable(
    table="listing",
    number="number",
    version="d.revision",
    keeps_late=True,
    columns={
        "number": "d.number",
        "revision": "d.revision",
        "binary_mode": "d.binary_mode",
        "status": "d.status",
        "listed_at": "d.listed_at",
        "mirrored": "d.mirrored",
        "counted": "d.counted",
        "provider": "p.scheme || ':' || p.code",
    },
    parties=("provider",),
    joins="LEFT JOIN party p ON p.id = d.provider",
    headers="d.headers",
    read=_read,
)


def _derive(connection: Connection, register: RegisterContext, report: RebuildReport) -> None:
    del register  # firsts follow from the documents alone
    report.compared("状态 / states", connection.execute(text("SELECT count(*) FROM listing")).scalar_one())
    compare_firsts(connection, FIRST_LISTINGS, report)


def _facts_of_mended(connection: Connection, mended: str) -> Iterable[DirtyKey]:
    """A listing's own fact, and the first listing that it is."""
    rows = connection.execute(
        text(
            f"""
            SELECT m.exchange, m.number, p.scheme, p.code FROM {mended} m
            LEFT JOIN first_listing f ON f.seq = m.seq LEFT JOIN party p ON p.id = f.party
            WHERE m.stands
            """
        )
    )
    for row in rows:
        yield LISTING, f"{row.exchange}/{row.number}"
        if row.code is not None:
            yield FIRST_LISTING, f"{row.scheme}:{row.code}"


LISTINGS_REBUILD = RebuildSpec(
    service="listing",
    kind=LISTINGS,
    document="listing",
    documents=_DOCUMENTS,
    others=(),
    views=(),
    amount="0",
    derive=_derive,
    facts_of_mended=_facts_of_mended,
    compare_topics=lambda _: None,
)
