"""How the participants of an exchange stand under a rule in a year. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from services.incentive.domain.entitlements import KnownFacts, subject_facts
from services.incentive.domain.event_readings import counted_buckets, counted_period, missing_to_reach, touches
from services.incentive.domain.event_rules import SubjectFacts, split_by_period
from services.incentive.domain.facts import ExchangeTotal, ProviderTotal, Purchased
from services.incentive.policy.terms import Interval, Policy, YearlyAtRate
from shared.values.parties import Party
from shared.values.times import shanghai_year


class Participation(NamedTuple):
    """A subject under a rule in a year, on one exchange.

    `measure_fen` is what the rule measures over all exchanges, `own_fen` the part of this exchange, `missing_fen` what
    is missing to the threshold (None: there is none in that year). `is_shared`: other exchanges have a part in it.
    """

    exchange: str
    year: int
    rule: str
    subject: str
    name: str
    measure_fen: int
    missing_fen: int | None
    own_fen: int
    is_shared: bool


def participations(known: KnownFacts, policy: Policy) -> list[Participation]:
    """The participations that follow from all facts about one subject, none for an exchange. Raises CutDatesError."""
    if known.newest is None or isinstance(known.newest, ExchangeTotal):
        return []
    party, facts = known.newest.party, subject_facts(known)
    return [*_firsts(party, facts, policy), *_annual(party, facts, policy)]


def _firsts(party: Party, facts: SubjectFacts, policy: Policy) -> Iterator[Participation]:
    """A first is of one exchange and has no threshold; a listing has no amount."""
    for terms, first in ((policy.first_listing, facts.listed), (policy.first_purchase, facts.purchased)):
        if first is not None:
            net_fen = first.net_fen if isinstance(first, Purchased) else 0
            year, subject, name = shanghai_year(first.at), party.subject, party.name
            yield Participation(
                first.exchange, year, terms.rule, subject, name, net_fen, None, net_fen, is_shared=False
            )


def _annual(party: Party, facts: SubjectFacts, policy: Policy) -> Iterator[Participation]:
    """A provider takes part with every trade that an exchange reported of it, also with those that do not count."""
    terms = policy.annual_listed_trading
    for year, totals in facts.totals.items():
        own = _counted_fen(totals, counted_period(year, terms, policy.in_force), terms)
        measure_fen = sum(own.values())
        missing_fen = missing_to_reach(measure_fen, terms) if touches(policy.in_force, year) else None
        for exchange in _exchanges(totals):
            yield Participation(
                exchange,
                year,
                terms.rule,
                party.subject,
                party.name,
                measure_fen,
                missing_fen,
                own.get(exchange, 0),
                is_shared=any(other != exchange for other in own),
            )


def _exchanges(totals: Iterable[ProviderTotal]) -> list[str]:
    """The exchanges that reported trades of a provider's year, in code point order."""
    shares = (share for fact in totals for share in fact.by_exchange.items())
    return sorted({exchange for exchange, share in shares if share.counted or share.unmatched or share.other})


def _counted_fen(totals: Iterable[ProviderTotal], period: Interval, terms: YearlyAtRate) -> dict[str, int]:
    """The amount that counts in a provider's year, by the exchanges on which trades count. Raises CutDatesError."""
    own: dict[str, int] = {}
    for fact in totals:
        for exchange, share in fact.by_exchange.items():
            parts = split_by_period(counted_buckets(share, terms), period)
            if parts.within_trades:
                own[exchange] = own.get(exchange, 0) + parts.within_fen
    return own
