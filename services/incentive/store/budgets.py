"""Budgets and the claims on them, as of an instant (None: now): the sums that count, and who is held."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Final, Generic, NamedTuple, TypeVar

from sqlalchemy import Connection

from services.incentive.domain.budget import (
    BY_PAYMENT,
    BY_REWARD,
    EACH_ALONE,
    BudgetClaim,
    BudgetHolds,
    BudgetYear,
    GrantedYear,
    PostedSums,
    all_fits,
    budget_year,
    counted_year,
    used_fen,
)
from services.incentive.policy.terms import Policy
from services.incentive.store.ledger import last_instant
from shared.postgres.database import is_snapshot
from shared.postgres.query import fetch, fetch_value
from shared.values.times import shanghai_date

Value = TypeVar("Value")
_GRANTED_KEPT: Final = 8  # some 3 MB each with 20,000 claims
_RANKED_KEPT: Final = 2  # some 12 MB each
_RANKED_WITHIN_S: Final = 1.0
_STATE: Final = "SELECT CAST(id AS text) FROM budget_state"
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
    return {year: budget_year(policy, year, claims[year], _used(policy, sums)) for year, sums in posted.items()}


def load_budget_holds(
    connection: Connection, policy: Policy, years: Collection[int], as_of: datetime | None, now: datetime
) -> BudgetHolds:
    """The awards of these years that the budgets hold at an instant, from what was recorded up to `as_of`."""
    counted = {counted_year(policy, year, now) for year in years}

    def load(years: Collection[int]) -> dict[int, GrantedYear]:
        return _load_granted(connection, policy, years, as_of, now)

    if as_of is not None or not is_snapshot(connection):
        return BudgetHolds(policy, now, load(counted))
    state = fetch_value(connection, _STATE, str), shanghai_date(now).year
    return BudgetHolds(policy, now, _GRANTED.load(policy, state, counted, load))


def load_ranked_year(
    connection: Connection,
    policy: Policy,
    year: int,
    posted: Sequence[PostedSums],
    as_of: datetime | None,
    now: datetime,
    *,
    with_expected: bool,
) -> BudgetYear:
    """Rank the claims on one budget year as load_budget_years does; `posted` are the sums that count in it."""

    def load(_: Collection[int]) -> dict[int, BudgetYear]:
        return load_budget_years(connection, policy, {year: [*posted]}, as_of, now, with_expected=with_expected)

    if as_of is not None or not is_snapshot(connection):
        return load([year])[year]
    # Any batch may change what is not applied for.
    last = last_instant(connection) if with_expected else None
    state = fetch_value(connection, _STATE, str), shanghai_date(now).year, with_expected, last
    return _RANKED.load(policy, state, [year], load)[year]


def _load_granted(
    connection: Connection, policy: Policy, counted: Collection[int], as_of: datetime | None, now: datetime
) -> dict[int, GrantedYear]:
    """Load the amounts that these budget years leave for each claim."""
    posted = load_posted(connection, policy, counted, as_of)
    if policy.budget_order == EACH_ALONE:  # others need not be known
        return {year: _without_claims(policy, year, sums) for year, sums in posted.items()}
    if as_of is not None:  # the rounds of the past are computed, which takes longer than the ranking
        return _granted(load_budget_years(connection, policy, posted, as_of, now))
    wanted = _load_wanted(connection, policy, counted, now)
    known, ranked = dict[int, GrantedYear](), dict[int, list[PostedSums]]()
    for year, sums in posted.items():
        if all_fits(policy, _used(policy, sums), wanted[year]):
            known[year] = _without_claims(policy, year, sums)
        else:
            ranked[year] = sums
    return known | _granted(load_budget_years(connection, policy, ranked, as_of, now))


def _without_claims(policy: Policy, year: int, sums: Sequence[PostedSums]) -> GrantedYear:
    return GrantedYear.of(budget_year(policy, year, (), _used(policy, sums)))


def _granted(ranked: Mapping[int, BudgetYear]) -> dict[int, GrantedYear]:
    return {year: GrantedYear.of(budget) for year, budget in ranked.items()}


def _used(policy: Policy, sums: Sequence[PostedSums]) -> dict[str, int]:
    return {one.rule: used_fen(policy, one) for one in sums}


class _Kept(NamedTuple, Generic[Value]):
    """A value of a budget year: by a policy, in a state of everything that it is computed from."""

    policy: Policy
    state: Hashable
    year: int
    value: Value


class _LastValues(Generic[Value]):
    """The last few values of budget years now, each computed once by the requests that need it at the same time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: tuple[_Kept[Value], ...] = ()
        self._computing = threading.Lock()

    def load(
        self,
        policy: Policy,
        state: Hashable,
        years: Collection[int],
        compute: Callable[[Collection[int]], Mapping[int, Value]],
    ) -> dict[int, Value]:
        """Return the values of these budget years; compute those that are not kept."""
        found = self._find(policy, state, years)
        if len(found) == len(years):
            return found
        # A server that does not answer to one request must not stop the others.
        is_alone = self._computing.acquire(timeout=_RANKED_WITHIN_S)
        try:
            found = self._find(policy, state, years)
            missing = [year for year in years if year not in found]
            if missing:
                computed = compute(missing)
                new = (_Kept(policy, state, year, value) for year, value in computed.items())
                self._kept = (*new, *self._kept)[: self._most]
                found |= computed
        finally:
            if is_alone:
                self._computing.release()
        return found

    def _find(self, policy: Policy, state: Hashable, years: Collection[int]) -> dict[int, Value]:
        return {
            one.year: one.value
            for one in self._kept
            if one.policy is policy and one.state == state and one.year in years
        }


_GRANTED: Final = _LastValues[GrantedYear](_GRANTED_KEPT)
_RANKED: Final = _LastValues[BudgetYear](_RANKED_KEPT)


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
