"""The rooms of approvals, as of an instant (None: now): of subjects and years, and of budgets with their claims."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final, NamedTuple

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
from services.incentive.domain.clawbacks import RecordedEligibility
from services.incentive.domain.holds import Period, Verification
from services.incentive.domain.rooms import (
    NOT_ELIGIBLE,
    OFFSET,
    OVER_APPROVED,
    Excess,
    RoomUse,
    Standing,
    excesses,
    was_failed,
)
from services.incentive.domain.workflow import ApprovedFor
from services.incentive.policy.terms import Policy
from services.incentive.store.as_of import AS_OF
from shared.postgres.query import fetch
from shared.values.times import shanghai_date

# A function of the database, as an exchange does not see all awards of a subject.
_USES: Final = """
    SELECT award_id, rule, subject, year, payable_fen, standing_fen, approved_seq, approved_at
    FROM room_uses(CAST(%(subjects)s AS text[]), CAST(%(years)s AS smallint[]), %(is_of_life)s,
                   CAST(%(as_of)s AS timestamptz))
"""
# The records of subjects that were failed at some time: others cannot have been when something was approved.
_RECORDS: Final = f"""
    SELECT a.recorded_at, e.subject, e.status, e.from_at, e.until_at FROM eligibility e JOIN act a ON a.id = e.id
    WHERE a.recorded_at <= {AS_OF} AND e.subject IN (SELECT subject FROM eligibility WHERE status = 'failed')
      AND (CAST(%(subjects)s AS text[]) IS NULL OR e.subject = ANY(%(subjects)s))
    ORDER BY a.seq
"""


class _UseRow(NamedTuple):
    award_id: str
    rule: str
    subject: str
    year: int
    payable_fen: int
    standing_fen: int
    approved_seq: int
    approved_at: datetime | None


Excesses = Mapping[Standing, Excess]


def load_excesses(
    connection: Connection,
    policy: Policy,
    as_of: datetime | None,
    subjects: Collection[str] | None = None,
    years: Collection[int] | None = None,
) -> Excesses:
    """The excess of each award that has one, for these subjects and years (None: all)."""
    is_of_life = policy.highest_only_scope == "whole_life"
    asked = {
        "subjects": None if subjects is None else sorted(subjects),
        "years": None if years is None or is_of_life else sorted(years),
        "is_of_life": is_of_life,
        "as_of": as_of,
    }
    records: dict[str, list[Verification]] = {}
    for one in recorded_eligibility(connection, subjects, as_of):
        records.setdefault(one.subject, []).append(one.verification)
    uses = []
    for row in fetch(connection, _USES, _UseRow, **asked):
        is_failed = row.approved_at is not None and was_failed(records.get(row.subject, ()), row.approved_at)
        approved_for = ApprovedFor(row.subject, row.year)
        amounts = row.payable_fen, row.standing_fen, row.approved_seq
        uses.append(RoomUse(row.award_id, row.rule, approved_for, *amounts, is_failed))
    return excesses(uses, policy)


def recorded_eligibility(
    connection: Connection, subjects: Collection[str] | None, as_of: datetime | None
) -> list[RecordedEligibility]:
    """The records of eligibility of those of the subjects (None: all) that were failed at some time, in order."""
    listed = None if subjects is None else list(subjects)
    rows = fetch(
        connection,
        _RECORDS,
        tuple[datetime, str, str, datetime | None, datetime | None],
        subjects=listed,
        as_of=as_of,
    )
    return [
        RecordedEligibility(at, subject, Verification(status, Period(start, end)))
        for at, subject, status, start, end in rows
    ]


def flagged_awards(found: Excesses) -> dict[str, frozenset[str]]:
    """The awards with each of the flags of an excess."""
    over = frozenset(award_id for (award_id, _), one in found.items() if one.over_fen)
    offset = frozenset(award_id for (award_id, _), one in found.items() if one.offset_fen)
    not_eligible = frozenset(award_id for (award_id, _), one in found.items() if one.not_eligible_fen)
    return {OVER_APPROVED: over, OFFSET: offset, NOT_ELIGIBLE: not_eligible}


# --- budgets ---

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


# What is wanted of budgets, which needs no ranking where all of it fits.
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
