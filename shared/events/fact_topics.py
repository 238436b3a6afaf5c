"""The fact topics, named once, and the bounds within which signs are measured."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

LISTING = "facts.listing.v1"
FIRST_LISTING = "facts.first-listing.v1"
FIRST_PURCHASE = "facts.first-purchase.v1"
ANNUAL_TOTAL = "facts.annual-total.v1"
SIGN = "facts.sign.v1"

FACT_TOPICS = (LISTING, FIRST_LISTING, FIRST_PURCHASE, ANNUAL_TOTAL, SIGN)

# What is measured for signs is bounded, so that a fact stays small whatever a party does. From which number on a
# measure is a sign the policy file says; it can ask for nothing beyond these.
COUNTERPARTIES: Final = 10  # of a provider's year, the greatest by what was sold to them
REPEATED_AMOUNTS: Final = 5  # of a provider's year, the greatest by what they sum to
REPEATED_FROM: Final = 5  # trades of one amount
SMALL_FIRST_FEN: Final = 100_000  # a first purchase below this is looked at
LARGE_PURCHASE_FEN: Final = 10_000_000  # beside purchases from this on
AFTER_FIRST: Final = timedelta(days=90)  # that follow it within this time
