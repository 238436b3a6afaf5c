"""What the signs on one subject's awards need of others: first purchases beside its own, and who is related to it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from services.incentive.domain.facts import Fact, FirstPurchase, merge_first
from services.incentive.domain.risk_flags import Peers, amounts_near_cap
from services.incentive.policy.terms import Policy

# Few are of about the amount that the cap needs: all that a year's budget could ever pay are some hundreds.
_BESIDE = text(
    "SELECT about FROM award_current WHERE rule = :rule AND base_fen BETWEEN :least AND :most AND about <> ALL(:abouts)"
    " AND (:is_there OR EXISTS (SELECT FROM award_current WHERE about = ANY(:abouts) AND rule = :rule"
    " AND base_fen BETWEEN :least AND :most)) ORDER BY about"
)
_EVER_BESIDE = text(
    "SELECT DISTINCT about FROM award_version WHERE rule = :rule AND base_fen BETWEEN :least AND :most ORDER BY about"
)


class PeerIndex(NamedTuple):
    """Of all whose awards are computed together: first purchases that are about as large as the cap needs, and who is
    related to whom.
    """

    alike: tuple[FirstPurchase, ...] = ()
    related: Mapping[str, frozenset[str]] = {}

    def around(self, about: str) -> Peers:
        """What is known of others than this subject or exchange."""
        return Peers(self.related.get(about, frozenset()), self.alike)


def first_near_cap(facts: Iterable[Fact], policy: Policy) -> FirstPurchase | None:
    """Of the facts of one subject the first purchase, if it is rewarded and about as large as the cap needs."""
    fact = merge_first(fact for fact in facts if isinstance(fact, FirstPurchase))
    if fact is None or fact.first is None or fact.first.completed_at not in policy.in_force:
        return None
    return fact if fact.first.net_fen in amounts_near_cap(policy) else None


def similar_purchases(of_each: Iterable[Iterable[Fact]], policy: Policy) -> tuple[FirstPurchase, ...]:
    """Those first purchases of all, the facts of each given together."""
    return tuple(near for facts in of_each if (near := first_near_cap(facts, policy)) is not None)


def similar_buyers(connection: Connection, abouts: Sequence[str], policy: Policy, *, is_there: bool) -> list[str]:
    """Who else has an award for such a first purchase, if any of `abouts` has one (`is_there`), or had."""
    span = amounts_near_cap(policy)
    if not span:
        return []
    rows = connection.execute(_BESIDE, {**_of(span, policy), "abouts": list(abouts), "is_there": is_there})
    return list(rows.scalars())


def ever_similar_buyers(connection: Connection, policy: Policy) -> list[str]:
    """Whoever has such an award, or had at any instant."""
    span = amounts_near_cap(policy)
    return list(connection.execute(_EVER_BESIDE, _of(span, policy)).scalars()) if span else []


def _of(span: range, policy: Policy) -> dict[str, object]:
    return {"rule": policy.first_purchase.rule, "least": span.start, "most": span.stop - 1}
