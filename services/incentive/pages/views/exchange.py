"""Page of an exchange: its annual total and tiers, months, participants, and the events received today."""

from collections.abc import Sequence
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from services.incentive.http.awards import found_or_404
from services.incentive.http.register_reads import received_on
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, paging_links, requested_year, show, today
from services.incentive.pages.chart import bar_chart, tier_progress
from services.incentive.queries.participants import Participant, list_participants
from services.incentive.queries.status import load_exchange_status, load_subject_status
from services.incentive.queries.view import LedgerView
from shared.values.json_types import Json
from shared.values.money import parse_yuan
from shared.web.pagination import decode_key, encode_cursor, page

_PAGE_SIZE: Final = 12


@blueprint.get("/exchanges/<exchange>")
def exchange(exchange: str) -> ResponseReturnValue:
    """Show how an exchange stands in a year."""
    year, after = requested_year(), decode_key(request.args.get("cursor"), str)
    with page_view() as (connection, view):
        status = found_or_404(load_exchange_status(connection, view, exchange, year))
        rows = list_participants(connection, view, exchange, year, after, _PAGE_SIZE + 1)
        participants = page(
            rows, _PAGE_SIZE, lambda row: encode_cursor(row.subject), lambda row: _rules(connection, view, row, year)
        )
    months = _all_months(year, status["months"])
    way, marks = tier_progress(parse_yuan(status["total"]), [parse_yuan(tier["over"]) for tier in status["tiers"]])
    return show(
        "views/exchange",
        year=year,
        status=status,
        months=months,
        chart=bar_chart([(month["month"][5:], parse_yuan(month["amount"])) for month in months]),
        way=way,
        tiers=list(zip(status["tiers"], marks, strict=True)),
        participants=participants["items"],
        paging=paging_links(participants["next_cursor"], "pages.exchange", {"exchange": exchange, "year": year}),
        policy=view.rulebook.policy,
        # The registers report today alone.
        received=received_on(exchange, today()) if view.as_of is None else None,
    )


def _rules(connection: Connection, view: LedgerView, row: Participant, year: int) -> Json:
    """Load how a participant stands under each rule, as the reader may see it."""
    status = load_subject_status(connection, view, row.subject, year)
    return {"subject": row.subject, "name": row.name, "rules": [] if status is None else status["rules"]}


def _all_months(year: int, months: Sequence[Json]) -> list[Json]:
    known = {month["month"]: month for month in months}
    names = [f"{year}-{number:02d}" for number in range(1, 13)]
    return [known.get(name, {"month": name, "amount": "0.00", "trades": 0}) for name in names]
