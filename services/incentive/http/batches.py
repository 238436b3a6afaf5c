"""HTTP routes of batches: one step with many awards, its preview, and the batches so far."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Response, jsonify
from marshmallow import ValidationError
from sqlalchemy import Connection

from services.incentive.commands.acting import IdempotencyKeyReusedError, InvalidActError
from services.incentive.commands.batches import (
    MOST_AWARDS,
    BatchBusyError,
    BatchRefusedError,
    BatchRequest,
    preview_batch,
    record_whole_batch,
    refused_json,
)
from services.incentive.domain.notices.decision_list import KINDS as LIST_KINDS
from services.incentive.domain.notices.decision_list import DecidedBatch, decision_list
from services.incentive.domain.notices.official_list import frozen
from services.incentive.http import act_schemas as schemas
from services.incentive.http.acts import SEE_ALL
from services.incentive.http.awards import found_or_404
from services.incentive.http.context import current_actor, incentive_context, key_reused, ledger_view, settings_changed
from services.incentive.http.notices.lists import LIST_CSV, MEDIA_TYPES, list_document
from services.incentive.http.schemas import AsOfPageQuery, AwardQuery
from services.incentive.queries.awards import list_awards
from services.incentive.queries.view import LedgerView
from services.incentive.store import batches
from services.incentive.store.batches import BatchDecision, BatchRow
from services.incentive.store.frozen.official_lists import FrozenList, find_list
from services.incentive.store.rulebook import SettingsChangedError, rulebook_as_of
from shared.events.fields import Choice
from shared.postgres.sorted_rows import SortedRows
from shared.values.json_types import Json
from shared.web.keys import current_key
from shared.web.lists import ItemList, list_operation
from shared.web.problems import FieldFault, Problem, field_faults
from shared.web.query import BINARY, Blueprint, QuerySchema
from shared.web.service import current_service, write_transaction

blueprint = Blueprint("batches", __name__, description="批量办理 / batches")

BATCHES: Final = ItemList("batches", schemas.BatchPageSchema, batches.BATCH_SORTS)
BATCH_DECISIONS: Final = ItemList("batch-decisions", schemas.BatchDecisionsSchema, batches.DECISION_SORTS)

_PREVIEW: Final = schemas.BatchPreviewSchema
_OWN: Final = ("amount", "voucher_no")  # fields that each award may have by itself


class PreviewQuery(QuerySchema):
    preview = Choice(("true", "false"))


@blueprint.operation(
    "POST /v1/batches",
    schemas.BatchSchema,
    status=201,
    roles=("bureau",),
    headers=schemas.KeyHeader,
    query=PreviewQuery,
    body=schemas.BatchRequestSchema,
    conflict=schemas.RefusedBatchSchema,
    responses={"200": {"description": "preview=true", "content": {"application/json": {"schema": _PREVIEW}}}},
    operation_id="recordBatch",
)
def decide_together(header: Json, arguments: Json, given: Json) -> Json | Response:
    """Take a step with up to 10,000 awards, all or none. 409 with the awards that cannot take it, and why.

    With `preview=true` nothing is recorded, and a 200 says what would follow.
    """
    key = header.get("key")
    if arguments.get("preview") == "true":
        return jsonify(preview(key or "", given))
    if key is None:
        raise Problem(422, errors=[FieldFault("Idempotency-Key", "必须提供 / required")])
    return perform_batch(key, given)


def perform_batch(key: str, given: Json) -> Json:
    """Decide on a batch as the person who asks; return it. Problem 409, 422 or 503 if nothing was done."""
    return perform_request(_request(key, given))


def perform_request(request: BatchRequest) -> Json:
    """Record a batch; return it. Problem 409, 422 or 503 if nothing was done."""
    engine, bureau = current_service().engine, incentive_context().bureau
    try:
        return record_whole_batch(engine, write_transaction, bureau, request)
    except BatchRefusedError as error:
        raise Problem(409, str(error), further={"refused": refused_json(error.action, error.refused)}) from error
    except (InvalidActError, IdempotencyKeyReusedError, SettingsChangedError, BatchBusyError) as error:
        raise _problem(error) from error


def preview(key: str, given: Json) -> Json:
    """Preview a batch; nothing is recorded."""
    return preview_request(_request(key, given))


def preview_request(request: BatchRequest) -> Json:
    """Preview a batch; nothing is recorded. Problem 422 or 503."""
    engine = current_service().engine
    try:
        return preview_batch(engine, write_transaction, incentive_context().bureau, request)
    except (InvalidActError, SettingsChangedError, BatchBusyError) as error:
        raise _problem(error) from error


def _problem(error: Exception) -> Problem:
    if isinstance(error, InvalidActError):
        return Problem(422, errors=[FieldFault(error.field, str(error))])
    if isinstance(error, IdempotencyKeyReusedError):
        return key_reused()
    if isinstance(error, SettingsChangedError):
        return settings_changed()
    said = "这些奖补正在变动，请稍后再试 / these awards are changing; try again later"
    return Problem(503, said, headers={"Retry-After": "5"})


def _request(key: str, given: Json) -> BatchRequest:
    """The batch that is asked for: the awards listed, or those that the filters find."""
    shared = {name: value for name, value in given.items() if name not in ("awards", "filter", "action")}
    listed = given.get("awards")
    if listed is None:
        listed = [{"award_id": award_id} for award_id in _found(given["filter"])]
    awards = {
        one["award_id"]: {**shared, **{name: one[name] for name in _OWN if one.get(name) is not None}} for one in listed
    }
    return BatchRequest(current_actor(), key, given["action"], awards, given)


def _found(given: Json) -> list[str]:
    """The awards that the filters find. Problem 422 if there are none or too many."""
    texts = {name: str(value) for name, value in given.items() if value is not None}
    try:
        filters: Json = AwardQuery(exclude=("cursor", "limit", "as_of")).load(texts)
    except ValidationError as error:
        faults = [FieldFault(f"filter.{one.field}", one.message) for one in field_faults(error.messages)]
        raise Problem(422, errors=faults) from error
    with ledger_view() as (connection, view):
        return _matching(connection, view, filters)


def _matching(connection: Connection, view: LedgerView, filters: Json) -> list[str]:
    found = [row.award_id for row in list_awards(connection, view, filters, MOST_AWARDS + 1)]
    if not found:
        raise Problem(422, errors=[FieldFault("filter", "没有符合条件的奖补 / no award matches")])
    if len(found) > MOST_AWARDS:
        raise Problem(422, errors=[FieldFault("filter", f"最多 {MOST_AWARDS} 项 / at most {MOST_AWARDS}")])
    return found


@list_operation(
    blueprint,
    "GET /v1/batches",
    BATCHES,
    roles=SEE_ALL,
    query=AsOfPageQuery,
    operation_id="listBatches",
)
@contextmanager
def list_batches(arguments: Json) -> Iterator[SortedRows[BatchRow]]:
    """List batches, by default in the order in which they were recorded."""
    as_of = arguments.get("as_of")
    with ledger_view(as_of) as (connection, _):
        yield batches.find_batches(connection, as_of)


@list_operation(
    blueprint,
    "GET /v1/batches/<batch_id>",
    BATCH_DECISIONS,
    roles=SEE_ALL,
    query=AsOfPageQuery,
    operation_id="getBatch",
)
@contextmanager
def get_batch(arguments: Json, batch_id: str) -> Iterator[SortedRows[BatchDecision]]:
    """Return a batch and its decisions, by default in order of their transactions."""
    with ledger_view(arguments.get("as_of")) as (connection, view):
        batch = None if "\0" in batch_id else batches.find_batch(connection, batch_id, view.as_of)
        yield batches.find_decisions(connection, found_or_404(batch))


class BatchDocumentQuery(QuerySchema):
    format = Choice(("pdf", "xlsx", "csv"), load_default="pdf")


@blueprint.operation(
    "GET /v1/batches/<batch_id>/document",
    BINARY,
    roles=SEE_ALL,
    query=BatchDocumentQuery,
    content_type=MEDIA_TYPES["pdf"],
    further_types={MEDIA_TYPES["xlsx"]: BINARY, MEDIA_TYPES["csv"]: LIST_CSV},
    operation_id="downloadBatchDocument",
)
def get_document(arguments: Json, batch_id: str) -> Response:
    """Return the list of a batch: the public notice as it was posted, or what was approved or paid.

    It is made of what was recorded then, and never changes. Payments have the account that they went to, its number
    whole for the bureau and masked for others. 404 for a batch of another step.
    """
    return list_document(batch_document(batch_id), arguments["format"])


def batch_document(batch_id: str) -> FrozenList:
    """The list of a batch. Problem 404 if there is none."""
    with ledger_view() as (connection, view):
        batch = None if "\0" in batch_id else batches.find_batch(connection, batch_id, None)
        if batch is None:
            raise Problem(404)
        posted = batches.list_of_batch(connection, batch_id)
        found = None if posted is None else find_list(connection, posted)
        if found is not None:
            return found
        if batch.action not in LIST_KINDS:
            raise Problem(404)
        policy = rulebook_as_of(connection, batch.recorded_at, view.rulebook).policy
        decided = batches.decided_awards(connection, batch_id)
    head = DecidedBatch(batch.id, batch.action, batch.name, batch.recorded_at)
    is_whole = current_key().role == "bureau"
    return FrozenList(*frozen(decision_list(head, decided, policy, is_whole=is_whole)))
