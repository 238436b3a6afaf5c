"""The ledger before each act: ceilings as posted by then, and payables, rooms and budgets by the acts until then.

The extract has the last version of each fact. Where a decision depends on a fact that has changed since, the state is
not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from ..acts import RecordedActs, earned_within
from ..awards import ReportedAwards
from ..budget import BudgetApplicant, wanted_of
from ..ledger import AwardPosting, LedgerLog
from ..payables import CompetingAward, OtherGrants, SubjectYear, payables
from ..policy import SettingsHistory
from ..readings import TIERS
from ..reported_facts import ReportedFacts
from ..rooms import StandingAward, room_of
from ..storage.disk import DiskDict, DiskStore
from ..values import Json, Span, fen, local
from .budget_queues import BudgetQueues

FactVersion = tuple[str, int, int]  # fact, generation, seq
STALE_KEPT = 10_000  # subjects
BY_REWARD = "year_of_the_reward"


class AwardAtLast(NamedTuple):
    """An award as the extract shows it, which may have differed before; amounts in fen."""

    cap: int
    ceiling: int
    earned: Span
    is_assessed: bool
    facts: frozenset[FactVersion]


class PostedAward(NamedTuple):
    """The subject and year of an award as posted (None: not yet), its ceiling in fen, and the facts named so far."""

    whose: SubjectYear | None
    ceiling: int
    facts: frozenset[FactVersion]


class LedgerReplay:
    """The state that postings and acts have led to; of awards and subjects, on disk.

    `_stale`: the subjects whose payables and claims are to be computed again (`_are_all_stale`: all); `_unknown`: the
    claims that are not known.
    """

    def __init__(
        self,
        awards: ReportedAwards,
        facts: ReportedFacts,
        ledger: LedgerLog,
        settings: SettingsHistory,
        store: DiskStore,
    ) -> None:
        self.acts = RecordedActs(store)
        self.acts.settings = self._settings = settings
        self.policy = next(iter(settings.policies.values()))
        self._store = store
        self._last: DiskDict[tuple[Any, ...]] = DiskDict(store)
        for award in awards.asked():
            self._last[award["award_id"]] = tuple(at_last(award, facts))
        self._postings = ledger.postings()
        self._next = next(self._postings, None)
        self._posted: DiskDict[tuple[SubjectYear | None, int, frozenset[FactVersion]]] = DiskDict(store)
        self._of_subject: DiskDict[set[str]] = DiskDict(store)
        self._approved_for: DiskDict[set[str]] = DiskDict(store)
        self._payables: DiskDict[tuple[dict[str, int] | None]] = DiskDict(store)
        self._queues = BudgetQueues(self.policy, store)
        self._unknown = UnknownClaims(store)
        self._stale: set[str] = set()
        self._are_all_stale = False
        self._grants: OtherGrants = {}

    def advance(self, seq: int) -> None:
        """Apply the postings before a transaction, and the policy in force at it."""
        while self._next is not None and self._next.seq < seq:
            self._post(self._next)
            if len(self._stale) >= STALE_KEPT:
                self._settle()
            self._next = next(self._postings, None)
        revision = self._settings.policy_at(seq)
        if revision is not None and self._settings.policies[revision] is not self.policy:
            self.policy = self._settings.policies[revision]
            self._queues = BudgetQueues(self.policy, self._store)
            self._unknown = UnknownClaims(self._store)
            self._are_all_stale = True

    def take(self, kind: str, item: Json) -> None:
        """Apply an act."""
        self._stale.update(self._touched(kind, item))
        self.acts.take(kind, item)
        if kind in ("other_grant_id", "grant_withdrawal_id"):
            self._grants = self.acts.grants
        if kind == "decision_id" and item["action"] == "approve":
            known = self._approved_for.get(item["subject"]) or set()
            self._approved_for[item["subject"]] = known | {item["award_id"]}

    def whose(self, award_id: str) -> SubjectYear | None:
        """The subject and year of an award; None: its ceiling was never posted."""
        return self._state(award_id).whose

    def is_of(self, step: Json, subjects: Collection[str]) -> bool:
        """Return True if a step, its award and what stands of that are of these subjects alone."""
        award_id = step["award_id"]
        stands_for = {subject for subject, _ in self.acts.history_of(award_id).outstanding}
        whose = self.whose(award_id)
        return stands_for | {step["subject"]} | (set() if whose is None else {whose[0]}) <= set(subjects)

    def ceiling(self, award_id: str) -> int:
        """The ceiling of an award as posted, in fen."""
        return self._state(award_id).ceiling

    def payable(self, award_id: str) -> int | None:
        """The payable of an award in fen; None: not known."""
        self._settle()
        [found] = self._payables.get(self._current(award_id)[0]) or ({},)
        return None if found is None else found[award_id]

    def uses(self, subject: str) -> list[StandingAward] | None:
        """The payables and standing amounts of a subject; None: not known."""
        self._settle()
        [found] = self._payables.get(subject) or ({},)
        return None if found is None else list(self._uses(subject, found))

    def room(self, award_id: str) -> int | None:
        """The room of the subject and year of an award, in fen: its payables less what stands; None: not known."""
        whose, rule = self._current(award_id), award_id.partition("/")[0]
        uses, room = self.uses(whose[0]), room_of(whose, rule, self.policy)
        if uses is None:
            return None
        return sum(one.payable - one.standing for one in uses if room_of(one.whose, one.rule, self.policy) == room)

    def knows_claim(self, award_id: str) -> bool:
        """Return True if the claim of an award is known, and all claims that may stand before it."""
        self._settle()
        if self.policy.budget_order == "order_of_approval":
            return award_id not in self._unknown
        return not self._unknown.has_year(self._budget_year(award_id))

    def granted(self, award_id: str, year_now: int) -> int | None:
        """The amount that budgets leave for an award, in fen; None: it claims nothing."""
        return self._queues.granted(award_id, self._budget_year(award_id) or year_now, self.acts.budgets)

    def approved_while_held(self, award_id: str) -> bool:
        """Return True if a policy that holds open years was in force at an approval that is unpaid."""
        approved = self.acts.history_of(award_id).unpaid_steps
        found = [self._settings.policy_at(step["transaction"]) for step in approved]
        return any(one is not None and self._settings.policies[one].holds_open_years for one in found)

    def earned(self, award_id: str) -> Span | None:
        """The period in which an award was earned; None: not known."""
        last = self._at_last(award_id)
        return last.earned if last is not None and last.facts <= self._state(award_id).facts else None

    def lacks_assessment(self, award_id: str) -> bool | None:
        """Return True if the rule asks for an assessed amount and the declaration had none; None: not known."""
        if self.policy.declared.get(award_id.partition("/")[0], {}).get("assessed") != "needed":
            return False
        last = self._at_last(award_id)
        return None if last is None or self.earned(award_id) is None else not last.is_assessed

    def _at_last(self, award_id: str) -> AwardAtLast | None:
        found = self._last.get(award_id)
        return None if found is None else AwardAtLast(*found)

    def _state(self, award_id: str) -> PostedAward:
        return PostedAward(*(self._posted.get(award_id) or (None, 0, frozenset())))

    def _current(self, award_id: str) -> SubjectYear:
        """The subject and year of an award that was posted."""
        whose = self._state(award_id).whose
        if whose is None:
            raise KeyError(award_id)
        return whose

    def _awards_of(self, subject: str) -> set[str]:
        return self._of_subject.get(subject) or set()

    def _post(self, posting: AwardPosting) -> None:
        award_id, last = posting.award_id, self._at_last(posting.award_id)
        before, ceiling, seen = self._state(award_id)
        if last is not None:
            seen |= last.facts.intersection(posting.facts)
        whose = before
        if posting.account:
            rest = posting.account.partition(":")[2]
            whose, ceiling = (rest[: rest.find(f":{award_id}")], int(rest.rpartition(":")[2])), posting.ceiling
            if before is not None:
                self._of_subject[before[0]] = self._awards_of(before[0]) - {award_id}
            self._of_subject[whose[0]] = self._awards_of(whose[0]) | {award_id}
        self._posted[award_id] = (whose, ceiling, seen)
        self._stale.update(one[0] for one in (before, whose) if one is not None)

    def _touched(self, kind: str, item: Json) -> Iterable[str]:
        """The subjects whose payables or claims an act may change."""
        if kind == "decision_id":
            whose = self.whose(item["award_id"])
            return {item["subject"]} if whose is None else {item["subject"], whose[0]}
        if kind == "other_grant_id":
            return [item["subject"]]
        if kind == "grant_withdrawal_id":
            name = f"other_grant/{item['other_grant_id']}"
            return [whose[0] for whose, given in self._grants.items() if any(one.name == name for one in given)]
        rule = item["rule"] if kind == "suspension_id" else ""
        if kind == "release_id" and item["hold_id"] in self.acts.suspended:
            rule = self.acts.suspended[item["hold_id"]][0]
        self._are_all_stale = self._are_all_stale or bool(rule)
        return ()

    def _settle(self) -> None:
        """Compute what is stale."""
        for subject in self._of_subject.keys() if self._are_all_stale else self._stale:
            found = self._payables_of(subject)
            self._payables[subject] = (found,)
            for award_id in self._awards_of(subject):
                self._claim(award_id, None if found is None else found[award_id])
        self._stale.clear()
        self._are_all_stale = False

    def _payables_of(self, subject: str) -> dict[str, int] | None:
        award_ids = self._awards_of(subject)
        if self._depends_on_the_past(award_ids):
            return None
        competing = [self._competing(award_id) for award_id in award_ids]
        return {award_id: one[0] for award_id, one in payables(competing, self.policy, self._grants).items()}

    def _depends_on_the_past(self, award_ids: Iterable[str]) -> bool:
        """Return True if payables depend on days or tiers that facts have changed since."""
        live = [one for one in award_ids if self.ceiling(one)]
        changed = {one for one in live if self.earned(one) is None}
        if any(self.acts.has_suspended(one.partition("/")[0]) for one in changed):
            return True
        declared = [one for one in live if one.partition("/")[0] in self.policy.declared]
        tiers = [one for one in live if one.partition("/")[0] == TIERS]
        grown = {one for one in tiers if one in changed or self._has_grown(one)}
        return (len(declared) > 1 and not changed.isdisjoint(declared)) or (len(tiers) > 1 and bool(grown))

    def _has_grown(self, award_id: str) -> bool:
        last = self._at_last(award_id)
        return last is None or last.ceiling != self.ceiling(award_id)

    def _competing(self, award_id: str) -> CompetingAward:
        rule, whose, ceiling = award_id.partition("/")[0], self._current(award_id), self.ceiling(award_id)
        history, last = self.acts.history_of(award_id), self._at_last(award_id)
        if last is None:
            raise KeyError(award_id)
        is_declared = ceiling != 0 and rule in self.policy.declared
        is_suspended = ceiling != 0 and self.acts.suspends(rule, last.earned)
        return CompetingAward(
            award_id, rule, ceiling, whose, max(last.cap, ceiling),
            local(last.earned[0]).date().isoformat() if is_declared else "", history.outstanding[whose],
            history.is_aside or is_suspended,
        )  # fmt: skip

    def _uses(self, subject: str, found: dict[str, int]) -> Iterator[StandingAward]:
        for award_id in self._awards_of(subject) | (self._approved_for.get(subject) or set()):
            history, current = self.acts.history_of(award_id), self._current(award_id)
            for whose in {current, *history.outstanding}:
                if whose[0] == subject:
                    yield StandingAward(
                        award_id, award_id.partition("/")[0], whose, found[award_id] if whose == current else 0,
                        history.outstanding[whose], history.approved_in.get(whose, -1),
                        self.acts.was_failed(subject, history.approved_us.get(whose)),
                    )  # fmt: skip

    def _budget_year(self, award_id: str) -> int:
        """The budget year that an award claims of; 0: the present one."""
        return self._current(award_id)[1] if self.policy.budget_counts == BY_REWARD else 0

    def _claim(self, award_id: str, payable: int | None) -> None:
        """Put the claim of an award into the queues; where its payable or its place is not known, note that alone."""
        history = self.acts.history_of(award_id)
        standing = history.outstanding[self._current(award_id)]
        most = self.ceiling(award_id) if payable is None else payable
        wanted = wanted_of(most - standing, history.unpaid, history.state, self.policy)
        self._unknown.remove(award_id)
        earned = self.earned(award_id)
        if wanted and (payable is None or (earned is None and self.policy.budget_order == "order_of_earning")):
            self._unknown.add(award_id, self._budget_year(award_id))
            wanted = 0
        claim = BudgetApplicant(
            award_id, award_id.partition("/")[0], self._budget_year(award_id), wanted, standing > 0,
            self.acts.budgets.applied_us(award_id), 0 if earned is None else earned[1],
        )  # fmt: skip
        self._queues.put(award_id, claim if wanted else None)


class UnknownClaims:
    """The awards with a claim that is not known, by budget year; 0: the present one."""

    def __init__(self, store: DiskStore) -> None:
        self._years: DiskDict[tuple[int]] = DiskDict(store)
        self._counts: Counter[int] = Counter()

    def add(self, award_id: str, year: int) -> None:
        self._years[award_id] = (year,)
        self._counts[year] += 1

    def remove(self, award_id: str) -> None:
        if any(self._counts.values()) and (known := self._years.pop(award_id)) is not None:
            self._counts[known[0]] -= 1

    def has_year(self, year: int) -> bool:
        return self._counts[year] > 0

    def __contains__(self, award_id: str) -> bool:
        return award_id in self._years


def at_last(award: Json, facts: ReportedFacts) -> AwardAtLast:
    named = [(one["fact"], one["generation"], one["seq"]) for one in award["evidence"]]
    first = facts.value_of(named[0][0]) if named else None
    return AwardAtLast(
        fen(award["cap"] or "0.00"), fen(award["ceiling"]), earned_within(award, facts),
        first is not None and "assessed" in first, frozenset(named),
    )  # fmt: skip
