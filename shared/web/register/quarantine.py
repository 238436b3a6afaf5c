"""Routes of the quarantine: records of exchanges that were rejected."""

import base64
from datetime import datetime
from typing import Final, NamedTuple

from marshmallow import Schema, fields

from shared.events.decode import REASONS
from shared.events.fields import Choice, Time
from shared.postgres.query import BIGINT_MAX, fetch, fetch_one, where
from shared.values.json_types import Json
from shared.web.answers import answer, integers, lists, texts
from shared.web.keys import current_key
from shared.web.pagination import PageQuery, decode_cursor, encode_cursor, page, page_schema
from shared.web.problems import FieldFaultSchema, Problem
from shared.web.query import Blueprint, ExchangeParameter, NoQuery
from shared.web.service import viewer_snapshot

# A page ends early at this size: 500 records of the maximum size would be 130 MB.
PAGE_MOST_BYTES: Final = 4 << 20

blueprint = Blueprint("quarantine", __name__, description="被拒收事件 / quarantined records")
_COLUMNS: Final = """
    id, exchange, topic, partition, "offset", coalesce(last_offset, "offset") AS last_offset,
    CASE WHEN last_offset IS NULL THEN 1 ELSE records END AS records, received_at, reason,
    coalesce(errors, (SELECT e.errors FROM quarantine_errors e WHERE e.id = errors_id)) AS errors, headers, value,
    value_size, encode(value_sha256, 'hex') AS value_sha256, cut
"""


class QuarantineQuery(PageQuery):
    exchange = ExchangeParameter()
    reason = Choice(REASONS)


_HEADERS = fields.List(
    fields.List(fields.String(allow_none=True)),
    required=True,
    metadata={"description": "pairs of name and base64 of the value"},
)
_VALUE = fields.String(required=True, allow_none=True, metadata={"description": "null for a record without value"})
_SIZE = fields.Integer(required=True, allow_none=True, metadata={"description": "bytes of the whole value"})
_SHA256 = fields.String(
    required=True,
    allow_none=True,
    metadata={"description": "SHA-256 of the whole value in hex; null if there is none or it was not recorded"},
)
_LAST_OFFSET = fields.Integer(required=True, metadata={"description": "equal to `offset` for a single record"})
_RECORDS = fields.Integer(required=True, allow_none=True, metadata={"description": "1, or of a batch; null if unknown"})
_CUT = fields.Boolean(
    required=True,
    metadata={"description": "true beyond the daily quota: only the first KiB of the value is kept, and no headers"},
)
# A rejected record, or a batch of records that was set aside as a whole: its value is the batch as Kafka stores it. Of
# what is too large, `value_base64` has the first 256 KiB.
RefusedSchema = answer(
    "Refused",
    integers("id"),
    texts("exchange", "topic"),
    integers("partition", "offset"),
    {"last_offset": _LAST_OFFSET, "records": _RECORDS, "received_at": Time(required=True)},
    texts("reason", enum=REASONS),
    lists(errors=FieldFaultSchema),
    {"headers": _HEADERS, "value_base64": _VALUE, "value_size": _SIZE, "value_sha256": _SHA256, "cut": _CUT},
    base=Schema,
)


class QuarantinedRecord(NamedTuple):
    id: int
    exchange: str
    topic: str
    partition: int
    offset: int
    last_offset: int
    records: int | None
    received_at: datetime
    reason: str
    errors: list[Json]
    headers: list[list[str | None]]
    value: bytes | None
    value_size: int | None
    value_sha256: str | None
    cut: bool
    size_so_far: int  # bytes of this record and those before it in the page


@blueprint.operation("GET /v1/quarantine", page_schema("QuarantinePage", RefusedSchema), query=QuarantineQuery)
def list_quarantine(arguments: Json) -> Json:
    """Rejected records in order of id.

    A page may hold fewer than `limit` items although there are more: it ends early when its records are large.
    """
    key = current_key()
    after = decode_cursor(arguments.get("cursor"), int)
    visible = where(
        None if key.exchange is None else "exchange = %(own)s",
        "exchange = %(exchange)s" if "exchange" in arguments else None,
        "reason = %(reason)s" if "reason" in arguments else None,
        None if after is None else "id > %(after)s",
    )
    found = f"""
        SELECT {_COLUMNS}, sum(coalesce(octet_length(value), 0)) OVER (ORDER BY id)::bigint AS size_so_far
        FROM quarantine {visible} ORDER BY id LIMIT %(limit)s
    """
    # Fetch one record beyond the size limit: there is always one to return, and one that shows there are more.
    statement = f"""
        SELECT * FROM ({found}) f WHERE size_so_far - coalesce(octet_length(value), 0) <= %(most)s ORDER BY id
    """
    with viewer_snapshot(arguments.get("exchange")) as connection:
        rows = fetch(
            connection,
            statement,
            QuarantinedRecord,
            own=key.exchange,
            exchange=arguments.get("exchange"),
            reason=arguments.get("reason"),
            after=None if after is None else after[0],
            limit=arguments["limit"] + 1,
            most=PAGE_MOST_BYTES,
        )
    fitting = sum(row.size_so_far <= PAGE_MOST_BYTES for row in rows)
    limit = min(arguments["limit"], max(1, fitting))
    return page(rows, limit, lambda row: encode_cursor(row.id), _render)


@blueprint.operation("GET /v1/quarantine/<int:id>", RefusedSchema, query=NoQuery)
def get_quarantine(id: int) -> Json:  # noqa: A002 - the contract's name
    """One rejected record."""
    row = None
    if id <= BIGINT_MAX:
        with viewer_snapshot() as connection:
            visible = where("id = %(id)s", None if current_key().exchange is None else "exchange = %(own)s")
            statement = f"SELECT {_COLUMNS}, 0 FROM quarantine {visible}"
            row = fetch_one(connection, statement, QuarantinedRecord, id=id, own=current_key().exchange)
    if row is None:
        raise Problem(404)
    return _render(row)


def _render(row: QuarantinedRecord) -> Json:
    value = None if row.value is None else base64.b64encode(row.value).decode()
    return {**row._asdict(), "value_base64": value}
