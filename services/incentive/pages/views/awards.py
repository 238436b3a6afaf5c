"""Page of the list of awards, with filters."""

from typing import Any, Final

from flask import request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from services.incentive.http.awards import award_renderer
from services.incentive.http.context import ledger_view
from services.incentive.http.schemas import FLAGS, AwardQuery
from services.incentive.pages.as_of_param import page_as_of
from services.incentive.pages.blueprint import blueprint, show, years
from services.incentive.pages.form_body import Faults, said_faults
from services.incentive.queries.awards import list_awards
from services.incentive.queries.serializers import FLAGS_FOR_ALL
from shared.web.pagination import decode_key, encode_cursor, page
from shared.web.problems import field_faults

_FILTERS: Final = ("subject", "exchange", "rule", "year", "state", "flag")
_PAGE_SIZE: Final = 25


@blueprint.get("/awards")
def awards() -> ResponseReturnValue:
    """Show the awards that the reader may see, in the order of the API's list."""
    given: dict[str, Any] = {name: text for name in _FILTERS if (text := request.args.get(name, "").strip())}
    filters, faults = _load(given)
    after = decode_key(request.args.get("cursor"), str)
    with ledger_view(page_as_of()) as (connection, view):
        rows = [] if faults else list_awards(connection, view, filters, after, _PAGE_SIZE + 1)
        render = award_renderer(connection, view, rows)
    listed = page(rows, _PAGE_SIZE, lambda row: encode_cursor(row.award_id), render)
    cursor = listed["next_cursor"]
    return show(
        "views/awards",
        422 if faults else 200,
        awards=listed["items"],
        more=None if cursor is None else url_for("pages.awards", **given, cursor=cursor),
        is_first=after is None,
        given=given,
        faults=faults,
        years=years(),
        exchanges=[one for one in view.rulebook.exchanges.ids if view.viewer in (None, one)],
        policy=view.rulebook.policy,
        flags=[one for one in FLAGS if view.viewer is None or one in FLAGS_FOR_ALL],
    )


def _load(given: dict[str, str]) -> tuple[dict[str, Any], Faults]:
    """Load the filters as the API does, or return their faults."""
    try:
        return AwardQuery().load(given), {}
    except ValidationError as error:
        return {}, said_faults(field_faults(error.messages))
