"""Any fact: parsing a record of a fact topic, and what the fact is about."""

import msgspec

from services.incentive.domain.facts.declarations import Declaration, parse_declaration
from services.incentive.domain.facts.firsts import (
    FirstListing,
    FirstPurchase,
    parse_first_listing,
    parse_first_purchase,
)
from services.incentive.domain.facts.flag_measures import (
    BuyerMeasures,
    ExchangeMeasures,
    FlagMeasures,
    ProviderMeasures,
    parse_flag_measures,
)
from services.incentive.domain.facts.reference import DECLARED, FactError
from services.incentive.domain.facts.totals import (
    ExchangeTotal,
    ProviderTotal,
    parse_exchange_total,
    parse_provider_total,
)
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE, SIGN

TOPICS = (FIRST_LISTING, FIRST_PURCHASE, ANNUAL_TOTAL, SIGN)

AwardFact = FirstListing | FirstPurchase | ExchangeTotal | ProviderTotal | Declaration
Fact = AwardFact | FlagMeasures


def about_of(fact: Fact) -> str:
    """The subject or exchange whose awards follow from a fact: `<scheme>:<id>` or `exchange/<id>`."""
    if isinstance(fact, ExchangeTotal | ExchangeMeasures):
        return f"exchange/{fact.exchange}"
    return fact.subject if isinstance(fact, ProviderMeasures | BuyerMeasures) else fact.party.subject


def named_exchanges(fact: Fact) -> set[str]:
    """The exchanges that a fact names; measures for red flags do not say whose documents they are made from."""
    if isinstance(fact, ExchangeTotal):
        return {fact.exchange}
    if isinstance(fact, ProviderTotal):
        return set(fact.by_exchange)
    if isinstance(fact, FirstListing | FirstPurchase) and fact.first is not None:
        return {fact.first.exchange}
    if isinstance(fact, Declaration) and fact.exchange is not None:
        return {fact.exchange}
    return set()


def parse_fact(topic: str, key: str, value: bytes) -> Fact:
    """Parse a record of a fact topic; `key` is "<register>/...". Raises FactError."""
    try:
        return _parse(topic, key, value)
    except (msgspec.DecodeError, ValueError) as error:
        raise FactError(f"{topic} {key}: {error}") from error


def _parse(topic: str, key: str, value: bytes) -> Fact:
    register, slash, rest = key.partition("/")
    if not (register and slash and rest):
        raise FactError("the key is not <register>/<key>")
    if topic == FIRST_LISTING:
        return parse_first_listing(key, register, value)
    if topic == FIRST_PURCHASE:
        return parse_first_purchase(key, register, value)
    if topic == ANNUAL_TOTAL and rest.startswith("exchange/"):
        return parse_exchange_total(key, register, value)
    if topic == ANNUAL_TOTAL and rest.startswith("provider/"):
        return parse_provider_total(key, register, value)
    if topic == DECLARED:
        return parse_declaration(key, value)
    if topic == SIGN:
        return parse_flag_measures(key, register, value)
    raise FactError("no such fact")
