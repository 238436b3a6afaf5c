"""Shared parts of the bureau's acts: the request, the act under way, its draft and record, and the errors."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Final, NamedTuple, TypeVar

from sqlalchemy import Connection

from services.incentive.domain.acts import (
    Act,
    ActKind,
    ActPart,
    DecisionPart,
    act_json,
    act_sha256,
    decision_around,
    decision_sha256,
)
from services.incentive.domain.postings import LedgerEntry, Posting
from services.incentive.domain.steps import StepRefusal
from services.incentive.domain.workflow import Actor
from services.incentive.policy.terms import Policy, Texts
from services.incentive.store.acts import find_part, record_parts
from services.incentive.store.awards import find_current_award
from services.incentive.store.ledger import next_seq, post
from services.incentive.store.rows import AwardRow
from services.incentive.store.rulebook import Rulebook
from shared.postgres.query import fetch_values
from shared.service_log.store import ServiceLog
from shared.values.json_types import Json
from shared.values.times import Clock

P = TypeVar("P", bound=ActPart)

_WITH_RULE = "SELECT DISTINCT subject FROM award_current WHERE rule = %(rule)s ORDER BY subject"


# Fields that are known only when a decision is recorded, and are left out of a prepared one.
_LATER: Final = ("calendar", "notice_list", "statement")
_prepared_fields: Final = itemgetter(*(at for at, name in enumerate(DecisionPart._fields) if name not in _LATER))


class NotFoundError(LookupError):
    """There is no such award, hold or rule."""


class IdempotencyKeyReusedError(ValueError):
    """The person used this Idempotency-Key for another request."""


class InvalidActError(ValueError):
    """A field of the request does not fit what the ledger or the policy has."""

    def __init__(self, field: str, message: Texts) -> None:
        super().__init__(f"{message.zh} / {message.en}")
        self.field, self.says = field, message


class StepNotAllowedError(ValueError):
    """The act is not possible now.

    For a step with an award, `allowed` are the steps that are possible, and `why` says why each other one is refused.
    """

    def __init__(
        self, reason: Texts, allowed: Sequence[str] | None = None, why: Mapping[str, StepRefusal] | None = None
    ) -> None:
        super().__init__(f"{reason.zh} / {reason.en}")
        self.allowed = allowed
        self.why = why or {}


class BureauContext(NamedTuple):
    """The rulebook that the bureau decides by, the ledger's log, and the clock."""

    rulebook: Rulebook
    log: ServiceLog
    clock: Clock


class ActRequest(NamedTuple):
    """A request of a person: the kind of act, the award, subject, rule or hold it is `about`, and its fields.

    `key` is the Idempotency-Key.
    """

    actor: Actor
    key: str | None
    kind: ActKind
    about: str
    fields: Json

    def sha256(self) -> str:
        """The hash that a repeated request with the same key must have."""
        given = {name: value for name, value in self.fields.items() if value is not None}
        return act_sha256({"kind": self.kind, "of": self.about, "given": given})


class Acting(NamedTuple):
    """An act under way.

    `now` is the wall clock's, by which legal days go. `instant` is the one recorded: never before `now`, and far after
    it in a ledger whose instants were pushed ahead.
    """

    connection: Connection
    request: ActRequest
    rulebook: Rulebook
    now: datetime
    instant: datetime

    @property
    def policy(self) -> Policy:
        return self.rulebook.policy

    def award(self, award_id: str) -> AwardRow:
        row = find_current_award(self.connection, award_id)
        if row is None:
            raise NotFoundError(award_id)
        return row

    def part(self, kind: ActKind, part_id: str, part_type: type[P]) -> P:
        """Return the part of the act of this kind with this id. Raises NotFoundError."""
        part = find_part(self.connection, kind, "id", part_id)
        if not isinstance(part, part_type):
            raise NotFoundError(part_id)
        return part

    def subjects_with(self, rule: str) -> tuple[str, ...]:
        """The subjects that have an award by a rule."""
        return tuple(fetch_values(self.connection, _WITH_RULE, str, rule=rule))

    def article_of_rule(self, rule: str) -> str:
        """The article of a rule; its name if the policy in force has no such rule."""
        return self.policy.terms(rule).article if rule in self.policy.rule_order else rule

    def article_of_clause(self, clause: str) -> str:
        return next(one.article for one in self.policy.readings if one.clause == clause)


class Draft(NamedTuple):
    """The record of an act: its own part and its transaction.

    `recompute` are subjects whose awards change at once.
    """

    part: ActPart
    article: str
    text: Texts
    award_id: str | None = None
    subject: str | None = None
    year: int | None = None
    posts: str = "decision"
    amount_fen: int = 0
    entries: tuple[LedgerEntry, ...] = ()
    recompute: tuple[str, ...] = ()


class PreparedDecision(NamedTuple):
    """A decision of a batch, encoded before the ledger's lock: its id, its part at that time, and the bytes."""

    id: str
    part: DecisionPart
    pieces: tuple[bytes, ...]

    def sha256(self, act: Act, part: ActPart) -> str | None:
        """The hash of the decision as it is recorded; None if more has changed than was left out."""
        if not isinstance(part, DecisionPart) or _prepared_fields(part) != _prepared_fields(self.part):
            return None
        return decision_sha256(self.pieces, act, part)


def prepare_decisions(acting: Acting, drafts: Sequence[Draft]) -> dict[str, PreparedDecision]:
    """Encode the decisions of a batch, by award_id."""
    found: dict[str, PreparedDecision] = {}
    for draft in drafts:
        if isinstance(draft.part, DecisionPart):
            act = _act(acting, uuid.uuid4().hex, 0, "")
            found[draft.part.award_id] = PreparedDecision(act.id, draft.part, decision_around(act, draft.part))
    return found


def write_acts(
    acting: Acting, drafts: Sequence[Draft], prepared: Mapping[str, PreparedDecision] | None = None
) -> list[tuple[Act, ActPart]]:
    """Record acts of the request's kind in the ledger, each with a transaction; return them.

    An Idempotency-Key belongs to a single act: the request for many has none. `prepared` are decisions by award_id.
    """
    request, policy, first = acting.request, acting.policy, next_seq(acting.connection)
    digest = request.sha256()
    recorded: list[tuple[Act, ActPart]] = []
    postings: list[Posting] = []
    for seq, draft in enumerate(drafts, first):
        ready = None if prepared is None or draft.award_id is None else prepared.get(draft.award_id)
        act = _act(acting, uuid.uuid4().hex if ready is None else ready.id, seq, digest)
        sha256 = None if ready is None else ready.sha256(act, draft.part)
        recorded.append((act, draft.part))
        postings.append(_posting(draft, policy, act.id, sha256 or act_sha256(act_json(act, draft.part))))
    post(acting.connection, postings, acting.instant)
    record_parts(acting.connection, recorded)
    return recorded


def _act(acting: Acting, act_id: str, seq: int, digest: str) -> Act:
    request = acting.request
    return Act(
        id=act_id,
        kind=request.kind,
        seq=seq,
        recorded_at=acting.instant,
        person=request.actor.identity,
        name=request.actor.name,
        request_key=request.key,
        request_sha256=digest,
    )


def _posting(draft: Draft, policy: Policy, act_id: str, digest: str) -> Posting:
    return Posting(
        award_id=draft.award_id,
        amount_fen=draft.amount_fen,
        entries=draft.entries,
        subject=draft.subject,
        year=draft.year,
        policy_id=policy.id,
        policy_revision=policy.revision,
        article=draft.article,
        cause={"facts": [], "text": f"{draft.text.zh} / {draft.text.en}"},
        kind=draft.posts,
        decision_id=act_id,
        decision_sha256=digest,
    )
