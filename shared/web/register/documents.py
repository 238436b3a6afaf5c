"""Lists and details of a register's documents, common to listings and trades."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache, partial
from typing import Final, NamedTuple

from marshmallow import Schema, ValidationError, fields
from msgspec import structs

from shared.events.decode import Kind
from shared.events.documents import INDUSTRIES, NOT_STATED, PRODUCT_KINDS, TRADE_STATUSES
from shared.events.fields import Choice, Time
from shared.events.topics import EXCHANGE_PATTERN, topic_of
from shared.postgres.query import fetch, where
from shared.postgres.sorted_rows import SortedRows, SqlRows, column
from shared.register.stored_documents import INSTANT_COLUMN, stored_document
from shared.values.json_types import Json
from shared.values.parties import is_number
from shared.web.answers import answer, booleans, integers, lists, texts
from shared.web.keys import current_key
from shared.web.lists import ItemList
from shared.web.pagination import PageQuery
from shared.web.problems import Problem
from shared.web.query import ExchangeParameter, Parsed, SubjectParameter, TimeParameter
from shared.web.service import viewer_snapshot

NUMBERS_MOST: Final = 50
_STATUS: Final[dict[Kind, str]] = {
    "listing": "status",
    "trade": "CASE WHEN completed THEN 'completed' ELSE 'cancelled' END",
}


def _parse_numbers(value: object) -> list[str]:
    numbers = str(value).split(",")
    if len(numbers) > NUMBERS_MOST or not all(map(is_number, numbers)):
        said = (
            f"须为至多 {NUMBERS_MOST} 个编号，以逗号分隔 / must be at most {NUMBERS_MOST} numbers, separated by commas"
        )
        raise ValidationError(said)
    return numbers


NumbersParameter = partial(Parsed, _parse_numbers, {"type": "string", "example": "T2026-0001,T2026-0002"})


class DocumentQuery(PageQuery):
    """Filters of both lists; `from` and `until` are half-open, on the document's time."""

    exchange = ExchangeParameter()
    provider = SubjectParameter()
    numbers = NumbersParameter()
    from_ = TimeParameter(data_key="from")
    until = TimeParameter()


class TradeQuery(DocumentQuery):
    """Filters of trades; `in_total`: those that make up the totals of exchanges, or the others.

    `product_kind` and `industry` are of what was traded, `unknown`: where the document does not state it.
    """

    buyer = SubjectParameter()
    status = Choice(TRADE_STATUSES)
    in_total = Choice(("true", "false"))
    product_kind = Choice((*PRODUCT_KINDS, NOT_STATED))
    industry = Choice((*INDUSTRIES, NOT_STATED))


# A revision of a document, and the Kafka record that brought it.
PlaceSchema = answer("Place", integers("revision", "seq"), texts("topic"), integers("partition", "offset"), base=Schema)
CountedField = partial(fields.Raw, metadata={"description": "true, or the reason why it does not count"}, required=True)
# An accepted revision, `is_state` if it is the current one, and the record that brought it: with the document's number
# the whole content of its log entry.
RevisionSchema = answer(
    "Revision",
    integers("seq", "revision"),
    texts("status"),
    booleans("is_state"),
    texts("topic"),
    integers("partition", "offset"),
    texts("value_sha256", "content_mode"),
    texts("headers_sha256", null=True),
    {"received_at": Time(required=True)},
    base=Schema,
)


def item_schema(name: str, document: type[Schema]) -> type[Schema]:
    """Return the schema of a document in a list; `counted`: its exchange was on the whitelist at that time."""
    return answer(name, texts("exchange"), integers("seq"), booleans("counted"), base=document)


def detail_schema(name: str, item: type[Schema]) -> type[Schema]:
    """Return the schema of a single document, with every accepted revision in order of `seq`."""
    return answer(name, lists(revisions=RevisionSchema), base=item)


class CurrentDocument(NamedTuple):
    """A document in its current revision, with the record that brought it."""

    exchange: str
    number: str
    seq: int
    counted: bool
    value: bytes
    headers: bytes | None
    at: datetime


class StoredRevision(NamedTuple):
    """An accepted revision of a document; only the current one has the record's value and headers."""

    exchange: str
    seq: int
    revision: int
    partition: int
    offset: int
    received_at: datetime
    counted: bool
    status: str
    value_sha256: str
    binary_mode: bool
    headers_sha256: str | None
    is_state: bool
    value: bytes | None
    headers: bytes | None


def is_party(column: str, name: str) -> str:
    """Return the condition that a column is the party of the parameter `name`, a subject."""
    scheme, code = f"split_part(%({name})s, ':', 1)", f"substring(%({name})s FROM '^[^:]*:(.*)$')"
    return f"{column} = (SELECT id FROM party WHERE scheme = {scheme} AND code = {code})"


def document_list(name: str, page: type[Schema], kind: Kind) -> ItemList:
    """Return the list of a register's documents; each of its sorts has an index."""
    exchange, number = column("exchange", str), column("number", str)
    sorts = {
        "exchange": (exchange, number),
        f"{kind}_no": (number, exchange),
        "seq": (column("seq", int),),
        INSTANT_COLUMN[kind]: (column("at", datetime), exchange, number),
    }
    return ItemList(name, page, sorts)


@contextmanager
def open_documents(kind: Kind, arguments: Json, **conditions: str) -> Iterator[SortedRows[CurrentDocument]]:
    """Open the documents that the current key sees; `conditions` are further filters by argument."""
    at = INSTANT_COLUMN[kind]
    own = current_key().exchange
    filters = {
        "exchange": "exchange = %(exchange)s",
        "provider": is_party("provider", "provider"),
        "numbers": "number = ANY(%(numbers)s)",
        "from_": f"{at} >= %(from_)s",
        "until": f"{at} < %(until)s",
        **conditions,
    }
    visible = where(
        None if own is None else "exchange = %(own)s",
        *(condition for name, condition in filters.items() if name in arguments),
    )
    select = f"SELECT exchange, number, seq, counted, value, headers, {at} AS at FROM {kind} {visible}"
    with viewer_snapshot() as connection:
        yield SqlRows(
            connection,
            select,
            CurrentDocument,
            {**arguments, "own": own},
            lambda rows: [_render(kind, row) for row in rows],
        )


def answer_document(kind: Kind, exchange: str, number: str) -> Json:
    """Render a document with all its revisions. Raises Problem 404 if there is none that the current key sees."""
    revisions: list[StoredRevision] = []
    if current_key().sees(exchange) and re.fullmatch(EXCHANGE_PATTERN, exchange) and is_number(number):
        with viewer_snapshot() as connection:
            revisions = fetch(connection, _revisions(kind), StoredRevision, exchange=exchange, number=number)
    for row in revisions:
        if row.value is not None:
            current = CurrentDocument(exchange, number, row.seq, row.counted, row.value, row.headers, row.received_at)
            return {**_render(kind, current), "revisions": [_render_revision(kind, one) for one in revisions]}
    raise Problem(404)


@cache
def _revisions(kind: Kind) -> str:
    """Select all accepted revisions in order of `seq`."""
    halves = (
        f"""
        SELECT exchange, seq, revision, partition, "offset", received_at, counted, {_STATUS[kind]} AS status,
               encode(sha256(value), 'hex'), binary_mode, encode(sha256(headers), 'hex'), {kept}
        FROM {table} WHERE exchange = %(exchange)s AND number = %(number)s
        """
        for table, kept in ((kind, "true, value, headers"), (f"{kind}_past", "false, NULL, NULL"))
    )
    return f"{' UNION ALL '.join(halves)} ORDER BY seq"


def _render_revision(kind: Kind, row: StoredRevision) -> Json:
    mode = "binary" if row.binary_mode else "structured"
    return {**row._asdict(), "topic": topic_of(kind, row.exchange), "content_mode": mode}


def _render(kind: Kind, row: CurrentDocument) -> Json:
    """Return an item of a list: the document's fields and those that the register adds."""
    document = stored_document(kind, row.exchange, row.value, row.headers)
    return {"exchange": row.exchange, "seq": row.seq, "counted": row.counted, **structs.asdict(document)}
