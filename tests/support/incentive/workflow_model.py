"""A model of the steps with one award, written from the table of the contract (section 6) and from nothing else.

Amounts are whole yuan. The award is alone of its subject and year, so that the room there is its payable.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ACTIONS = (
    "apply",
    "list",
    "review",
    "joint_review",
    "publish",
    "approve",
    "pay",
    "reject",
    "reopen",
    "withdraw",
    "revoke",
    "notify_return",
    "return",
    "recover",
)
ROUND = ("applied", "reviewed", "joint_reviewed", "published")
FROM = {
    "apply": ("estimated", "approved", "paid"),
    "list": ("estimated", "approved", "paid"),
    "review": ("applied",),
    "joint_review": ("reviewed",),
    "publish": ("joint_reviewed", "published"),
    "approve": ("published",),
    "reject": ROUND,
    "reopen": ("rejected", "returned", "approved", "paid"),
    "withdraw": ("estimated", *ROUND),
}


@dataclass(frozen=True)
class Ask:
    """A requested step. `over`: the notice is over, or the time to answer it (else it runs)."""

    action: str
    person: str
    amount: int | None = None
    document: bool = True
    over: bool = True


@dataclass
class Award:
    """An award as the contract describes it; `ceiling` is what its facts earn."""

    ceiling: int
    state: str = "estimated"
    approved: int = 0  # less revoked
    paid: int = 0
    returned: int = 0
    recovered: int = 0
    approver: str | None = None  # of what is unpaid
    reviewer: str | None = None
    joint_reviewer: str | None = None
    published: int = 0
    notice_over: bool = True
    notified: int = 0  # what is open of the notice of return
    notifier: str | None = None
    answer_over: bool = True
    is_waived: bool = False
    is_refused: bool = False
    holds: list[str] = field(default_factory=list)  # their ids

    @property
    def standing(self) -> int:
        return self.approved - self.returned

    @property
    def unpaid(self) -> int:
        return self.approved - self.paid

    @property
    def payable(self) -> int:
        """What is payable (G6): no more than stands while it is rejected, returned, given up, or a rise refused."""
        is_aside = self.state in ("rejected", "returned") or self.is_waived or self.is_refused
        return min(self.ceiling, self.standing) if is_aside else self.ceiling

    @property
    def clawback(self) -> int:
        return max(0, self.standing - self.payable)

    @property
    def room(self) -> int:
        return max(0, min(self.payable, self.published) - self.standing)

    def refusals(self, ask: Ask) -> set[str]:
        """Return the codes of all that stands against a step; a wrong state alone if it is one."""
        if self.state not in FROM.get(ask.action, (self.state,)) or not self._is_there(ask.action):
            return {"state"}
        return {code for code, refused in self._conditions(ask).items() if refused}

    def _is_there(self, action: str) -> bool:
        """Return True if there is what the action is of."""
        return {
            "apply": self.state == "estimated" or self.payable > self.standing,
            "list": self.state == "estimated" or self.payable > self.standing,
            "publish": self.state == "joint_reviewed" or self.payable > self.published,
            "pay": self.state != "rejected" and self.unpaid > 0,
            "reopen": self.state in ("rejected", "returned") or self.is_refused,
            "withdraw": self.standing <= 0,
            "revoke": self.unpaid > 0,
            "notify_return": self.paid > self.returned,
            "return": self.notified > 0,
            "recover": self.returned > self.recovered,
        }.get(action, True)

    def _conditions(self, ask: Ask) -> dict[str, bool]:
        """Return for each code that an action can be refused with whether it is."""
        amount, who, no_document = ask.amount, ask.person, not ask.document
        conditions = {
            "joint_review": {"person": who == self.reviewer, "document": no_document},
            "publish": {"document": ask.over and no_document},
            "approve": {
                "notice": not self.notice_over,
                "hold": bool(self.holds),
                "room": self.room < (amount or 1),
                "document": no_document,
                "person": who in (self.reviewer, self.joint_reviewer) or (self.unpaid > 0 and who != self.approver),
            },
            "pay": {
                "room": amount not in (None, self.unpaid),
                "hold": bool(self.holds),
                "clawback": self.clawback > 0,
                "person": who == self.approver,
            },
            "reject": {"person": who == self.reviewer},
            "withdraw": {"document": no_document},
            "revoke": {"room": (amount or 0) > self.unpaid, "person": who == self.approver},
            "notify_return": {"room": (amount or 0) > self.paid - self.returned, "document": no_document},
            "return": {
                "notice": not self.answer_over and no_document,
                "room": (amount or 0) > self.notified,
                "person": who == self.notifier,
            },
            "recover": {"room": (amount or 0) > self.returned - self.recovered},
        }
        return conditions.get(ask.action, {})

    def take(self, ask: Ask) -> None:
        """Take a step that nothing stands against."""
        if ask.action in ("approve", "pay", "revoke", "notify_return", "return", "recover"):
            self._take_with_money(ask, ask.amount or 0)
        else:
            self._take_without_money(ask)

    def _take_without_money(self, ask: Ask) -> None:
        match ask.action:
            case "apply" | "list":
                self.state, self.is_waived = "applied", False
                self.reviewer = self.joint_reviewer = None
                self.published = 0
            case "review":
                self.state, self.reviewer = "reviewed", ask.person
            case "joint_review":
                self.state, self.joint_reviewer = "joint_reviewed", ask.person
            case "publish":
                self.published, self.notice_over = self.payable, ask.over
                self.state = "published"
            case "reject":
                self.is_refused = self.standing > 0
                self.state = "rejected" if not self.is_refused else "approved" if self.unpaid else "paid"
            case "reopen":
                self.is_refused = False
                self.state = "estimated" if self.state in ("rejected", "returned") else self.state
            case "withdraw":
                self.state, self.is_waived = "estimated", True

    def _take_with_money(self, ask: Ask, amount: int) -> None:
        match ask.action:
            case "approve":
                self.approved += amount or self.room
                self.state, self.approver = "approved", ask.person
            case "pay":
                self.paid = self.approved
                self.state = "paid" if self.state == "approved" else self.state
            case "revoke":
                self.approved -= amount
                self._reduced()
            case "notify_return":
                self.notified, self.notifier, self.answer_over = amount, ask.person, False
            case "return":
                self.returned += amount
                self.notified -= amount
                self._reduced()
            case "recover":
                self.recovered += amount

    def _reduced(self) -> None:
        """Set the state after a revocation or a return."""
        if self.standing <= 0:
            self.state = "returned"
        elif self.state == "approved" and not self.unpaid:
            self.state = "paid"

    def days_pass(self) -> None:
        self.notice_over = self.answer_over = True
