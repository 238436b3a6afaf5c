"""The listing service's consumer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.listing.fact_keys import all_fact_keys
from services.listing.facts import render_facts
from services.listing.intake import apply_batch
from services.listing.settings_change import adopt_settings
from shared.events.fact_topics import FIRST_LISTING, LISTING
from shared.events.topics import topic_of
from shared.register.consumer import RegisterKind
from shared.register.intake import prepare_document
from shared.register.log_entries import entry_reader
from shared.register.publish.send_schedule import Lane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.kafka.handler import Record


def _prepare(records: Sequence[Record]) -> list[Any]:
    return [prepare_document("listing", record) for record in records]


LISTINGS = RegisterKind(
    name="listings",
    lanes=(Lane((LISTING, FIRST_LISTING)),),
    topics=lambda exchanges: [topic_of("listing", exchange) for exchange in exchanges],
    prepare=_prepare,
    apply=apply_batch,
    adopt_settings=adopt_settings,
    every_key=all_fact_keys,
    render=render_facts,
    stored=entry_reader("listing"),
)
