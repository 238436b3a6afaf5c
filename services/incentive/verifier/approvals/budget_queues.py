"""The queues of the budgets (G7), kept in order while acts are replayed, so that each approval is looked up in them."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, NamedTuple

from ..budget import BudgetActs, BudgetApplicant, budgets_of, turn_of
from ..policy import PolicyValues
from ..storage.disk import DiskDict, DiskStore

Turn = tuple[bool, int, bytes]  # the sort key of a claim
MOST_OF_BLOCK = 2000  # claims
BEFORE_ALL: Turn = (False, -(2**63), b"")


class ClaimBlock(NamedTuple):
    """How many claims of a queue are in a block, and what they want, in fen."""

    claims: int
    wanted: int


class ClaimQueue:
    """The claims on one budget in order, with the amount that each wants, in fen.

    The claims are on disk; each block of up to 2,000 has its first turn and its sum in memory.
    """

    def __init__(self, store: DiskStore) -> None:
        self._store = store
        columns = "is_later INTEGER, turn INTEGER, award_id BLOB, wanted INTEGER"
        self._name = store.new_table(f"{columns}, PRIMARY KEY (is_later, turn, award_id)", "WITHOUT ROWID")
        self._begins: list[Turn] = [BEFORE_ALL]
        self._blocks = [ClaimBlock(0, 0)]

    def add(self, turn: Turn, wanted: int) -> None:
        self._store.run(f"INSERT INTO {self._name} VALUES (?, ?, ?, ?)", (*turn, wanted))
        self._change(turn, 1, wanted)

    def remove(self, turn: Turn, wanted: int) -> None:
        self._store.run(f"DELETE FROM {self._name} WHERE (is_later, turn, award_id) = (?, ?, ?)", turn)
        self._change(turn, -1, -wanted)

    def _change(self, turn: Turn, count: int, wanted: int) -> None:
        place = self._place(turn)
        known, sums = self._blocks[place]
        self._blocks[place] = ClaimBlock(known + count, sums + wanted)
        if known + count > MOST_OF_BLOCK:
            self._split(place)

    def _place(self, turn: Turn) -> int:
        """The block that a turn is in."""
        return bisect_right(self._begins, turn) - 1

    def _split(self, place: int) -> None:
        begin, (count, wanted) = self._begins[place], self._blocks[place]
        half = count // 2
        [middle] = self._store.run(
            f"SELECT is_later, turn, award_id FROM {self._name} WHERE (is_later, turn, award_id) >= (?, ?, ?)"
            " ORDER BY is_later, turn, award_id LIMIT 1 OFFSET ?",
            (*begin, half),
        )
        first = self._sum(begin, middle, "<")
        self._begins.insert(place + 1, (bool(middle[0]), middle[1], middle[2]))
        self._blocks[place : place + 1] = [ClaimBlock(half, first), ClaimBlock(count - half, wanted - first)]

    def _sum(self, begin: Turn, end: Turn, compared: str) -> int:
        """The sum that is wanted from one turn to another, `<` or `<=`."""
        between = f"(is_later, turn, award_id) >= (?, ?, ?) AND (is_later, turn, award_id) {compared} (?, ?, ?)"
        statement = f"SELECT coalesce(sum(wanted), 0) FROM {self._name} WHERE {between}"
        found: int = self._store.run(statement, (*begin, *end)).fetchone()[0]
        return found

    def whole(self) -> int:
        return sum(block.wanted for block in self._blocks)

    def up_to(self, turn: Turn) -> int:
        """The sum that is wanted by all claims up to that turn, which is included."""
        place = self._place(turn)
        before = sum(block.wanted for block in self._blocks[:place])
        return before + self._sum(self._begins[place], turn, "<=")


class BudgetQueues:
    """The claims of awards on the budgets of their years and on pools, by one policy."""

    def __init__(self, policy: PolicyValues, store: DiskStore) -> None:
        self._policy, self._store = policy, store
        self._claims: DiskDict[tuple[Any, ...]] = DiskDict(store)
        self._queues: dict[tuple[int, int], ClaimQueue] = {}  # by budget year, and the budget's number
        self._is_in_order = policy.budget_order != "order_of_approval"  # else each claim is looked at alone

    def put(self, award_id: str, claim: BudgetApplicant | None) -> None:
        """Replace the claim of an award; None: it wants nothing."""
        before = self._claims.get(award_id)
        if before is not None:
            self._claims.pop(award_id)
            self._queue(BudgetApplicant(*before), is_new=False)
        if claim is not None:
            self._queue(claim, is_new=True)
            self._claims[award_id] = tuple(claim)

    def _queue(self, claim: BudgetApplicant, *, is_new: bool) -> None:
        """Add a claim to the queues of its budgets, or remove it."""
        if not self._is_in_order:
            return
        for number, (_, rules) in enumerate(budgets_of(self._policy)):
            if not (rules is None or claim.rule in rules):
                continue
            place, turn = (claim.year, number), turn_of(claim, self._policy)
            if place not in self._queues:
                self._queues[place] = ClaimQueue(self._store)
            if is_new:
                self._queues[place].add(turn, claim.wanted)
            else:
                self._queues[place].remove(turn, claim.wanted)

    def granted(self, award_id: str, year: int, spent: BudgetActs) -> int | None:
        """The amount that every budget leaves for an award, in fen; None: it claims nothing. `year`: what is spent."""
        known = self._claims.get(award_id)
        if known is None:
            return None
        claim = BudgetApplicant(*known)
        found = claim.wanted
        for number, (most, rules) in enumerate(budgets_of(self._policy)):
            if rules is None or claim.rule in rules:
                room = most - spent.spent(self._policy, year, rules)
                found = min(found, self._granted(claim, number, room))
        return found

    def _granted(self, claim: BudgetApplicant, number: int, room: int) -> int:
        if not self._is_in_order:
            return claim.wanted if claim.wanted <= room else 0
        queue = self._queues[claim.year, number]
        if self._policy.budget_order == "in_proportion":
            whole = queue.whole()
            return claim.wanted if whole <= room else max(0, claim.wanted * room // whole)
        return claim.wanted if queue.up_to(turn_of(claim, self._policy)) <= room else 0
