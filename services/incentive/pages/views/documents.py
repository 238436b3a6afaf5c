"""Pages of a trade, with its effects on the ledger, and of a listing, as their registers have them."""

from flask.typing import ResponseReturnValue

from services.incentive.http.context import ledger_view
from services.incentive.http.register_reads import find_document
from services.incentive.http.trade_effects import list_trade_effects
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.lists import PageList
from services.incentive.queries.finding.search import seen_subjects
from shared.values.json_types import Json


@blueprint.get("/trades/<exchange>/<no>")
def trade(exchange: str, no: str) -> ResponseReturnValue:
    path = {"exchange": exchange, "no": no}
    asked = PageList(list_trade_effects.at(**path), "pages.trade", path=path)
    file = asked.file()
    if file is not None:
        return file
    listed = asked.shown()
    document = find_document("trades", exchange, no)
    linked = _linked(document["provider"], document["buyer"])
    return show("views/trade", document=document, linked=linked, listed=listed)


@blueprint.get("/listings/<exchange>/<no>")
def listing(exchange: str, no: str) -> ResponseReturnValue:
    document = find_document("listings", exchange, no)
    return show("views/listing", document=document, linked=_linked(document["provider"]))


def _linked(*parties: Json) -> set[str]:
    """Return those of the parties that have a page which the reader may see."""
    subjects = [f"{party['id_scheme']}:{party['id']}" for party in parties]
    with ledger_view() as (connection, view):
        return seen_subjects(connection, view, subjects)
