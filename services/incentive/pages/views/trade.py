"""Page of a trade: how it counts in each fact now, and the postings that it took part in."""

from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from services.incentive.http.trade_effects import list_trade_effects
from services.incentive.pages.blueprint import blueprint, paging_links, show

_PAGE_SIZE: Final = 50


@blueprint.get("/trades/<exchange>/<no>")
def trade(exchange: str, no: str) -> ResponseReturnValue:
    """Show the effects of a trade."""
    effects = list_trade_effects({"cursor": request.args.get("cursor"), "limit": _PAGE_SIZE}, exchange, no)
    paging = paging_links(effects["next_cursor"], "pages.trade", {"exchange": exchange, "no": no})
    return show("views/trade", effects=effects, paging=paging)
