"""Routes of the quarantine: records of exchanges that were rejected."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, NamedTuple

from marshmallow import Schema, fields

from shared.events.decode import REASONS
from shared.events.fields import Choice, Time
from shared.postgres.query import BIGINT_MAX, fetch_one, where
from shared.postgres.sorted_rows import LargeRows, SortedRows, column
from shared.values.json_types import Json
from shared.web.answers import answer, integers, lists, texts
from shared.web.keys import current_key
from shared.web.lists import ItemList, list_operation, page_schema
from shared.web.pagination import PageQuery
from shared.web.problems import FieldFaultSchema, Problem
from shared.web.query import Blueprint, ExchangeParameter, NoQuery
from shared.web.service import viewer_snapshot

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


_NUMBER: Final = column("id", int)
QUARANTINE: Final = ItemList(
    "quarantine",
    page_schema("QuarantinePage", RefusedSchema),
    {"id": (_NUMBER,), "received_at": (column("received_at", datetime), _NUMBER)},
)


@list_operation(blueprint, "GET /v1/quarantine", QUARANTINE, query=QuarantineQuery)
@contextmanager
def list_quarantine(arguments: Json) -> Iterator[SortedRows[QuarantinedRecord]]:
    """Rejected records in order of id by default.

    A page may hold fewer than `limit` items although there are more: it ends early when its records are large.
    """
    own, exchange, reason = current_key().exchange, arguments.get("exchange"), arguments.get("reason")
    visible = where(
        None if own is None else "exchange = %(own)s",
        None if exchange is None else "exchange = %(exchange)s",
        None if reason is None else "reason = %(reason)s",
    )
    parameters = {"own": own, "exchange": exchange, "reason": reason}
    select = f"SELECT {_COLUMNS} FROM quarantine {visible}"
    with viewer_snapshot(as_exchange=exchange) as connection:
        yield LargeRows(connection, select, QuarantinedRecord, parameters, lambda rows: map(_render, rows))


@blueprint.operation("GET /v1/quarantine/<int:id>", RefusedSchema, query=NoQuery)
def get_quarantine(id: int) -> Json:  # noqa: A002 - the contract's name
    """One rejected record."""
    row = None
    if id <= BIGINT_MAX:
        with viewer_snapshot() as connection:
            visible = where("id = %(id)s", None if current_key().exchange is None else "exchange = %(own)s")
            statement = f"SELECT {_COLUMNS} FROM quarantine {visible}"
            row = fetch_one(connection, statement, QuarantinedRecord, id=id, own=current_key().exchange)
    if row is None:
        raise Problem(404)
    return _render(row)


def _render(row: QuarantinedRecord) -> Json:
    value = None if row.value is None else base64.b64encode(row.value).decode()
    return {**row._asdict(), "value_base64": value}
