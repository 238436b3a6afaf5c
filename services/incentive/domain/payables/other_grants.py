"""Grants under other municipal policies (G6): those in force, and their deduction from payables. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from services.incentive.domain.payables.item_limits import Claim
from services.incentive.policy.terms import NO_KIND, OtherGrantsReading, Policy

OTHER_GRANT: Final = "other_grant"


class OtherGrant(NamedTuple):
    """A grant of another municipal policy. `name` is `other_grant/<id>`, as in `suppressed_by`.

    `rules` and `awards` are those for the same matter as the grant, as the bureau finds. Grants that were recorded by
    an earlier version name none, and have no day.
    """

    name: str
    amount_fen: int
    rules: tuple[str, ...] = ()
    awards: tuple[str, ...] = ()
    granted_on: date = date.min


OtherGrants = Mapping[tuple[str, int], Sequence[OtherGrant]]  # by subject and year


class RecordedGrant(NamedTuple):
    """The record of a grant. `seq` is its place among all records; `title` is the name of the policy or project.

    Records of an earlier version have no `granted_on`.
    """

    seq: int
    id: str
    subject: str
    year: int
    title: str
    amount_fen: int
    granted_on: date | None
    rules: tuple[str, ...]
    awards: tuple[str, ...]
    is_withdrawn: bool


class Deduction(NamedTuple):
    """The part of a grant that is deducted from one award, in fen; `grant` is `other_grant/<id>`."""

    grant: str
    fen: int


Deductions = Mapping[str, Sequence[Deduction]]  # by award_id; awards from which nothing is deducted are left out


def grants_in_force(records: Iterable[RecordedGrant]) -> dict[tuple[str, int], list[OtherGrant]]:
    """The grants that are neither withdrawn nor replaced, by subject and year.

    Each record is a grant of its own. Only records of an earlier version replace each other: of one subject, year and
    name the last one counts, and an amount of 0 takes it back.
    """
    in_order = sorted(records)
    last = {(one.subject, one.year, one.title): one.seq for one in in_order if one.granted_on is None}
    found: dict[tuple[str, int], list[OtherGrant]] = {}
    for one in in_order:
        is_replaced = one.granted_on is None and last[one.subject, one.year, one.title] != one.seq
        if not (one.is_withdrawn or is_replaced or one.amount_fen == 0):
            grant = OtherGrant(
                f"{OTHER_GRANT}/{one.id}", one.amount_fen, one.rules, one.awards, one.granted_on or date.min
            )
            found.setdefault((one.subject, one.year), []).append(grant)
    return found


def deduct(
    claims: Sequence[Claim], limited: Mapping[str, int], policy: Policy, grants: Sequence[OtherGrant]
) -> tuple[dict[str, int], Deductions]:
    """Deduct grants from the payables of a year: what is left, by award_id, and what was deducted.

    A grant is deducted from the greatest payable down, equal ones by award_id. Of several grants the one that names
    fewer awards goes first, so that one that names more finds what is left; then they go by day and content.
    """
    left, deducted = dict(limited), dict[str, list[Deduction]]()
    is_deducted = DEDUCTIONS[policy.other_grants]
    by_id = {claim.award_id: claim for claim in claims}
    greatest_first = [award_id for _, award_id in sorted((-fen, award_id) for award_id, fen in limited.items() if fen)]
    named = [(grant, [one for one in greatest_first if is_deducted(by_id[one], policy, grant)]) for grant in grants]
    for grant, award_ids in sorted(named, key=lambda pair: (len(pair[1]), _by_content(pair[0]))):
        rest_fen = grant.amount_fen
        for award_id in award_ids:
            fen = min(rest_fen, left[award_id])
            if fen:
                rest_fen -= fen
                left[award_id] -= fen
                deducted.setdefault(award_id, []).append(Deduction(grant.name, fen))
    return left, deducted


def _by_content(grant: OtherGrant) -> tuple[date, int, tuple[str, ...], tuple[str, ...], str]:
    return grant.granted_on, grant.amount_fen, grant.rules, grant.awards, grant.name


# --- the readings of G6 for other municipal grants: whether one is deducted from an award -----------------------------


def names_the_matter(claim: Claim, policy: Policy, grant: OtherGrant) -> bool:
    """The record of the grant names the award or its rule."""
    del policy
    return claim.award_id in grant.awards or claim.rule in grant.rules


def is_of_the_year(claim: Claim, policy: Policy, grant: OtherGrant) -> bool:
    """Every grant of the year is deducted, but not from another person's allowance (kind `none`)."""
    del grant
    return policy.kind_of(claim.rule) != NO_KIND


def competes(claim: Claim, policy: Policy, grant: OtherGrant) -> bool:
    """A grant is compared with the awards, and never deducted."""
    del claim, policy, grant
    return False


DEDUCTIONS: Final[Mapping[OtherGrantsReading, Callable[[Claim, Policy, OtherGrant], bool]]] = {
    "same_matter": names_the_matter,
    "all_of_year": is_of_the_year,
    "highest": competes,
}
