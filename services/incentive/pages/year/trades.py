"""Page of the trades of a register, by exchange and time, and by whether they are in the totals of exchanges."""

from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from services.incentive.http.context import current_rulebook
from services.incentive.http.register_reads import RegisterList, register_ids
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.lists import PageList
from services.incentive.store.register_client import NotInRegister, RegisterUnavailable
from shared.web.keys import current_key, require
from shared.web.problems import Problem
from shared.web.register.documents import TradeQuery, document_list

_QUERY: Final = document_list("trades", Schema, "trade").query(TradeQuery)
_FILTERS: Final = ("exchange", "provider", "buyer", "status", "in_total", "product_kind", "industry", "from", "until")
_NEWEST_FIRST: Final = {"sort": "completed_at", "order": "desc"}


@blueprint.get("/trades")
@require("bureau", "auditor", "exchange")
def trades() -> ResponseReturnValue:
    """List the trades of one register, the newest first; an exchange sees its own."""
    registers = register_ids()
    register = request.args.get("register") or next(iter(registers), "")
    if register and register not in registers:
        raise Problem(404)
    asked = PageList(
        RegisterList("trades", register, "/v1/trades", _QUERY),
        "pages.trades",
        _FILTERS,
        _NEWEST_FIRST,
        {"register": register},
    )
    listed = None
    try:
        file = asked.file()
        if file is not None:
            return file
        listed = asked.shown()
    except NotInRegister as error:
        raise Problem(404) from error
    except RegisterUnavailable:
        pass
    return show(
        "views/trades",
        422 if listed is not None and listed.faults else 200,
        listed=listed,
        register=register,
        registers=registers,
        exchanges=list(current_rulebook().exchanges.ids) if current_key().exchange is None else [],
    )
