"""Routes of the quarantine: refused records of exchanges, how to correct each, and whether it was corrected since."""

import base64
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from flask import Response, current_app
from marshmallow import Schema, fields
from sqlalchemy import Connection

from shared.events.decode import REASONS, REVISION_CONFLICT, Kind
from shared.events.fields import Choice, Time
from shared.postgres.query import BIGINT_MAX, fetch, fetch_one, pg_array, pg_arrays, stream_chunks, where
from shared.postgres.sorted_rows import LargeRows, SortedRows, column
from shared.register.stored_documents import Version
from shared.values.json_types import Json
from shared.values.times import day_start, format_time
from shared.web.answers import answer, integers, lists, nested, texts
from shared.web.keys import current_key
from shared.web.lists import ItemList, list_operation, page_schema
from shared.web.pagination import PageQuery
from shared.web.problems import FieldFault, FieldFaultSchema, Problem
from shared.web.query import TEXT, Blueprint, DayParameter, ExchangeParameter, NoQuery, QuerySchema
from shared.web.register.differences import FieldDifference, differences
from shared.web.register.evidence import EVIDENCE, NDJSON, EvidenceSource, stream_lines
from shared.web.register.places import AT_PLACES, PlacesParameter, place_parameters
from shared.web.register.refused_rows import QuarantinedRecord, RegisteredEntry
from shared.web.register.repair import FIXES, event_line, event_to_correct
from shared.web.service import viewer_snapshot

blueprint = Blueprint("quarantine", __name__, description="被拒收事件 / quarantined records")

# `open`: no record of the document was accepted since; `unidentified`: the record names no document.
STATUSES: Final = ("open", "corrected", "unidentified")
_EVENTS_AT_ONCE: Final = 100
# The first entry that a record made which came after the refused one: in a later batch, or behind it in the same one. A
# scalar subquery, so that each row takes its few entries from an index.
_CORRECTED_BY: Final = """(
    SELECT min(d.seq) FROM (
        SELECT seq, received_at, partition, "offset" FROM {kind}
        WHERE exchange = q.exchange AND number = q.number
        UNION ALL
        SELECT seq, received_at, partition, "offset" FROM {kind}_past
        WHERE exchange = q.exchange AND number = q.number
    ) d
    WHERE d.received_at > q.received_at
       OR d.received_at = q.received_at AND d.partition = q.partition AND d."offset" > q."offset"
)"""
_STATUS: Final = f"""
    CASE WHEN q.number IS NULL THEN 'unidentified' WHEN {_CORRECTED_BY} IS NULL THEN 'open' ELSE 'corrected' END
"""
_COLUMNS: Final = """
    q.id, q.exchange, q.topic, q.partition, q."offset", coalesce(q.last_offset, q."offset") AS last_offset,
    CASE WHEN q.last_offset IS NULL THEN 1 ELSE q.records END AS records, q.received_at, q.reason,
    coalesce(q.errors, (SELECT e.errors FROM quarantine_errors e WHERE e.id = q.errors_id)) AS errors, q.headers,
    q.value, q.value_size, encode(q.value_sha256, 'hex') AS value_sha256, q.cut, q.number, q.revision, q.document_at
"""
# Refused records that are there whole; those of documents that are not corrected are events to correct.
_IS_WHOLE: Final = "q.number IS NOT NULL AND NOT q.cut AND q.reason <> 'too_large'"


class RefusedQuery(QuerySchema):
    """Refused records of an exchange, for a reason, and of a Shanghai day by their Kafka timestamps."""

    exchange = ExchangeParameter()
    reason = Choice(REASONS)
    date = DayParameter()


class QuarantineQuery(RefusedQuery, PageQuery):
    """A page of refused records, also of a status, or at places in the topic of an exchange, which must be named."""

    status = Choice(STATUSES)
    places = PlacesParameter()


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
# The accepted entry that corrected a record, or the registered one that it is compared with.
EntryOfDocumentSchema = answer("EntryOfDocument", integers("seq", "revision"), texts("received_at"))
DifferenceSchema = answer("Difference", texts("field"), texts("refused", "registered", null=True))
FixSchema = answer("Fix", texts("zh", "en"))
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
    texts("number", null=True),
    integers("revision", null=True),
    {"document_at": Time(required=True, allow_none=True)},
    texts("status", enum=STATUSES),
    nested(null=True, corrected_by=EntryOfDocumentSchema, registered=EntryOfDocumentSchema),
    lists(differences=DifferenceSchema),
    nested(fix=FixSchema),
    base=Schema,
)


_NUMBER: Final = column("id", int)
QUARANTINE: Final = ItemList(
    "quarantine",
    page_schema("QuarantinePage", RefusedSchema),
    {"id": (_NUMBER,), "received_at": (column("received_at", datetime), _NUMBER)},
)


@list_operation(
    blueprint,
    "GET /v1/quarantine",
    QUARANTINE,
    query=QuarantineQuery,
    operation_id="listQuarantine",
)
@contextmanager
def list_quarantine(arguments: Json) -> Iterator[SortedRows[QuarantinedRecord]]:
    """Rejected records in order of id by default, with their correction and how they differ from what is registered.

    `number`, `revision` and `document_at` are those of the record's document, as far as they can be read. `status`:
    `corrected` if a later record of the document was accepted (`corrected_by`), `open` if none was, `unidentified`
    without a number. `registered` is the revision that `differences` compare with. `places` selects the records, or the
    batches with them, at offsets of the exchange's topic. A page may hold fewer than `limit` items although there are
    more: it ends early when its records are large.
    """
    kind, selected = _kind(), _selected(arguments)
    select = _records(kind, selected.where)
    with viewer_snapshot(as_exchange=arguments.get("exchange")) as connection:
        render = partial(_render, connection, kind)
        yield LargeRows(connection, select, QuarantinedRecord, selected.parameters, render)


# How many refused records have a status, for a reason; `documents`: the lines of the file of events to correct.
ReasonCountSchema = answer("ReasonCount", texts("reason", enum=REASONS), integers(*STATUSES, "documents"))
QuarantineCountsSchema = answer("QuarantineCounts", lists(items=ReasonCountSchema), integers(*STATUSES, "documents"))


@blueprint.operation(
    "GET /v1/quarantine/counts",
    QuarantineCountsSchema,
    query=RefusedQuery,
    operation_id="countQuarantine",
)
def count_quarantine(arguments: Json) -> Json:
    """How many rejected records there are by reason and status, and how many documents are to be corrected."""
    kind, selected = _kind(), _selected(arguments)
    # Materialized, as each record's status is looked up in the register: once.
    statement = f"""
        WITH judged AS MATERIALIZED (
            SELECT q.exchange, q.reason, q.number, {_STATUS.format(kind=kind)} AS status, {_IS_WHOLE} AS is_whole
            FROM quarantine q {selected.where}
        )
        SELECT reason, {", ".join(f"count(*) FILTER (WHERE status = '{status}')" for status in STATUSES)},
               count(DISTINCT (exchange, number)) FILTER (WHERE status = 'open' AND is_whole)
        FROM judged GROUP BY GROUPING SETS ((reason), ())
    """
    with viewer_snapshot(as_exchange=arguments.get("exchange")) as connection:
        rows = fetch(connection, statement, tuple[str | None, int, int, int, int], **selected.parameters)
    counts = {reason: dict(zip((*STATUSES, "documents"), found, strict=True)) for reason, *found in rows}
    items = [{"reason": reason, **counts[reason]} for reason in REASONS if reason in counts]
    return {"items": items, **counts[None]}


@blueprint.operation(
    "GET /v1/quarantine/events",
    TEXT,
    query=RefusedQuery,
    content_type=NDJSON,
    operation_id="streamQuarantinedEvents",
)
def events_to_correct(arguments: Json) -> Response:
    """Events to correct and send again, a structured CloudEvent a line, in the order in which they were rejected.

    The newest rejected record that is kept whole, for each document that no later record corrected. Attributes are
    completed and the revision of a conflict is raised; `refusedreason` and `refusederrors` say what is left to correct.
    """
    kind, selected = _kind(), _selected(arguments, _IS_WHOLE)
    # Only numbers are sorted; then each record is read when its turn comes.
    statement = f"""
        SELECT found.* FROM (
            SELECT id FROM (
                SELECT DISTINCT ON (q.exchange, q.number) q.id
                FROM quarantine q {selected.where} AND {_CORRECTED_BY.format(kind=kind)} IS NULL
                ORDER BY q.exchange, q.number, q.id DESC
            ) AS newest ORDER BY id
        ) AS wanted
        CROSS JOIN LATERAL ({_records(kind, "WHERE q.id = wanted.id LIMIT 1", "CAST(NULL AS bigint)")}) AS found
        ORDER BY wanted.id
    """
    with ExitStack() as opened:
        connection = opened.enter_context(viewer_snapshot(as_exchange=arguments.get("exchange")))
        chunks = stream_chunks(connection, statement, QuarantinedRecord, _EVENTS_AT_ONCE, **selected.parameters)
        lines = (line for rows in chunks for line in _event_lines(connection, kind, rows))
        return stream_lines(lines, opened, "to-correct.ndjson")


@blueprint.operation(
    "GET /v1/quarantine/<int:id>",
    RefusedSchema,
    query=NoQuery,
    operation_id="getQuarantined",
)
def get_quarantine(id: int) -> Json:  # noqa: A002 - the contract's name
    """One rejected record."""
    kind = _kind()
    if id <= BIGINT_MAX:
        with viewer_snapshot() as connection:
            visible = where("q.id = %(id)s", None if current_key().exchange is None else "q.exchange = %(own)s")
            row = fetch_one(connection, _records(kind, visible), QuarantinedRecord, id=id, own=current_key().exchange)
            if row is not None:
                return _render(connection, kind, [row])[0]
    raise Problem(404)


def _kind() -> Kind:
    source: EvidenceSource = current_app.extensions[EVIDENCE]
    return source.kind


def _records(kind: Kind, where_clause: str, corrected_by: str = _CORRECTED_BY) -> str:
    """SELECT the records that a WHERE clause leaves of the quarantine."""
    return f"SELECT {_COLUMNS}, {corrected_by.format(kind=kind)} AS corrected_by FROM quarantine q {where_clause}"


class _Selected(NamedTuple):
    """The WHERE clause of the rows that are asked for, and its parameters."""

    where: str
    parameters: Json


def _selected(arguments: Json, *further: str) -> _Selected:
    own, status = current_key().exchange, arguments.get("status")
    conditions = (
        None if own is None else "q.exchange = %(own)s",
        None if "exchange" not in arguments else "q.exchange = %(exchange)s",
        None if "reason" not in arguments else "q.reason = %(reason)s",
        None if "date" not in arguments else "q.record_at >= %(from)s AND q.record_at < %(until)s",
        None if status is None else f"{_STATUS.format(kind=_kind())} = %(status)s",
        None if "places" not in arguments else AT_PLACES,
    )
    parameters: Json = {"own": own, **{name: arguments.get(name) for name in ("exchange", "reason", "status")}}
    if "date" in arguments:
        day = arguments["date"]
        parameters |= {"from": day_start(day), "until": day_start(day + timedelta(days=1))}
    if "places" in arguments:
        exchange = own or arguments.get("exchange")
        if exchange is None:
            said = "查询位置须指明交易场所 / places are those of an exchange"
            raise Problem(422, errors=[FieldFault("exchange", said)])
        parameters |= place_parameters(arguments["places"], exchange)
    return _Selected(where(*conditions, *further), parameters)


def _render(connection: Connection, kind: Kind, rows: Sequence[QuarantinedRecord]) -> list[Json]:
    corrections = _entries_at(connection, kind, [row.corrected_by for row in rows if row.corrected_by is not None])
    registered = _registered(connection, kind, {_compared_version(row) for row in rows if row.number is not None})
    return [_render_one(kind, row, corrections, registered.get(_compared_version(row))) for row in rows]


def _render_one(
    kind: Kind, row: QuarantinedRecord, corrections: Mapping[int, RegisteredEntry], registered: RegisteredEntry | None
) -> Json:
    found: list[FieldDifference] = []
    if registered is not None and row.is_whole:
        found = differences(kind, row.content.data, registered.content.data)
    status = "unidentified" if row.number is None else "open" if row.corrected_by is None else "corrected"
    return {
        **row._asdict(),
        "value_base64": None if row.value is None else base64.b64encode(row.value).decode(),
        "status": status,
        "corrected_by": None if row.corrected_by is None else _entry_json(corrections[row.corrected_by]),
        "registered": None if registered is None else _entry_json(registered),
        "differences": [one._asdict() for one in found],
        "fix": FIXES[row.reason]._asdict(),
    }


def _entry_json(entry: RegisteredEntry) -> Json:
    return {"seq": entry.seq, "revision": entry.revision, "received_at": format_time(entry.received_at)}


def _event_lines(connection: Connection, kind: Kind, rows: Sequence[QuarantinedRecord]) -> Iterator[bytes]:
    states = _registered(connection, kind, {_state_of(row) for row in rows})
    for row in rows:
        state = states.get(_state_of(row))
        yield event_line(event_to_correct(kind, row, None if state is None else state.revision))


def _state_of(row: QuarantinedRecord) -> Version:
    """The registered state of a record's document, as `_registered` is asked for it."""
    return row.exchange, row.number or "", 0


def _compared_version(row: QuarantinedRecord) -> Version:
    """The registered version that a record is compared with: of a conflict its own revision, else the state."""
    is_conflict = row.reason == REVISION_CONFLICT.reason and row.revision is not None
    return (row.exchange, row.number or "", row.revision or 0) if is_conflict else _state_of(row)


def _registered(connection: Connection, kind: Kind, versions: Collection[Version]) -> dict[Version, RegisteredEntry]:
    """Load those of the versions that are registered; revision 0 asks for the state."""
    if not versions:
        return {}
    columns = "d.exchange, d.number, d.seq, d.revision, d.received_at, d.value, d.headers"
    statement = f"""
        SELECT k.revision AS asked, {columns}
        FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[]), CAST(%(revisions)s AS int[]))
             AS k(exchange, number, revision)
        CROSS JOIN LATERAL (
            SELECT {columns} FROM {kind} d
            WHERE d.exchange = k.exchange AND d.number = k.number AND (k.revision = 0 OR d.revision = k.revision)
            UNION ALL
            SELECT {columns} FROM {kind}_past d
            WHERE d.exchange = k.exchange AND d.number = k.number AND d.revision = k.revision
        ) d
    """
    parameters = pg_arrays(versions, "exchanges", "numbers", "revisions")
    found: dict[Version, RegisteredEntry] = {}
    for asked, exchange, number, seq, revision, at, value, headers in fetch(
        connection, statement, tuple[int, str, str, int, int, datetime, bytes, bytes | None], **parameters
    ):
        stored = None if headers is None else json.loads(headers)
        found[exchange, number, asked] = RegisteredEntry(seq, revision, at, value, stored)
    return found


def _entries_at(connection: Connection, kind: Kind, seqs: Sequence[int]) -> dict[int, RegisteredEntry]:
    """Load entries by their seq, without their records."""
    halves = (
        f"SELECT seq, revision, received_at, NULL, NULL FROM {table} WHERE seq = ANY(CAST(%(seqs)s AS bigint[]))"
        for table in (kind, f"{kind}_past")
    )
    rows = fetch(connection, " UNION ALL ".join(halves), RegisteredEntry, seqs=pg_array(seqs)) if seqs else []
    return {row.seq: row for row in rows}
