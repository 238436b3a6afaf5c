"""The register of listings."""

from functools import partial

from services.listing.facts import (
    FIRST_LISTINGS,
    all_fact_keys,
    changed_by_settings,
    render_first_listings,
    render_listings,
)
from services.listing.intake import apply_listings
from shared.events.fact_topics import FIRST_LISTING, LISTING
from shared.register.consumer import run_consumer
from shared.register.kind import RegisterKind
from shared.register.publish.send_schedule import Lane

LISTINGS = RegisterKind(
    service="listing",
    name="listings",
    document="listing",
    firsts=FIRST_LISTINGS,
    lanes=(Lane((LISTING, FIRST_LISTING)),),
    renderers={LISTING: render_listings, FIRST_LISTING: render_first_listings},
    apply_documents=apply_listings,
    recompute=changed_by_settings,
    all_fact_keys=all_fact_keys,
)

consume = partial(run_consumer, LISTINGS)
