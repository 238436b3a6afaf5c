"""Other buyers whose first purchases a risk flag on one subject's award depends on."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from services.incentive.domain.risk_flags import amounts_near_cap
from services.incentive.policy.terms import Policy

# Few purchases are about as large as the cap needs: a year's budget could pay some hundreds at most.
_SIMILAR: Final = text(
    "SELECT about FROM award_current WHERE rule = :rule AND base_fen BETWEEN :least AND :most AND about <> ALL(:abouts)"
    " AND (:is_there OR EXISTS (SELECT FROM award_current WHERE about = ANY(:abouts) AND rule = :rule"
    " AND base_fen BETWEEN :least AND :most)) ORDER BY about"
)
_EVER_SIMILAR: Final = text(
    "SELECT DISTINCT about FROM award_version WHERE rule = :rule AND base_fen BETWEEN :least AND :most ORDER BY about"
)


def similar_buyers(connection: Connection, abouts: Sequence[str], policy: Policy, *, is_there: bool) -> list[str]:
    """Others with an award for a purchase near the cap, if one of `abouts` has one (`is_there`) or had one."""
    span = amounts_near_cap(policy)
    if not span:
        return []
    rows = connection.execute(_SIMILAR, {**_parameters(span, policy), "abouts": list(abouts), "is_there": is_there})
    return list(rows.scalars())


def ever_similar_buyers(connection: Connection, policy: Policy) -> list[str]:
    """All who have such an award, or had one at any instant."""
    span = amounts_near_cap(policy)
    return list(connection.execute(_EVER_SIMILAR, _parameters(span, policy)).scalars()) if span else []


def _parameters(span: range, policy: Policy) -> dict[str, object]:
    return {"rule": policy.first_purchase.rule, "least": span.start, "most": span.stop - 1}
