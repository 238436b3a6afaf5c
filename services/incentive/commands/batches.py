"""Batches: one decision for many awards, all or nothing, in one PostgreSQL transaction.

The step of each award is prepared on a snapshot, without the ledger's lock. Under the lock, the batch is prepared again
if anything that it depends on has changed.
"""

import gc
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import structlog
from msgspec.structs import replace
from sqlalchemy import Connection, Engine

from services.incentive.commands.acting import (
    Acting,
    ActRequest,
    BureauContext,
    Draft,
    IdempotencyKeyReusedError,
    InvalidActError,
    PreparedDecision,
    StepNotAllowedError,
    prepare_decisions,
    write_acts,
)
from services.incentive.commands.consequences import Consequences, Touched, consequences_of
from services.incentive.commands.decisions import contexts_at, draft_step
from services.incentive.commands.notice_lists import freeze_notice_list, prepare_notice_list
from services.incentive.commands.payments import name_accounts
from services.incentive.commands.statements import PreparedStatements, freeze_statements, prepare_statements
from services.incentive.domain.acts import DecisionPart
from services.incentive.domain.budget import (
    BY_REWARD,
    PostedSums,
    counted_year,
    rules_of_pool,
    used_by_step_fen,
    used_fen,
)
from services.incentive.domain.notices.official_list import PreparedList
from services.incentive.domain.rooms import room_of
from services.incentive.domain.steps import StepContext, StepRefusal
from services.incentive.domain.workflow import Actor, ApprovedFor
from services.incentive.policy.terms import Policy, Texts
from services.incentive.queries.casework.step_contexts import step_contexts
from services.incentive.store.acts import find_request
from services.incentive.store.award_context import AwardContext
from services.incentive.store.awards import find_current_awards
from services.incentive.store.batches import BatchRow, batch_json, find_batch_request, has_moved, record_batch
from services.incentive.store.budgets import load_posted
from services.incentive.store.ledger import last_instant, lock_ledger_for_request, next_instant, next_seq
from services.incentive.store.recompute import Recomputation, recompute_subjects
from services.incentive.store.rows import AwardRow
from services.incentive.store.rulebook import Rulebook, check_settings
from shared.postgres.database import snapshot
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import shanghai_date

MOST_AWARDS: Final = 10_000
_ATTEMPTS: Final = 5
# How long a prepared batch stays valid, as far as it depends on the clock alone.
_VALID_FOR: Final = timedelta(seconds=120)
_TICK: Final = timedelta(microseconds=1)
_NO_AWARD: Final = StepRefusal("state", Texts("没有这项奖补", "there is no such award"))
_NO_BUDGET: Final = StepRefusal("hold", Texts("有暂缓事由：预算不足（合计）", "on hold: budget, all of them together"))
_NO_PAYABLE_CHANGES: Final = frozenset({"approve", "apply", "list"})

log = structlog.get_logger(__name__)

Transactions = Callable[[], AbstractContextManager[Connection]]


class BatchRefusedError(ValueError):
    """Some awards cannot take the step; why, by award_id."""

    def __init__(self, action: str, refused: Mapping[str, StepRefusal]) -> None:
        super().__init__(f"{len(refused)} 项奖补不能办理 / {len(refused)} awards cannot take the step")
        self.action, self.refused = action, refused


class BatchBusyError(RuntimeError):
    """The awards moved each time before they could be decided on."""


class BatchRequest(NamedTuple):
    """A step with many awards: the fields for each by award_id, and the request as it was sent.

    A fault in one of the `own` fields, which differ between the awards, names its award.
    """

    actor: Actor
    key: str
    action: str
    awards: Mapping[str, Json]
    sent: Json
    own: tuple[str, ...] = ()

    def as_act(self, batch_id: str) -> ActRequest:
        return ActRequest(self.actor, None, "decision", batch_id, self.sent)

    def sha256(self) -> str:
        return self.as_act("batch").sha256()


class PreparedBatch(NamedTuple):
    """A batch prepared on a snapshot in which the ledger had `size` transactions; valid from `now` for a while."""

    batch_id: str
    rulebook: Rulebook
    now: datetime
    size: int
    awards: tuple[AwardRow, ...]
    contexts: Mapping[str, AwardContext]
    drafts: tuple[Draft, ...]
    refused: Mapping[str, StepRefusal]
    posted: Mapping[int, Sequence[PostedSums]]

    @property
    def amount_fen(self) -> int:
        return sum(draft.part.amount_fen for draft in self.drafts if isinstance(draft.part, DecisionPart))

    @property
    def recompute(self) -> tuple[str, ...]:
        return tuple(sorted({subject for draft in self.drafts for subject in draft.recompute}))


def record_whole_batch(engine: Engine, begin: Transactions, bureau: BureauContext, request: BatchRequest) -> Json:
    """Decide on all awards of a batch, or on none; a repeated request returns what was recorded first.

    `begin` opens a transaction that records. Raises BatchRefusedError, BatchBusyError, InvalidActError,
    IdempotencyKeyReusedError and SettingsChangedError.
    """
    with begin() as connection:
        known = _recorded_before(connection, request)
        if known is not None:
            return known
    for _ in range(_ATTEMPTS):
        with snapshot(engine) as connection:
            prepared = prepare(connection, bureau, request)
            if prepared.refused:
                raise BatchRefusedError(request.action, prepared.refused)
            papers = _papers(connection, request, prepared)
        with _no_garbage_collection(), begin() as connection:
            lock_ledger_for_request(connection)
            known = _recorded_before(connection, request)
            if known is not None:
                return known
            if not _is_outdated(connection, bureau, request, prepared):
                return _record(connection, bureau, request, prepared, papers)
        log.info(
            "the awards of a batch changed, it is prepared again", action=request.action, awards=len(request.awards)
        )
    raise BatchBusyError


def prepare(connection: Connection, bureau: BureauContext, request: BatchRequest) -> PreparedBatch:
    """Prepare the step of each award, as of the snapshot."""
    rulebook, now, size = check_settings(connection, bureau.rulebook), bureau.clock(), next_seq(connection)
    rows = find_current_awards(connection, list(request.awards))
    batch_id, policy = uuid.uuid4().hex, rulebook.policy
    contexts = _contexts(connection, request, rulebook, rows, now)
    cases = step_contexts(connection, rows, contexts, policy, request.actor, now)
    years = {counted_year(policy, row.year, now) for row in rows}
    posted = load_posted(connection, policy, years, None)
    found = {row.award_id for row in rows}
    refused: dict[str, StepRefusal] = {award_id: _NO_AWARD for award_id in request.awards if award_id not in found}
    drafts: list[Draft] = []
    used = _UsedInBatch(policy, posted, now)
    for row in rows:
        given = {**request.awards[row.award_id], "action": request.action, "batch_id": batch_id}
        case = used.less(cases[row.award_id], row)
        try:
            draft = draft_step(row, case, given, policy)
        except StepNotAllowedError as error:
            refused[row.award_id] = error.why[request.action]
            continue
        except InvalidActError as error:
            if error.field not in request.own:
                raise
            raise InvalidActError(f"{row.award_id}.{error.field}", error.says) from error
        if not used.fits(row, request.action, draft.amount_fen):
            refused[row.award_id] = _NO_BUDGET
            continue
        drafts.append(
            draft if _may_change_payables(draft, cases[row.award_id], policy) else draft._replace(recompute=())
        )
    named = name_accounts(connection, drafts)
    return PreparedBatch(batch_id, rulebook, now, size, tuple(rows), contexts, tuple(named), refused, posted)


def _contexts(
    connection: Connection, request: BatchRequest, rulebook: Rulebook, rows: Sequence[AwardRow], now: datetime
) -> dict[str, AwardContext]:
    """The contexts of awards, with what holds them at any instant at which the batch may be recorded."""
    last = last_instant(connection)
    latest = max(now, now if last is None else last + _TICK) + _VALID_FOR
    return contexts_at(Acting(connection, request.as_act("batch"), rulebook, now, latest), rows)


class _UsedInBatch:
    """The amounts of rooms and budgets that earlier steps of a batch use."""

    def __init__(self, policy: Policy, posted: Mapping[int, Sequence[PostedSums]], now: datetime) -> None:
        self._policy, self._posted, self._now = policy, posted, now
        self._rooms: Counter[object] = Counter()
        self._ladders: Counter[str] = Counter()
        self._budgets: Counter[tuple[int, str]] = Counter()

    def less(self, case: StepContext, row: AwardRow) -> StepContext:
        """Reduce the limits that awards share by the earlier approvals of the batch."""
        room_fen = self._rooms[room_of(ApprovedFor(row.subject, row.year), row.rule, self._policy)]
        if not room_fen:
            return case
        own, room, *ladder = case.limits
        limits = [own, room._replace(outstanding_fen=room.outstanding_fen + room_fen)]
        limits += [one._replace(outstanding_fen=one.outstanding_fen + self._ladders[row.subject]) for one in ladder]
        return replace(case, limits=tuple(limits))

    def fits(self, row: AwardRow, action: str, fen: int) -> bool:
        """Count a step; False if it does not fit into what is left of the budget of the year or of its pool."""
        wanted_fen = used_by_step_fen(self._policy, action, fen)
        if wanted_fen > 0 and not self._fits_budgets(row, wanted_fen):
            return False
        if action == "approve":
            self._rooms[room_of(ApprovedFor(row.subject, row.year), row.rule, self._policy)] += fen
            if row.rule == self._policy.exchange_tiers.rule:
                self._ladders[row.subject] += fen
        return True

    def _fits_budgets(self, row: AwardRow, wanted_fen: int) -> bool:
        year = counted_year(self._policy, row.year, self._now)
        pools = [pool for pool in self._policy.declared.pools if row.rule in rules_of_pool(self._policy, pool)]
        budgets: list[tuple[str, int, tuple[str, ...] | None]] = [("", self._policy.budget_fen, None)]
        budgets += [(pool.article, pool.annual_fen, rules_of_pool(self._policy, pool)) for pool in pools]
        for name, most_fen, rules in budgets:
            posted = [one for one in self._posted.get(year, ()) if rules is None or one.rule in rules]
            used = sum(used_fen(self._policy, one) for one in posted) + self._budgets[year, name]
            if used + wanted_fen > most_fen:
                return False
        for name, _, _ in budgets:
            self._budgets[year, name] += wanted_fen
        return True


def _may_change_payables(draft: Draft, case: StepContext, policy: Policy) -> bool:
    """Return True if a step may change payables: most applications and approvals do not."""
    if not isinstance(draft.part, DecisionPart) or draft.part.action not in _NO_PAYABLE_CHANGES:
        return True
    if draft.part.action != "approve":
        return case.workflow.is_waived
    is_step = draft.part.rule in policy.step_rules and policy.steps == "approved"
    return bool(policy.payable_limits(draft.part.rule)) or is_step


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Pause the garbage collector, which would read all objects of a prepared batch while the ledger is locked."""
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            gc.enable()


def _recorded_before(connection: Connection, request: BatchRequest) -> Json | None:
    batch = find_batch_request(connection, request.actor.identity, request.key)
    if batch is None:
        if find_request(connection, request.actor.identity, request.key) is not None:
            raise IdempotencyKeyReusedError(request.key)
        return None
    if batch.request_sha256 != request.sha256():
        raise IdempotencyKeyReusedError(request.key)
    return batch_json(batch)


def _is_outdated(connection: Connection, bureau: BureauContext, request: BatchRequest, prepared: PreparedBatch) -> bool:
    """Return True if time or the ledger has made the prepared batch invalid. Needs the ledger's lock."""
    now = bureau.clock()
    if not prepared.now <= now < prepared.now + _VALID_FOR or shanghai_date(now) != shanghai_date(prepared.now):
        return True
    years: set[int] | None = set()
    if request.action in ("approve", "pay"):  # by the year of the act, awards of all years share a budget
        is_by_reward = prepared.rulebook.policy.budget_counts == BY_REWARD
        years = {row.year for row in prepared.awards} if is_by_reward else None
    # A payment may go to a subject that the award had before.
    decided = (draft.subject for draft in prepared.drafts if draft.subject)
    subjects = {row.subject for row in prepared.awards}.union(decided)
    return check_settings(connection, bureau.rulebook) != prepared.rulebook or has_moved(
        connection, prepared.size, award_ids=request.awards, subjects=subjects, budget_years=years
    )


class _Papers(NamedTuple):
    """The list, statements and decisions of a batch, without the fields that are known only under the ledger's lock."""

    notice: PreparedList | None
    statements: PreparedStatements
    decisions: Mapping[str, PreparedDecision]


def _papers(connection: Connection, request: BatchRequest, prepared: PreparedBatch) -> _Papers:
    acting = Acting(connection, request.as_act(prepared.batch_id), prepared.rulebook, prepared.now, prepared.now)
    awards = {row.award_id: row for row in prepared.awards}
    return _Papers(
        prepare_notice_list(acting, prepared.drafts, awards, prepared.contexts),
        prepare_statements(acting, prepared.drafts, prepared.awards, prepared.contexts),
        prepare_decisions(acting, prepared.drafts),
    )


def _record(
    connection: Connection,
    bureau: BureauContext,
    request: BatchRequest,
    prepared: PreparedBatch,
    papers: _Papers,
) -> Json:
    edge = bureau.log.edge(connection)
    batch = _write(connection, bureau, request, prepared, papers)
    bureau.log.extend(connection, edge, bureau.clock())
    return batch_json(batch)


def _write(
    connection: Connection,
    bureau: BureauContext,
    request: BatchRequest,
    prepared: PreparedBatch,
    papers: _Papers | None = None,
) -> BatchRow:
    """Record a batch; a preview has no papers."""
    now = bureau.clock()
    instant = next_instant(connection, now)
    batch = BatchRow(
        id=prepared.batch_id,
        first_seq=next_seq(connection),
        action=request.action,
        awards=len(prepared.drafts),
        amount_fen=prepared.amount_fen,
        recorded_at=instant,
        person=request.actor.identity,
        name=request.actor.name,
        request_key=request.key,
        request_sha256=request.sha256(),
    )
    record_batch(connection, batch)
    acting = Acting(connection, request.as_act(prepared.batch_id), prepared.rulebook, now, instant)
    drafts = freeze_notice_list(acting, prepared.drafts, None if papers is None else papers.notice)
    if papers is None:
        write_acts(acting, drafts)
    else:
        write_acts(acting, freeze_statements(acting, drafts, papers.statements), papers.decisions)
    recompute_subjects(connection, prepared.recompute, Recomputation(prepared.rulebook, instant))
    return batch


# --- preview ---


def preview_batch(engine: Engine, begin: Transactions, bureau: BureauContext, request: BatchRequest) -> Json:
    """Show the consequences of a batch, without the awards that cannot take the step: record it and roll it back.

    `held` are awards of the batch that are on hold, and all that a budget would hold that it does not hold before.
    """
    for _ in range(_ATTEMPTS):
        with snapshot(engine) as connection:
            prepared = prepare(connection, bureau, request)
        with _no_garbage_collection(), begin() as connection:
            lock_ledger_for_request(connection)
            if _is_outdated(connection, bureau, request, prepared):
                continue
            found = _consequences(connection, bureau, request, prepared)
            connection.rollback()
        held = found.held | {award_id for award_id, context in prepared.contexts.items() if context.holds}
        return {
            "count": len(prepared.drafts),
            "amount": format_yuan(prepared.amount_fen),
            "refused": refused_json(request.action, prepared.refused),
            **found._replace(held=held).as_json(),
        }
    raise BatchBusyError


def _consequences(
    connection: Connection, bureau: BureauContext, request: BatchRequest, prepared: PreparedBatch
) -> Consequences:
    touched = Touched(frozenset(prepared.recompute), frozenset(row.year for row in prepared.awards))

    def step() -> Touched:
        if prepared.drafts:
            _write(connection, bureau, request, prepared)
        return touched

    return consequences_of(connection, prepared.rulebook.policy, prepared.now, step)


def refused_json(action: str, refused: Mapping[str, StepRefusal]) -> list[Json]:
    """Why each award cannot take the step, in code point order."""
    return [{"award_id": award_id, "why": [said.as_json(action)]} for award_id, said in sorted(refused.items())]
