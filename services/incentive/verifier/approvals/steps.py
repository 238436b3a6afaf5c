"""Public notices, approvals and payments, each held against what stood at its own transaction."""

from __future__ import annotations

import json
from collections import Counter
from typing import NamedTuple

from ..acts import ACT_IDS, is_year_held
from ..awards import ReportedAwards
from ..bundle import Bundle, has_all_awards
from ..history import is_earlier
from ..ledger import ACTS_FILE, LedgerLog
from ..policy import SettingsHistory
from ..report import Unsound
from ..reported_facts import ReportedFacts
from ..rooms import NOT_ELIGIBLE, OVER_APPROVED, flags_of_excess
from ..values import Json, fen, instant, local
from .replay import LedgerReplay

CHECKED_STEPS = ("publish", "approve", "pay")


class StepsHeld(NamedTuple):
    """How many steps were checked as of their transactions, how many not wholly, and how many of earlier versions."""

    number: int
    not_known: int
    of_earlier: int


def check_steps(
    bundle: Bundle, awards: ReportedAwards, facts: ReportedFacts, ledger: LedgerLog, settings: SettingsHistory
) -> StepsHeld:
    """Replay the ledger and check each step before it is applied.

    Needs every posting and act of some subjects; the steps of others, whose awards are not all here, are left out, and
    without all awards the order of budgets is.
    """
    if not ledger.act_count:
        return StepsHeld(0, 0, 0)
    replay = LedgerReplay(awards, facts, ledger, settings, bundle.store)
    asked, has_all = ledger.request["subjects"], has_all_awards(ledger.request)
    known: Counter[bool] = Counter()
    of_earlier = 0
    for _, line in bundle.lines(ACTS_FILE):
        item = json.loads(line)
        replay.advance(item["transaction"])
        if item.get("action") in CHECKED_STEPS:
            if is_earlier(item):
                of_earlier += 1
            elif has_all or replay.is_of(item, asked):
                known[StepCheck(replay, item, has_all).run()] += 1
        replay.take(next(name for name in ACT_IDS if name in item), item)
    return StepsHeld(known[True], known[False], of_earlier)


class StepCheck:
    """One step; `is_known` turns False where something that decides is not known."""

    def __init__(self, replay: LedgerReplay, step: Json, knows_budgets: bool) -> None:
        self._replay, self._step, self._knows_budgets = replay, step, knows_budgets
        self._award_id, self._at_us = step["award_id"], instant(step["at"])
        self._rule = self._award_id.partition("/")[0]
        self.is_known = True

    def run(self) -> bool:
        """Unsound if the step was not allowed; else True if all that it depends on is known."""
        action = self._step["action"]
        if action == "publish":
            self._check_publication()
        elif action == "approve":
            self._check_basis()
            self._check_holds()
            self._check_amount()
        else:
            self._check_holds()
            self._check_clawback()
        return self.is_known

    def _check_publication(self) -> None:
        """Compare what was published with what stood then."""
        found, payable = self._step["published"], self._replay.payable(self._award_id)
        whose, policy = self._replay.whose(self._award_id), self._replay.policy
        expected = {
            "rule": self._rule, "item": "/".join(self._award_id.split("/")[3:]) or None,
            "policy": {"id": policy.id, "revision": policy.revision},
        }  # fmt: skip
        if (found["subject"], found["year"]) != whose or any(found[name] != expected[name] for name in expected):
            raise Unsound("所公示的依据与当时不符", "what was published is not what the award rested on then")
        if payable is None:
            self.is_known = False
        elif fen(found["payable"]) != payable:
            raise Unsound("所公示的可兑现额与当时不符", "what was published is not what was payable then")

    def _check_basis(self) -> None:
        """The basis must be that of the last public notice; notices of an earlier version recorded no more of it."""
        published = self._replay.acts.history_of(self._award_id).published
        policy = self._replay.policy
        is_same = (self._step["subject"], self._step["year"]) == self._replay.whose(self._award_id)
        if published is not None and published["policy"] is not None:
            is_same = is_same and published["policy"] == {"id": policy.id, "revision": policy.revision}
        if not is_same:
            raise Unsound("公示后依据已变", "approved although the published basis had changed")

    def _check_amount(self) -> None:
        """Hold the amount against the payable, the room of subject and year, and the budgets."""
        amount, whose = fen(self._step["amount"]), (self._step["subject"], self._step["year"])
        history = self._replay.acts.history_of(self._award_id)
        payable, room = self._replay.payable(self._award_id), self._replay.room(self._award_id)
        most = [] if history.published is None else [fen(history.published["payable"]) - history.outstanding[whose]]
        if payable is None or room is None:
            self.is_known = False
        else:
            most += [payable - history.outstanding[whose], room]
            if amount > payable - history.outstanding[whose]:
                raise Unsound("核定超过当时可兑现额", "more was approved than was payable then")
            if amount > room:
                raise Unsound(
                    "核定超过当时主体与年度的余地", "more was approved than the subject and year had room for"
                )
        granted = self._granted()
        if granted is not None and self._replay.policy.budget_order == "in_proportion":
            most.append(granted)
            if amount > granted:
                raise Unsound("核定超过预算内的份额", "more was approved than its share of the budget")
        if self.is_known and amount < min(most) and not self._step["reason"]:
            raise Unsound("少于可核定额而未说明理由", "less was approved than there was room for, without a reason")

    def _granted(self) -> int | None:
        """The amount that budgets left for the award, in fen; None: it claimed nothing, or that is not known."""
        year_now = local(self._at_us).year
        if not self._knows_budgets:
            return None
        if not self._replay.knows_claim(self._award_id):
            self.is_known = False
            return None
        return self._replay.granted(self._award_id, year_now)

    def _check_holds(self) -> None:
        """Hold the step against the budgets, the year, and what depends on how the award was earned."""
        policy, acts = self._replay.policy, self._replay.acts
        # Where each claim is compared alone, those of a batch are compared with the rest before the batch.
        is_of_batch = policy.budget_order == "order_of_approval" and self._step["batch_id"] is not None
        if self._granted() == 0 and not is_of_batch:
            raise Unsound("核定或拨付时在预算线之后", "approved or paid behind the line of a budget")
        _, year = self._replay.whose(self._award_id) or ("", self._step["year"])
        is_total = self._replay.ceiling(self._award_id) and is_year_held(self._rule, year, acts, policy, self._at_us)
        if is_total and (self._step["action"] == "approve" or self._replay.approved_while_held(self._award_id)):
            raise Unsound("年度未结而核定或拨付", "approved or paid although the year was open")
        self._check_earned()

    def _check_earned(self) -> None:
        """Hold the step against suspensions, the assessment, and eligibility as of the day that earned the award."""
        policy, acts = self._replay.policy, self._replay.acts
        lacks_assessment = self._replay.lacks_assessment(self._award_id)
        if lacks_assessment:
            raise Unsound("未评定金额而核定或拨付", "approved or paid without the assessed amount")
        self.is_known = self.is_known and lacks_assessment is not None
        is_by_day = policy.eligibility_day == "day_earned"
        if not (is_by_day or acts.has_suspended(self._rule)):
            return
        earned = self._replay.earned(self._award_id)
        if earned is None:
            self.is_known = False
            return
        if acts.suspends(self._rule, earned):
            raise Unsound("奖项暂停期间而核定或拨付", "approved or paid although the rule was suspended")
        subject, _ = self._replay.whose(self._award_id) or (self._step["subject"], 0)
        day = local(min(earned[1] - 1, self._at_us)).date()
        if is_by_day and acts.eligibility(subject, self._at_us, day) != "verified":
            raise Unsound("当日未经资格审核", "approved or paid without eligibility on the day that earned it")

    def _check_clawback(self) -> None:
        """A payment waits while a clawback proposal of its award is open."""
        history = self._replay.acts.history_of(self._award_id)
        for subject in sorted({subject for subject, _ in history.outstanding}):
            uses = self._replay.uses(subject)
            if uses is None:
                self.is_known = False
            elif not {OVER_APPROVED, NOT_ELIGIBLE}.isdisjoint(
                flags_of_excess(uses, self._replay.policy).get(self._award_id, ())
            ):
                raise Unsound("追缴建议未处理而拨付", "paid although a clawback proposal was open")
