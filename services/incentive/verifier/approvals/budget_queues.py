"""The queues of the budgets (G7), kept in order while acts are replayed, so that each approval is looked up in them."""

from __future__ import annotations

from bisect import bisect_left

from ..budget import BudgetActs, BudgetApplicant, budgets_of, turn_of
from ..policy import PolicyValues

Turn = tuple[bool, int, bytes]  # the sort key of a claim


class ClaimQueue:
    """The claims on one budget in order, with the amount that each wants, in fen."""

    def __init__(self) -> None:
        self._turns: list[Turn] = []
        self._wanted: list[int] = []

    def add(self, turn: Turn, wanted: int) -> None:
        place = bisect_left(self._turns, turn)
        self._turns.insert(place, turn)
        self._wanted.insert(place, wanted)

    def remove(self, turn: Turn) -> None:
        place = bisect_left(self._turns, turn)
        del self._turns[place], self._wanted[place]

    def whole(self) -> int:
        return sum(self._wanted)

    def up_to(self, turn: Turn) -> int:
        """The sum that is wanted by all claims up to that turn, which is included."""
        return sum(self._wanted[: bisect_left(self._turns, turn) + 1])


class BudgetQueues:
    """The claims of awards on the budgets of their years and on pools, by one policy."""

    def __init__(self, policy: PolicyValues) -> None:
        self._policy = policy
        self._claims: dict[str, BudgetApplicant] = {}
        self._queues: dict[tuple[int, int], ClaimQueue] = {}  # by budget year, and the budget's number

    def put(self, award_id: str, claim: BudgetApplicant | None) -> None:
        """Replace the claim of an award; None: it wants nothing."""
        before = self._claims.pop(award_id, None)
        for number, (_, rules) in enumerate(budgets_of(self._policy)):
            for one, is_new in ((before, False), (claim, True)):
                if one is None or not (rules is None or one.rule in rules):
                    continue
                queue, turn = self._queues.setdefault((one.year, number), ClaimQueue()), turn_of(one, self._policy)
                if is_new:
                    queue.add(turn, one.wanted)
                else:
                    queue.remove(turn)
        if claim is not None:
            self._claims[award_id] = claim

    def granted(self, award_id: str, year: int, spent: BudgetActs) -> int | None:
        """The amount that every budget leaves for an award, in fen; None: it claims nothing. `year`: what is spent."""
        claim = self._claims.get(award_id)
        if claim is None:
            return None
        found = claim.wanted
        for number, (most, rules) in enumerate(budgets_of(self._policy)):
            if rules is None or claim.rule in rules:
                room = most - spent.spent(self._policy, year, rules)
                found = min(found, self._granted(claim, self._queues[claim.year, number], room))
        return found

    def _granted(self, claim: BudgetApplicant, queue: ClaimQueue, room: int) -> int:
        if self._policy.budget_order == "in_proportion":
            whole = queue.whole()
            return claim.wanted if whole <= room else max(0, claim.wanted * room // whole)
        if self._policy.budget_order == "order_of_approval":
            return claim.wanted if claim.wanted <= room else 0
        return claim.wanted if queue.up_to(turn_of(claim, self._policy)) <= room else 0
