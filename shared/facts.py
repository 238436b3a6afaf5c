"""The fact topics, named once."""

from __future__ import annotations

LISTING = "facts.listing.v1"
FIRST_LISTING = "facts.first-listing.v1"
FIRST_PURCHASE = "facts.first-purchase.v1"
ANNUAL_TOTAL = "facts.annual-total.v1"

FACT_TOPICS = (LISTING, FIRST_LISTING, FIRST_PURCHASE, ANNUAL_TOTAL)
