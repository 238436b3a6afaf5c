"""Lists and details of a register's documents, common to listings and trades."""

import re
from typing import Any

from marshmallow import Schema, fields
from msgspec import structs
from sqlalchemy import (
    Connection,
    FromClause,
    MetaData,
    Row,
    Select,
    case,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)

from shared.events.decode import Kind
from shared.events.fields import Time
from shared.events.topics import EXCHANGE_PATTERN, topic_of
from shared.register.stored_documents import INSTANT_COLUMN, stored_document
from shared.register.tables import RegisterTables
from shared.values.json_types import Json
from shared.values.parties import is_number, parse_subject
from shared.web.keys import current_key
from shared.web.pagination import PageQuery, decode_cursor, encode_cursor, page
from shared.web.problems import Problem
from shared.web.query import ExchangeParameter, SubjectParameter, TimeParameter
from shared.web.viewer_snapshot import viewer_snapshot

_party = RegisterTables(MetaData()).party


class DocumentQuery(PageQuery):
    """Filters of both lists; `from` and `until` are half-open, on the document's time."""

    exchange = ExchangeParameter()
    provider = SubjectParameter()
    from_ = TimeParameter(data_key="from")
    until = TimeParameter()


class RevisionSchema(Schema):
    """An accepted revision and the record that brought it. `is_state`: it is the current one.

    With the document's number these fields are the whole content of its log entry.
    """

    seq = fields.Integer(required=True)
    revision = fields.Integer(required=True)
    status = fields.String(required=True)
    is_state = fields.Boolean(required=True)
    topic = fields.String(required=True)
    partition = fields.Integer(required=True)
    offset = fields.Integer(required=True)
    value_sha256 = fields.String(required=True)
    content_mode = fields.String(required=True)
    headers_sha256 = fields.String(required=True, allow_none=True)
    received_at = Time(required=True)


def item_schema(name: str, document: type[Schema]) -> type[Schema]:
    """Return the schema of a document in a list; `counted`: its exchange was on the whitelist at that time."""
    added: Json = {
        "exchange": fields.String(required=True),
        "seq": fields.Integer(required=True),
        "counted": fields.Boolean(required=True),
    }
    return document.from_dict(added, name=name)


def detail_schema(name: str, item: type[Schema]) -> type[Schema]:
    """Return the schema of a single document, with every accepted revision in order of `seq`."""
    revisions: Json = {"revisions": fields.List(fields.Nested(RevisionSchema), required=True)}
    return item.from_dict(revisions, name=name)


def party_id(subject: str) -> Any:
    """Return a subquery of the party's internal id; it has no row for an unknown party."""
    scheme, code = parse_subject(subject)
    return select(_party.c.id).where(_party.c.scheme == scheme, _party.c.code == code).scalar_subquery()


def select_page(kind: Kind, table: FromClause, arguments: Json) -> Select[Any]:
    """Select the documents of a page and one more, as visible to the current key."""
    columns, at = table.c, INSTANT_COLUMN[kind]
    statement = select(table).order_by(columns.exchange, columns.number).limit(arguments["limit"] + 1)
    exchange = current_key().exchange
    if exchange is not None:
        statement = statement.where(columns.exchange == exchange)
    if "exchange" in arguments:
        statement = statement.where(columns.exchange == arguments["exchange"])
    if "provider" in arguments:
        statement = statement.where(columns.provider == party_id(arguments["provider"]))
    if "from_" in arguments:
        statement = statement.where(columns[at] >= arguments["from_"])
    if "until" in arguments:
        statement = statement.where(columns[at] < arguments["until"])
    after = decode_cursor(arguments.get("cursor"), str, str)
    if after is not None:
        statement = statement.where(tuple_(columns.exchange, columns.number) > tuple_(*after))
    return statement


def answer_page(kind: Kind, statement: Select[Any], limit: int) -> Json:
    """Run the query of `select_page` and render the page."""
    with viewer_snapshot() as connection:
        rows = connection.execute(statement).all()
    return page(rows, limit, lambda row: encode_cursor(row.exchange, row.number), lambda row: render(kind, row))


def answer_document(kind: Kind, state: FromClause, past: FromClause, exchange: str, number: str) -> Json:
    """Render a document with all its revisions. Raises Problem 404 if there is none that the current key sees."""
    rows: list[Row[Any]] = []
    if current_key().sees(exchange) and re.fullmatch(EXCHANGE_PATTERN, exchange) and is_number(number):
        with viewer_snapshot() as connection:
            rows = _revisions(connection, state, past, exchange, number)
    for row in rows:
        if row.is_state:
            revisions = [_render_revision(kind, revision) for revision in rows]
            return {**render(kind, row), "revisions": revisions}
    raise Problem(404)


def _revisions(
    connection: Connection, state: FromClause, past: FromClause, exchange: str, number: str
) -> list[Row[Any]]:
    """Return all accepted revisions in order of `seq`; only the current one has the record's value and headers."""
    halves = []
    for table, is_state in ((state, True), (past, False)):
        columns = table.c
        halves.append(
            select(
                columns.exchange,
                columns.seq,
                columns.revision,
                columns.partition,
                columns.offset,
                columns.received_at,
                columns.counted,
                _status(columns),
                func.encode(func.sha256(columns.value), "hex").label("value_sha256"),
                columns.binary_mode,
                func.encode(func.sha256(columns.headers), "hex").label("headers_sha256"),
                literal(is_state).label("is_state"),
                (columns.value if is_state else null()).label("value"),
                (columns.headers if is_state else null()).label("headers"),
            ).where(columns.exchange == exchange, columns.number == number)
        )
    return list(connection.execute(union_all(*halves).order_by("seq")))


def _status(columns: Any) -> Any:
    # The register stores a trade's status as a boolean.
    status = columns.status if "status" in columns else case((columns.completed, "completed"), else_="cancelled")
    return status.label("status")


def _render_revision(kind: Kind, row: Row[Any]) -> Json:
    return {
        "seq": row.seq,
        "revision": row.revision,
        "status": row.status,
        "is_state": row.is_state,
        "topic": topic_of(kind, row.exchange),
        "partition": row.partition,
        "offset": row.offset,
        "value_sha256": row.value_sha256,
        "content_mode": "binary" if row.binary_mode else "structured",
        "headers_sha256": row.headers_sha256,
        "received_at": row.received_at,
    }


def render(kind: Kind, row: Row[Any]) -> Json:
    """Return an item of a list: the document's fields and those that the register adds."""
    document = stored_document(kind, row.exchange, row.value, row.headers)
    return {"exchange": row.exchange, "seq": row.seq, "counted": row.counted, **structs.asdict(document)}
