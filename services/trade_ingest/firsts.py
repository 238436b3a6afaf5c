"""First purchases: where they are kept. What can be a first stands in totals.Trade.can_be_first, and here in SQL."""

from __future__ import annotations

from shared.register.firsts import FirstsTable

FIRST_PURCHASES = FirstsTable(
    first="first_purchase",
    documents="trade",
    party="buyer",
    at="completed_at",
    eligible="completed AND NOT mirrored AND counted",
)
