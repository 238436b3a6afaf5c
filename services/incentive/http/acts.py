"""HTTP routes of the bureau's acts. Acts that differ in path, body and answer alone are one table."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from marshmallow import Schema

from services.incentive.commands.acts import (
    ActRequest,
    IdempotencyKeyReusedError,
    NotFoundError,
    StepNotAllowedError,
    record_act,
)
from services.incentive.domain.acts import ActKind, decision_json
from services.incentive.http import act_schemas as schemas
from services.incentive.http.awards import check_subject, find_award
from services.incentive.http.context import incentive_context, ledger_view
from services.incentive.http.schemas import AsOfPageQuery
from services.incentive.store import acts as recorded
from services.incentive.store.rulebook import SettingsChangedError
from shared.values.json_types import Json
from shared.values.times import shanghai_date
from shared.web.keys import current_key, require
from shared.web.pagination import decode_key, encode_cursor, page
from shared.web.problems import PROBLEM_TYPE, FieldFault, Problem
from shared.web.query import Blueprint
from shared.web.service import current_service

SEE_ALL: Final = ("auditor", "bureau", "service")

blueprint = Blueprint("bureau", __name__, description="核定、拨付与预算 / decisions, payments and budget")


class _ActRoutes(NamedTuple):
    """A path with one variable that names what the act is about: what is posted to it, and what is listed there."""

    path: str
    body: type[Schema]
    answer: type[Schema]
    says: str
    listed: type[Schema] | None = None
    list_says: str = ""


_ROUTES: Final[Mapping[ActKind, _ActRoutes]] = {
    "hold": _ActRoutes(
        "/v1/awards/<path:award_id>/holds",
        schemas.HoldRequestSchema,
        schemas.HoldSchema,
        "Place a hold on an award: it blocks approval and payment until it is released.",
        schemas.HoldPageSchema,
        "List the holds that persons placed on an award, including released ones.",
    ),
    "release": _ActRoutes(
        "/v1/holds/<id>/release",
        schemas.ReleaseRequestSchema,
        schemas.ReleaseSchema,
        "Release a hold, or lift the suspension with that id. 409 if that was done before.",
    ),
    "eligibility": _ActRoutes(
        "/v1/subjects/<subject>/eligibility",
        schemas.EligibilityRequestSchema,
        schemas.EligibilitySchema,
        "Record whether a subject is eligible. At each instant the last record that is valid then counts.",
        schemas.EligibilityPageSchema,
        "List what was recorded of a subject's eligibility.",
    ),
    "suspension": _ActRoutes(
        "/v1/rules/<rule>/suspensions",
        schemas.SuspensionRequestSchema,
        schemas.SuspensionSchema,
        "Suspend a rule: awards earned within the period are held. An annual total is earned over its year.",
        schemas.SuspensionPageSchema,
        "List the suspensions of a rule, including lifted ones.",
    ),
    "other_grant": _ActRoutes(
        "/v1/subjects/<subject>/other-grants",
        schemas.OtherGrantRequestSchema,
        schemas.OtherGrantSchema,
        "Record a grant under another municipal policy; what is payable of the subject's awards follows at once.",
        schemas.OtherGrantPageSchema,
        "List grants under other policies that were recorded for a subject; the last of one name and year counts.",
    ),
}


def _add_act(kind: ActKind, routes: _ActRoutes) -> None:
    def view(header: Json, given: Json, **path: str) -> Json:
        return perform(header.get("key"), _about(path)[1], given, kind)

    view.__doc__ = routes.says
    view = blueprint.response(201, routes.answer)(view)
    view = blueprint.arguments(routes.body, required=kind != "release")(view)
    view = blueprint.arguments(schemas.KeyHeader, location="headers")(view)
    blueprint.route(routes.path, methods=["POST"], endpoint=f"record_{kind}")(require("bureau")(view))


def _add_list(kind: ActKind, routes: _ActRoutes) -> None:
    def view(arguments: Json, **path: str) -> Json:
        after, limit = decode_key(arguments.get("cursor"), int), arguments["limit"]
        about = _about(path)
        with ledger_view(arguments.get("as_of")) as (connection, ledger):
            found = recorded.list_acts(connection, kind, about, ledger.as_of, after, limit + 1)
        return page(found, limit, lambda one: encode_cursor(one["transaction"]), dict)

    view.__doc__ = routes.list_says
    view = blueprint.response(200, routes.listed)(view)
    view = blueprint.arguments(AsOfPageQuery, location="query")(view)
    blueprint.route(routes.path, endpoint=f"list_{kind}")(require(*SEE_ALL)(view))


for _kind, _routes in _ROUTES.items():
    _add_act(_kind, _routes)
    if _routes.listed is not None:
        _add_list(_kind, _routes)


def _about(path: Mapping[str, str]) -> tuple[str, str]:
    """Return the one variable of a path and what it names. Problem 404 if there can be no such thing."""
    [(name, about)] = path.items()
    if "\0" in about:
        raise Problem(404)
    return name, check_subject(about) if name == "subject" else about


@blueprint.route("/v1/awards/<path:award_id>/decisions", methods=["POST"])
@require("bureau")
@blueprint.arguments(schemas.RequiredKeyHeader, location="headers")
@blueprint.arguments(schemas.DecisionRequestSchema)
@blueprint.response(201, schemas.DecisionSchema)
@blueprint.alt_response(409, schema=schemas.WrongStepSchema, content_type=PROBLEM_TYPE)
def decide(header: Json, given: Json, award_id: str) -> Json:
    """Take a step with an award. 409 if it is not possible now, with the steps that this person can take."""
    return take_step(header.get("key"), given, award_id)


def take_step(key: str | None, given: Mapping[str, Any], award_id: str) -> Json:
    """Take the step that a DecisionRequestSchema has read. Problem 404, 409 (with `allowed`), 422 or 503."""
    paid_on = given.get("paid_on")
    if paid_on is not None and paid_on > shanghai_date(current_service().clock()):
        raise Problem(422, errors=[FieldFault("paid_on", "不得晚于今天 / must not be in the future")])
    return perform(key, award_id, given, "decision")


@blueprint.route("/v1/awards/<path:award_id>/decisions")
@blueprint.arguments(AsOfPageQuery, location="query")
@blueprint.response(200, schemas.DecisionPageSchema)
def list_decisions(arguments: Json, award_id: str) -> Json:
    """List the steps taken with an award, in order; none if the award is only partly visible."""
    after, limit = decode_key(arguments.get("cursor"), int), arguments["limit"]
    with ledger_view(arguments.get("as_of")) as (connection, view):
        row = find_award(connection, view, award_id)
        steps = recorded.decisions_of(connection, [award_id], view.as_of).get(award_id, []) if row.whole else []
    rest = [step for step in steps if after is None or step.transaction > after]
    return page(rest[: limit + 1], limit, lambda step: encode_cursor(step.transaction), decision_json)


@blueprint.route("/v1/related-parties", methods=["POST"])
@require("bureau")
@blueprint.arguments(schemas.KeyHeader, location="headers")
@blueprint.arguments(schemas.RelatedPartiesRequestSchema)
@blueprint.response(201, schemas.RelatedPartiesSchema)
def relate_parties(header: Json, given: Json) -> Json:
    """Add two subjects to the list of related parties or remove them; that flags awards and denies none (G10)."""
    return record_related_parties(header.get("key"), given)


def record_related_parties(key: str | None, given: Mapping[str, Any]) -> Json:
    """Record what a RelatedPartiesRequestSchema has read. Problem 409 or 503."""
    return perform(key, " ".join(sorted(given["subjects"])), given, "related_party")


@blueprint.route("/v1/related-parties")
@require(*SEE_ALL)
@blueprint.arguments(schemas.RelatedPartiesQuery, location="query")
@blueprint.response(200, schemas.RelatedPartiesPageSchema)
def list_related_parties(arguments: Json) -> Json:
    """List the pairs of related parties."""
    after, limit = decode_key(arguments.get("cursor"), int), arguments["limit"]
    with ledger_view(arguments.get("as_of")) as (connection, view):
        pairs = recorded.related_parties(connection, arguments.get("subject"), view.as_of)
    rest = [pair for pair in pairs if after is None or pair["transaction"] > after]
    return page(rest[: limit + 1], limit, lambda pair: encode_cursor(pair["transaction"]), dict)


def perform(key: str | None, about: str, given: Mapping[str, Any], kind: ActKind) -> Json:
    """Perform an act as the person who asks, in a transaction of its own; return what was recorded.

    `key` is the Idempotency-Key. Problem 404, 409 or 503 if nothing was done.
    """
    if "\0" in about:
        raise Problem(404)
    request = ActRequest(current_key().name, key, kind, about, given)
    try:
        with current_service().engine.begin() as connection:
            return record_act(connection, incentive_context().bureau, request)
    except NotFoundError as error:
        raise Problem(404) from error
    except IdempotencyKeyReusedError as error:
        said = "此 Idempotency-Key 已用于其他请求 / this Idempotency-Key was used for another request"
        raise Problem(409, said) from error
    except StepNotAllowedError as error:
        raise Problem(409, str(error), further=None if error.allowed is None else {"allowed": error.allowed}) from error
    except SettingsChangedError as error:
        said = "台账正以另一政策或名单计算 / the ledger is computed by another policy or whitelist"
        raise Problem(503, said, headers={"Retry-After": "5"}) from error
