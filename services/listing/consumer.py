"""The listing service's consumer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.listing.dirty import every_key
from services.listing.facts import render_facts
from services.listing.intake import apply_batch
from services.listing.recount import adopt_settings
from shared.events.fact_topics import FIRST_LISTING, LISTING
from shared.events.topics import topic_of
from shared.register.intake import prepare_document
from shared.register.log_entries import stored_entries
from shared.register.publish.lanes import Lane
from shared.register.worker import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.kafka.consumer import Record


def _prepare(records: Sequence[Record]) -> list[Any]:
    return [prepare_document("listing", record) for record in records]


LISTINGS = Kind(
    name="listings",
    lanes=(Lane((LISTING, FIRST_LISTING)),),
    topics=lambda exchanges: [topic_of("listing", exchange) for exchange in exchanges],
    prepare=_prepare,
    apply=apply_batch,
    adopt_settings=adopt_settings,
    every_key=every_key,
    render=render_facts,
    stored=stored_entries("listing"),
)
