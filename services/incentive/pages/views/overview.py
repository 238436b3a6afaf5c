"""The first page: an exchange's own, or the year as those have it who see all."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from services.incentive.http.context import ledger_view
from services.incentive.pages.as_of_param import told_as_of
from services.incentive.pages.blueprint import asked_year, blueprint, show, years
from services.incentive.queries.participants import sums_by_rule
from services.incentive.queries.status import load_exchange_status
from shared.values.money import format_yuan
from shared.web.keys import current_key


@blueprint.get("/")
def overview() -> ResponseReturnValue:
    """Exchanges in a year with their totals, and what the year's awards come to."""
    as_of, exchange = told_as_of(), current_key().exchange
    if exchange is not None:
        return redirect(url_for("pages.exchange", exchange=exchange))
    year = asked_year()
    with ledger_view(as_of) as (connection, view):
        sums = sums_by_rule(connection, view, year)
        statuses = [load_exchange_status(connection, view, one, year) for one in view.rulebook.exchanges.ids]
    policy = view.rulebook.policy
    rules = [
        {"terms": terms, "awards": count, "ceiling": format_yuan(ceilings_fen), "payable": format_yuan(payables_fen)}
        # Of what is declared, what there is.
        for terms in (*policy.rules, *(one for one in policy.declared.rules if one.rule in sums))
        for count, ceilings_fen, payables_fen in [sums.get(terms.rule, (0, 0, 0))]
    ]
    payable_fen = sum(payables_fen for _, _, payables_fen in sums.values())
    return show(
        "views/overview",
        year=year,
        years=years(),
        exchanges=[status for status in statuses if status is not None],
        rules=rules,
        payable=format_yuan(payable_fen),
        budget=format_yuan(policy.budget_fen),
        fits=payable_fen <= policy.budget_fen,
    )
