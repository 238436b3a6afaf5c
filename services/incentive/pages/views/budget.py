"""Page of a year's budget against what is payable, approved and paid."""

from flask.typing import ResponseReturnValue

from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, requested_year, show, years
from services.incentive.queries.budget import load_budget
from shared.values.money import parse_yuan
from shared.web.keys import require


@blueprint.get("/budget")
@require("bureau", "auditor")
def budget() -> ResponseReturnValue:
    """Show a year's budget."""
    year = requested_year()
    with page_view() as (connection, view):
        found = load_budget(connection, view, year)
    amounts = {name: parse_yuan(found[name]) for name in ("budget", "payable", "approved", "paid", "returned")}
    amounts["approved"] -= amounts["returned"]
    longest = max(amounts["budget"], amounts["payable"], 1)
    lengths = {name: round(100 * fen / longest, 2) for name, fen in amounts.items()}
    return show("views/budget", year=year, years=years(), budget=found, lengths=lengths)
