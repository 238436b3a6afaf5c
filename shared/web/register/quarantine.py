"""Routes of the quarantine: records of exchanges that were rejected."""

import base64
from typing import Any, Final

from marshmallow import Schema, fields
from sqlalchemy import MetaData, Row, Select, func, select

from shared.events.decode import REASONS
from shared.events.fields import Choice, Time
from shared.postgres.query import BIGINT_MAX
from shared.register.tables import RegisterTables
from shared.web.keys import ApiKey, current_key
from shared.web.pagination import PageQuery, decode_cursor, encode_cursor, page, page_schema
from shared.web.problems import FieldFaultSchema, Problem
from shared.web.query import Blueprint, ExchangeParameter, NoQuery
from shared.web.viewer_snapshot import viewer_snapshot

# A page ends early at this size: 500 records of the maximum size would be 130 MB.
PAGE_MOST_BYTES: Final = 4 << 20

blueprint = Blueprint("quarantine", __name__, description="被拒收事件 / quarantined records")
_quarantine = RegisterTables(MetaData()).quarantine


class QuarantineQuery(PageQuery):
    exchange = ExchangeParameter()
    reason = Choice(REASONS)


class RefusedSchema(Schema):
    """A rejected record; of one that was too large, `value_base64` has the first 256 KiB."""

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
        required=True, allow_none=True, metadata={"description": "null for a record without value"}
    )
    value_size = fields.Integer(required=True, allow_none=True, metadata={"description": "bytes of the whole value"})


def _visible(key: ApiKey) -> Select[Any]:
    """Select the quarantine as far as the key sees it."""
    statement = select(_quarantine).order_by(_quarantine.c.id)
    return statement if key.exchange is None else statement.where(_quarantine.c.exchange == key.exchange)


@blueprint.route("/v1/quarantine")
@blueprint.arguments(QuarantineQuery, location="query")
@blueprint.response(200, page_schema("QuarantinePage", RefusedSchema))
def list_quarantine(arguments: dict[str, Any]) -> dict[str, Any]:
    """Rejected records in order of id.

    A page may hold fewer than `limit` items although there are more: it ends early when its records are large.
    """
    statement = _visible(current_key()).limit(arguments["limit"] + 1)
    for name in ("exchange", "reason"):
        if name in arguments:
            statement = statement.where(_quarantine.c[name] == arguments[name])
    after = decode_cursor(arguments.get("cursor"), int)
    if after is not None:
        statement = statement.where(_quarantine.c.id > after[0])
    found = statement.subquery()
    size_so_far = func.sum(func.coalesce(func.octet_length(found.c.value), 0)).over(order_by=found.c.id)
    sized = select(found, size_so_far.label("size_so_far")).subquery()
    with viewer_snapshot(arguments.get("exchange")) as connection:
        # Fetch one record beyond the size limit: there is always one to return, and one that shows there are more.
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
    """One rejected record."""
    del arguments
    row = None
    if id <= BIGINT_MAX:
        with viewer_snapshot() as connection:
            row = connection.execute(_visible(current_key()).where(_quarantine.c.id == id)).one_or_none()
    if row is None:
        raise Problem(404)
    return _render(row)


def _render(row: Row[Any]) -> dict[str, Any]:
    value = None if row.value is None else base64.b64encode(row.value).decode()
    return {**row._asdict(), "value_base64": value}
