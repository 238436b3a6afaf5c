"""An operator's page: the year's total on its way through the tiers, month by month, participants, refused events."""

from collections.abc import Sequence
from typing import Any, Final

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from services.incentive.http.context import ledger_view
from services.incentive.pages.as_of_param import told_as_of
from services.incentive.pages.blueprint import asked_year, blueprint, show, today, years
from services.incentive.pages.chart import bar_chart, way_to
from services.incentive.pages.views.register_reads import received_on
from services.incentive.queries.participants import list_participants
from services.incentive.queries.serializers import Json
from services.incentive.queries.status import load_exchange_status, load_subject_status
from services.incentive.queries.view import LedgerView
from shared.values.money import parse_yuan
from shared.web.pagination import decode_cursor, encode_cursor, page
from shared.web.problems import Problem

_PARTICIPANTS: Final = 12  # a page


@blueprint.get("/exchanges/<exchange>")
def exchange(exchange: str) -> ResponseReturnValue:
    """How it stands in a year."""
    year = asked_year()
    after = decode_cursor(request.args.get("cursor"), str)
    with ledger_view(told_as_of()) as (connection, view):
        status = load_exchange_status(connection, view, exchange, year)
        if status is None:
            raise Problem(404)
        found = list_participants(
            connection, view, exchange, year, None if after is None else after[0], _PARTICIPANTS + 1
        )
        participants = page(
            found,
            _PARTICIPANTS,
            lambda row: encode_cursor(row.subject),
            lambda row: _standing(connection, view, row, year),
        )
    months = _all_months(year, status["months"])
    total_fen = parse_yuan(status["total"])
    way, marks = way_to(total_fen, [parse_yuan(tier["over"]) for tier in status["tiers"]])
    return show(
        "views/exchange",
        year=year,
        years=years(),
        status=status,
        months=months,
        chart=bar_chart([(month["month"][5:], parse_yuan(month["amount"])) for month in months]),
        way=way,
        tiers=list(zip(status["tiers"], marks, strict=True)),
        next_tier=next((tier for tier in status["tiers"] if not tier["reached"]), None),
        participants=participants["items"],
        more=None
        if participants["next_cursor"] is None
        else url_for("pages.exchange", exchange=exchange, year=year, cursor=participants["next_cursor"]),
        policy=view.rulebook.policy,
        day=today(),
        # What comes in is of today alone.
        received=received_on(exchange, today()) if view.as_of is None else None,
    )


def _standing(connection: Connection, view: LedgerView, row: Any, year: int) -> Json:
    """A participant with its standing under each rule, as the reader may see it."""
    status = load_subject_status(connection, view, row.subject, year)
    rules = [] if status is None else status["rules"]
    return {"subject": row.subject, "name": row.name, "rules": rules}


def _all_months(year: int, told: Sequence[Json]) -> list[Json]:
    known = {month["month"]: month for month in told}
    names = [f"{year}-{number:02d}" for number in range(1, 13)]
    return [known.get(name, {"month": name, "amount": "0.00", "trades": 0}) for name in names]
