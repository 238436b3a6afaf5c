"""What the bureau does, each act in one PostgreSQL transaction: lock, look, check, post, write down, log.

Whoever acts holds the ledger's lock from the first read to the commit, as the intake of facts does; so two acts are
never made of one state, and nothing is decided on an award that is being computed anew.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, func, insert, select

from services.incentive.domain.acts import Json, act_json, act_sha256
from services.incentive.domain.postings import LedgerEntry, Posting
from services.incentive.domain.workflow import (
    ACTIONS,
    ApprovalLimit,
    ApprovedFor,
    StepContext,
    StepRequest,
    allowed_actions,
    refusal,
    step_amount,
)
from services.incentive.policy.terms import Policy, Texts
from services.incentive.store import acts as recorded
from services.incentive.store.acts import ACT_TABLES
from services.incentive.store.award_context import AwardContext, load_award_context
from services.incentive.store.ledger import lock_ledger_for_request, next_instant, next_seq, post
from services.incentive.store.recompute import Recomputation, recompute
from services.incentive.store.rulebook import Rulebook, check_settings
from services.incentive.store.tables import act, award_current, decision, hold, hold_release, suspension
from shared.service_log.store import ServiceLog
from shared.values.money import format_yuan
from shared.values.times import Clock

# Where the policy's text says who is eligible, and that the highest reward alone is granted.
_ELIGIBILITY_ARTICLE: Final = "结尾第2段"
_HIGHEST_ONLY: Final = "G6"
_RELATED_PARTIES: Final = "G10"


class NotFoundError(LookupError):
    """There is no such award, hold or rule."""


class IdempotencyKeyReusedError(ValueError):
    """The person used this key for another request."""


class StepNotAllowedError(ValueError):
    """What is asked for cannot be done as things stand; `allowed` are the steps that can (None: it is no step)."""

    def __init__(self, said: Texts, steps: list[str] | None = None) -> None:
        super().__init__(f"{said.zh} / {said.en}")
        self.allowed = steps


@dataclass(frozen=True)
class BureauContext:
    """By what the bureau decides, and what signs the log."""

    rulebook: Rulebook
    log: ServiceLog
    clock: Clock


class Request(NamedTuple):
    """Who asks, with which Idempotency-Key, for what; `of` is the award, subject, rule or hold that it is about."""

    person: str
    key: str | None
    of: str
    given: Mapping[str, Any]

    def sha256(self, kind: str) -> str:
        """What another request with the same key must agree in."""
        given = {name: value for name, value in self.given.items() if value is not None}
        return act_sha256({"kind": kind, "of": self.of, "given": given})


class _Act(NamedTuple):
    """What is to be written: the act's row and that of its kind, and what is posted for it."""

    part: Mapping[str, Any]
    award_id: str | None
    subject: str | None
    year: int | None
    article: str
    says: Texts
    kind: str = "decision"
    amount_fen: int = 0
    entries: tuple[LedgerEntry, ...] = ()


class Session:
    """One act of a person, in a transaction of its own that has nothing before it. Raises the errors above."""

    def __init__(self, connection: Connection, office: BureauContext, request: Request) -> None:
        self._connection, self._office, self._request = connection, office, request
        self._rulebook = office.rulebook
        self._policy: Policy = office.rulebook.policy

    def decide(self) -> Json:
        """Take a step with the award that the request is about."""
        return self._do("decision", self._step)

    def place_hold(self) -> Json:
        """Stop approval and payment of an award for now."""
        return self._do("hold", self._hold)

    def release(self) -> Json:
        """Let go of a hold, or lift a suspension."""
        return self._do("release", self._release)

    def verify(self) -> Json:
        """Record whether a subject is eligible."""
        return self._do("eligibility", self._eligibility)

    def suspend(self) -> Json:
        """Suspend a rule for awards that are earned within a period."""
        return self._do("suspension", self._suspension)

    def note_grant(self) -> Json:
        """Record what another municipal policy granted; what is payable of the subject's awards follows at once."""
        return self._do("other_grant", self._other_grant)

    def relate(self) -> Json:
        """Enter two subjects into the list of related parties, or take them out; signs on their awards follow."""
        return self._do("related_party", self._related_party)

    def _do(self, kind: str, make: Callable[[], _Act]) -> Json:
        connection, office = self._connection, self._office
        lock_ledger_for_request(connection)
        known = self._done_before(kind)
        if known is not None:
            return known
        edge = office.log.edge(connection)
        self._rulebook = check_settings(connection, office.rulebook)
        self._instant = next_instant(connection, office.clock)
        told = self._write(kind, make())
        if kind == "other_grant":
            self._settle([told["subject"]])
        if kind == "related_party":
            self._settle(told["subjects"])
        office.log.extend(connection, edge, office.clock())
        return told

    def _done_before(self, kind: str) -> Json | None:
        """What the same request brought, if it was made before."""
        request, columns = self._request, act.c
        if request.key is None:
            return None
        wanted = select(act).where(columns.person == request.person, columns.request_key == request.key)
        row = self._connection.execute(wanted).one_or_none()
        if row is None:
            return None
        if row.request_sha256 != request.sha256(kind):
            raise IdempotencyKeyReusedError(request.key)
        return next(told for _, told in recorded.render_acts(self._connection, [row]) if told is not None)

    def _write(self, kind: str, made: _Act) -> Json:
        act_row: dict[str, Any] = {
            "id": uuid.uuid4().hex,
            "kind": kind,
            "seq": next_seq(self._connection),
            "recorded_at": self._instant,
            "person": self._request.person,
            "request_key": self._request.key,
            "request_sha256": self._request.sha256(kind),
        }
        part = {"id": act_row["id"], **made.part}
        told = act_json(SimpleNamespace(**act_row), SimpleNamespace(**part))
        posting = Posting(
            award_id=made.award_id,
            amount_fen=made.amount_fen,
            entries=made.entries,
            subject=made.subject,
            year=made.year,
            subject_before=None,
            year_before=None,
            policy_id=self._policy.id,
            policy_revision=self._policy.revision,
            article=made.article,
            cause={"facts": [], "text": f"{made.says.zh} / {made.says.en}"},
            kind=made.kind,
            decision_id=act_row["id"],
            decision_sha256=act_sha256(told),
        )
        post(self._connection, [posting], self._instant)
        self._connection.execute(insert(act), act_row)
        self._connection.execute(insert(ACT_TABLES[kind]), part)
        return told

    # --- steps with an award ---

    def _award(self) -> Any:
        found = select(award_current).where(award_current.c.award_id == self._request.of)
        row = self._connection.execute(found).one_or_none()
        if row is None:
            raise NotFoundError(self._request.of)
        return row

    def _step(self) -> _Act:
        award, given = self._award(), self._request.given
        told = load_award_context(self._connection, [award], self._policy, None, self._instant)[award.award_id]
        case = step_context(self._connection, award, told, self._policy, self._request.person, self._instant)
        wanted = StepRequest(given["action"], given.get("amount"))
        said = refusal(case, wanted)
        if said is not None:
            raise StepNotAllowedError(said, allowed_actions(case))
        action, amount_fen = ACTIONS[wanted.action], step_amount(case, wanted)
        subject, year = case.clawback[0] if wanted.action == "return" and case.clawback else case.approved_for
        part = {
            "award_id": award.award_id,
            "number": case.workflow.steps,
            "action": action.name,
            "from_state": case.workflow.state,
            "to_state": action.to_state or case.workflow.state,
            "amount_fen": amount_fen,
            "rule": award.rule,
            "subject": subject,
            "year": year,
            "reason": given.get("reason"),
            "documents": given.get("documents") or [],
            "until": given.get("until"),
            "voucher_no": given.get("voucher_no"),
            "paid_on": given.get("paid_on"),
        }
        moved = f" {format_yuan(amount_fen)}" if amount_fen else ""
        says = Texts(
            f"{action.says.zh}{moved}{' 元' if moved else ''}", f"{action.says.en}{moved}{' yuan' if moved else ''}"
        )
        entries = _entries(action.posts, award.award_id, subject, year, amount_fen)
        return _Act(part, award.award_id, subject, year, award.article, says, action.posts, amount_fen, entries)

    # --- holds, eligibility, suspensions, other grants ---

    def _hold(self) -> _Act:
        award, given = self._award(), self._request.given
        part = {"award_id": award.award_id, "kind": given["kind"], "reason": given["reason"]}
        says = {
            "manual": Texts("人工暂缓", "held by hand"),
            "objection": Texts("因异议暂缓", "held for an objection"),
        }[given["kind"]]
        return _Act(part, award.award_id, award.subject, award.year, award.article, says)

    def _release(self) -> _Act:
        hold_id, given = self._request.of, self._request.given
        part = {"hold_id": hold_id, "reason": given.get("reason")}
        released = select(hold_release.c.id).where(hold_release.c.hold_id == hold_id)
        if self._connection.execute(released).first() is not None:
            raise StepNotAllowedError(Texts("暂缓已解除", "it is released already"))
        held = self._connection.execute(select(hold).where(hold.c.id == hold_id)).one_or_none()
        if held is not None:
            of_it = select(award_current).where(award_current.c.award_id == held.award_id)
            award = self._connection.execute(of_it).one()
            says = Texts("解除暂缓", "released from a hold")
            return _Act(part, award.award_id, award.subject, award.year, award.article, says)
        suspended = self._connection.execute(select(suspension).where(suspension.c.id == hold_id)).one_or_none()
        if suspended is None:
            raise NotFoundError(hold_id)
        says = Texts(f"恢复 {suspended.rule}", f"{suspended.rule} is suspended no more")
        return _Act(part, None, None, None, self._article_of(suspended.rule), says)

    def _eligibility(self) -> _Act:
        subject, given = self._request.of, self._request.given
        part = {
            "subject": subject,
            "status": given["status"],
            "from_at": given.get("from_"),
            "until_at": given.get("until"),
            "kind_of_entity": given.get("kind_of_entity"),
            "criteria": given.get("criteria") or {},
            "documents": given.get("documents") or [],
        }
        is_verified = given["status"] == "verified"
        says = Texts(
            f"资格审核{'通过' if is_verified else '不通过'}", f"eligibility {'verified' if is_verified else 'failed'}"
        )
        return _Act(part, None, subject, None, _ELIGIBILITY_ARTICLE, says)

    def _suspension(self) -> _Act:
        rule, given = self._request.of, self._request.given
        if rule not in self._policy.rule_order:
            raise NotFoundError(rule)
        part = {"rule": rule, "from_at": given["from_"], "until_at": given.get("until"), "reason": given["reason"]}
        return _Act(part, None, None, None, self._article_of(rule), Texts(f"暂停 {rule}", f"{rule} is suspended"))

    def _article_of(self, rule: str) -> str:
        """The article of a rule; of one that the policy in force has no more, its name."""
        try:
            return self._policy.terms(rule).article
        except KeyError:
            return rule

    def _other_grant(self) -> _Act:
        subject, given = self._request.of, self._request.given
        amount_fen = given["amount"]
        part = {
            "subject": subject,
            "name": given["name"],
            "year": given["year"],
            "amount_fen": amount_fen,
            "documents": given.get("documents") or [],
        }
        amount = format_yuan(amount_fen)
        says = Texts(f"市级其他政策奖补 {amount} 元", f"granted under another municipal policy: {amount} yuan")
        article = next(one.article for one in self._policy.readings if one.clause == _HIGHEST_ONLY)
        return _Act(part, None, subject, given["year"], article, says)

    def _related_party(self) -> _Act:
        given = self._request.given
        subject, other = sorted(given["subjects"])
        part = {
            "subject": subject,
            "other": other,
            "status": given["status"],
            "reason": given["reason"],
            "documents": given.get("documents") or [],
        }
        says = Texts("列入关联方名单", "entered into the list of related parties")
        if given["status"] != recorded.RELATED:
            says = Texts("移出关联方名单", "taken out of the list of related parties")
        article = next(one.article for one in self._policy.readings if one.clause == _RELATED_PARTIES)
        return _Act(part, None, None, None, article, says)

    def _settle(self, subjects: list[str]) -> None:
        """These subjects' awards anew: as of the same instant, which is how one sees what it came of."""
        columns = award_current.c
        about = select(columns.about).where(columns.subject.in_(subjects)).distinct().order_by(columns.about)
        abouts = list(self._connection.execute(about).scalars())
        recompute(self._connection, abouts, {}, Recomputation(self._rulebook, self._instant, ("", "")))


def step_context(
    connection: Connection, award: Any, told: AwardContext, policy: Policy, person: str, instant: datetime
) -> StepContext:
    """A row of an award, that stands as told, before a step: all that decides what the person may do at the instant."""
    approved_for = ApprovedFor(award.subject, award.year)
    return StepContext(
        workflow=told.workflow,
        approved_for=approved_for,
        payable_fen=award.payable_fen,
        holds=told.holds,
        limits=_limits(connection, award, policy, told.workflow.outstanding.get(approved_for, 0)),
        person=person,
        now=instant,
    )


def _limits(connection: Connection, award: Any, policy: Policy, outstanding_fen: int) -> tuple[ApprovalLimit, ...]:
    """What an approval stays within: the award's payable, its G6 group's highest, an operator's highest tier."""
    limits = [ApprovalLimit(award.payable_fen, outstanding_fen, Texts("可兑现额", "what is payable"))]
    columns = award_current.c
    highest = select(func.max(columns.payable_fen)).where(columns.subject == award.subject, columns.year == award.year)
    of_group = (decision.c.subject == award.subject) & (decision.c.year == award.year)
    limits.append(
        ApprovalLimit(
            connection.execute(highest).scalar_one(),
            recorded.outstanding_of(connection, of_group),
            Texts("同一主体同一年度最高一项的可兑现额", "the highest payable of the subject and year"),
        )
    )
    tiers = policy.exchange_tiers
    if award.rule == tiers.rule:
        of_operator = (decision.c.subject == award.subject) & (decision.c.rule == tiers.rule)
        limits.append(
            ApprovalLimit(
                max(tier.amount_fen for tier in tiers.tiers),
                recorded.outstanding_of(connection, of_operator),
                Texts("同一运营主体的最高一档", "the highest tier of one operator"),
            )
        )
    return tuple(limits)


def _entries(posts: str, award_id: str, subject: str, year: int, amount_fen: int) -> tuple[LedgerEntry, ...]:
    """Debit and credit of an approval, a payment or a return."""
    of_award = f"{subject}:{award_id}"
    sides = {
        "approval": (f"budget:{year}", f"approved:{of_award}"),
        "payment": (f"paid:{of_award}", "treasury"),
        "return": ("treasury", f"returned:{of_award}"),
    }.get(posts)
    if sides is None:
        return ()
    debit, credit = sides
    return LedgerEntry(debit, amount_fen, 0), LedgerEntry(credit, 0, amount_fen)
