"""Daily reconciliation: what an exchange sent on a day, and the outcome of each record."""

from collections import Counter
from datetime import date
from typing import Any

from flask import current_app
from marshmallow import Schema, fields
from sqlalchemy import MetaData, select

from shared.events.decode import REASONS
from shared.events.fields import Yuan
from shared.register.tables import ACCEPTED, DUPLICATE, RegisterTables
from shared.web.keys import current_key
from shared.web.problems import Problem
from shared.web.query import Blueprint, DayParameter, ExchangeParameter, QuerySchema
from shared.web.viewer_snapshot import viewer_snapshot

blueprint = Blueprint("reconciliation", __name__, description="每日对账 / daily reconciliation")
_days = RegisterTables(MetaData()).intake_day


class ReconciliationQuery(QuerySchema):
    exchange = ExchangeParameter(required=True)
    date = DayParameter(required=True)


class ReconciliationSchema(Schema):
    """Records of one Shanghai day, by their Kafka timestamps, and their outcomes; `amount` is of the accepted."""

    exchange = fields.String(required=True)
    date = fields.Date(required=True)
    received = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    duplicates = fields.Integer(required=True)
    refused = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    amount = Yuan(required=True)


@blueprint.route("/v1/reconciliation")
@blueprint.arguments(ReconciliationQuery, location="query")
@blueprint.response(200, ReconciliationSchema)
def reconcile(arguments: dict[str, Any]) -> dict[str, Any]:
    """Records that an exchange sent on one day and their outcomes, for comparison with the exchange's own books."""
    exchange, day = arguments["exchange"], arguments["date"]
    with viewer_snapshot(exchange) as connection:
        rows = connection.execute(select(_days).where(_days.c.exchange == exchange, _days.c.day == day)).all()
    if not current_key().sees(exchange) or not (rows or exchange in current_app.extensions["jiangbu.exchanges"]):
        raise Problem(404)
    return reconciliation(exchange, day, rows)


def reconciliation(exchange: str, day: date, rows: Any) -> dict[str, Any]:
    """Sum up rows of `intake_day`."""
    records: Counter[str] = Counter({row.outcome: row.records for row in rows})
    return {
        "exchange": exchange,
        "date": day,
        "received": records.total(),
        "accepted": records[ACCEPTED],
        "duplicates": records[DUPLICATE],
        "refused": {reason: records[reason] for reason in REASONS if records[reason]},
        "amount": sum(int(row.amount_fen) for row in rows if row.outcome == ACCEPTED),
    }
