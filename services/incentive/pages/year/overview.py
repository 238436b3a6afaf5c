"""Pages of a year: of all exchanges and rules, which is the home page of those who see all; and of the budget."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from services.incentive.domain.budget import EACH_ALONE, IN_PROPORTION
from services.incentive.pages.as_of_param import page_as_of, page_view
from services.incentive.pages.blueprint import blueprint, requested_year, show
from services.incentive.queries.award_sums import sums_by_rule
from services.incentive.queries.budget import PLACES, load_queue, load_ranked_budget
from services.incentive.queries.status import load_exchange_status
from shared.values.money import format_yuan, parse_yuan
from shared.web.keys import EVERY_KIND, current_key, require


@blueprint.get("/")
@require(*EVERY_KIND)
def overview() -> ResponseReturnValue:
    """Show the exchanges with their annual totals, and the year's awards by rule."""
    key = current_key()
    if key.viewer is not None:
        page_as_of()  # the link keeps the instant
        own = url_for("pages.own") if key.exchange is None else url_for("pages.exchange", exchange=key.exchange)
        return redirect(own)
    year = requested_year()
    with page_view() as (connection, view):
        sums = sums_by_rule(connection, view, year)
        statuses = [load_exchange_status(connection, view, one, year) for one in view.rulebook.exchanges.ids]
    policy = view.rulebook.policy
    rules = [
        {"terms": terms, "awards": count, "ceiling": format_yuan(ceiling_fen), "payable": format_yuan(payable_fen)}
        # Declared rules are shown if they have awards.
        for terms in (*policy.rules, *(one for one in policy.declared.rules if one.rule in sums))
        for count, ceiling_fen, payable_fen in [sums.get(terms.rule, (0, 0, 0))]
    ]
    total_fen = sum(payable_fen for _, _, payable_fen in sums.values())
    return show(
        "views/overview",
        year=year,
        exchanges=[status for status in statuses if status is not None],
        rules=rules,
        payable=format_yuan(total_fen),
        budget=format_yuan(policy.budget_fen),
        fits=total_fen <= policy.budget_fen,
    )


@blueprint.get("/budget")
@require("bureau", "auditor")
def budget() -> ResponseReturnValue:
    """Show a year's budget, and the queue of what is applied for, to the line where the money ends."""
    year, start = requested_year(), request.args.get("start", 0, int)
    with page_view() as (connection, view):
        found, ranked = load_ranked_budget(connection, view, year)
        queue = load_queue(connection, view, ranked, max(0, start) // PLACES * PLACES)
        policy = view.rulebook.policy
    amounts = {name: parse_yuan(found[name]) for name in ("budget", "payable", "approved", "paid")}
    longest = max(amounts["budget"], amounts["payable"], 1)
    lengths = {name: round(100 * fen / longest, 2) for name, fen in amounts.items()}
    pools = [(line, sum(place.is_held for place in line.places)) for line in ranked.lines[1:]]
    order = next((one for one in policy.readings if one.path == "general.budget_order"), None)
    return show(
        "views/budget",
        year=year,
        budget=found,
        lengths=lengths,
        queue=queue,
        pools=pools,
        order=order,
        policy=policy,
        places=PLACES,
        is_line_drawn=policy.budget_order not in (EACH_ALONE, IN_PROPORTION),
    )
