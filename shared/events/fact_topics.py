"""Names of the fact topics, and the limits of the measures for red flags and of future-dated trades."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

LISTING = "facts.listing.v1"
FIRST_LISTING = "facts.first-listing.v1"
FIRST_PURCHASE = "facts.first-purchase.v1"
ANNUAL_TOTAL = "facts.annual-total.v1"
SIGN = "facts.sign.v1"

FACT_TOPICS = (LISTING, FIRST_LISTING, FIRST_PURCHASE, ANNUAL_TOTAL, SIGN)

AHEAD_HOURS: Final = 24  # a trade dated more than this after its record is future-dated (contract, section 2)

# Measures for red flags are limited so that no party can make a fact large. The policy file sets the
# thresholds of the flags within these limits.
COUNTERPARTIES: Final = 10  # a provider's largest buyers of the year
REPEATED_AMOUNTS: Final = 5  # a provider's repeated amounts of the year, largest sums first
REPEATED_FROM: Final = 5  # trades of one amount
SMALL_FIRST_FEN: Final = 100_000  # a first purchase below this is compared ...
LARGE_PURCHASE_FEN: Final = 10_000_000  # ... with purchases of at least this
AFTER_FIRST: Final = timedelta(days=90)  # ... within this time after it
