"""The list of awards, with filters."""

from typing import Any, Final

from flask import request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from services.incentive.http.awards import award_renderer
from services.incentive.http.context import ledger_view
from services.incentive.http.schemas import FLAGS, AwardQuery
from services.incentive.pages.as_of_param import told_as_of
from services.incentive.pages.blueprint import blueprint, show, years
from services.incentive.pages.language import say_half
from services.incentive.queries.awards import list_awards
from services.incentive.queries.serializers import FLAGS_FOR_ALL
from shared.web.pagination import decode_cursor, encode_cursor, page
from shared.web.problems import field_faults

_FILTERS: Final = ("subject", "exchange", "rule", "year", "state", "flag")
_A_PAGE: Final = 25


@blueprint.get("/awards")
def awards() -> ResponseReturnValue:
    """Awards that the reader sees, in the order of the API's list."""
    given: dict[str, Any] = {name: text for name in _FILTERS if (text := request.args.get(name, "").strip())}
    filters, faults = _read(given)
    after = decode_cursor(request.args.get("cursor"), str)
    with ledger_view(told_as_of()) as (connection, view):
        rows = (
            [] if faults else list_awards(connection, view, filters, None if after is None else after[0], _A_PAGE + 1)
        )
        render = award_renderer(connection, view, rows)
    found = page(rows, _A_PAGE, lambda row: encode_cursor(row.award_id), render)
    cursor = found["next_cursor"]
    return show(
        "views/awards",
        422 if faults else 200,
        awards=found["items"],
        more=None if cursor is None else url_for("pages.awards", **given, cursor=cursor),
        is_first=after is None,
        given=given,
        faults=faults,
        years=years(),
        exchanges=[one for one in view.rulebook.exchanges.ids if view.viewer in (None, one)],
        policy=view.rulebook.policy,
        flags=[one for one in FLAGS if view.viewer is None or one in FLAGS_FOR_ALL],
    )


def _read(given: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Filters as the API reads them, or what is wrong with each."""
    try:
        filters: dict[str, Any] = AwardQuery().load(given)
    except ValidationError as error:
        return {}, {fault.field: say_half(fault.message) for fault in field_faults(error.messages)}
    return filters, {}
