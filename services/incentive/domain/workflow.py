"""An award's state after its decisions: where it is in the workflow, who took which step, what stands approved. Pure.

An award goes through a *round* from the application to the payment; another round begins when its payable has risen.
Amounts are fen; the rules are those of the contract, section 6.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from services.incentive.policy.terms import Texts
from shared.values.convert import converter
from shared.values.times import day_start

State = Literal[
    "estimated", "applied", "reviewed", "joint_reviewed", "published", "approved", "paid", "rejected", "returned"
]
STATES: Final[tuple[str, ...]] = get_args(State)
STATE_NAMES: Final[Mapping[str, Texts]] = {
    "estimated": Texts("测算", "Estimated"),
    "applied": Texts("已申报", "Applied"),
    "reviewed": Texts("已初审", "Reviewed"),
    "joint_reviewed": Texts("已联合审核", "Jointly reviewed"),
    "published": Texts("公示中", "Under public notice"),
    "approved": Texts("已核定", "Approved"),
    "paid": Texts("已拨付", "Paid"),
    "rejected": Texts("不予通过", "Rejected"),
    "returned": Texts("已撤销或追缴", "Revoked or returned"),
}
FIRST_STATE: Final = "estimated"
WAIVED: Final = "waived"  # the flag of an award that its subject gave up

Ground = Literal["correction", "eligibility", "fraud", "review", "court", "policy_change", "error"]
GROUNDS: Final[tuple[str, ...]] = get_args(Ground)

SET_ASIDE_STATES: Final = ("rejected", "returned")
Aside = Literal["rejected", "returned", "waived", "refused"]
_ONE_DAY: Final = timedelta(days=1)


class Actor(NamedTuple):
    """An actor: the name of the key or account, and its person (None in acts of versions that kept the name alone)."""

    name: str
    person: str | None

    @property
    def identity(self) -> str:
        """The person, or the name where no person was kept."""
        return self.person or self.name

    def is_same_person(self, other: "Actor | None") -> bool:
        """Return True if the rule of separate hands counts the two as one: by person, by name where one has none."""
        if other is None:
            return False
        has_both = self.person is not None and other.person is not None
        return self.identity == other.identity or (not has_both and self.name == other.name)


class PolicyRevision(msgspec.Struct, frozen=True):
    """A policy file, by its id and revision."""

    id: str
    revision: int


class PublishedBasis(msgspec.Struct, frozen=True):
    """The content of a public notice: the payable, and the subject, rule, item, year and policy that it rests on.

    `item` is None for a reward without one; `policy` is None for notices of versions that did not record it.
    """

    payable_fen: int
    subject: str
    rule: str
    item: str | None
    year: int
    policy: PolicyRevision | None


to_published_basis: Final = converter(PublishedBasis)


class Decision(msgspec.Struct, frozen=True):
    """A step that was taken. `subject` and `year` name the account and budget that it is posted to.

    `until` is the instant at which a public notice of an earlier version ends; later ones have days, the last one
    included. `decided_on` is the day in Shanghai by the wall clock; decisions of an earlier version have none.
    `calendar` are the days that a notice was counted by, `notice_list` is the SHA-256 of the list that was posted.
    `account` is the id of the account that was paid to.
    """

    decision_id: str
    award_id: str
    number: int
    action: str
    from_state: str
    to_state: str
    amount_fen: int
    rule: str
    subject: str
    year: int
    actor: Actor
    at: datetime
    reason: str | None
    documents: Sequence[Mapping[str, str]]
    until: datetime | None
    voucher_no: str | None
    paid_on: date | None
    transaction: int
    decided_on: date | None = None
    ground: str | None = None
    notice_from: date | None = None
    notice_until: date | None = None
    notice_where: str | None = None
    received_on: date | None = None
    published: PublishedBasis | None = None
    statement: str | None = None
    batch_id: str | None = None
    calendar: Mapping[str, object] | None = None
    notice_list: str | None = None
    account: str | None = None

    @property
    def is_earlier(self) -> bool:
        """Return True for a decision of a version that kept neither days nor what was published."""
        return self.decided_on is None

    @property
    def notice_ends(self) -> datetime | None:
        """The instant from which the notice of this decision is over; None if it gives none."""
        return self.until if self.notice_until is None else day_start(self.notice_until + _ONE_DAY)


class ApprovedFor(NamedTuple):
    """The subject and year that an approval is posted for."""

    subject: str
    year: int


class ApprovedAmounts(NamedTuple):
    """The decided amounts of an award for one subject and year, in fen."""

    approved_fen: int = 0
    revoked_fen: int = 0
    paid_fen: int = 0
    returned_fen: int = 0
    recovered_fen: int = 0

    @property
    def standing_fen(self) -> int:
        """Approved, neither revoked nor returned."""
        return self.approved_fen - self.revoked_fen - self.returned_fen

    @property
    def unrecovered_fen(self) -> int:
        """Decided to be returned, and not come back."""
        return self.returned_fen - self.recovered_fen


class UnpaidApproval(NamedTuple):
    """The part of an approval that is neither revoked nor paid, in fen."""

    approved_for: ApprovedFor
    actor: Actor
    at: datetime
    decided_on: date | None
    fen: int


class ReturnNotice(NamedTuple):
    """An open notice of return: what is left of its amount, and the instant from which the subject's time is over."""

    approved_for: ApprovedFor
    open_fen: int
    ends: datetime
    actor: Actor


class WorkflowState(msgspec.Struct, frozen=True):
    """An award's state after its decisions.

    `amounts` are by what was approved for, as a correction can move an award to another subject or year. `reviewed_by`,
    `joint_reviewed_by`, `published` and `notice_ends` are of the round under way. `is_waived`: the subject gave it up;
    `is_refused`: a rise over what stands was refused; `applied_at` is the application (None: not applied for).
    """

    state: str = FIRST_STATE
    steps: int = 0
    amounts: Mapping[ApprovedFor, ApprovedAmounts] = {}
    unpaid: tuple[UnpaidApproval, ...] = ()
    reviewed_by: Actor | None = None
    joint_reviewed_by: Actor | None = None
    published: PublishedBasis | None = None
    notice_ends: datetime | None = None
    return_notice: ReturnNotice | None = None
    is_waived: bool = False
    is_refused: bool = False
    applied_at: datetime | None = None
    last_at: datetime | None = None

    @property
    def approved_fen(self) -> int:
        """Approved less revoked."""
        return sum(one.approved_fen - one.revoked_fen for one in self.amounts.values())

    @property
    def paid_fen(self) -> int:
        return sum(one.paid_fen for one in self.amounts.values())

    @property
    def returned_fen(self) -> int:
        return sum(one.returned_fen for one in self.amounts.values())

    @property
    def recovered_fen(self) -> int:
        return sum(one.recovered_fen for one in self.amounts.values())

    @property
    def standing_fen(self) -> int:
        return sum(one.standing_fen for one in self.amounts.values())

    @property
    def unpaid_fen(self) -> int:
        return sum(one.fen for one in self.unpaid)

    @property
    def outstanding(self) -> Mapping[ApprovedFor, int]:
        """The standing amounts, by subject and year."""
        return {approved_for: one.standing_fen for approved_for, one in self.amounts.items()}

    @property
    def set_aside(self) -> Aside | None:
        """Why no more is payable of the award than stands (G6); None if that is not so."""
        reasons: dict[Aside, bool] = {
            "rejected": self.state == "rejected",
            "returned": self.state == "returned",
            "waived": self.is_waived,
            "refused": self.is_refused,
        }
        return next((reason for reason, is_it in reasons.items() if is_it), None)

    def unpaid_for(self, approved_for: ApprovedFor) -> int:
        return sum(one.fen for one in self.unpaid if one.approved_for == approved_for)

    def returnable_for(self, approved_for: ApprovedFor) -> int:
        """The amount that was paid and not returned, in fen."""
        amounts = self.amounts.get(approved_for, ApprovedAmounts())
        return max(0, amounts.standing_fen - self.unpaid_for(approved_for))


def replay(decisions: Iterable[Decision]) -> WorkflowState:
    found = WorkflowState()
    for decision in decisions:
        found = apply_step(found, decision)
    return found


def apply_step(before: WorkflowState, step: Decision) -> WorkflowState:
    return msgspec.structs.replace(
        before,
        **moved_amounts(before, step),
        **_round_changes(before, step),
        state=step.to_state,
        steps=before.steps + 1,
        applied_at=_applied_at(before, step),
        last_at=step.at,
    )


def _applied_at(before: WorkflowState, step: Decision) -> datetime | None:
    if step.action in ("apply", "list"):
        return step.at
    return None if step.to_state == FIRST_STATE else before.applied_at


_NEW_ROUND: Final[Mapping[str, object]] = {
    "reviewed_by": None,
    "joint_reviewed_by": None,
    "published": None,
    "notice_ends": None,
    "is_waived": False,
}


def _round_changes(before: WorkflowState, step: Decision) -> Mapping[str, object]:
    """The changed fields of the round under way, of notices and of flags."""
    changes: dict[str, Mapping[str, object]] = {
        "apply": _NEW_ROUND,
        "list": _NEW_ROUND,
        "review": {"reviewed_by": step.actor},
        "joint_review": {"joint_reviewed_by": step.actor},
        "publish": {"published": step.published, "notice_ends": step.notice_ends},
        "reject": {"is_refused": step.to_state != "rejected"},
        "reopen": {"is_refused": False},
        "withdraw": {"is_waived": True},
        **_return_notice(before, step),
    }
    return changes.get(step.action, {})


def _return_notice(before: WorkflowState, step: Decision) -> dict[str, Mapping[str, object]]:
    """The notice of return after a step, by the actions that change it."""
    match step.action:
        case "notify_return":
            approved_for, ends = ApprovedFor(step.subject, step.year), step.notice_ends or step.at
            notice = ReturnNotice(approved_for, step.amount_fen, ends, step.actor)
            return {"notify_return": {"return_notice": notice}}
        case "return" if before.return_notice is not None:
            open_fen = before.return_notice.open_fen - step.amount_fen
            left = before.return_notice._replace(open_fen=open_fen) if open_fen > 0 else None
            return {"return": {"return_notice": left}}
    return {}


def moved_amounts(before: WorkflowState, step: Decision) -> dict[str, object]:
    """The changed fields `amounts` and `unpaid` of a step that moves money; none of another one."""
    approved_for, fen = ApprovedFor(step.subject, step.year), step.amount_fen
    found, unpaid = before.amounts.get(approved_for, ApprovedAmounts()), before.unpaid
    match step.action:
        case "approve":
            found = found._replace(approved_fen=found.approved_fen + fen)
            unpaid = (*unpaid, UnpaidApproval(approved_for, step.actor, step.at, step.decided_on, fen))
        case "pay":
            found = found._replace(paid_fen=found.paid_fen + fen)
            unpaid = _taken_from(unpaid, fen, approved_for)
        case "revoke":
            found = found._replace(revoked_fen=found.revoked_fen + fen)
            unpaid = _taken_from(unpaid, fen, approved_for)
        case "return" if step.is_earlier:
            # A return of an earlier version came back at once; as far as the amount was unpaid, it is not paid.
            found = found._replace(returned_fen=found.returned_fen + fen, recovered_fen=found.recovered_fen + fen)
            unpaid = _taken_from(unpaid, fen, approved_for)
        case "return":
            found = found._replace(returned_fen=found.returned_fen + fen)
        case "recover":
            found = found._replace(recovered_fen=found.recovered_fen + fen)
        case _:
            return {}
    return {"amounts": {**before.amounts, approved_for: found}, "unpaid": unpaid}


def _taken_from(unpaid: Sequence[UnpaidApproval], fen: int, approved_for: ApprovedFor) -> tuple[UnpaidApproval, ...]:
    """Unpaid approvals less an amount: those for that subject and year first, the latest first."""
    left = list(unpaid)
    for place in sorted(range(len(left)), key=lambda one: (left[one].approved_for != approved_for, -one)):
        part = min(fen, left[place].fen)
        left[place] = left[place]._replace(fen=left[place].fen - part)
        fen -= part
    return tuple(one for one in left if one.fen)
