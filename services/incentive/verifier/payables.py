"""Payables: 就高不重复 (highest only, G6), limits over several items (G11), grants under other policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .policy import PolicyValues
from .readings import TIERS

SubjectYear = tuple[str, int]
LADDER = "exchange_tiers of one operator"
SHARED_STEPS = "steps of "


class MunicipalGrant(NamedTuple):
    """A grant under another municipal policy; `name` is `other_grant/<id>`, `amount` fen, `day` empty if not recorded.

    `rules` and `awards` are those for the same matter, as its record names them.
    """

    name: str
    amount: int
    day: str
    rules: Sequence[str]
    awards: Sequence[str]


OtherGrants = Mapping[SubjectYear, Sequence[MunicipalGrant]]


class CompetingAward(NamedTuple):
    """An award as it competes with others of its subject; amounts in fen.

    `day` is that of a declaration, else empty; `standing` is the approved amount less returns; `is_aside`: rejected, or
    earned while its rule is suspended.
    """

    award_id: str
    rule: str
    ceiling: int
    subject_year: SubjectYear
    cap: int
    day: str
    standing: int
    is_aside: bool

    @property
    def approved(self) -> int:
        """The approved amount less returns, at most the ceiling."""
        return min(self.ceiling, self.standing)

    @property
    def claim(self) -> int:
        return self.approved if self.is_aside else self.ceiling

    @property
    def item(self) -> str:
        return "/".join(self.award_id.split("/")[3:])


class SubjectPayables:
    """The payables of one subject: year after year, as some limits run over years."""

    def __init__(self, awards: Iterable[CompetingAward], policy: PolicyValues, grants: OtherGrants) -> None:
        self._policy, self._grants = policy, grants
        self._awards = list(awards)
        self._rank = {rule: place for place, rule in enumerate(policy.order)}
        self._limits = {one.award_id: self._limits_of(one) for one in self._awards}
        self.found: dict[str, tuple[int, str | None]] = {one.award_id: (0, None) for one in self._awards}

    def run(self) -> dict[str, tuple[int, str | None]]:
        """(payable, suppressed by) of each award."""
        live = [one for one in self._awards if one.claim]
        if self._policy.highest_only_scope == "whole_life":
            beaten = self._beaten(live)
        for year in sorted({one.subject_year[1] for one in live}):
            claims = [one for one in live if one.subject_year[1] == year]
            if self._policy.highest_only_scope == "year":
                beaten = self._beaten(claims)
            for one in claims:
                if one.award_id in beaten:
                    self.found[one.award_id] = (0, beaten[one.award_id])
            self._settle(year, [one for one in claims if one.award_id not in beaten])
        return self.found

    def _beaten(self, claims: Sequence[CompetingAward]) -> dict[str, str]:
        """The claims that lose to another award or grant, each with what suppresses it."""
        rival = self._greatest_grant(claims) if self._policy.other_grants == "highest" else None
        if self._policy.highest_only == "same_matter":
            return self._beaten_on_items(claims, rival)
        return self._beaten_by_group(claims, rival)

    def _greatest_grant(self, claims: Sequence[CompetingAward]) -> tuple[str, int] | None:
        """Name and amount of the greatest other grant of the year of claims, or of the subject's whole life."""
        subject_years = {one.subject_year for one in claims}
        if self._policy.highest_only_scope == "whole_life":
            subjects = {subject for subject, _ in subject_years}
            subject_years = {one for one in self._grants if one[0] in subjects}
        given = [grant for one in subject_years for grant in self._grants.get(one, ())]
        order = sorted((-grant.amount, grant.name) for grant in given)
        return (order[0][1], -order[0][0]) if order else None

    def _settle(self, year: int, left_in: Sequence[CompetingAward]) -> None:
        due = self._limited(left_in)
        given = self._grants.get(left_in[0].subject_year, ()) if left_in else ()
        reduced, used_up = self._less_grants(given, left_in, due)
        for one in left_in:
            self.found[one.award_id] = (reduced[one.award_id], used_up.get(one.award_id))
        for one in left_in:
            if due[one.award_id] == 0 and one.rule == TIERS:
                self.found[one.award_id] = (0, self._greatest_paid_tier(year))

    def _less_grants(
        self, given: Sequence[MunicipalGrant], claims: Sequence[CompetingAward], due: dict[str, int]
    ) -> tuple[dict[str, int], dict[str, str]]:
        """Deduct other grants: the payables that are left, and by award the grant that used its payable up.

        Awards are taken from the greatest payable down; grants by the number of awards that they are deducted from, the
        fewest first, then by day, amount, what they name, and id.
        """
        left, used_up = dict(due), dict[str, str]()
        positive = [one for one in claims if due[one.award_id]]
        order = sorted(positive, key=lambda one: (-due[one.award_id], one.award_id.encode()))
        turns = []
        for grant in given:
            taken = [one.award_id for one in order if self._is_deducted(grant, one)]
            turns.append(
                (len(taken), grant.day, grant.amount, list(grant.rules), list(grant.awards), grant.name, taken)
            )
        for _, _, amount, _, _, name, taken in sorted(turns):
            spent = 0
            for award_id in taken:
                part = min(amount - spent, left[award_id])
                spent += part
                left[award_id] -= part
                if part and not left[award_id]:
                    used_up[award_id] = name
        return left, used_up

    def _is_deducted(self, grant: MunicipalGrant, award: CompetingAward) -> bool:
        if self._policy.other_grants == "same_matter":
            return award.rule in grant.rules or award.award_id in grant.awards
        return self._policy.other_grants == "all_of_year" and self._policy.kind_of(award.rule) != "none"

    def _greatest_paid_tier(self, year: int) -> str | None:
        paid = [
            (-one.claim, one.award_id.encode())
            for one in self._awards
            if one.rule == TIERS and one.subject_year[1] <= year and self.found[one.award_id][0]
        ]
        return min(paid)[1].decode() if paid else None

    def _beaten_by_group(self, claims: Sequence[CompetingAward], rival: tuple[str, int] | None) -> dict[str, str]:
        """Awards of all groups but the greatest; a group is a kind, or an award where all compete."""
        groups: dict[str, list[CompetingAward]] = {}
        for one in claims:
            kind = self._policy.kind_of(one.rule)
            if kind != "none":
                groups.setdefault(kind if self._policy.highest_only == "kinds_compete" else one.award_id, []).append(
                    one
                )
        if rival is None and len(groups) <= 1:
            return {}
        ranked = [
            (-sum(self._limited(group).values()), min(self._first(one) for one in group), name)
            for name, group in groups.items()
        ]
        greatest = min(ranked, default=(0, (0, b""), ""))
        if rival and rival[1] > -greatest[0]:
            return {one.award_id: rival[0] for group in groups.values() for one in group}
        if greatest[0] == 0:
            return {}
        winner = min((-one.claim, one.award_id.encode()) for one in groups[greatest[2]])[1].decode()
        return {one.award_id: winner for name, group in groups.items() if name != greatest[2] for one in group}

    def _beaten_on_items(self, claims: Sequence[CompetingAward], rival: tuple[str, int] | None) -> dict[str, str]:
        """Awards that lose to a greater one of another named kind for the same item, and all below a greater grant."""
        beaten: dict[str, str] = {}
        for one in claims:
            others = [
                other
                for other in claims
                if other.item == one.item and self._policy.kind_of(other.rule) in self._policy.same_matter
            ]
            if one not in others:
                continue
            best = min(others, key=lambda other: (-other.claim, *self._first(other)))
            if self._policy.kind_of(best.rule) != self._policy.kind_of(one.rule):
                beaten[one.award_id] = best.award_id
        if rival:
            beaten.update({one.award_id: rival[0] for one in claims if one.claim < rival[1]})
        return beaten

    def _first(self, one: CompetingAward) -> tuple[int, bytes]:
        return self._rank.get(one.rule, len(self._rank)), one.award_id.encode()

    def _limited(self, claims: Sequence[CompetingAward]) -> dict[str, int]:
        """The payables of claims that are paid together, cut to limits; approved amounts of a year come first."""
        due = {one.award_id: 0 for one in claims}
        for year in sorted({one.subject_year[1] for one in claims}):
            in_order = sorted((one for one in claims if one.subject_year[1] == year), key=self._turn)
            for share in ("approved", "claim"):
                for one in in_order:
                    wanted = getattr(one, share) - due[one.award_id]
                    limits = self._limits[one.award_id].items()
                    rooms = [most - self._used(limit, one, claims, due) for limit, most in limits]
                    part = max(0, min([wanted, *rooms]))
                    if share == "claim" and due[one.award_id] + part < self._policy.least_payable(one.rule):
                        part = 0
                    due[one.award_id] += part
        return due

    def _turn(self, one: CompetingAward) -> tuple[str, int, int, bytes]:
        """The order in which limits are used: by day, rule and item, the greater of two tiers first."""
        rank, award_id = self._first(one)
        return one.day, rank, -one.claim if one.rule == TIERS else 0, award_id

    def _limits_of(self, one: CompetingAward) -> dict[str, int]:
        """The amount of each limit that cuts the payables of an award: those of its rule, and of its steps (G12)."""
        limits, ladder = self._limits_of_rule(one), self._ladder(one)
        if ladder and self._policy.steps == "payables":
            limits[SHARED_STEPS + ladder] = one.ceiling
        elif ladder and self._policy.steps == "approved":
            others = [other for other in self._awards if other is not one and other.claim]
            approved = sum(other.approved for other in others if self._ladder(other) == ladder)
            limits[f"step {one.award_id}"] = one.ceiling - approved
        return limits

    def _ladder(self, one: CompetingAward) -> str:
        """The rule with steps, and the exchange or item that they are counted of; empty if it has none."""
        terms = self._policy.declared.get(one.rule, {})
        if one.rule == TIERS:
            return f"{TIERS} {one.award_id.split('/')[1]}"
        if terms.get("earned") != "by_difference":
            return ""
        return f"{one.rule} {one.item if terms['per'] == 'item' else ''}"

    def _limits_of_rule(self, one: CompetingAward) -> dict[str, int]:
        if one.rule == TIERS:
            if self._policy.operators_ladder != "operator":
                return {}
            year = one.subject_year[1]
            so_far = [t for t in self._awards if t.rule == TIERS and t.claim and t.subject_year[1] <= year]
            return {LADDER: max((tier.cap for tier in so_far), default=0)}
        return self._policy.payable_limits(one.rule)

    def _used(self, limit: str, award: CompetingAward, claims: Sequence[CompetingAward], due: dict[str, int]) -> int:
        """The sum payable under a limit in earlier years, if it runs over them, and so far in this one."""
        year = award.subject_year[1]
        is_cumulative = limit == LADDER or limit.startswith(SHARED_STEPS) or (
            self._policy.limits.get(limit, {}).get("per") == "subject"
        )  # fmt: skip
        used = 0
        for one in self._awards:
            if limit in self._limits[one.award_id] and one.subject_year[1] < year and is_cumulative:
                used += self.found[one.award_id][0]
        for one in claims:
            is_counted = one.subject_year[1] == year or (is_cumulative and one.subject_year[1] < year)
            if limit in self._limits[one.award_id] and is_counted:
                used += due[one.award_id]
        return used


def payables(
    awards: Iterable[CompetingAward], policy: PolicyValues, grants: OtherGrants
) -> dict[str, tuple[int, str | None]]:
    """(payable, suppressed by) of each award; needs all awards of each subject."""
    subjects: dict[str, list[CompetingAward]] = {}
    for award in awards:
        subjects.setdefault(award.subject_year[0], []).append(award)
    found: dict[str, tuple[int, str | None]] = {}
    for group in subjects.values():
        found.update(SubjectPayables(group, policy, grants).run())
    return found
