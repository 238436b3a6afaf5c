"""Awards of one subject or exchange from all of its facts, with their red flags. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from services.incentive.domain.awards import Award
from services.incentive.domain.declared_rules import declared_awards
from services.incentive.domain.event_rules import ExchangeFacts, SubjectFacts, exchange_awards, subject_awards
from services.incentive.domain.facts import (
    AwardFact,
    Declaration,
    ExchangeTotal,
    Fact,
    FirstListing,
    FirstPurchase,
    ProviderTotal,
)
from services.incentive.domain.risk_flags import Peers, with_risk_flags
from services.incentive.policy.terms import Policy
from shared.whitelist import Whitelist

_Kind = TypeVar("_Kind", FirstListing, FirstPurchase, Declaration)
_Total = TypeVar("_Total", ExchangeTotal, ProviderTotal)
Recorded = TypeVar("Recorded", int, tuple[str, str])  # orders facts by when they were recorded


class KnownFacts(NamedTuple):
    """All facts about one subject or exchange, in order of topic and key, and the one recorded last.

    The newest fact gives a subject's name. Measures for red flags earn nothing and name nobody: `newest` is None if
    there is nothing else. `linked` are the declarations of all subjects with which it shares items (G11), its own among
    them: one tuple for all of them, empty if it shares none.
    """

    of: tuple[Fact, ...]
    newest: AwardFact | None
    linked: tuple[Declaration, ...] = ()

    def with_linked(self, about: str, groups: Mapping[str, Sequence[Declaration]]) -> "KnownFacts":
        """The facts about `about`, with the declarations of its group (see `group_by_items`)."""
        return self._replace(linked=tuple(groups.get(about, ())))


NO_FACTS: Final = KnownFacts((), None)


def known_facts(facts: Iterable[tuple[Recorded, Fact]]) -> KnownFacts:
    """The facts of one subject or exchange, each given with what orders it by the time it was recorded."""
    pairs = list(facts)
    earning = [(recorded, fact) for recorded, fact in pairs if isinstance(fact, AwardFact)]
    newest = max(earning, key=lambda pair: pair[0])[1] if earning else None
    return KnownFacts(tuple(fact for _, fact in pairs), newest)


def subject_facts(known: KnownFacts) -> SubjectFacts:
    facts = known.of
    return SubjectFacts(
        first_listing=_of_kind(facts, FirstListing),
        first_purchase=_of_kind(facts, FirstPurchase),
        totals=_by_year(facts, ProviderTotal),
        declared=_of_kind(facts, Declaration),
        linked=known.linked,
    )


def exchange_facts(facts: Sequence[Fact], exchanges: Whitelist) -> ExchangeFacts:
    return ExchangeFacts(_by_year(facts, ExchangeTotal), exchanges)


def _of_kind(facts: Sequence[Fact], kind: type[_Kind]) -> tuple[_Kind, ...]:
    return tuple(fact for fact in facts if isinstance(fact, kind))


def _by_year(facts: Sequence[Fact], kind: type[_Total]) -> dict[int, list[_Total]]:
    totals: dict[int, list[_Total]] = {}
    for fact in facts:
        if isinstance(fact, kind):
            totals.setdefault(fact.year, []).append(fact)
    return totals


def compute_awards(facts: KnownFacts, policy: Policy, exchanges: Whitelist, peers: Peers) -> list[Award]:
    """Compute the awards of one subject or exchange, with their red flags. Raises CutDatesError."""
    if facts.newest is None:
        return []
    if isinstance(facts.newest, ExchangeTotal):
        earned = exchange_awards(facts.newest.exchange, exchange_facts(facts.of, exchanges), policy)
    else:
        party, known = facts.newest.party, subject_facts(facts)
        earned = [*subject_awards(party, known, policy), *declared_awards(party, known.declared_together, policy)]
    return [with_risk_flags(award, facts.of, peers, policy) for award in earned]
