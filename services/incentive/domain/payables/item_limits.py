"""Limits over several items of one subject (G11): of a year, over all years, and an operator's ladder. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from services.incentive.policy.terms import Policy, StepsReading

_LADDER: Final = "operators_ladder"  # the limit of an operator's tiers; it rises with the tiers that are earned


class Claim(NamedTuple):
    """An award as it competes and uses limits; amounts are fen.

    `worth_fen` is its ceiling, or less if it is set aside; `standing_fen` is the approved amount less returns, at most
    the ceiling; `cap_fen` is the amount of its highest tier; `day` is the one on which a declared reward was earned;
    `steps_fen` is the ceiling of a step that is earned by difference (G12), 0 of other rewards.
    """

    award_id: str
    rule: str
    year: int
    worth_fen: int
    cap_fen: int = 0
    standing_fen: int = 0
    day: date = date.min
    steps_fen: int = 0

    @property
    def item(self) -> str:
        """The item of a declared reward, the last part of its award_id; empty for other rewards."""
        return "/".join(self.award_id.split("/")[3:])


class _Limit(NamedTuple):
    """A limit over several items; a cumulative one runs over all years."""

    name: str
    most_fen: int
    is_cumulative: bool = False


class UsedLimits:
    """The limits of one subject, and the amounts that its awards used of them in the years so far."""

    def __init__(self, policy: Policy, claims: Iterable[Claim]) -> None:
        self._policy = policy
        self._used: Counter[str] = Counter()  # of cumulative limits
        self._claims = [claim for claim in claims if claim.worth_fen]
        self._tiers: list[Claim] = []  # payable ones

    def within(self, claims: Sequence[Claim]) -> dict[str, int]:
        """The payables of claims that are paid together, cut to their limits, by award_id."""
        # Nearly all subjects have no claim with a limit or a minimum.
        if not any(self._limits(claim) or self._policy.least_payable(claim.rule) for claim in claims):
            return {claim.award_id: claim.worth_fen for claim in claims}
        kept, due = (self._used.copy(), self._tiers.copy()), dict[str, int]()
        for year in sorted({claim.year for claim in claims}):
            of_year = [claim for claim in claims if claim.year == year]
            due |= self._within_year(of_year)
            self.add(of_year, due)
        self._used, self._tiers = kept
        return due

    def _within_year(self, claims: Sequence[Claim]) -> dict[str, int]:
        """The same for one year.

        Approved amounts use a limit first; then claims in order of day, rule in the file and item, the greater of two
        tiers first.
        """
        in_order = [(claim, self._limits(claim)) for claim in sorted(claims, key=self._place)]
        due, used = Counter[str](), self._used.copy()
        for is_approved in (True, False):
            for claim, limits in in_order:
                share_fen = min(claim.standing_fen, claim.worth_fen) if is_approved else claim.worth_fen
                wanted_fen = share_fen - due[claim.award_id]
                fen = max(0, min([wanted_fen, *(one.most_fen - used[one.name] for one in limits)]))
                if not is_approved and due[claim.award_id] + fen < self._policy.least_payable(claim.rule):
                    fen = 0
                due[claim.award_id] += fen
                for one in limits:
                    used[one.name] += fen
        return {claim.award_id: due[claim.award_id] for claim in claims}

    def add(self, claims: Sequence[Claim], paid: Mapping[str, int]) -> None:
        """End a year: add its payables to the cumulative limits."""
        for claim in claims:
            if paid[claim.award_id] == 0:
                continue
            if claim.rule == self._policy.exchange_tiers.rule:
                self._tiers.append(claim)
            for limit in self._limits(claim):
                self._used[limit.name] += paid[claim.award_id] if limit.is_cumulative else 0

    def ladder_rival(self, claim: Claim) -> str | None:
        """The greatest payable tier award, which used up the ladder; None if `claim` is no tier award."""
        if claim.rule != self._policy.exchange_tiers.rule:
            return None
        return min(self._tiers, key=lambda one: (-one.worth_fen, one.award_id)).award_id if self._tiers else None

    def _place(self, claim: Claim) -> tuple[date, int, int, str]:
        is_tier = claim.rule == self._policy.exchange_tiers.rule
        return claim.day, self._policy.rank_of(claim.rule), -claim.worth_fen * is_tier, claim.award_id

    def _limits(self, claim: Claim) -> list[_Limit]:
        """The limits of a claim's rule, and of its steps."""
        limits = [
            _Limit(one.limit, one.most_fen, is_cumulative=one.per == "subject")
            for one in self._policy.payable_limits(claim.rule)
        ]
        tiers = self._policy.exchange_tiers.rule
        if claim.rule == tiers and self._policy.operators_ladder == "operator":
            reached = (one.cap_fen for one in self._claims if one.rule == tiers and one.year <= claim.year)
            limits.append(_Limit(_LADDER, max([claim.cap_fen, *reached]), is_cumulative=True))
        if (ladder := self._policy.ladder_of(claim.rule, claim.award_id)) is not None:
            other = [one for one in self._claims if self._policy.ladder_of(one.rule, one.award_id) == ladder]
            limits += DIFFERENCES[self._policy.steps](ladder, claim, other)
        return limits


# --- the readings of G12: the limit of a step, given all claims of its ladder -----------------------------------------


def less_ceilings(ladder: str, claim: Claim, steps: Sequence[Claim]) -> list[_Limit]:
    """The ceiling is a difference already."""
    del ladder, claim, steps
    return []


def less_payables(ladder: str, claim: Claim, steps: Sequence[Claim]) -> list[_Limit]:
    """The payables of all steps so far stay within this one."""
    del steps
    return [_Limit(f"steps of {ladder}", claim.steps_fen, is_cumulative=True)]


def less_approved(ladder: str, claim: Claim, steps: Sequence[Claim]) -> list[_Limit]:
    """The step less what is approved and not returned of the others."""
    del ladder
    approved_fen = sum(one.standing_fen for one in steps if one.award_id != claim.award_id)
    return [_Limit(f"step {claim.award_id}", claim.steps_fen - approved_fen)]


DIFFERENCES: Final[Mapping[StepsReading, Callable[[str, Claim, Sequence[Claim]], list[_Limit]]]] = {
    "ceilings": less_ceilings,
    "payables": less_payables,
    "approved": less_approved,
}
