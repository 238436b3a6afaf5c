"""HTTP routes of the bureau: what it decides, and how budget and clawbacks stand."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import current_app

from services.incentive.commands.bureau import (
    BureauContext,
    IdempotencyKeyReusedError,
    NotFoundError,
    Request,
    Session,
    StepNotAllowedError,
)
from services.incentive.domain.acts import Json, decision_json
from services.incentive.domain.clawbacks import clawback_json
from services.incentive.http.awards import asked
from services.incentive.http.bureau_schemas import (
    ActsQuery,
    BudgetQuery,
    BudgetSchema,
    ClawbackPageSchema,
    ClawbackQuery,
    DecisionPageSchema,
    DecisionRequestSchema,
    DecisionSchema,
    EligibilityPageSchema,
    EligibilityRequestSchema,
    EligibilitySchema,
    HoldPageSchema,
    HoldRequestSchema,
    HoldSchema,
    KeyHeader,
    NeededKeyHeader,
    OtherGrantPageSchema,
    OtherGrantRequestSchema,
    OtherGrantSchema,
    RelatedPartiesPageSchema,
    RelatedPartiesQuery,
    RelatedPartiesRequestSchema,
    RelatedPartiesSchema,
    ReleaseRequestSchema,
    ReleaseSchema,
    SuspensionPageSchema,
    SuspensionRequestSchema,
    SuspensionSchema,
    WrongStepSchema,
)
from services.incentive.queries import clawbacks
from services.incentive.queries.awards import find_award
from services.incentive.queries.budget import load_budget
from services.incentive.store import acts as recorded
from services.incentive.store.rulebook import SettingsChangedError
from shared.values.parties import parse_subject
from shared.values.times import shanghai_date
from shared.web.keys import current_key, require
from shared.web.pagination import decode_cursor, encode_cursor, page
from shared.web.problems import PROBLEM_TYPE, FieldFault, Problem
from shared.web.query import Blueprint
from shared.web.service import current_service

OFFICE: Final = "jiangbu.office"
_SEE_ALL: Final = ("auditor", "bureau", "service")

blueprint = Blueprint("bureau", __name__, description="核定、拨付与预算 / decisions, payments and budget")


@blueprint.route("/v1/awards/<path:award_id>/decisions", methods=["POST"])
@require("bureau")
@blueprint.arguments(NeededKeyHeader, location="headers")
@blueprint.arguments(DecisionRequestSchema)
@blueprint.response(201, DecisionSchema)
@blueprint.alt_response(409, schema=WrongStepSchema, content_type=PROBLEM_TYPE)
def decide(header: dict[str, Any], given: dict[str, Any], award_id: str) -> Json:
    """Take a step with an award. 409 where it cannot be taken, with the steps that this person can take now."""
    return take_step(header.get("key"), given, award_id)


def take_step(key: str | None, given: Mapping[str, Any], award_id: str) -> Json:
    """Take a step of what a DecisionRequestSchema has read. Problem 404, 409 (with `allowed`), 422 or 503."""
    paid_on = given.get("paid_on")
    if paid_on is not None and paid_on > shanghai_date(current_service().clock()):
        raise Problem(422, errors=[FieldFault("paid_on", "不得晚于今天 / may not be in the future")])
    return act(key, award_id, given, Session.decide)


@blueprint.route("/v1/awards/<path:award_id>/decisions")
@blueprint.arguments(ActsQuery, location="query")
@blueprint.response(200, DecisionPageSchema)
def list_decisions(arguments: dict[str, Any], award_id: str) -> dict[str, Any]:
    """The steps that were taken with an award, in order; none of an award that is not wholly visible."""
    after = decode_cursor(arguments.get("cursor"), int)
    limit = arguments["limit"]
    with asked(arguments.get("as_of")) as (connection, view):
        row = None if "\0" in award_id else find_award(connection, view, award_id)
        if row is None:
            raise Problem(404)
        steps = recorded.decisions_of(connection, [award_id], view.as_of).get(award_id, []) if row.whole else []
    left = [step for step in steps if after is None or step.transaction > after[0]]
    return page(left[: limit + 1], limit, lambda step: encode_cursor(step.transaction), decision_json)


@blueprint.route("/v1/awards/<path:award_id>/holds", methods=["POST"])
@require("bureau")
@blueprint.arguments(KeyHeader, location="headers")
@blueprint.arguments(HoldRequestSchema)
@blueprint.response(201, HoldSchema)
def place_hold(header: dict[str, Any], given: dict[str, Any], award_id: str) -> Json:
    """Put a hold on an award: it blocks approval and payment until it is released."""
    return act(header.get("key"), award_id, given, Session.place_hold)


@blueprint.route("/v1/awards/<path:award_id>/holds")
@require(*_SEE_ALL)
@blueprint.arguments(ActsQuery, location="query")
@blueprint.response(200, HoldPageSchema)
def list_holds(arguments: dict[str, Any], award_id: str) -> Json:
    """The holds that persons put on an award, released ones too."""
    return _list_acts(arguments, "hold", ("award_id", award_id))


@blueprint.route("/v1/holds/<id>/release", methods=["POST"])
@require("bureau")
@blueprint.arguments(KeyHeader, location="headers")
@blueprint.arguments(ReleaseRequestSchema, required=False)
@blueprint.response(201, ReleaseSchema)
def release_hold(header: dict[str, Any], given: dict[str, Any], id: str) -> Json:  # noqa: A002 - the contract's name
    """Let go of a hold, or lift the suspension of that id. 409 where that was done before."""
    return act(header.get("key"), id, given, Session.release)


@blueprint.route("/v1/subjects/<subject>/eligibility", methods=["POST"])
@require("bureau")
@blueprint.arguments(KeyHeader, location="headers")
@blueprint.arguments(EligibilityRequestSchema)
@blueprint.response(201, EligibilitySchema)
def verify_eligibility(header: dict[str, Any], given: dict[str, Any], subject: str) -> Json:
    """Record whether a subject is eligible. At each instant the last record that is valid then counts."""
    return act(header.get("key"), _subject(subject), given, Session.verify)


@blueprint.route("/v1/subjects/<subject>/eligibility")
@require(*_SEE_ALL)
@blueprint.arguments(ActsQuery, location="query")
@blueprint.response(200, EligibilityPageSchema)
def list_eligibility(arguments: dict[str, Any], subject: str) -> Json:
    """What was recorded of a subject's eligibility."""
    return _list_acts(arguments, "eligibility", ("subject", _subject(subject)))


@blueprint.route("/v1/rules/<rule>/suspensions", methods=["POST"])
@require("bureau")
@blueprint.arguments(KeyHeader, location="headers")
@blueprint.arguments(SuspensionRequestSchema)
@blueprint.response(201, SuspensionSchema)
def suspend_rule(header: dict[str, Any], given: dict[str, Any], rule: str) -> Json:
    """Suspend a rule: awards that are earned within the period are held; a total is earned over its year."""
    return act(header.get("key"), rule, given, Session.suspend)


@blueprint.route("/v1/rules/<rule>/suspensions")
@require(*_SEE_ALL)
@blueprint.arguments(ActsQuery, location="query")
@blueprint.response(200, SuspensionPageSchema)
def list_suspensions(arguments: dict[str, Any], rule: str) -> Json:
    """The suspensions of a rule, lifted ones too."""
    return _list_acts(arguments, "suspension", ("rule", rule))


@blueprint.route("/v1/subjects/<subject>/other-grants", methods=["POST"])
@require("bureau")
@blueprint.arguments(KeyHeader, location="headers")
@blueprint.arguments(OtherGrantRequestSchema)
@blueprint.response(201, OtherGrantSchema)
def note_grant(header: dict[str, Any], given: dict[str, Any], subject: str) -> Json:
    """Record what another municipal policy granted a subject; what is payable of its awards follows at once."""
    return act(header.get("key"), _subject(subject), given, Session.note_grant)


@blueprint.route("/v1/subjects/<subject>/other-grants")
@require(*_SEE_ALL)
@blueprint.arguments(ActsQuery, location="query")
@blueprint.response(200, OtherGrantPageSchema)
def list_grants(arguments: dict[str, Any], subject: str) -> Json:
    """What was recorded of grants under other policies; of one name and year the last counts."""
    return _list_acts(arguments, "other_grant", ("subject", _subject(subject)))


@blueprint.route("/v1/related-parties", methods=["POST"])
@require("bureau")
@blueprint.arguments(KeyHeader, location="headers")
@blueprint.arguments(RelatedPartiesRequestSchema)
@blueprint.response(201, RelatedPartiesSchema)
def relate_parties(header: dict[str, Any], given: dict[str, Any]) -> Json:
    """Enter two subjects into the list of related parties, or take them out; it flags awards and denies none (G10)."""
    return keep_related(header.get("key"), given)


def keep_related(key: str | None, given: Mapping[str, Any]) -> Json:
    """Enter or take out what a RelatedPartiesRequestSchema has read. Problem 409 or 503."""
    return act(key, " ".join(sorted(given["subjects"])), given, Session.relate)


@blueprint.route("/v1/related-parties")
@require(*_SEE_ALL)
@blueprint.arguments(RelatedPartiesQuery, location="query")
@blueprint.response(200, RelatedPartiesPageSchema)
def list_related_parties(arguments: dict[str, Any]) -> dict[str, Any]:
    """Who is on the list of related parties."""
    after = decode_cursor(arguments.get("cursor"), int)
    limit = arguments["limit"]
    with asked(arguments.get("as_of")) as (connection, view):
        found = recorded.related_parties(connection, arguments.get("subject"), view.as_of)
    left = [one for one in found if after is None or one["transaction"] > after[0]]
    return page(left[: limit + 1], limit, lambda one: encode_cursor(one["transaction"]), lambda one: one)


@blueprint.route("/v1/clawbacks")
@require(*_SEE_ALL)
@blueprint.arguments(ClawbackQuery, location="query")
@blueprint.response(200, ClawbackPageSchema)
def list_clawbacks(arguments: dict[str, Any]) -> dict[str, Any]:
    """Clawback proposals, in code point order of awards; open as long as more is approved than payable."""
    after = decode_cursor(arguments.get("cursor"), str, int)
    limit, state = arguments["limit"], arguments.get("state")
    with asked(arguments.get("as_of")) as (connection, view):
        found = clawbacks.list_clawbacks(connection, view, state, after, limit + 1)
    return page(found, limit, lambda one: encode_cursor(one.award_id, one.number), clawback_json)


@blueprint.route("/v1/budget")
@require(*_SEE_ALL)
@blueprint.arguments(BudgetQuery, location="query")
@blueprint.response(200, BudgetSchema)
def get_budget(arguments: dict[str, Any]) -> Json:
    """A year's budget: what is payable of its rewards, and what was approved, paid and returned."""
    year = arguments["year"]
    with asked(arguments.get("as_of")) as (connection, view):
        return load_budget(connection, view, year)


def current_office() -> BureauContext:
    """By what the bureau decides, and what signs the log, in the application that answers."""
    office: BureauContext = current_app.extensions[OFFICE]
    return office


def _list_acts(arguments: Mapping[str, Any], kind: str, whose: tuple[str, str]) -> Json:
    """A page of them; none of what there is not."""
    after = decode_cursor(arguments.get("cursor"), int)
    limit = arguments["limit"]
    if "\0" in whose[1]:
        raise Problem(404)
    with asked(arguments.get("as_of")) as (connection, view):
        found = recorded.list_acts(connection, kind, whose, view.as_of, None if after is None else after[0], limit + 1)
    return page(found, limit, lambda one: encode_cursor(one["transaction"]), dict)


def _subject(subject: str) -> str:
    try:
        parse_subject(subject)
    except ValueError as error:
        raise Problem(404) from error
    return subject


def act(key: str | None, of: str, given: Mapping[str, Any], do: Callable[[Session], Json]) -> Json:
    """Do it for whoever asks, in a transaction of its own, and say what was recorded.

    `key` is the Idempotency-Key. Problem 404, 409 or 503 where it was not done.
    """
    if "\0" in of:
        raise Problem(404)
    request = Request(current_key().name, key, of, given)
    try:
        with current_service().engine.begin() as connection:
            return do(Session(connection, current_office(), request))
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
