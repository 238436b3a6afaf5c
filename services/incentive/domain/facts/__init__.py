"""Facts as plain values (contract, section 3), and how those of several registers are merged.

Listing and trade-ingest publish a fact about one party or exchange; the bureau does so by a declaration. A fact's
reference has the register's generation and seq, and the greatest (generation, seq) of a key counts. Amounts are fen,
instants are aware.
"""

from services.incentive.domain.facts.declarations import (
    Declaration,
    DocumentRef,
    declaration_key,
    declaration_value,
)
from services.incentive.domain.facts.firsts import FirstListing, FirstPurchase, Listed, Purchased, merge_first
from services.incentive.domain.facts.flag_measures import (
    BuyerMeasures,
    Counterparty,
    ExchangeMeasures,
    FlagMeasures,
    MeasuredPurchase,
    OperatorPurchases,
    ProviderMeasures,
    RepeatedAmount,
    TradeRef,
    TradeSum,
)
from services.incentive.domain.facts.parse import TOPICS, AwardFact, Fact, about_of, named_exchanges, parse_fact
from services.incentive.domain.facts.reference import DECLARED, IS_COUNTED, FactError, FactRef, Registers, is_counted
from services.incentive.domain.facts.totals import (
    Bucket,
    ExchangeTotal,
    NotCounted,
    ProviderTotal,
    Share,
    merge_buckets,
    merge_shares,
    merge_totals,
)

__all__ = [
    "DECLARED",
    "IS_COUNTED",
    "TOPICS",
    "AwardFact",
    "Bucket",
    "BuyerMeasures",
    "Counterparty",
    "Declaration",
    "DocumentRef",
    "ExchangeMeasures",
    "ExchangeTotal",
    "Fact",
    "FactError",
    "FactRef",
    "FirstListing",
    "FirstPurchase",
    "FlagMeasures",
    "Listed",
    "MeasuredPurchase",
    "NotCounted",
    "OperatorPurchases",
    "ProviderMeasures",
    "ProviderTotal",
    "Purchased",
    "Registers",
    "RepeatedAmount",
    "Share",
    "TradeRef",
    "TradeSum",
    "about_of",
    "declaration_key",
    "declaration_value",
    "is_counted",
    "merge_buckets",
    "merge_first",
    "merge_shares",
    "merge_totals",
    "named_exchanges",
    "parse_fact",
]
