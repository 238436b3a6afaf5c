"""The trade-ingest service's consumer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.trade_ingest.fact_keys import all_fact_keys
from services.trade_ingest.facts import render_facts
from services.trade_ingest.intake import apply_batch
from services.trade_ingest.listing_facts import read_listing_fact
from services.trade_ingest.settings_change import adopt_settings
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_PURCHASE, LISTING, SIGN
from shared.events.topics import topic_of
from shared.register.consumer import RegisterKind
from shared.register.intake import prepare_document
from shared.register.log_entries import entry_reader
from shared.register.publish.send_schedule import Lane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.kafka.handler import Record


def _prepare(records: Sequence[Record]) -> list[Any]:
    return [
        read_listing_fact(record) if record.topic == LISTING else prepare_document("trade", record)
        for record in records
    ]


TRADES = RegisterKind(
    name="trades",
    lanes=(
        Lane((FIRST_PURCHASE,)),
        # A seller's totals change with each of its trades.
        Lane((ANNUAL_TOTAL,), few=100),
        # A sign takes the reading of many trades.
        Lane((SIGN,), most=500, few=5, apart=True),
    ),
    topics=lambda exchanges: [*(topic_of("trade", exchange) for exchange in exchanges), LISTING],
    prepare=_prepare,
    apply=apply_batch,
    adopt_settings=adopt_settings,
    every_key=all_fact_keys,
    render=render_facts,
    stored=entry_reader("trade", has_facts=True),
)
