"""Pages of an exchange: its annual total and tiers, months, participants, events of today; and the year's outlook."""

from flask.typing import ResponseReturnValue

from services.incentive.http.awards import found_or_404
from services.incentive.http.register_reads import received_on
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, requested_year, show, today
from services.incentive.pages.chart import all_months, bar_chart, tier_progress
from services.incentive.pages.course_chart import course_chart
from services.incentive.pages.views.participants import participants_of
from services.incentive.queries.finding.outlook import load_exchange_outlook
from services.incentive.queries.status import load_exchange_status
from shared.values.money import parse_yuan


@blueprint.get("/exchanges/<exchange>")
def exchange(exchange: str) -> ResponseReturnValue:
    """Show how an exchange stands in a year."""
    year = requested_year()
    with page_view() as (connection, view):
        status = found_or_404(load_exchange_status(connection, view, exchange, year))
        outlook = found_or_404(load_exchange_outlook(connection, view, exchange, year))
        participants = participants_of(connection, view, exchange, year)
    months = all_months(year, status["months"])
    way, marks = tier_progress(parse_yuan(status["total"]), [parse_yuan(tier["over"]) for tier in status["tiers"]])
    return show(
        "views/exchange",
        year=year,
        status=status,
        months=months,
        chart=bar_chart([(month["month"][5:], parse_yuan(month["amount"])) for month in months]),
        way=way,
        tiers=list(zip(status["tiers"], marks, strict=True)),
        next_tier=next((tier for tier in outlook["tiers"] if not tier["reached"]), None),
        **participants,
        policy=view.rulebook.policy,
        # The registers report today alone.
        received=received_on(exchange, today()) if view.as_of is None else None,
    )


@blueprint.get("/exchanges/<exchange>/outlook", endpoint="outlook")
def show_outlook(exchange: str) -> ResponseReturnValue:
    """Show the course of a year against the tiers, and its forecast with range and error."""
    year = requested_year()
    with page_view() as (connection, view):
        outlook = found_or_404(load_exchange_outlook(connection, view, exchange, year))
    return show("views/outlook", year=year, outlook=outlook, chart=course_chart(outlook), policy=view.rulebook.policy)
