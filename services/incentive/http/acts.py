"""HTTP routes of the bureau. Acts that differ in path, body and answer alone are one table."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, NamedTuple

from marshmallow import Schema

from services.incentive.commands.acting import (
    Acting,
    ActRequest,
    Draft,
    IdempotencyKeyReusedError,
    InvalidActError,
    NotFoundError,
    StepNotAllowedError,
)
from services.incentive.commands.acts import record_act
from services.incentive.domain.acts import ActKind
from services.incentive.domain.clawbacks import ClawbackProposal, clawback_json
from services.incentive.http import act_schemas as schemas
from services.incentive.http.awards import check_subject, find_award
from services.incentive.http.context import current_actor, incentive_context, key_reused, ledger_view, settings_changed
from services.incentive.http.schemas import AsOfPageQuery, YearQuery
from services.incentive.queries import budget, clawbacks
from services.incentive.queries.subjects.decisions import seen_decisions
from services.incentive.store import acts as recorded
from services.incentive.store.rulebook import SettingsChangedError
from shared.postgres.sorted_rows import RowsInMemory, SortedRows, Sorts, amount_field, number_field, text_field
from shared.values.json_types import Json
from shared.web.keys import EVERY_KIND
from shared.web.lists import ItemList, list_operation
from shared.web.problems import FieldFault, Problem
from shared.web.query import Blueprint
from shared.web.service import write_transaction

SEE_ALL: Final = ("auditor", "bureau", "service")

_TRANSACTION: Final = number_field("transaction")
ACT_SORTS: Final[Sorts] = {"transaction": (_TRANSACTION,), "at": (text_field("at"), _TRANSACTION)}
DECISIONS: Final = ItemList(
    "decisions",
    schemas.DecisionPageSchema,
    {**ACT_SORTS, "action": (text_field("action"), _TRANSACTION), "amount": (amount_field("amount"), _TRANSACTION)},
)
RELATED: Final = ItemList("related-parties", schemas.RelatedPartiesPageSchema, ACT_SORTS)
CLAWBACKS: Final = ItemList("clawbacks", schemas.ClawbackPageSchema, clawbacks.CLAWBACK_SORTS)

blueprint = Blueprint("bureau", __name__, description="核定、拨付与预算 / decisions, payments and budget")


class _ActRoutes(NamedTuple):
    """A path with one variable that names what the act is about: what is posted to it, and what is listed there."""

    path: str
    operation_id: str
    body: type[Schema]
    answer: type[Schema]
    says: str
    listed: type[Schema] | None = None
    list_says: str = ""
    list_id: str = ""


ROUTES: Final[Mapping[ActKind, _ActRoutes]] = {
    "hold": _ActRoutes(
        "/v1/awards/<path:award_id>/holds",
        "placeHold",
        schemas.HoldRequestSchema,
        schemas.HoldSchema,
        "Place a hold on an award: it blocks approval and payment until it is released.",
        schemas.HoldPageSchema,
        "List the holds that persons placed on an award, including released ones.",
        "listHolds",
    ),
    "release": _ActRoutes(
        "/v1/holds/<id>/release",
        "releaseHold",
        schemas.ReleaseRequestSchema,
        schemas.ReleaseSchema,
        "Release a hold, or lift the suspension with that id. 409 if that was done before.",
    ),
    "eligibility": _ActRoutes(
        "/v1/subjects/<subject>/eligibility",
        "recordEligibility",
        schemas.EligibilityRequestSchema,
        schemas.EligibilitySchema,
        "Record whether a subject is eligible, by the five conditions. On each day the last record valid then counts.",
        schemas.EligibilityPageSchema,
        "List what was recorded of a subject's eligibility.",
        "listEligibility",
    ),
    "suspension": _ActRoutes(
        "/v1/rules/<rule>/suspensions",
        "suspendRule",
        schemas.SuspensionRequestSchema,
        schemas.SuspensionSchema,
        "Suspend a rule: awards earned within the period are held. An annual total is earned over its year.",
        schemas.SuspensionPageSchema,
        "List the suspensions of a rule, including lifted ones.",
        "listSuspensions",
    ),
    "other_grant": _ActRoutes(
        "/v1/subjects/<subject>/other-grants",
        "recordOtherGrant",
        schemas.OtherGrantRequestSchema,
        schemas.OtherGrantSchema,
        "Record a grant under another municipal policy: it is deducted at once from what it names.",
        schemas.OtherGrantPageSchema,
        "List grants under other policies that were recorded for a subject, including withdrawn ones.",
        "listOtherGrants",
    ),
    "account": _ActRoutes(
        "/v1/subjects/<subject>/accounts",
        "recordAccount",
        schemas.AccountRequestSchema,
        schemas.AccountSchema,
        "Record a bank account of a subject, which counts once another person confirms it. Its number is shown masked.",
        schemas.AccountPageSchema,
        "List the bank accounts of a subject; `in_use` is the one confirmed last.",
        "listAccounts",
    ),
    "account_confirmation": _ActRoutes(
        "/v1/accounts/<id>/confirm",
        "confirmAccount",
        schemas.AccountConfirmationRequestSchema,
        schemas.AccountConfirmationSchema,
        "Confirm a bank account that another person recorded; payments go there. 409 if it is confirmed.",
    ),
    "grant_withdrawal": _ActRoutes(
        "/v1/other-grants/<id>/withdraw",
        "withdrawOtherGrant",
        schemas.GrantWithdrawalRequestSchema,
        schemas.GrantWithdrawalSchema,
        "Withdraw the record of another grant, which then counts no more. 409 if it is not in force.",
    ),
    "access_link_revocation": _ActRoutes(
        "/v1/access-links/<id>/revoke",
        "revokeAccessLink",
        schemas.AccessLinkRevocationRequestSchema,
        schemas.AccessLinkRevocationSchema,
        "Revoke a one-time link, used or not; the session that it began ends. 409 if it is revoked.",
    ),
}


def _add_act(kind: ActKind, routes: _ActRoutes) -> None:
    def view(header: Json, given: Json, **path: str) -> Json:
        return perform(header, _about(path)[1], given, kind)

    view.__doc__ = routes.says
    blueprint.operation(
        f"POST {routes.path}",
        routes.answer,
        status=201,
        roles=("bureau",),
        headers=schemas.KeyHeader,
        body=routes.body,
        body_required=kind not in ("release", "account_confirmation"),
        endpoint=f"record_{kind}",
        operation_id=routes.operation_id,
    )(view)


def _add_list(kind: ActKind, routes: _ActRoutes, listed: type[Schema]) -> None:
    @contextmanager
    def open_acts(arguments: Json, **path: str) -> Iterator[SortedRows[Json]]:
        about = _about(path)
        with ledger_view(arguments.get("as_of")) as (connection, ledger):
            yield RowsInMemory(recorded.list_acts(connection, kind, about, ledger.as_of), dict)

    open_acts.__doc__ = routes.list_says
    list_operation(
        blueprint,
        f"GET {routes.path}",
        ItemList(kind, listed, ACT_SORTS),
        roles=SEE_ALL,
        query=AsOfPageQuery,
        endpoint=f"list_{kind}",
        operation_id=routes.list_id,
    )(open_acts)


for _kind, _routes in ROUTES.items():
    _add_act(_kind, _routes)
    if _routes.listed is not None:
        _add_list(_kind, _routes, _routes.listed)


def _about(path: Mapping[str, str]) -> tuple[str, str]:
    """Return the one variable of a path and what it names. Problem 404 if there can be no such thing."""
    [(name, about)] = path.items()
    if "\0" in about:
        raise Problem(404)
    return name, check_subject(about) if name == "subject" else about


@blueprint.operation(
    "POST /v1/awards/<path:award_id>/decisions",
    schemas.DecisionSchema,
    status=201,
    roles=("bureau",),
    headers=schemas.RequiredKeyHeader,
    body=schemas.DecisionRequestSchema,
    conflict=schemas.WrongStepSchema,
    operation_id="recordDecision",
)
def decide(header: Json, given: Json, award_id: str) -> Json:
    """Take a step with an award. 409 if it is not possible now, with the steps that are, and why others are not."""
    return perform(header, award_id, given, "decision")


@list_operation(
    blueprint,
    "GET /v1/awards/<path:award_id>/decisions",
    DECISIONS,
    roles=EVERY_KIND,
    query=AsOfPageQuery,
    operation_id="listDecisions",
)
@contextmanager
def list_decisions(arguments: Json, award_id: str) -> Iterator[SortedRows[Json]]:
    """List the steps taken with an award, by default in order; none if the award is only partly visible."""
    with ledger_view(arguments.get("as_of")) as (connection, view):
        yield RowsInMemory(list(seen_decisions(connection, view, find_award(connection, view, award_id))), dict)


@blueprint.operation(
    "POST /v1/related-parties",
    schemas.RelatedPartiesSchema,
    status=201,
    roles=("bureau",),
    headers=schemas.KeyHeader,
    body=schemas.RelatedPartiesRequestSchema,
    operation_id="recordRelatedParties",
)
def relate_parties(header: Json, given: Json) -> Json:
    """Add two subjects to the list of related parties or remove them; that flags awards and denies none (G10)."""
    return perform(header, " ".join(sorted(given["subjects"])), given, "related_party")


@list_operation(
    blueprint,
    "GET /v1/related-parties",
    RELATED,
    roles=SEE_ALL,
    query=schemas.RelatedPartiesQuery,
    operation_id="listRelatedParties",
)
@contextmanager
def list_related_parties(arguments: Json) -> Iterator[SortedRows[Json]]:
    """List the pairs of related parties, by default in order of their records."""
    with ledger_view(arguments.get("as_of")) as (connection, view):
        yield RowsInMemory(recorded.related_parties(connection, arguments.get("subject"), view.as_of), dict)


def perform(
    header: Json, about: str, given: Json, kind: ActKind, draft_act: Callable[[Acting], Draft] | None = None
) -> Json:
    """Perform an act as the person who asks, in a transaction of its own; return what was recorded.

    `header` is what KeyHeader has read; `draft_act` drafts an act that needs more than its request. Problem 404, 409 or
    503 if nothing was done.
    """
    if "\0" in about:
        raise Problem(404)
    request = ActRequest(current_actor(), header.get("key"), kind, about, given)
    with act_problems(), write_transaction() as connection:
        return record_act(connection, incentive_context().bureau, request, draft_act)


@contextmanager
def act_problems() -> Iterator[None]:
    """Turn the errors of an act into problems: 404, 409, 422 or 503."""
    try:
        yield
    except NotFoundError as error:
        raise Problem(404) from error
    except IdempotencyKeyReusedError as error:
        raise key_reused() from error
    except InvalidActError as error:
        raise Problem(422, errors=[FieldFault(error.field, str(error))]) from error
    except StepNotAllowedError as error:
        raise Problem(409, str(error), further=None if error.allowed is None else _steps_json(error)) from error
    except SettingsChangedError as error:
        raise settings_changed() from error


def _steps_json(error: StepNotAllowedError) -> Json:
    """The steps that are possible, and why each other one is not."""
    why = [said.as_json(action) for action, said in error.why.items()]
    return {"allowed": list(error.allowed or ()), "why": why}


@list_operation(
    blueprint,
    "GET /v1/clawbacks",
    CLAWBACKS,
    roles=SEE_ALL,
    query=schemas.ClawbackQuery,
    operation_id="listClawbacks",
)
@contextmanager
def list_clawbacks(arguments: Json) -> Iterator[SortedRows[ClawbackProposal]]:
    """List clawback proposals in code point order of awards; open while something is to be revoked or returned."""
    with ledger_view(arguments.get("as_of")) as (connection, view):
        yield RowsInMemory(clawbacks.list_clawbacks(connection, view, arguments.get("state")), clawback_json)


@blueprint.operation(
    "GET /v1/budget",
    schemas.BudgetSchema,
    roles=SEE_ALL,
    query=YearQuery,
    operation_id="getBudget",
)
def get_budget(arguments: Json) -> Json:
    """Return a year's budget, and what is payable, approved, paid and returned of its rewards."""
    with ledger_view(arguments.get("as_of")) as (connection, view):
        return budget.load_budget(connection, view, arguments["year"])
