"""Page of acts: who did what, when, by person and day."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import Final

from flask import url_for
from flask.typing import ResponseReturnValue

from services.incentive.http.act_list import ActQuery, act_filters, list_acts
from services.incentive.http.context import ledger_view
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.form_body import load
from services.incentive.pages.lists import PageList
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
    asked = PageList(list_acts, "pages.acts", _FIELDS, {"limit": _PAGE_SIZE, "order": "desc"})
    file = asked.file()
    if file is not None:
        return file
    listed = asked.shown()
    filters, _ = load(ActQuery(), dict(listed.given))
    days, awards = ([], set()) if listed.faults else _found(filters, listed.items)
    return show(
        "views/act_list",
        422 if listed.faults else 200,
        listed=listed,
        days=[(one, _address(one)) for one in days],
        groups=[(day, list(acts)) for day, acts in groupby(listed.items, key=lambda one: one["at"][:10])],
        awards=awards,
        kinds=KINDS,
    )


def _found(filters: Json, acts: Sequence[Json]) -> tuple[list[PersonDay], set[str]]:
    """Load the last days, and which of the acts' awards there are."""
    named = [one["award_id"] for one in acts if one["award_id"] is not None]
    with ledger_view() as (connection, _):
        days = acts_by_person_and_day(connection, act_filters(filters), _DAYS_MOST)
        return days, set(which_awards(connection, named))


def _address(one: PersonDay) -> str:
    """Return the address of the acts of a person on a day."""
    query: Json = {"by": one.person, "from": one.day, "until": one.day + timedelta(days=1)}
    return url_for("pages.acts", **query)
