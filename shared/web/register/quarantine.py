"""What came from exchanges and what became of it: quarantine and the daily reconciliation."""

import base64
from collections import Counter
from datetime import date
from typing import Any, Final

from flask import current_app
from marshmallow import Schema, fields
from sqlalchemy import MetaData, Row, Select, func, select

from shared.events.decode import REASONS
from shared.events.fields import Choice, Time, Yuan
from shared.postgres.database import BIGINT_MOST
from shared.register.tables import ACCEPTED, DUPLICATE, RegisterTables
from shared.web.keys import ApiKey, current_key
from shared.web.pagination import PageQuery, decode_cursor, encode_cursor, page, page_schema
from shared.web.problems import FieldFaultSchema, Problem
from shared.web.query import Blueprint, DayParameter, ExchangeParameter, NoQuery, QuerySchema
from shared.web.viewer_snapshot import viewer_snapshot

# A page ends early when it holds so many bytes of records: 500 records of the greatest size would be 130 MB.
PAGE_MOST_BYTES: Final = 4 << 20

blueprint = Blueprint("received", __name__, description="What exchanges sent, and what became of it")
_tables = RegisterTables(MetaData())


class QuarantineQuery(PageQuery):
    """Filters of the list."""

    exchange = ExchangeParameter()
    reason = Choice(REASONS)


class RefusedSchema(Schema):
    """A record that was refused; of one that was too large `value_base64` has the first 256 KiB."""

    id = fields.Integer(required=True)
    exchange = fields.String(required=True)
    topic = fields.String(required=True)
    partition = fields.Integer(required=True)
    offset = fields.Integer(required=True)
    received_at = Time(required=True)
    reason = Choice(REASONS, required=True)
    errors = fields.List(fields.Nested(FieldFaultSchema), required=True)
    headers = fields.List(
        fields.List(fields.String(allow_none=True)),
        required=True,
        metadata={"description": "pairs of name and base64 of the value"},
    )
    value_base64 = fields.String(
        required=True, allow_none=True, metadata={"description": "null: a record without value"}
    )
    value_size = fields.Integer(required=True, allow_none=True, metadata={"description": "bytes of the whole value"})


class ReconciliationQuery(QuerySchema):
    """Whose day."""

    exchange = ExchangeParameter(required=True)
    date = DayParameter(required=True)


class ReconciliationSchema(Schema):
    """What came on one day (of the records' timestamps, in Shanghai), and what became of it."""

    exchange = fields.String(required=True)
    date = fields.Date(required=True)
    received = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    duplicates = fields.Integer(required=True)
    refused = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    amount = Yuan(required=True)


def _seen(key: ApiKey) -> Select[Any]:
    """The quarantine as far as the key sees it."""
    statement = select(_tables.quarantine).order_by(_tables.quarantine.c.id)
    if key.exchange is not None:
        statement = statement.where(_tables.quarantine.c.exchange == key.exchange)
    return statement


@blueprint.route("/v1/quarantine")
@blueprint.arguments(QuarantineQuery, location="query")
@blueprint.response(200, page_schema("QuarantinePage", RefusedSchema))
def list_quarantine(arguments: dict[str, Any]) -> dict[str, Any]:
    """Refused records, in order of id.

    A page may hold fewer than `limit` while there are more: it ends early when its records are large.
    """
    columns = _tables.quarantine.c
    statement = _seen(current_key()).limit(arguments["limit"] + 1)
    for name in ("exchange", "reason"):
        if name in arguments:
            statement = statement.where(columns[name] == arguments[name])
    after = decode_cursor(arguments.get("cursor"), int)
    if after is not None:
        statement = statement.where(columns.id > after[0])
    found = statement.subquery()
    size_so_far = func.sum(func.coalesce(func.octet_length(found.c.value), 0)).over(order_by=found.c.id)
    sized = select(found, size_so_far.label("size_so_far")).subquery()
    with viewer_snapshot(arguments.get("exchange")) as connection:
        # One record beyond the limit of bytes, so that there is always one to give and one to say that there are more.
        rows = connection.execute(
            select(sized)
            .where(sized.c.size_so_far - func.coalesce(func.octet_length(sized.c.value), 0) <= PAGE_MOST_BYTES)
            .order_by(sized.c.id)
        ).all()
    fitting = sum(row.size_so_far <= PAGE_MOST_BYTES for row in rows)
    limit = min(arguments["limit"], max(1, fitting))
    return page(rows, limit, lambda row: encode_cursor(row.id), _render)


@blueprint.route("/v1/quarantine/<int:id>")
@blueprint.arguments(NoQuery, location="query")
@blueprint.response(200, RefusedSchema)
def get_quarantine(arguments: dict[str, Any], id: int) -> dict[str, Any]:  # noqa: A002 - the contract's name
    """One refused record."""
    del arguments
    row = None
    if id <= BIGINT_MOST:
        with viewer_snapshot() as connection:
            statement = _seen(current_key()).where(_tables.quarantine.c.id == id)
            row = connection.execute(statement).one_or_none()
    if row is None:
        raise Problem(404)
    return _render(row)


def _render(row: Row[Any]) -> dict[str, Any]:
    value = None if row.value is None else base64.b64encode(row.value).decode()
    return {**row._asdict(), "value_base64": value}


@blueprint.route("/v1/reconciliation")
@blueprint.arguments(ReconciliationQuery, location="query")
@blueprint.response(200, ReconciliationSchema)
def reconcile(arguments: dict[str, Any]) -> dict[str, Any]:
    """What an exchange sent on one day, and what became of it; to be held against the exchange's own books."""
    exchange, day = arguments["exchange"], arguments["date"]
    days = _tables.intake_day
    with viewer_snapshot(exchange) as connection:
        rows = connection.execute(select(days).where(days.c.exchange == exchange, days.c.day == day)).all()
    if not current_key().sees(exchange) or not (rows or exchange in current_app.extensions["jiangbu.exchanges"]):
        raise Problem(404)
    return reconciliation(exchange, day, rows)


def reconciliation(exchange: str, day: date, rows: Any) -> dict[str, Any]:
    """The answer for rows of `intake_day`."""
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
