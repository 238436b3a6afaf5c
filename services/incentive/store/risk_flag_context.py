"""Other buyers whose first purchases a risk flag on one subject's award depends on."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.risk_flags import amounts_near_cap
from services.incentive.policy.terms import Policy
from shared.postgres.query import fetch_values

# Few purchases are about as large as the cap needs: a year's budget could pay some hundreds at most.
_NEAR_CAP: Final = "rule = %(rule)s AND base_fen BETWEEN %(least)s AND %(most)s"
_SIMILAR: Final = f"""
    SELECT about FROM award_current WHERE {_NEAR_CAP} AND about <> ALL(%(abouts)s)
      AND (%(is_there)s OR EXISTS (SELECT FROM award_current WHERE about = ANY(%(abouts)s) AND {_NEAR_CAP}))
    ORDER BY about
"""
_EVER_SIMILAR: Final = f"SELECT DISTINCT about FROM award_version WHERE {_NEAR_CAP} ORDER BY about"


def similar_buyers(connection: Connection, abouts: Sequence[str], policy: Policy, *, is_there: bool) -> list[str]:
    """Others with an award for a purchase near the cap, if one of `abouts` has one (`is_there`) or had one."""
    span = amounts_near_cap(policy)
    if not span:
        return []
    asked = {**_parameters(span, policy), "abouts": list(abouts), "is_there": is_there}
    return fetch_values(connection, _SIMILAR, str, **asked)


def ever_similar_buyers(connection: Connection, policy: Policy) -> list[str]:
    """All who have such an award, or had one at any instant."""
    span = amounts_near_cap(policy)
    return fetch_values(connection, _EVER_SIMILAR, str, **_parameters(span, policy)) if span else []


def _parameters(span: range, policy: Policy) -> dict[str, object]:
    return {"rule": policy.first_purchase.rule, "least": span.start, "most": span.stop - 1}
