"""The inputs of payables other than awards: recorded acts, and the days of declared rewards.

Acts are never changed, so the inputs of an instant follow from those recorded up to it; here it is always now.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.awards import Award
from services.incentive.domain.facts import Declaration, Fact, FactRef, FirstListing, FirstPurchase
from services.incentive.domain.holds import Period
from services.incentive.domain.payables.highest_only import PayableInputs
from services.incentive.policy.terms import Policy
from services.incentive.store.acts import OUTSTANDING_SQL, SET_ASIDE_SQL, other_grants_of
from services.incentive.store.awards import award_from_row
from services.incentive.store.facts import facts_at
from services.incentive.store.rows import AwardRow, columns
from shared.postgres.query import fetch
from shared.values.times import day_start, year_start

# The amount approved and not returned for the award's subject and year, and whether decisions set the award aside.
_STANDING: Final = f"""
    SELECT award.award_id, award.standing_fen, award.is_set_aside
    FROM unnest(CAST(%(award_ids)s AS text[]), CAST(%(subjects)s AS text[]), CAST(%(years)s AS smallint[]))
             AS asked (award_id, subject, year)
    CROSS JOIN LATERAL (
        SELECT d.award_id,
               CAST(coalesce(sum({OUTSTANDING_SQL})
                             FILTER (WHERE (d.subject, d.year) = (asked.subject, asked.year)), 0) AS bigint)
                   AS standing_fen,
               {SET_ASIDE_SQL} AS is_set_aside
        FROM decision d WHERE d.award_id = asked.award_id GROUP BY d.award_id
    ) award
"""
_SUSPENSIONS: Final = """
    SELECT s.rule, s.from_at, s.until_at FROM suspension s
    WHERE NOT EXISTS (SELECT FROM hold_release l WHERE l.hold_id = s.id)
"""
_TOUCHED: Final = f"""
    SELECT {columns(AwardRow)} FROM award_current
    WHERE award_id IN (SELECT award_id FROM decision) OR rule IN (SELECT rule FROM suspension)
"""


class _Standing(NamedTuple):
    award_id: str
    standing_fen: int
    is_set_aside: bool


class _Suspension(NamedTuple):
    rule: str
    from_at: datetime | None
    until_at: datetime | None


class _Decided(NamedTuple):
    """Consequences of acts for awards, and the period in which each dated award was earned, by award_id."""

    standing_fen: Mapping[str, int]
    set_aside: frozenset[str]
    earned: Mapping[str, Period]


def load_payable_inputs(connection: Connection, awards: Sequence[Award], policy: Policy) -> PayableInputs:
    """The inputs for these awards, now."""
    dated = () if policy.steps == "ceilings" else policy.step_rules
    limited = {award.rule for award in awards if policy.payable_limits(award.rule) or award.rule in dated}
    decided = _load_decided(connection, awards, limited)
    return PayableInputs(
        grants=other_grants_of(connection, {award.subject for award in awards}),
        days={one: period.start.date() for one, period in decided.earned.items() if period.start is not None},
        standing_fen=decided.standing_fen,
        set_aside=decided.set_aside,
    )


def all_payable_inputs(connection: Connection) -> PayableInputs:
    """The inputs for all awards of the ledger, without days."""
    touched = [award_from_row(row) for row in fetch(connection, _TOUCHED, AwardRow)]
    decided = _load_decided(connection, touched, ())
    grants = other_grants_of(connection)
    return PayableInputs(grants=grants, standing_fen=decided.standing_fen, set_aside=decided.set_aside)


def _load_decided(connection: Connection, awards: Sequence[Award], dated: Collection[str]) -> _Decided:
    """Load these for awards with a ceiling; `dated` are rules whose awards need their day, suspended or not."""
    suspended: dict[str, list[Period]] = {}
    for one in fetch(connection, _SUSPENSIONS, _Suspension):
        suspended.setdefault(one.rule, []).append(Period(one.from_at, one.until_at))
    live = [award for award in awards if award.ceiling_fen > 0]
    standing = fetch(
        connection,
        _STANDING,
        _Standing,
        award_ids=[award.award_id for award in live],
        subjects=[award.subject for award in live],
        years=[award.year for award in live],
    )
    with_day = [award for award in live if award.evidence and (award.rule in suspended or award.rule in dated)]
    earned = when_earned(connection, {award.evidence[0].ref: award.award_id for award in with_day})
    set_aside = {one.award_id for one in standing if one.is_set_aside}
    for award in live:
        period = earned.get(award.award_id) or whole_year(award.year)
        if any(period.overlaps(one) for one in suspended.get(award.rule, ())):
            set_aside.add(award.award_id)
    standing_fen = {one.award_id: one.standing_fen for one in standing if one.standing_fen > 0}
    return _Decided(standing_fen, frozenset(set_aside), earned)


def when_earned(connection: Connection, awards: Mapping[FactRef, str]) -> dict[str, Period]:
    """The period in which each award was earned; left out are awards that no single document or declaration earns.

    `awards` are award_ids by the first fact of their evidence; facts that a difference is against come after it.
    """
    if not awards:
        return {}
    periods = {awards[ref]: earned_period(fact) for ref, fact in facts_at(connection, awards.keys()).items()}
    return {award_id: period for award_id, period in periods.items() if period is not None}


def earned_period(fact: Fact) -> Period | None:
    """The day of a declaration or the instant of a first; None for any other fact."""
    if isinstance(fact, Declaration):
        return Period(day_start(fact.earned_on), day_start(fact.earned_on + timedelta(days=1)))
    if not isinstance(fact, FirstListing | FirstPurchase) or fact.first is None:
        return None
    at = fact.first.order[0]
    return Period(at, at + timedelta(microseconds=1))


def whole_year(year: int) -> Period:
    """A total is earned over its year, and so is an award that a correction took away."""
    return Period(year_start(year), year_start(year + 1))
