"""Limits over several items of one subject (G11): of a year, over all years, and an operator's ladder. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from services.incentive.policy.terms import Policy

_LADDER: Final = "operators_ladder"  # the limit of an operator's tiers; its most rises with the tiers that are earned


class Claim(NamedTuple):
    """An award as it claims its payable; amounts are fen.

    `worth_fen` is its ceiling, or less where it is set aside; `standing_fen` what is approved and not returned of it,
    at most its ceiling; `cap_fen` the amount of its highest tier; `day` that on which a declared reward was earned.
    """

    award_id: str
    rule: str
    year: int
    worth_fen: int
    cap_fen: int = 0
    standing_fen: int = 0
    day: date = date.min

    @property
    def item(self) -> str:
        """The item of a declared reward: the last part of its award_id."""
        rule, whose, year, *item = self.award_id.split("/", 3) if self.award_id.count("/") > 1 else ("", "", "")
        del rule, whose, year
        return "".join(item)


class UsedLimits:
    """What the awards of one subject have used up of its limits in the years so far."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._used: Counter[str] = Counter()  # of limits over all years
        self._highest_tier_fen = 0
        self._tiers: list[Claim] = []  # payable ones

    def enter(self, group: Sequence[Claim]) -> None:
        """Begin a year: its tiers raise the operator's ladder."""
        tiers = (claim.cap_fen for claim in group if claim.rule == self._policy.exchange_tiers.rule)
        self._highest_tier_fen = max([self._highest_tier_fen, *tiers])

    def within(self, claims: Sequence[Claim]) -> dict[str, int]:
        """What the limits leave of claims of one year that are paid together, by award_id.

        What stands approved comes first; then days, rules in the file and items, of tiers the greater one.
        """
        order = sorted(claims, key=self._place)
        room = {name: most_fen - self._used[name] for claim in claims for name, most_fen in self._limits(claim)}
        left: Counter[str] = Counter()
        for first in (True, False):
            for claim in order:
                share_fen = min(claim.standing_fen, claim.worth_fen) if first else claim.worth_fen
                wanted_fen = share_fen - left[claim.award_id]
                names = [name for name, _ in self._limits(claim)]
                fen = max(0, min([wanted_fen, *(room[name] for name in names)]))
                left[claim.award_id] += fen
                for name in names:
                    room[name] -= fen
        return {claim.award_id: left[claim.award_id] for claim in claims}

    def add(self, claims: Sequence[Claim], paid: Mapping[str, int]) -> None:
        """End a year: what was payable in it counts for limits over all years."""
        for claim in claims:
            if paid[claim.award_id] == 0:
                continue
            if claim.rule == self._policy.exchange_tiers.rule:
                self._tiers.append(claim)
            for name, _ in self._limits(claim):
                self._used[name] += paid[claim.award_id] if self._is_cumulative(name) else 0

    def ladder_rival(self, claim: Claim) -> str | None:
        """The tier award to which another one lost all that the ladder had left; None if it is no tier award."""
        if claim.rule != self._policy.exchange_tiers.rule:
            return None
        return min(self._tiers, key=lambda one: (-one.worth_fen, one.award_id)).award_id if self._tiers else None

    def _place(self, claim: Claim) -> tuple[date, int, int, str]:
        is_tier = claim.rule == self._policy.exchange_tiers.rule
        return claim.day, self._policy.rank_of(claim.rule), -claim.worth_fen if is_tier else 0, claim.award_id

    def _limits(self, claim: Claim) -> list[tuple[str, int]]:
        """The limits of a claim's rule: name and most, in fen."""
        if claim.rule == self._policy.exchange_tiers.rule:
            return [(_LADDER, self._highest_tier_fen)] if self._policy.operators_ladder == "operator" else []
        return [(limit.limit, limit.most_fen) for limit in self._policy.payable_limits(claim.rule)]

    def _is_cumulative(self, name: str) -> bool:
        return name == _LADDER or any(
            limit.limit == name and limit.per == "subject" for limit in self._policy.declared.limits
        )
