"""Cases that wait for a person: the next step, whether the person may take it, why not, and whose it is. Pure.

An award has at most one next step on the worklist: the first that the person may take, else the first that is due.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

from services.incentive.domain.steps import (
    StepContext,
    StepRefusal,
    StepRequest,
    due_fen,
    recoverable_fen,
    refusal,
)
from services.incentive.policy.terms import Texts

Scope = Literal["mine", "others", "all"]
SCOPES: Final[tuple[Scope, ...]] = ("mine", "others", "all")
Deadline = Literal["notice", "answer", "remedy", "eligibility"]

_FORWARD: Final = {
    "applied": "review",
    "reviewed": "joint_review",
    "joint_reviewed": "publish",
    "published": "approve",
}
# Refusals of an approval after which the notice is published again.
_NEW_NOTICE: Final = ("basis_changed", "room")
_WHOSE: Final[Mapping[str, Texts]] = {
    "person": Texts("主管部门其他经办人", "another person of the bureau"),
    "notice": Texts("期满前无人可办", "nobody before the period is over"),
    "clawback": Texts("先撤销核定或追缴", "first the approval is revoked or returned"),
    "room": Texts("额度不足，无人可办", "nobody while there is no room"),
    "basis_changed": Texts("重新公示的经办人", "whoever publishes the notice again"),
}
_WHOSE_HOLD: Final[Mapping[str, Texts]] = {
    "eligibility": Texts("认定资格的经办人", "whoever records the eligibility"),
    "budget": Texts("预算有余额前无人可办", "nobody before the budget has room"),
    "rule_suspended": Texts("恢复规则的经办人", "whoever lifts the suspension"),
    "period_open": Texts("年度结账前无人可办", "nobody before the year is closed"),
    "assessment": Texts("登记评定金额的经办人", "whoever enters the assessed amount"),
    "objection": Texts("答复异议的经办人", "whoever answers the objection"),
    "manual": Texts("解除暂缓的经办人", "whoever releases the hold"),
}
_SOMEBODY: Final = Texts("其他经办人", "somebody else")


class NextStep(NamedTuple):
    """The next step of an award for a person. `refused` says why the person may not take it (None: it may).

    `until` is the end of what runs (`until_of`): a notice, the subject's time to answer, a remedy, its eligibility.
    """

    action: str
    refused: StepRefusal | None
    whose: Texts | None
    until: datetime | None
    until_of: Deadline | None


class WaitingAward(NamedTuple):
    """An award on the worklist. `since` is the time of the last decision, or of the award's last version.

    `notice_until`: the last day of its public notice, running or over, while it waits for its approval.
    """

    award_id: str
    rule: str
    subject: str
    subject_name: str
    year: int
    state: str
    payable_fen: int
    since: datetime
    notice_until: date | None
    step: NextStep

    @property
    def is_mine(self) -> bool:
        return self.step.refused is None


def next_step(
    case: StepContext, eligible_until: datetime | None, remedies_end: Sequence[datetime] = ()
) -> NextStep | None:
    """The next step for `case.actor`; None if nothing is due.

    `eligible_until` is the end of the eligibility, `remedies_end` the ends of the remedies against what was decided.
    """
    due = [(action, refusal(case, StepRequest(action))) for action in _due(case)]
    due = [_or_new_notice(case, *one) for one in due]
    if not due:
        return None
    action, refused = next((one for one in due if one[1] is None), due[0])
    until_of, until = _deadline(case, eligible_until, remedies_end)
    return NextStep(action, refused, None if refused is None else _whose(case, refused), until, until_of)


def _due(case: StepContext) -> list[str]:
    """The steps that are due, whoever takes them, the most urgent first."""
    workflow, has_unpaid = case.workflow, due_fen(case) > 0
    due: list[str] = []
    if workflow.return_notice is not None:
        due.append("return")
    elif case.clawback is not None:
        due.append("revoke" if has_unpaid else "notify_return")
    elif has_unpaid:
        due.append("pay")
    if workflow.state in _FORWARD:
        due.append(_FORWARD[workflow.state])
    elif refusal(case, StepRequest("apply")) is None and _is_worth_applying(case):
        due.append("apply")
    if recoverable_fen(case) > 0:
        due.append("recover")
    return due


def _is_worth_applying(case: StepContext) -> bool:
    workflow = case.workflow
    return not (workflow.is_waived or workflow.is_refused) and case.basis.payable_fen > case.standing_fen


def _or_new_notice(case: StepContext, action: str, refused: StepRefusal | None) -> tuple[str, StepRefusal | None]:
    """Replace an approval that needs another notice by that notice."""
    is_stale = action == "approve" and refused is not None and refused.code in _NEW_NOTICE
    if is_stale and refusal(case, StepRequest("publish")) is None:
        return "publish", None
    return action, refused


def _whose(case: StepContext, refused: StepRefusal) -> Texts:
    if refused.code == "hold":
        return next((_WHOSE_HOLD[kind] for kind in case.holds if kind in _WHOSE_HOLD), _SOMEBODY)
    return _WHOSE.get(refused.code, _SOMEBODY)


def _deadline(
    case: StepContext, eligible_until: datetime | None, remedies_end: Sequence[datetime]
) -> tuple[Deadline | None, datetime | None]:
    """The earliest deadline after now."""
    workflow = case.workflow
    ends: list[tuple[Deadline, datetime | None]] = [
        ("notice", workflow.notice_ends if workflow.state == "published" else None),
        ("answer", None if workflow.return_notice is None else workflow.return_notice.ends),
        ("eligibility", eligible_until),
        *(("remedy", end) for end in remedies_end),
    ]
    ahead = [(at, name) for name, at in ends if at is not None and at > case.now]
    if not ahead:
        return None, None
    at, name = min(ahead)
    return name, at


class WaitingFilter(NamedTuple):
    """Filters and order of the waiting list; `notice`: the last day of the public notice, as 2026-06-10."""

    scope: Scope = "mine"
    action: str | None = None
    rule: str | None = None
    name: str | None = None
    notice: str | None = None
    sort: str = "since"

    def takes(self, one: WaitingAward) -> bool:
        is_in_scope = self.scope == "all" or one.is_mine == (self.scope == "mine")
        name = None if self.name is None else self.name.casefold()
        return (
            is_in_scope
            and self.action in (None, one.step.action)
            and self.rule in (None, one.rule)
            and self.notice in (None, None if one.notice_until is None else one.notice_until.isoformat())
            and (name is None or name in one.subject_name.casefold() or name in one.subject.casefold())
        )


_NEVER: Final = float("inf")
SORTS: Final[Mapping[str, Callable[[WaitingAward], tuple[float, str]]]] = {
    "since": lambda one: (one.since.timestamp(), one.award_id),
    "until": lambda one: (_NEVER if one.step.until is None else one.step.until.timestamp(), one.award_id),
    "payable": lambda one: (-one.payable_fen, one.award_id),
    "award": lambda one: (0, one.award_id),
}


def select_waiting(awards: Iterable[WaitingAward], wanted: WaitingFilter) -> list[WaitingAward]:
    """The awards that a filter takes, in its order."""
    return sorted(filter(wanted.takes, awards), key=SORTS[wanted.sort])


def next_in(listed: Sequence[WaitingAward], award_id: str, place: int) -> tuple[WaitingAward | None, int]:
    """The award after one in a list, and its place; where the award has left the list, the one at its former place."""
    ids = [one.award_id for one in listed]
    at = ids.index(award_id) + 1 if award_id in ids else place
    return (listed[at], at) if at < len(listed) else (None, at)
