"""Page of the list of awards, with filters."""

from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from services.incentive.http.awards import award_renderer
from services.incentive.http.schemas import FLAGS, AwardQuery
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, paging_links, show, years
from services.incentive.pages.form_body import load
from services.incentive.queries.awards import list_awards
from services.incentive.queries.serializers import FLAGS_FOR_ALL
from shared.web.pagination import decode_key, encode_cursor, page

_FILTERS: Final = ("subject", "exchange", "rule", "year", "state", "flag")
_PAGE_SIZE: Final = 25


@blueprint.get("/awards")
def awards() -> ResponseReturnValue:
    """Show the awards that the reader may see, in the order of the API's list."""
    given = {name: text for name in _FILTERS if (text := request.args.get(name, "").strip())}
    filters, faults = load(AwardQuery(), given)
    after = decode_key(request.args.get("cursor"), str)
    with page_view() as (connection, view):
        rows = [] if faults else list_awards(connection, view, filters, after, _PAGE_SIZE + 1)
        render = award_renderer(connection, view, rows)
    listed = page(rows, _PAGE_SIZE, lambda row: encode_cursor(row.award_id), render)
    return show(
        "views/awards",
        422 if faults else 200,
        awards=listed["items"],
        paging=paging_links(listed["next_cursor"], "pages.awards", given),
        given=given,
        faults=faults,
        years=years(),
        exchanges=[one for one in view.rulebook.exchanges.ids if view.viewer in (None, one)],
        policy=view.rulebook.policy,
        flags=[one for one in FLAGS if view.viewer is None or one in FLAGS_FOR_ALL],
    )
