"""The steps taken with an award: whether each may follow the one before, and what stands, is unpaid or to come back."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from .payables import SubjectYear
from .report import Unsound
from .values import Json, fen, instant

BEFORE_APPROVAL = ("estimated", "applied", "reviewed", "joint_reviewed", "published")
ANY_STATE = (*BEFORE_APPROVAL, "approved", "paid", "rejected", "returned")
# Each action with the states that it may start from.
STEPS = {
    "apply": ("estimated", "approved", "paid"),
    "list": ("estimated", "approved", "paid"),
    "review": ("applied",),
    "joint_review": ("reviewed",),
    "publish": ("joint_reviewed", "published"),
    "approve": ("published",),
    "pay": (*BEFORE_APPROVAL, "approved", "paid", "returned"),
    "reject": BEFORE_APPROVAL[1:],
    "reopen": ("rejected", "returned", "approved", "paid"),
    "withdraw": BEFORE_APPROVAL,
    "revoke": ANY_STATE,
    "notify_return": ANY_STATE,
    "return": ANY_STATE,
    "recover": ANY_STATE,
}
# The states that an action leads to, where they do not depend on what stands.
LEADS_TO = {
    "apply": "applied",
    "list": "applied",
    "review": "reviewed",
    "joint_review": "joint_reviewed",
    "publish": "published",
    "approve": "approved",
    "withdraw": "estimated",
}
# The steps of versions that recorded no day: each action with the states that it may start from, and where it leads.
EARLIER_STEPS = {
    "apply": (("estimated", "approved", "paid"), "applied"),
    "list": (("estimated", "approved", "paid"), "applied"),
    "review": (("applied",), "reviewed"),
    "joint_review": (("reviewed",), "joint_reviewed"),
    "publish": (("joint_reviewed",), "published"),
    "approve": (("published",), "approved"),
    "pay": (("approved", "estimated"), "paid"),
    "reject": (BEFORE_APPROVAL, "rejected"),
    "reopen": (("rejected",), "estimated"),
}
POSTED_KINDS = {
    "approve": "approval",
    "pay": "payment",
    "revoke": "revocation",
    "return": "return",
    "recover": "recovery",
}
SET_ASIDE = ("rejected", "returned")  # states in which an award is payable up to what stands approved
WITH_DOCUMENT = ("joint_review", "approve", "withdraw", "notify_return")


def is_same_person(one: Json, other: Json | None) -> bool:
    """Return True if two acts are one person's: by person, and by name where an earlier version kept no person."""
    if other is None:
        return False
    persons = [act.get("person") or act["by"] for act in (one, other)]
    return persons[0] == persons[1] or (not (one.get("person") and other.get("person")) and one["by"] == other["by"])


def is_earlier(step: Json) -> bool:
    """Return True for a step of a version that recorded no day, and whose returns were received at once."""
    return "decided_on" not in step


class Unpaid(NamedTuple):
    """The unpaid amount of an approval, in fen."""

    whose: SubjectYear
    step: Json
    amount: int


class AwardHistory:
    """State and amounts of an award after its steps; `approved` is less revocations.

    By subject and year: `outstanding`, approved less returned; `approved_in` and `approved_us`, the transaction and
    instant of the last approval.
    """

    def __init__(self) -> None:
        self.state, self.steps = "estimated", 0
        self.approved = self.paid = self.returned = self.recovered = 0
        self.outstanding: Counter[SubjectYear] = Counter()
        self.approved_in: dict[SubjectYear, int] = {}
        self.approved_us: dict[SubjectYear, int] = {}
        self.is_waived = self.is_refused = False
        self.applied_us: int | None = None  # of the round under way
        self._unpaid: list[Unpaid] = []
        self._round: dict[str, Json] = {}  # the last step of each action since the application
        self._notice: Json | None = None  # the last notice of return
        self._notified = 0  # what is open of it

    @property
    def unpaid(self) -> int:
        return sum(one.amount for one in self._unpaid)

    @property
    def unpaid_steps(self) -> list[Json]:
        """The approvals of which something is unpaid."""
        return [one.step for one in self._unpaid]

    @property
    def published(self) -> Json | None:
        """What the last notice of the round published; None if there is none, or it is of an earlier version."""
        notice = self._round.get("publish")
        return None if notice is None or is_earlier(notice) else notice["published"]

    @property
    def is_aside(self) -> bool:
        """True if no more is payable than stands, by decisions alone."""
        return self.state in SET_ASIDE or self.is_waived or self.is_refused

    def take(self, step: Json) -> None:
        """Apply one more step; Unsound if it does not follow."""
        action = step["action"]
        if is_earlier(step):
            self._check_earlier(step)
        else:
            self._check(step)
        before = self.state
        self._move(step)
        if not is_earlier(step) and step["to"] != self._leads_to(action, before):
            raise Unsound("步骤不合次序", "the step leads to another state")
        self.state, self.steps = step["to"], self.steps + 1
        if action in ("apply", "list"):
            self._round, self.is_waived, self.applied_us = {}, False, instant(step["at"])
        elif step["to"] == "estimated":
            self.applied_us = None
        self._round[action] = step
        if action == "withdraw":
            self.is_waived = True
        elif action == "reject":
            self.is_refused = step["to"] != "rejected"
        elif action == "reopen":
            self.is_refused = False

    def _leads_to(self, action: str, before: str) -> str:
        """The state after a step whose amount is moved already."""
        if action in LEADS_TO:
            return LEADS_TO[action]
        standing = sum(self.outstanding.values())
        if action == "reject":
            return "rejected" if standing <= 0 else "approved" if self.unpaid else "paid"
        if action == "reopen":
            return "estimated" if before in SET_ASIDE else before
        if action in ("revoke", "return") and standing <= 0:
            return "returned"
        if action in ("pay", "revoke") and before == "approved" and not self.unpaid:
            return "paid"
        return before

    def _move(self, step: Json) -> None:
        """Apply the effect of a step on amounts."""
        action, amount, whose = step["action"], fen(step["amount"]), (step["subject"], step["year"])
        if action == "approve":
            self.approved += amount
            self.outstanding[whose] += amount
            self.approved_in[whose], self.approved_us[whose] = step["transaction"], instant(step["at"])
            self._unpaid.append(Unpaid(whose, step, amount))
        elif action == "pay":
            self.paid += amount
            self._spend(whose, amount)
        elif action == "revoke":
            self.approved -= amount
            self.outstanding[whose] -= amount
            self._spend(whose, amount)
        elif action == "notify_return":
            self._notice, self._notified = step, amount
        elif action == "return":
            self.returned += amount
            self.outstanding[whose] -= amount
            self._notified -= amount
            if is_earlier(step):  # what was unpaid is not paid, the rest came back at once
                self.recovered += amount
                self._spend(whose, min(amount, self.unpaid))
        elif action == "recover":
            self.recovered += amount
        if self.outstanding[whose] < 0 or self.recovered > self.returned:
            raise Unsound("撤销、追缴或收回过多", "more is revoked, returned or recovered than there is")

    def _spend(self, whose: SubjectYear, amount: int) -> None:
        """Take an amount from what is unpaid: of that subject and year first, the latest first."""
        if amount > self.unpaid:
            raise Unsound("超过未拨付额", "more than is unpaid")
        for one in sorted(self._unpaid, key=lambda each: (each.whose == whose, each.step["transaction"]), reverse=True):
            part = min(amount, one.amount)
            place = self._unpaid.index(one)
            self._unpaid[place] = one._replace(amount=one.amount - part)
            amount -= part
        self._unpaid = [one for one in self._unpaid if one.amount]

    def _check_earlier(self, step: Json) -> None:
        action, amount = step["action"], fen(step["amount"])
        sources, target = EARLIER_STEPS.get(action, ((self.state,), self.state))
        if step["from"] != self.state or step["from"] not in sources or step["to"] != target:
            raise Unsound("步骤不合次序", "the step does not follow the one before")
        if action not in ("approve", "pay", "return") and (action not in EARLIER_STEPS or amount):
            raise Unsound("步骤或金额有误", "no such step, or it moves money")
        if action == "joint_review" and is_same_person(step, self._round.get("review")):
            raise Unsound("初审与联合审核为同一人", "initial and joint review are by one person")
        publisher = self._round.get("publish")
        if action == "approve" and is_same_person(step, publisher):
            raise Unsound("公示与核定为同一人", "public notice and approval are by one person")
        if action == "approve" and publisher and instant(step["at"]) < instant(publisher["until"]):
            raise Unsound("公示期未满即核定", "approved before the public notice was over")
        if action == "pay" and amount != self.unpaid:
            raise Unsound("拨付额不是全部未拨付额", "the payment is not all that was unpaid")

    def _check_form(self, step: Json, amount: int) -> None:
        action = step["action"]
        if step["from"] != self.state or step["from"] not in STEPS.get(action, ()):
            raise Unsound("步骤不合次序", "the step does not follow the one before")
        if (amount > 0) != (action in POSTED_KINDS or action == "notify_return"):
            raise Unsound("步骤或金额有误", "a step with a wrong amount")
        if action in WITH_DOCUMENT and not step["documents"]:
            raise Unsound("没有文件", "a step without its document")

    def _check(self, step: Json) -> None:
        action, amount = step["action"], fen(step["amount"])
        self._check_form(step, amount)
        if any(is_same_person(step, other) for other in self._others(action)):
            raise Unsound("须由不同的人办理", "steps that need separate hands are by one person")
        if action == "approve":
            self._check_approval(step, amount)
        elif action == "pay":
            self._check_payment(step, amount)
        elif action == "return":
            self._check_return(step, amount)
        elif action == "reopen" and self.state not in SET_ASIDE and not self.is_refused:
            raise Unsound("步骤不合次序", "reopened without a refusal")
        elif action == "withdraw" and sum(self.outstanding.values()) > 0:
            raise Unsound("已有核定而撤回", "withdrawn although something stands")

    def _check_return(self, step: Json, amount: int) -> None:
        if self._notice is None or amount > self._notified:
            raise Unsound("追缴超过告知", "more is returned than was notified")
        if step["decided_on"] <= self._notice["notice"]["until"] and not step["documents"]:
            raise Unsound("告知期限未满即决定追缴", "returned before the notice was over, without an answer")

    def _others(self, action: str) -> list[Json]:
        """The steps of whom another person must take this one."""
        if action in ("pay", "revoke"):
            return [one.step for one in self._unpaid]
        if action == "return":
            return [] if self._notice is None else [self._notice]
        names = {"joint_review": ("review",), "reject": ("review",), "approve": ("review", "joint_review")}
        return [self._round[name] for name in names.get(action, ()) if name in self._round]

    def _check_approval(self, step: Json, amount: int) -> None:
        published = self._round["publish"]
        if is_earlier(published):
            is_over = instant(published["until"]) <= instant(step["at"])
        else:
            is_over = step["decided_on"] > published["notice"]["until"]
            rests_on = published["published"]
            whose = rests_on["subject"], rests_on["year"]
            if whose != (step["subject"], step["year"]):
                raise Unsound("公示后依据已变", "approved for another subject or year than was published")
            if self.outstanding[whose] + amount > fen(rests_on["payable"]):
                raise Unsound("核定超过公示", "more is approved than was published")
        if not is_over:
            raise Unsound("公示期未满即核定", "approved before the public notice was over")
        if any(not is_same_person(step, one.step) for one in self._unpaid):
            raise Unsound("前次核定未拨付即由他人核定", "approved by another person while an approval is unpaid")

    def _check_payment(self, step: Json, amount: int) -> None:
        whose = step["subject"], step["year"]
        due = [one for one in self._unpaid if one.whose == whose]
        if amount != sum(one.amount for one in due):
            raise Unsound("拨付额不是全部未拨付额", "the payment is not all that was unpaid")
        days = [one.step["decided_on"] for one in due if not is_earlier(one.step)]
        if step["paid_on"] > step["decided_on"] or (days and step["paid_on"] < max(days)):
            raise Unsound("拨付日期有误", "paid on a wrong day")
