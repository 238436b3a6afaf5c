"""Daily reconciliation: what an exchange sent on a day, and the outcome of each record."""

from collections import Counter
from decimal import Decimal
from typing import NamedTuple

from flask import current_app
from marshmallow import Schema, fields

from shared.events.decode import REASONS
from shared.events.fields import Yuan
from shared.postgres.query import fetch
from shared.register.daily_counts import ACCEPTED, DUPLICATE
from shared.values.json_types import Json
from shared.web.keys import current_key
from shared.web.problems import Problem
from shared.web.query import Blueprint, DayParameter, ExchangeParameter, QuerySchema
from shared.web.service import viewer_snapshot

blueprint = Blueprint("reconciliation", __name__, description="每日对账 / daily reconciliation")
_DAY = "SELECT outcome, records, amount_fen, cut_items FROM intake_day WHERE exchange = %(exchange)s AND day = %(day)s"


class DayOutcome(NamedTuple):
    """The number of a day's records with an outcome, the amount of those that count, and how many items are cut."""

    outcome: str
    records: int
    amount_fen: Decimal
    cut_items: int


class ReconciliationQuery(QuerySchema):
    exchange = ExchangeParameter(required=True)
    date = DayParameter(required=True)


class ReconciliationSchema(Schema):
    """Records of one Shanghai day, by their Kafka timestamps, and their outcomes; `amount` is of the accepted.

    `cut`: items of the quarantine that keep only the first KiB, because they exceed the daily quota.
    """

    exchange = fields.String(required=True)
    date = fields.Date(required=True)
    received = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    duplicates = fields.Integer(required=True)
    refused = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    cut = fields.Integer(required=True)
    amount = Yuan(required=True)


@blueprint.operation(
    "GET /v1/reconciliation",
    ReconciliationSchema,
    query=ReconciliationQuery,
    operation_id="getReconciliation",
)
def reconcile(arguments: Json) -> Json:
    """Records that an exchange sent on one day and their outcomes, for comparison with the exchange's own books."""
    exchange, day = arguments["exchange"], arguments["date"]
    with viewer_snapshot(as_exchange=exchange) as connection:
        rows = fetch(connection, _DAY, DayOutcome, exchange=exchange, day=day)
    if not current_key().sees(exchange) or not (rows or exchange in current_app.extensions["jiangbu.exchanges"]):
        raise Problem(404)
    records: Counter[str] = Counter({row.outcome: row.records for row in rows})
    return {
        "exchange": exchange,
        "date": day,
        "received": records.total(),
        "accepted": records[ACCEPTED],
        "duplicates": records[DUPLICATE],
        "refused": {reason: records[reason] for reason in REASONS if records[reason]},
        "cut": sum(row.cut_items for row in rows),
        "amount": sum(int(row.amount_fen) for row in rows if row.outcome == ACCEPTED),
    }
