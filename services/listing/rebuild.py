"""The parts of a listing register that `listing rebuild` compares and repairs."""

from functools import partial
from typing import Any

from services.listing.register import LISTINGS
from shared.events.fact_topics import LISTING
from shared.register.rebuild.command import RebuildSpec, run_rebuild
from shared.register.rebuild.versioned_table import VersionedTable
from shared.register.stored_documents import stored_event
from shared.whitelist import Whitelist


def _decode(exchange: str, value: bytes, headers: bytes | None, exchanges: Whitelist) -> tuple[object, ...]:
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
        document.provider,
    )


LISTINGS_REBUILD = RebuildSpec(
    kind=LISTINGS,
    documents=VersionedTable(
        table="listing",
        title="状态 / states",
        number="number",
        columns=("number", "revision", "binary_mode", "status", "listed_at", "mirrored", "counted"),
        parties=("provider",),
        decode=_decode,
    ),
    document_topic=LISTING,
)

rebuild = partial(run_rebuild, LISTINGS_REBUILD)
