"""HTTP routes of declared rewards: the bureau declares them one by one, and lists them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from sqlalchemy import Connection

from services.incentive.commands.declare import (
    DeclarationInput,
    DeclareResult,
    NoPolicyInForce,
    declare,
    zero_award,
)
from services.incentive.domain.facts import Declaration
from services.incentive.http import act_schemas as schemas
from services.incentive.http.awards import render_award
from services.incentive.http.context import (
    current_actor,
    current_rulebook,
    incentive_context,
    ledger_view,
    no_policy_in_force,
)
from services.incentive.http.schemas import AwardSchema
from services.incentive.http.tables.declared import declaration_input
from services.incentive.queries.awards import find_award
from services.incentive.queries.declared import DECLARED_SORTS, DeclaredRow, find_declared
from services.incentive.queries.view import LedgerView
from services.incentive.store.awards import evidence_json
from services.incentive.store.rows import SeenAward
from services.incentive.store.rulebook import rulebook_as_of
from shared.postgres.sorted_rows import SortedRows
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time
from shared.web.lists import ItemList, list_operation
from shared.web.problems import FieldFault, Problem
from shared.web.query import Blueprint
from shared.web.service import current_service, write_transaction

DECLARED_LIST: Final = ItemList("declared", schemas.DeclarationPageSchema, DECLARED_SORTS)

blueprint = Blueprint("declared", __name__, description="申报的奖补 / declared rewards")


@blueprint.operation(
    "POST /v1/declared",
    AwardSchema,
    roles=("bureau",),
    body=schemas.DeclaredSchema,
    operation_id="declareReward",
)
def declare_reward(arguments: Json) -> Json:
    """Declare a reward; the answer is the award. The same again changes nothing; another of the same item replaces it.

    422 for a declaration that earns nothing, with the field at fault. A matter that the article only records, history,
    and a correction of an earlier declaration may earn nothing.
    """
    with write_transaction() as connection:
        [result] = run_declare(connection, [declaration_input(arguments)])
        if result.declaration is None:
            raise Problem(422, errors=[FieldFault(fault.field, fault.message) for fault in result.faults])
        return render_declared(connection, view_now(connection), result.declaration)


@list_operation(
    blueprint,
    "GET /v1/declared",
    DECLARED_LIST,
    roles=("auditor", "bureau"),
    query=schemas.DeclaredQuery,
    operation_id="listDeclarations",
)
@contextmanager
def list_declared(arguments: Json) -> Iterator[SortedRows[DeclaredRow]]:
    """List declarations as they stand, by default in code point order of their keys."""
    with ledger_view() as (connection, _):
        yield find_declared(connection, arguments, lambda found: map(declaration_json, found))


def view_now(connection: Connection) -> LedgerView:
    """The ledger as it is in this transaction, for the person who asks."""
    rulebook = rulebook_as_of(connection, None, current_rulebook())
    return LedgerView(None, None, current_service().clock(), rulebook)


def run_declare(connection: Connection, inputs: list[DeclarationInput]) -> list[DeclareResult]:
    """Declare as the person who asks. Problem 503 while no policy is in force."""
    try:
        return declare(connection, inputs, incentive_context().bureau, current_actor())
    except NoPolicyInForce as error:
        raise no_policy_in_force() from error


def render_declared(connection: Connection, view: LedgerView, declaration: Declaration) -> Json:
    """Render the award of a declaration; one that earned nothing is rendered with amounts of zero."""
    row = find_award(connection, view, declaration.award_id)
    if row is None:
        award = zero_award(declaration, view.rulebook.policy)
        lists = {"flags": [], "evidence": evidence_json(award.evidence), "exchanges": list(award.exchanges)}
        columns = msgspec.structs.asdict(award) | lists
        row = SeenAward(**columns, version=0, recorded_at=declaration.declared_at, whole=True)
    return render_award(connection, view, row)


def declaration_json(one: Declaration) -> Json:
    """Render a declaration as the API shows it."""
    return {
        "award_id": one.award_id,
        "rule": one.rule,
        "subject": msgspec.to_builtins(one.party),
        "item": one.item,
        "earned_on": one.earned_on.isoformat(),
        "measure": dict(one.measure),
        "assessed": None if one.assessed_fen is None else format_yuan(one.assessed_fen),
        "documents": msgspec.to_builtins(one.documents),
        "withdrawn": one.withdrawn,
        "by": one.declared_by,
        "person": one.declared_person,
        "at": format_time(one.declared_at),
        "fact": one.ref.fact,
        "seq": one.seq,
    }
