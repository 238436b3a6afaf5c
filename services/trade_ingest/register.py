"""The register of trades."""

from functools import partial

from services.trade_ingest.fact_keys import all_fact_keys, changed_by_settings
from services.trade_ingest.facts import FIRST_PURCHASES, render_first_purchases, render_totals
from services.trade_ingest.intake import apply_trades
from services.trade_ingest.listing_facts import read_listing_fact
from services.trade_ingest.risk_flag_measures import render_measures
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_PURCHASE, LISTING, SIGN
from shared.register.consumer import run_consumer
from shared.register.kind import RegisterKind
from shared.register.publish.send_schedule import Lane

TRADES = RegisterKind(
    service="trade-ingest",
    name="trades",
    document="trade",
    firsts=FIRST_PURCHASES,
    lanes=(
        Lane((FIRST_PURCHASE,)),
        # A seller's totals change with each of its trades. Where few changes wait, a pause would save nothing.
        Lane((ANNUAL_TOTAL,), throttle_above=300),
        # Rendering a measure reads many trades, and nobody waits for one. First purchases wait for a round of them.
        Lane((SIGN,), max_keys=500, active_keys=50, throttle_above=5, share=0.05, own_transaction=True),
    ),
    renderers={FIRST_PURCHASE: render_first_purchases, ANNUAL_TOTAL: render_totals, SIGN: render_measures},
    apply_documents=apply_trades,
    recompute=changed_by_settings,
    all_fact_keys=all_fact_keys,
    fact_readers={LISTING: read_listing_fact},
)

consume = partial(run_consumer, TRADES)
