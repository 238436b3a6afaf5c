"""Facts as incentive reads them (contract, section 3): plain values, and how registers are merged.

A fact is what listing and trade-ingest say of one party or exchange, or the bureau by a declaration. Each has a
reference with the register's generation and seq; of one key the greatest (generation, seq) counts. Amounts are fen,
instants are aware.
"""

from services.incentive.domain.facts.counting import IS_COUNTED, Registers, is_counted
from services.incentive.domain.facts.declarations import (
    DECLARED,
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
from services.incentive.domain.facts.reference import FactError, FactRef
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
