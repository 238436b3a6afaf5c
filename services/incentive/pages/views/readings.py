"""Pages of the readings of the policy: what the alternative of each would change, and the awards that it would."""

from typing import Final

from flask.typing import ResponseReturnValue

from services.incentive.http.context import ledger_view
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.lists import part_of
from services.incentive.queries.readings import price_list
from services.incentive.store.readings import CHANGED_SORTS, ChangedAward, changed_awards
from shared.postgres.sorted_rows import RowsInMemory
from shared.values.json_types import Json
from shared.values.money import format_yuan, parse_yuan
from shared.web.keys import require
from shared.web.problems import Problem

_PAGE_SIZE: Final = 50


@blueprint.get("/readings")
@require("bureau", "auditor")
def readings() -> ResponseReturnValue:
    """Show all readings of the policy in force, and by year what each alternative would change."""
    with ledger_view() as (connection, view):
        found = [_with_changes(one) for one in price_list(connection, view.rulebook.policy)]
    as_of = next((one["as_of"] for one in found if one["as_of"]), None)
    return show("views/readings", readings=found, as_of_ledger=as_of, policy=view.rulebook.policy)


@blueprint.get("/readings/<path:reading_id>")
@require("bureau", "auditor")
def reading(reading_id: str) -> ResponseReturnValue:
    """Show a reading and the awards that its alternative would change. Problem 404 if there is no such reading."""
    with ledger_view() as (connection, view):
        policy = view.rulebook.policy
        found = next((one for one in price_list(connection, policy) if one["id"] == reading_id), None)
        if found is None:
            raise Problem(404)
        rows = (
            changed_awards(connection, reading_id)
            if found["as_of"]
            else RowsInMemory[ChangedAward]([], ChangedAward._asdict)
        )
        listed = part_of(rows, CHANGED_SORTS, "pages.reading", {"reading_id": reading_id}, _PAGE_SIZE)
    return show(
        "views/reading",
        reading=_with_changes(found),
        changed=listed.items,
        paging=listed.paging,
        path=next((one.path for one in policy.readings if one.id == reading_id), None),
        policy=policy,
    )


def _with_changes(found: Json) -> Json:
    """Add the change of each year to a reading."""
    years = [
        {**one, "change": format_yuan(parse_yuan(one["payable_after"]) - parse_yuan(one["payable_before"]))}
        for one in found["years"]
    ]
    return {**found, "years": years}
