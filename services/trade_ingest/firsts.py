"""First purchases. `TradeState.can_be_first` states the same condition in Python."""

from shared.events.fact_topics import FIRST_PURCHASE
from shared.register.firsts import FirstsTable

FIRST_PURCHASES = FirstsTable(
    topic=FIRST_PURCHASE,
    first="first_purchase",
    document="trade",
    party="buyer",
    eligible="completed AND NOT mirrored AND counted",
)
