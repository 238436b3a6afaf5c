"""The budget of a year (policy.md, G7), and the pools set apart within it: who is in front of the line. Pure; fen.

Awards applied for take room in an order; at the first that does not fit the line is drawn, and all behind it are held.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final, NamedTuple

from services.incentive.policy.terms import Policy, Pool
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import shanghai_date

BY_REWARD: Final = "year_of_the_reward"
BY_PAYMENT: Final = "year_of_payment"
EACH_ALONE: Final = "order_of_approval"  # of revisions 1 and 2: whatever fits when it is approved
IN_PROPORTION: Final = "in_proportion"


class PostedSums(NamedTuple):
    """Amounts of the awards of one rule in one budget year: approved less revoked, paid, returned, and recovered."""

    rule: str
    approved_fen: int
    paid_fen: int
    returned_fen: int
    recovered_fen: int


class BudgetClaim(NamedTuple):
    """An award that takes room in a budget, or may later.

    `standing_fen` is approved and not returned for its subject and year, `unpaid_fen` approved and not paid.
    `applied_at` is the first application of its last round (None: never applied for); `is_open`: that round is under
    way; `earned_until` is the end of the period in which it was earned (None: the order does not need it).
    """

    award_id: str
    rule: str
    year: int
    payable_fen: int
    standing_fen: int
    unpaid_fen: int
    applied_at: datetime | None
    is_open: bool
    earned_until: datetime | None = None

    @property
    def rise_fen(self) -> int:
        """The payable beyond what stands approved."""
        return max(0, self.payable_fen - self.standing_fen)


class Place(NamedTuple):
    """A claim in a line: the amount that it wants, and what is left for it."""

    claim: BudgetClaim
    wanted_fen: int
    granted_fen: int

    @property
    def is_held(self) -> bool:
        return self.granted_fen == 0


class BudgetLine(NamedTuple):
    """The year's budget or a pool of it (None: the year's), the used part, and the claims on the rest in order."""

    pool: Pool | None
    most_fen: int
    used_fen: int
    places: tuple[Place, ...]

    @property
    def room_fen(self) -> int:
        return self.most_fen - self.used_fen


@dataclass(frozen=True)
class BudgetYear:
    """The lines of a budget year, the year's before those of pools; all claims, and what is used by rule."""

    year: int
    lines: tuple[BudgetLine, ...]
    claims: tuple[BudgetClaim, ...]
    used: Mapping[str, int]

    @cached_property
    def expected(self) -> list[BudgetClaim]:
        """Awards that are not applied for, in order of award_id."""
        found = (claim for claim in self.claims if claim.rise_fen > 0 and not claim.is_open)
        return sorted(found, key=lambda claim: claim.award_id)

    @cached_property
    def held(self) -> list[str]:
        """The awards behind a line, in the order of the year's line."""
        granted_fen = self.granted_fen
        of_year = (place.claim.award_id for place in self.lines[0].places)
        return [award_id for award_id in of_year if granted_fen[award_id] == 0]

    @cached_property
    def granted_fen(self) -> dict[str, int]:
        """The amount that all its lines leave for each claim."""
        granted: dict[str, int] = {}
        for place in (place for line in self.lines for place in line.places):
            award_id = place.claim.award_id
            granted[award_id] = min(place.granted_fen, granted.get(award_id, place.granted_fen))
        return granted


# --- the readings ------------------------------------------------------------------------------------------------

# The order of claims, behind those with a standing amount and before award_id; given also the amount wanted.
_ORDERS: Final[Mapping[str, Callable[[BudgetClaim, int], object]]] = {
    "order_of_application": lambda claim, _: _time(claim.applied_at),
    "order_of_earning": lambda claim, _: _time(claim.earned_until),
    "smallest_first": lambda _, wanted_fen: wanted_fen,
    "greatest_first": lambda _, wanted_fen: -wanted_fen,
    IN_PROPORTION: lambda claim, _: _time(claim.applied_at),
    EACH_ALONE: lambda *_: 0,
}


def _time(instant: datetime | None) -> tuple[bool, datetime | None]:
    """A key that sorts None last."""
    return (True, None) if instant is None else (False, instant)


def _up_to_the_line(wanted_fen: Sequence[int], room_fen: int) -> list[int]:
    """All of each until the first that does not fit, and nothing from there on."""
    granted_fen, is_behind = list[int](), False
    for fen in wanted_fen:
        is_behind = is_behind or fen > room_fen
        granted_fen.append(0 if is_behind else fen)
        room_fen -= granted_fen[-1]
    return granted_fen


def _in_proportion(wanted_fen: Sequence[int], room_fen: int) -> list[int]:
    """The same share of each, down to the fen; all of each if the whole fits."""
    whole_fen = sum(wanted_fen)
    return [fen if whole_fen <= room_fen else max(0, fen * room_fen // whole_fen) for fen in wanted_fen]


def _each_alone(wanted_fen: Sequence[int], room_fen: int) -> list[int]:
    """All of each that fits if nothing else is approved before it."""
    return [fen if fen <= room_fen else 0 for fen in wanted_fen]


_GRANTS: Final = {IN_PROPORTION: _in_proportion, EACH_ALONE: _each_alone}


def counted_year(policy: Policy, year: int, now: datetime) -> int:
    """The budget year in which an award of a `year` would be approved or paid now."""
    return year if policy.budget_counts == BY_REWARD else shanghai_date(now).year


def wanted_fen(policy: Policy, claim: BudgetClaim) -> int:
    """The amount of a claim on the rest of a budget; 0 for an award that is not applied for."""
    rise_fen = claim.rise_fen if claim.is_open or policy.budget_order == EACH_ALONE else 0
    return rise_fen + (claim.unpaid_fen if policy.budget_counts == BY_PAYMENT else 0)


def used_fen(policy: Policy, sums: PostedSums) -> int:
    """The part of a budget that awards use: money that comes back makes room only if the policy file says so."""
    spent_fen = sums.paid_fen if policy.budget_counts == BY_PAYMENT else sums.approved_fen
    return spent_fen - (sums.recovered_fen if policy.recovered_money == "frees_room" else 0)


def used_by_step_fen(policy: Policy, action: str, amount_fen: int) -> int:
    """The change of the used part of a budget by a decision."""
    sums = PostedSums(
        "",
        {"approve": amount_fen, "revoke": -amount_fen}.get(action, 0),
        amount_fen if action == "pay" else 0,
        amount_fen if action == "return" else 0,
        amount_fen if action == "recover" else 0,
    )
    return used_fen(policy, sums)


# --- ranking -----------------------------------------------------------------------------------------------------


def budget_year(policy: Policy, year: int, claims: Iterable[BudgetClaim], used: Mapping[str, int]) -> BudgetYear:
    """Rank the claims on a budget year, of which `used` is used by rule."""
    known = tuple(claims)
    wanting = [(claim, fen) for claim in known if (fen := wanted_fen(policy, claim)) > 0]
    order = _ORDERS[policy.budget_order]
    wanting.sort(key=lambda one: (one[0].standing_fen <= 0, order(*one), one[0].award_id))
    lines = [_line(policy, None, policy.budget_fen, sum(used.values()), wanting)]
    for pool in policy.declared.pools:
        rules = rules_of_pool(policy, pool)
        among = [one for one in wanting if one[0].rule in rules]
        lines.append(_line(policy, pool, pool.annual_fen, sum(used.get(rule, 0) for rule in rules), among))
    return BudgetYear(year, tuple(lines), known, used)


def _line(
    policy: Policy, pool: Pool | None, most_fen: int, spent_fen: int, wanting: Sequence[tuple[BudgetClaim, int]]
) -> BudgetLine:
    grant = _GRANTS.get(policy.budget_order, _up_to_the_line)
    granted = grant([fen for _, fen in wanting], most_fen - spent_fen)
    places = (Place(claim, fen, left_fen) for (claim, fen), left_fen in zip(wanting, granted, strict=True))
    return BudgetLine(pool, most_fen, spent_fen, tuple(places))


def all_fits(policy: Policy, used: Mapping[str, int], wanted: Mapping[str, int]) -> bool:
    """Return True if nobody is held in a budget year, whatever the order: amounts used and wanted, by rule."""
    budgets: list[tuple[int, Iterable[str]]] = [(policy.budget_fen, used.keys() | wanted.keys())]
    budgets += [(pool.annual_fen, rules_of_pool(policy, pool)) for pool in policy.declared.pools]
    return all(sum(used.get(one, 0) + wanted.get(one, 0) for one in rules) <= most_fen for most_fen, rules in budgets)


def rules_of_pool(policy: Policy, pool: Pool) -> tuple[str, ...]:
    return tuple(terms.rule for terms in policy.declared.rules if terms.pool == pool)


class GrantedYear(NamedTuple):
    """The room of each line of a budget year, and the amount that they leave for each claim, in the year's order."""

    rooms: tuple[tuple[Pool | None, int], ...]
    granted_fen: Mapping[str, int]

    @classmethod
    def of(cls, budget: BudgetYear) -> "GrantedYear":
        return cls(tuple((line.pool, line.room_fen) for line in budget.lines), budget.granted_fen)


class BudgetHolds:
    """The awards that budgets hold by a policy at an instant; `years` are those of the awards asked about."""

    def __init__(self, policy: Policy, now: datetime, years: Mapping[int, GrantedYear]) -> None:
        self.policy, self.now, self._years = policy, now, years

    @property
    def held(self) -> list[str]:
        """The awards that are held, as far as all claims are known."""
        return [award_id for year in self._years.values() for award_id, fen in year.granted_fen.items() if fen == 0]

    def granted_fen(self, claim: BudgetClaim) -> int | None:
        """The amount that the budgets leave for an award; None if it claims nothing."""
        found = self._years.get(counted_year(self.policy, claim.year, self.now))
        if found is None:
            return None
        if self.policy.budget_order == EACH_ALONE:
            return _granted_alone(self.policy, found.rooms, claim)
        return found.granted_fen.get(claim.award_id)


def _granted_alone(policy: Policy, rooms: Iterable[tuple[Pool | None, int]], claim: BudgetClaim) -> int | None:
    """The same where each award is compared by itself, so that others need not be known."""
    wanted = wanted_fen(policy, claim)
    if wanted == 0:
        return None
    of_claim = (room_fen for pool, room_fen in rooms if pool is None or claim.rule in rules_of_pool(policy, pool))
    return wanted if all(wanted <= room_fen for room_fen in of_claim) else 0


# --- the contract's form -----------------------------------------------------------------------------------------


def budget_json(policy: Policy, payable_fen: int, posted: Sequence[PostedSums], budget: BudgetYear) -> Json:
    """The contract's budget of a year; `payable_fen` is the payable of all its awards, `posted` what counts in it."""
    whole = budget.lines[0]
    return {
        "year": budget.year,
        "budget": format_yuan(whole.most_fen),
        "payable": format_yuan(payable_fen),
        "approved": format_yuan(sum(one.approved_fen for one in posted)),
        "paid": format_yuan(sum(one.paid_fen for one in posted)),
        "returned": format_yuan(sum(one.returned_fen for one in posted)),
        "available": format_yuan(whole.room_fen),
        "exceeded": payable_fen > whole.most_fen,
        "held": budget.held,
        "pools": [
            {
                "article": line.pool.article,
                "budget": format_yuan(line.most_fen),
                "approved": format_yuan(
                    sum(one.approved_fen for one in posted if one.rule in rules_of_pool(policy, line.pool))
                ),
            }
            for line in budget.lines
            if line.pool is not None
        ],
    }
