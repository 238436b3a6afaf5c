"""Payables of a subject from its ceilings: 就高不重复 (highest only, G6), limits over several items (G11). Pure.

The awards of a subject and year that win the comparison add up, within the limits of their rules; grants under other
municipal policies are compared or deducted. Years are taken in order, as cumulative limits run over them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

import msgspec

from services.incentive.domain.awards import Award
from services.incentive.domain.payables.item_limits import Claim, UsedLimits
from services.incentive.domain.payables.other_grants import Deduction, Deductions, OtherGrant, OtherGrants, deduct
from services.incentive.policy.terms import NO_KIND, HighestOnlyReading, Policy, ScopeReading


class Payable(NamedTuple):
    """The payable of an award, in fen, and the award or grant that suppresses it (None: nothing does)."""

    payable_fen: int
    suppressed_by: str | None


class PayableInputs(msgspec.Struct, frozen=True):
    """The inputs of payables other than the awards: recorded grants and decisions, and the days of declarations.

    `days` are those on which declared rewards were earned, by award_id; `standing_fen` is the approved amount less
    returns of an award, for its subject and year; `set_aside` are awards that are rejected or whose rule is suspended.
    """

    grants: OtherGrants = {}
    days: Mapping[str, date] = {}
    standing_fen: Mapping[str, int] = {}
    set_aside: frozenset[str] = frozenset()


def with_payables(awards: Iterable[Award], policy: Policy, inputs: PayableInputs) -> list[Award]:
    """The awards with their payables; needs all awards of each subject."""
    subjects: dict[str, list[Award]] = {}
    for award in awards:
        subjects.setdefault(award.subject, []).append(award)
    grants: dict[str, dict[int, Sequence[OtherGrant]]] = {}
    for (subject, year), given in inputs.grants.items():
        grants.setdefault(subject, {})[year] = given
    settled = []
    for subject, group in subjects.items():
        found = payables([_claim(award, inputs) for award in group], policy, grants.get(subject, {}))
        for award in group:
            one = found[award.award_id]
            is_same = (award.payable_fen, award.suppressed_by) == one
            settled.append(award if is_same else msgspec.structs.replace(award, **one._asdict()))
    return settled


def _claim(award: Award, inputs: PayableInputs) -> Claim:
    standing_fen = min(award.ceiling_fen, inputs.standing_fen.get(award.award_id, 0))
    return Claim(
        award_id=award.award_id,
        rule=award.rule,
        year=award.year,
        worth_fen=standing_fen if award.award_id in inputs.set_aside else award.ceiling_fen,
        cap_fen=award.cap_fen or 0,
        standing_fen=standing_fen,
        day=inputs.days.get(award.award_id, date.min),
        steps_fen=award.ceiling_fen,
    )


def payables(claims: Sequence[Claim], policy: Policy, grants: Mapping[int, Sequence[OtherGrant]]) -> dict[str, Payable]:
    """Payables of all awards of one subject, by award_id; `grants` of other policies by year.

    A claim worth nothing has a payable of 0, and neither suppresses nor is suppressed.
    """
    return _settled(claims, policy, grants)[0]


def deductions(awards: Sequence[Award], policy: Policy, inputs: PayableInputs) -> Deductions:
    """The parts of other grants that are deducted from the awards of one subject; needs all of its awards."""
    claims = [_claim(award, inputs) for award in awards]
    of_subject = {year: given for (subject, year), given in inputs.grants.items() if subject == awards[0].subject}
    return _settled(claims, policy, of_subject)[1]


def _settled(
    claims: Sequence[Claim], policy: Policy, grants: Mapping[int, Sequence[OtherGrant]]
) -> tuple[dict[str, Payable], Deductions]:
    found = {claim.award_id: Payable(0, None) for claim in claims}
    deducted: dict[str, Sequence[Deduction]] = {}
    used = UsedLimits(policy, claims)
    for years in SCOPES[policy.highest_only_scope](sorted({*(claim.year for claim in claims), *grants})):
        group = [claim for claim in claims if claim.year in years and claim.worth_fen > 0]
        competing = [one for year in years for one in grants.get(year, ()) if policy.other_grants == "highest"]
        has_rivals = len(group) > 1 or competing  # most subjects have one award
        losers = COMPARISONS[policy.highest_only](group, policy, used.within, competing) if has_rivals else {}
        found |= {award_id: Payable(0, rival) for award_id, rival in losers.items()}
        for year in years:
            winners = [claim for claim in group if claim.year == year and claim.award_id not in losers]
            limited = used.within(winners)
            left, of_year = deduct(winners, limited, policy, grants.get(year, ()))
            deducted |= of_year
            used.add(winners, left)
            for claim in winners:
                one = claim.award_id
                exhausted_by = of_year[one][-1].grant if one in of_year and left[one] == 0 else None
                found[one] = Payable(left[one], exhausted_by if limited[one] else used.ladder_rival(claim))
    return found, deducted


# --- the readings of G6 for the years that are compared with each other ----------------------------------------------

SCOPES: Final[Mapping[ScopeReading, Callable[[Sequence[int]], Sequence[Sequence[int]]]]] = {
    "year": lambda years: [[year] for year in years],
    "whole_life": lambda years: [years],
}


# --- the readings of G6: from claims of the years compared to those that lose, each with what suppresses it ----------

Within = Callable[[Sequence[Claim]], Mapping[str, int]]  # payables of claims that are paid together, within limits
Losers = dict[str, str]  # award_id: the award or grant that suppresses it


def kinds_compete(group: Sequence[Claim], policy: Policy, within: Within, grants: Sequence[OtherGrant]) -> Losers:
    """Only the kind with the greatest sum is payable; if several are equal, the one whose rule is first in the file."""
    kinds: dict[str, list[Claim]] = {}
    for claim in group:
        if (kind := policy.kind_of(claim.rule)) != NO_KIND:
            kinds.setdefault(kind, []).append(claim)
    return _all_but_one(list(kinds.values()), policy, within, grants)


def all_compete(group: Sequence[Claim], policy: Policy, within: Within, grants: Sequence[OtherGrant]) -> Losers:
    """Only the greatest award is payable; if several are equal, the first by rule in the file, then by award_id."""
    units = [[claim] for claim in group if policy.kind_of(claim.rule) != NO_KIND]
    return _all_but_one(units, policy, within, grants)


def same_matter(group: Sequence[Claim], policy: Policy, within: Within, grants: Sequence[OtherGrant]) -> Losers:
    """Kinds named together compete for one item; all others are payable beside each other."""
    del within
    losers: Losers = {}
    items: dict[str, list[Claim]] = {}
    for claim in group:
        if policy.kind_of(claim.rule) in policy.same_matter:
            items.setdefault(claim.item, []).append(claim)
    for claims in items.values():
        best = min(claims, key=lambda claim: (-claim.worth_fen, policy.rank_of(claim.rule), claim.award_id))
        kind = policy.kind_of(best.rule)
        losers |= {claim.award_id: best.award_id for claim in claims if policy.kind_of(claim.rule) != kind}
    if (grant := _greatest(grants)) is not None:
        losers |= {claim.award_id: grant.name for claim in group if claim.worth_fen < grant.amount_fen}
    return losers


_Comparison = Callable[[Sequence[Claim], Policy, Within, Sequence[OtherGrant]], Losers]
COMPARISONS: Final[Mapping[HighestOnlyReading, _Comparison]] = {
    "kinds_compete": kinds_compete,
    "all_compete": all_compete,
    "same_matter": same_matter,
}


def _all_but_one(
    units: Sequence[Sequence[Claim]], policy: Policy, within: Within, grants: Sequence[OtherGrant]
) -> Losers:
    """All awards but those of the greatest unit, or all if a grant under another policy is greater than each unit."""
    sums = [sum(within(unit).values()) for unit in units]
    places = [min((policy.rank_of(claim.rule), claim.award_id) for claim in unit) for unit in units]
    order = sorted(range(len(units)), key=lambda index: (-sums[index], places[index]))
    best_fen = sums[order[0]] if order else 0
    if (grant := _greatest(grants)) is not None and grant.amount_fen > best_fen:
        return {claim.award_id: grant.name for unit in units for claim in unit}
    if best_fen == 0:
        return {}
    rival = min(units[order[0]], key=lambda claim: (-claim.worth_fen, claim.award_id)).award_id
    return {claim.award_id: rival for index in order[1:] for claim in units[index]}


def _greatest(grants: Sequence[OtherGrant]) -> OtherGrant | None:
    """The grant with the greatest amount; if several are equal, the first by name."""
    return min(grants, key=lambda one: (-one.amount_fen, one.name), default=None)
