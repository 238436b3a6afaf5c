"""Budgets and the claims on them, as of an instant (None: now): the sums that count, and who is held."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.budget import (
    BY_PAYMENT,
    BY_REWARD,
    EACH_ALONE,
    BudgetClaim,
    BudgetHolds,
    BudgetYear,
    PostedSums,
    all_fits,
    budget_year,
    counted_year,
    used_fen,
)
from services.incentive.policy.terms import Policy
from shared.postgres.query import fetch
from shared.values.times import shanghai_date

# Functions of the database: an exchange sees its own decisions only, but may know whether its awards fit in the budget.
_SUMS: Final = "SELECT p.year, p.rule, p.approved_fen, p.paid_fen, p.returned_fen, p.recovered_fen FROM {} p"
_BY_REWARD: Final = _SUMS.format("budget_posted(CAST(%(years)s AS smallint[]), CAST(%(as_of)s AS timestamptz))")
_BY_DAY: Final = _SUMS.format(
    "budget_posted_in(%(by_payment)s, CAST(%(years)s AS smallint[]), CAST(%(as_of)s AS timestamptz))"
)
_CLAIMS: Final = f"""
    SELECT {", ".join(BudgetClaim._fields)}
    FROM budget_claims(CAST(%(years)s AS smallint[]), CAST(%(as_of)s AS timestamptz), %(with_unpaid)s,
                       %(with_expected)s, %(with_days)s)
"""


# The amounts that claims want of budgets; where all of them fit, no ranking is needed.
_WANTED: Final = """
    SELECT c.year, c.rule, CAST(sum(CASE WHEN c.is_open THEN greatest(0, c.payable_fen - c.standing_fen) ELSE 0 END
                                    + CASE WHEN %(with_unpaid)s THEN c.unpaid_fen ELSE 0 END) AS bigint)
    FROM budget_claims(CAST(%(years)s AS smallint[]), CAST(%(as_of)s AS timestamptz), %(with_unpaid)s, false, false) c
    GROUP BY c.year, c.rule
"""


def load_posted(
    connection: Connection, policy: Policy, years: Collection[int], as_of: datetime | None
) -> dict[int, list[PostedSums]]:
    """The sums that count in these budget years, by rule in code point order."""
    asked = {"years": sorted(years), "as_of": as_of, "by_payment": policy.budget_counts == BY_PAYMENT}
    statement = _BY_REWARD if policy.budget_counts == BY_REWARD else _BY_DAY
    found: dict[int, list[PostedSums]] = {year: [] for year in years}
    for year, rule, *amounts in fetch(connection, statement, tuple[int, str, int, int, int, int], **asked):
        found[year].append(PostedSums(rule, *amounts))
    return found


def load_budget_years(
    connection: Connection,
    policy: Policy,
    posted: Mapping[int, list[PostedSums]],
    as_of: datetime | None,
    now: datetime,
    *,
    with_expected: bool = False,
) -> dict[int, BudgetYear]:
    """Rank the claims on these budget years. What is not applied for is known only `with_expected`."""
    # By approval or payment, whatever is under way counts in the present year.
    is_by_reward, this_year = policy.budget_counts == BY_REWARD, shanghai_date(now).year
    claims: dict[int, list[BudgetClaim]] = {year: [] for year in posted}
    if posted and (is_by_reward or this_year in claims):
        asked = {
            "years": sorted(posted) if is_by_reward else None,
            "as_of": as_of,
            "with_unpaid": policy.budget_counts == BY_PAYMENT,
            "with_expected": with_expected,
            "with_days": policy.budget_order == "order_of_earning",
        }
        for claim in fetch(connection, _CLAIMS, BudgetClaim, **asked):
            claims[counted_year(policy, claim.year, now)].append(claim)
    return {
        year: budget_year(policy, year, claims[year], {one.rule: used_fen(policy, one) for one in sums})
        for year, sums in posted.items()
    }


def load_budget_holds(
    connection: Connection, policy: Policy, years: Collection[int], as_of: datetime | None, now: datetime
) -> BudgetHolds:
    """The awards of these years that the budgets hold at an instant, from what was recorded up to `as_of`."""
    counted = {counted_year(policy, year, now) for year in years}
    posted = load_posted(connection, policy, counted, as_of)
    if policy.budget_order == EACH_ALONE:  # others need not be known
        alone = {
            year: budget_year(policy, year, (), {one.rule: used_fen(policy, one) for one in sums})
            for year, sums in posted.items()
        }
        return BudgetHolds(policy, now, alone)
    if as_of is not None:  # the rounds of the past are computed, which takes longer than the ranking
        return BudgetHolds(policy, now, load_budget_years(connection, policy, posted, as_of, now))
    wanted = _load_wanted(connection, policy, counted, now)
    known, ranked = dict[int, BudgetYear](), dict[int, list[PostedSums]]()
    for year, sums in posted.items():
        used = {one.rule: used_fen(policy, one) for one in sums}
        if all_fits(policy, used, wanted[year]):
            known[year] = budget_year(policy, year, (), used)
        else:
            ranked[year] = sums
    return BudgetHolds(policy, now, known | load_budget_years(connection, policy, ranked, as_of, now))


def load_held(connection: Connection, policy: Policy, years: Collection[int], now: datetime) -> frozenset[str]:
    """All awards that the budgets in which awards of these years count hold now."""
    if policy.budget_order != EACH_ALONE:
        return frozenset(load_budget_holds(connection, policy, years, None, now).held)
    posted = load_posted(connection, policy, {counted_year(policy, year, now) for year in years}, None)
    ranked = load_budget_years(connection, policy, posted, None, now, with_expected=True)
    return frozenset(award_id for budget in ranked.values() for award_id in budget.held)


def _load_wanted(
    connection: Connection, policy: Policy, years: Collection[int], now: datetime
) -> dict[int, Counter[str]]:
    """The amount that claims want of these budget years now, by rule."""
    is_by_reward = policy.budget_counts == BY_REWARD
    found: dict[int, Counter[str]] = {year: Counter() for year in years}
    asked = {
        "years": sorted(years) if is_by_reward else None,
        "as_of": None,
        "with_unpaid": policy.budget_counts == BY_PAYMENT,
    }
    for year, rule, fen in fetch(connection, _WANTED, tuple[int, str, int], **asked):
        found[counted_year(policy, year, now)][rule] += fen
    return found
