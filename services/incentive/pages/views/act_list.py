"""Page of acts: who did what, when, by person and day."""

from datetime import timedelta
from itertools import groupby
from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from services.incentive.http.act_list import ActQuery, act_filters, list_acts
from services.incentive.http.context import ledger_view
from services.incentive.pages.blueprint import blueprint, paging_links, show
from services.incentive.pages.form_body import load
from services.incentive.queries.acts import KINDS, PersonDay, acts_by_person_and_day
from services.incentive.queries.award_sums import which_awards
from shared.values.json_types import Json
from shared.web.keys import require

_PAGE_SIZE: Final = "50"
_DAYS_MOST: Final = 30
_FIELDS: Final = ("by", "kind", "from", "until")


@blueprint.get("/acts", endpoint="acts")
@require("bureau", "auditor")
def show_acts() -> ResponseReturnValue:
    """Show acts with the newest first, and how many each person did on the last days."""
    given = {name: text for name in _FIELDS if (text := request.args.get(name, "").strip())}
    cursor = {"cursor": request.args["cursor"]} if request.args.get("cursor") else {}
    query, faults = load(ActQuery(), {**given, **cursor, "limit": _PAGE_SIZE, "order": "desc", "count": "true"})
    nothing: Json = {"items": [], "next_cursor": None, "count": 0}
    found, days, awards = (nothing, [], set()) if faults else _found(query)
    return show(
        "views/act_list",
        422 if faults else 200,
        days=[(one, _address(one)) for one in days],
        groups=[(day, list(acts)) for day, acts in groupby(found["items"], key=lambda one: one["at"][:10])],
        awards=awards,
        count=found["count"],
        paging=paging_links(found["next_cursor"], "pages.acts", given),
        given=given,
        faults=faults,
        kinds=KINDS,
    )


def _found(query: Json) -> tuple[Json, list[PersonDay], set[str]]:
    """Load a page of acts, the last days, and which of the acts' awards there are."""
    found = list_acts(query)
    named = [one["award_id"] for one in found["items"] if one["award_id"] is not None]
    with ledger_view() as (connection, _):
        days = acts_by_person_and_day(connection, act_filters(query), _DAYS_MOST)
        return found, days, set(which_awards(connection, named))


def _address(one: PersonDay) -> str:
    """Return the address of the acts of a person on a day."""
    query: Json = {"by": one.person, "from": one.day, "until": one.day + timedelta(days=1)}
    return url_for("pages.acts", **query)
