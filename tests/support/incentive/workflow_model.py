"""A model of the steps with one award, written from the table of the contract (section 6) and from nothing else.

Amounts are whole yuan. The award is alone of its subject and year, so that the room there is its payable. A correction
can move it to another subject or year: what was approved for the former ones is then to come back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

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


class Basis(NamedTuple):
    """What a public notice rests on beside the amount; rule and item never change."""

    subject: str
    year: int
    revision: int


@dataclass
class Amounts:
    """What was decided for one subject and year."""

    approved: int = 0  # less revoked
    paid: int = 0
    returned: int = 0
    recovered: int = 0

    @property
    def standing(self) -> int:
        return self.approved - self.returned

    @property
    def unpaid(self) -> int:
        return self.approved - self.paid

    @property
    def kept(self) -> int:
        """Paid and not returned."""
        return self.paid - self.returned

    @property
    def to_recover(self) -> int:
        return self.returned - self.recovered


Whose = tuple[str, int]  # a subject and year


@dataclass
class Award:
    """An award as the contract describes it; `ceiling` is what its facts earn."""

    ceiling: int
    basis: Basis
    state: str = "estimated"
    amounts: dict[Whose, Amounts] = field(default_factory=dict)
    approver: str | None = None  # of what is unpaid
    reviewer: str | None = None
    joint_reviewer: str | None = None
    published: tuple[Basis, int] | None = None
    notice_over: bool = True
    notified: int = 0  # what is open of the notice of return
    notified_of: Whose | None = None
    notifier: str | None = None
    answer_over: bool = True
    is_waived: bool = False
    is_refused: bool = False
    holds: dict[str, str] = field(default_factory=dict)  # kind by id

    def total(self, name: str) -> int:
        return sum(getattr(one, name) for one in self.amounts.values())

    @property
    def whose(self) -> Whose:
        return self.basis.subject, self.basis.year

    @property
    def own(self) -> Amounts:
        """What was decided for the present subject and year."""
        return self.amounts.get(self.whose, Amounts())

    @property
    def payable(self) -> int:
        """What is payable (G6): no more than stands while it is rejected, returned, given up, or a rise refused."""
        is_aside = self.state in ("rejected", "returned") or self.is_waived or self.is_refused
        return min(self.ceiling, self.own.standing) if is_aside else self.ceiling

    @property
    def clawbacks(self) -> dict[Whose, int]:
        """What is to come back, by the subject and year that it was approved for."""
        left = {whose: self.payable if whose == self.whose else 0 for whose in self.amounts}
        found = {whose: one.standing - left[whose] for whose, one in self.amounts.items()}
        return {whose: amount for whose, amount in found.items() if amount > 0}

    @property
    def room(self) -> int:
        published = 0 if self.published is None else self.published[1]
        return max(0, min(self.payable, published) - self.own.standing)

    @property
    def is_basis_changed(self) -> bool:
        return self.published is not None and self.published[0] != self.basis

    def _next(self, name: str) -> Whose | None:
        """The subject and year of the next payment, revocation or return: of a clawback, the present ones, others."""
        there = [whose for whose, one in self.amounts.items() if getattr(one, name) > 0]
        order = (*list(self.clawbacks)[:1], self.whose, *there)
        return next((whose for whose in order if whose in there), None)

    def most(self, action: str) -> int:
        """The greatest amount of a step that has one."""
        if action == "approve":
            return self.room
        if action == "return":
            return self.notified
        if action == "recover":
            return next((one.to_recover for one in self.amounts.values() if one.to_recover), 0)
        name = {"pay": "unpaid", "revoke": "unpaid", "notify_return": "kept"}[action]
        whose = self._next(name)
        return 0 if whose is None else int(getattr(self.amounts[whose], name))

    def refusals(self, ask: Ask) -> set[str]:
        """Return the codes of all that stands against a step; a wrong state alone if it is one."""
        if self.state not in FROM.get(ask.action, (self.state,)) or not self._is_there(ask.action):
            return {"state"}
        return {code for code, refused in self._conditions(ask).items() if refused}

    def _is_there(self, action: str) -> bool:
        """Return True if there is what the action is of."""
        is_more_published = self.published is not None and self.payable > self.published[1]
        return {
            "apply": self.state == "estimated" or self.payable > self.own.standing,
            "list": self.state == "estimated" or self.payable > self.own.standing,
            "publish": self.state == "joint_reviewed" or is_more_published or self.is_basis_changed,
            "pay": self.state != "rejected" and self.total("unpaid") > 0,
            "reopen": self.state in ("rejected", "returned") or self.is_refused,
            "withdraw": self.total("standing") <= 0,
            "revoke": self.total("unpaid") > 0,
            "notify_return": self.total("kept") > 0,
            "return": self.notified > 0,
            "recover": self.total("to_recover") > 0,
        }.get(action, True)

    def _conditions(self, ask: Ask) -> dict[str, bool]:
        """Return for each code that an action can be refused with whether it is."""
        amount, who, no_document, is_unpaid = ask.amount, ask.person, not ask.document, self.total("unpaid") > 0
        is_too_much = ask.action in ("revoke", "notify_return", "return", "recover") and (amount or 0) > self.most(
            ask.action
        )
        conditions = {
            "joint_review": {"person": who == self.reviewer, "document": no_document},
            "publish": {"document": ask.over and no_document},
            "approve": {
                "notice": not self.notice_over,
                "hold": bool(self.holds),
                "basis_changed": self.is_basis_changed,
                "room": self.room < (amount or 1),
                "document": no_document,
                "person": who in (self.reviewer, self.joint_reviewer) or (is_unpaid and who != self.approver),
            },
            "pay": {
                "room": amount not in (None, self.most("pay")),
                "hold": bool(self.holds),
                "clawback": bool(self.clawbacks),
                "person": who == self.approver,
            },
            "reject": {"person": who == self.reviewer},
            "withdraw": {"document": no_document},
            "revoke": {"room": is_too_much, "person": who == self.approver},
            "notify_return": {"room": is_too_much, "document": no_document},
            "return": {
                "notice": not self.answer_over and no_document,
                "room": is_too_much,
                "person": who == self.notifier,
            },
            "recover": {"room": is_too_much},
        }
        return conditions.get(ask.action, {})

    def take(self, ask: Ask) -> None:
        """Take a step that nothing stands against."""
        if ask.action in ("approve", "pay", "revoke", "notify_return", "return", "recover"):
            self._take_with_money(ask)
        else:
            self._take_without_money(ask)

    def _take_without_money(self, ask: Ask) -> None:
        match ask.action:
            case "apply" | "list":
                self.state, self.is_waived = "applied", False
                self.reviewer = self.joint_reviewer = None
                self.published = None
            case "review":
                self.state, self.reviewer = "reviewed", ask.person
            case "joint_review":
                self.state, self.joint_reviewer = "joint_reviewed", ask.person
            case "publish":
                self.published, self.notice_over = (self.basis, self.payable), ask.over
                self.state = "published"
            case "reject":
                self.is_refused = self.total("standing") > 0
                left = "approved" if self.total("unpaid") else "paid"
                self.state = left if self.is_refused else "rejected"
            case "reopen":
                self.is_refused = False
                self.state = "estimated" if self.state in ("rejected", "returned") else self.state
            case "withdraw":
                self.state, self.is_waived = "estimated", True

    def _take_with_money(self, ask: Ask) -> None:
        amount = ask.amount or self.most(ask.action)
        match ask.action:
            case "approve":
                self.amounts.setdefault(self.whose, Amounts()).approved += amount
                self.state, self.approver = "approved", ask.person
            case "pay":
                self._of("unpaid").paid += amount
                self.state = "paid" if self.state == "approved" and not self.total("unpaid") else self.state
            case "revoke":
                self._of("unpaid").approved -= amount
                self._reduced()
            case "notify_return":
                self.notified_of, self.notified, self.notifier = self._next("kept"), amount, ask.person
                self.answer_over = False
            case "return":
                assert self.notified_of is not None
                self.amounts[self.notified_of].returned += amount
                self.notified -= amount
                self._reduced()
            case "recover":
                next(one for one in self.amounts.values() if one.to_recover).recovered += amount

    def _of(self, name: str) -> Amounts:
        whose = self._next(name)
        assert whose is not None
        return self.amounts[whose]

    def _reduced(self) -> None:
        """Set the state after a revocation or a return."""
        if self.total("standing") <= 0:
            self.state = "returned"
        elif self.state == "approved" and not self.total("unpaid"):
            self.state = "paid"

    def days_pass(self) -> None:
        self.notice_over = self.answer_over = True
