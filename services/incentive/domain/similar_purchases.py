"""First purchases near the cap: about as large as the cap needs, compared by provider and instant (G10). Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from services.incentive.domain.facts import Fact, FirstPurchase, Purchased, merge_first
from services.incentive.policy.terms import Policy, RiskFlagTerms

SPLIT_PURCHASES: Final = "split_purchases"
# A flag names at most so many purchases before its own and so many after it: enough for a person to look into, and few
# enough that the work for any number of purchases that flag each other grows in proportion to their number.
NAMED_ON_EACH_SIDE: Final = 10


class PurchasesAround(NamedTuple):
    """How many purchases of others are near one in time, and the nearest of them, in order."""

    others: int
    nearest: tuple[tuple[FirstPurchase, Purchased], ...]


class SimilarPurchases:
    """First purchases near the cap, one of each subject, by provider in order."""

    def __init__(self, facts: Iterable[FirstPurchase] = ()) -> None:
        self._of_provider: dict[str, list[tuple[FirstPurchase, Purchased]]] = {}
        for fact in facts:
            if fact.first is not None:
                self._of_provider.setdefault(fact.first.provider.subject, []).append((fact, fact.first))
        for purchases in self._of_provider.values():
            purchases.sort(key=_place)

    def around(self, fact: FirstPurchase, first: Purchased, days: int) -> PurchasesAround:
        """The purchases of other subjects from the same provider, at most so many days before or after."""
        same = self._of_provider.get(first.provider.subject, [])
        start = bisect_left(same, first.at - timedelta(days=days), key=_instant)
        end = bisect_right(same, first.at + timedelta(days=days), key=_instant)
        before = bisect_left(same, _place((fact, first)), key=_place)
        is_own = before < end and _place(same[before]) == _place((fact, first))
        after = before + is_own
        nearest = (
            *same[max(start, before - NAMED_ON_EACH_SIDE) : before],
            *same[after : min(end, after + NAMED_ON_EACH_SIDE)],
        )
        return PurchasesAround(end - start - is_own, nearest)


NO_SIMILAR: Final = SimilarPurchases()


def amounts_near_cap(policy: Policy) -> range:
    """Net amounts of a first purchase, in fen, that are about as large as the cap needs; empty without that flag."""
    terms = _terms(policy)
    if terms is None:
        return range(0)
    numerator, denominator = policy.first_purchase.rate.as_integer_ratio()
    needed_fen = -(-policy.first_purchase.cap_fen * denominator // numerator)
    near_fen = terms.share_of("near", needed_fen)
    return range(needed_fen - near_fen, needed_fen + near_fen + 1)


def first_near_cap(facts: Iterable[Fact], policy: Policy) -> FirstPurchase | None:
    """The first purchase among the facts of one subject, if it is rewarded and near the cap."""
    fact = merge_first(fact for fact in facts if isinstance(fact, FirstPurchase))
    first = None if fact is None else fact.first
    if first is None or first.at not in policy.in_force or first.net_fen not in amounts_near_cap(policy):
        return None
    return fact


def similar_purchases(facts_of_each: Iterable[Iterable[Fact]], policy: Policy) -> SimilarPurchases:
    """All first purchases near the cap, given the facts of each subject."""
    found = (first_near_cap(facts, policy) for facts in facts_of_each)
    return SimilarPurchases(near for near in found if near is not None)


def is_split(facts: Iterable[Fact], similar: SimilarPurchases, policy: Policy) -> bool:
    """Return True if the first purchase of one subject has the flag of split purchases, given all its first facts."""
    terms, fact = _terms(policy), first_near_cap(facts, policy)
    if terms is None or fact is None or fact.first is None:
        return False
    return are_enough(similar.around(fact, fact.first, terms.whole("days")), terms)


def are_enough(around: PurchasesAround, terms: RiskFlagTerms) -> bool:
    """Return True if a purchase and those around it are as many as the flag of split purchases needs."""
    return around.others + 1 >= terms.whole("purchases")


def _terms(policy: Policy) -> RiskFlagTerms | None:
    return next((terms for terms in policy.risk_flags if terms.flag == SPLIT_PURCHASES), None)


def _instant(one: tuple[FirstPurchase, Purchased]) -> datetime:
    return one[1].at


def _place(one: tuple[FirstPurchase, Purchased]) -> tuple[tuple[datetime, str, str], str]:
    """The place in order; registers may name the same trade for two subjects."""
    return one[1].order, one[0].party.subject
