"""Routes that stream the documents behind a fact, and the log entries that an extract needs."""

import base64
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final

from flask import Response, current_app, request
from marshmallow import Schema
from msgspec import structs
from sqlalchemy import Connection

from shared.events.decode import Kind
from shared.events.fields import Text
from shared.events.topics import topic_of
from shared.postgres.query import BIGINT_MAX
from shared.register.evidence import ROWS_AT_ONCE, DocumentAsOf, Scope, documents_as_of
from shared.register.extract_selection import select_entries
from shared.register.head import read_head
from shared.register.log_entries import EntryRecord
from shared.register.stored_documents import stored_document
from shared.values.canonical_json import canonical_json
from shared.values.json_types import Json
from shared.values.times import format_time
from shared.web.problems import FieldFault, Problem
from shared.web.query import TEXT, Blueprint, ExchangeParameter, QuerySchema, WholeNumber
from shared.web.service import Needs, read_snapshot

NDJSON: Final = "application/x-ndjson"
EVERYTHING: Final = "*"
EVIDENCE: Final = "jiangbu.evidence"
_SELECTED: Final = "uscc:91530100MA6K123456\nexchange/kmdex\nlisting/kmdex/KM-L-2026-0001\n"
_SELECTION: Final = {"content": {"text/plain": {"schema": TEXT, "example": _SELECTED}}}
_PIECE_BYTES: Final = 1 << 16


@dataclass(frozen=True)
class EvidenceSource:
    """The evidence of a register: the schema of its documents, the scope of each fact, and its entries with records."""

    kind: Kind
    document: Schema
    scope_of: Callable[[str, Sequence[str]], Scope | None]
    records: Callable[[Connection, Sequence[int]], Iterator[EntryRecord]]


blueprint = Blueprint("evidence", __name__, description="事实依据 / evidence of facts")


class EvidenceQuery(QuerySchema):
    """A fact, the number of register entries it is based on (default: all), and optionally one exchange."""

    fact = Text(required=True, min_length=1, metadata={"example": "facts.first-purchase.v1/r1/uscc:91530100MAXGAAA018"})
    seq = WholeNumber(least=0, most=BIGINT_MAX)
    exchange = ExchangeParameter()


class EntriesQuery(QuerySchema):
    """Entries below `until`, optionally of one exchange's documents only."""

    until = WholeNumber(least=0, most=BIGINT_MAX, required=True)
    exchange = ExchangeParameter()


@blueprint.operation(
    "GET /v1/evidence",
    TEXT,
    roles=("auditor", "service"),
    query=EvidenceQuery,
    content_type=NDJSON,
    operation_id="streamEvidence",
)
def evidence(arguments: Json) -> Response:
    """Every document behind a fact at `seq`, in the revision that was current then, in order of `seq`.

    One document a line, with `record_at`, the Kafka timestamp of its revision's first record, and `counted`: true, or
    the reason why it does not count.
    """
    source: EvidenceSource = current_app.extensions[EVIDENCE]
    topic, _, rest = arguments["fact"].partition("/")
    register, _, key = rest.partition("/")
    scope = _scope(source, topic, key)
    with ExitStack() as opened:
        connection = opened.enter_context(read_snapshot())
        head = read_head(connection)
        if register != head.register:
            raise Problem(404)
        seq = _at_most(arguments.get("seq", head.next_seq), head.next_seq, "seq")
        rows = documents_as_of(connection, scope, seq, arguments.get("exchange"))
        return stream_lines((document_line(source, row) for row in rows), opened)


def _scope(source: EvidenceSource, topic: str, key: str) -> Scope:
    try:
        scope = None if "\0" in key else source.scope_of(topic, key.split("/"))
    except ValueError:
        scope = None
    if scope is None:
        raise Problem(404)
    return scope


def _has(until: int, connection: Connection) -> bool:
    return read_head(connection).next_seq >= until


def _at_most(number: int, most: int, field: str) -> int:
    if number > most:
        fault = FieldFault(field, f"登记簿只有 {most} 条 / the register has {most} entries")
        raise Problem(422, errors=[fault])
    return number


def document_line(source: EvidenceSource, row: DocumentAsOf) -> bytes:
    """Return a document as a line of an answer."""
    document = stored_document(source.kind, row.exchange, row.value, row.headers)
    line = {
        "exchange": row.exchange,
        "seq": row.seq,
        "topic": topic_of(source.kind, row.exchange),
        "partition": row.partition,
        "offset": row.offset,
        "record_at": format_time(row.record_at),
        **source.document.dump(structs.asdict(document)),
        "counted": True if row.reason is None else row.reason,
    }
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@blueprint.operation(
    "POST /v1/entries",
    TEXT,
    roles=("service",),
    query=EntriesQuery,
    requestBody=_SELECTION,
    content_type=NDJSON,
    operation_id="streamEntries",
)
def entries(arguments: Json) -> Response:
    """Log entries of the given parties, exchanges and listings, each with its record; for extracts.

    The body lists what to select, one a line: `<scheme>:<id>`, `exchange/<id>`, `listing/<exchange>/<number>`; or `*`
    for everything. Every accepted revision of a document is included.
    """
    source: EvidenceSource = current_app.extensions[EVIDENCE]
    request.max_content_length = sys.maxsize  # it is read line by line; None would be the application's limit
    wanted = (line.decode("utf-8", "replace").rstrip("\n") for line in request.stream)
    with ExitStack() as opened:
        connection = opened.enter_context(read_snapshot(Needs(has=partial(_has, arguments["until"]))))
        until = _at_most(arguments["until"], read_head(connection).next_seq, "until")
        chunks = _selected(connection, source.kind, wanted, until, arguments.get("exchange"))
        lines = (entry_line(entry) for seqs in chunks for entry in source.records(connection, seqs))
        return stream_lines(lines, opened)


def _selected(
    connection: Connection, kind: Kind, wanted: Iterator[str], until: int, exchange: str | None
) -> Iterable[Sequence[int]]:
    first = next(wanted, "")
    if first == EVERYTHING:
        return (range(start, min(start + ROWS_AT_ONCE, until)) for start in range(0, until, ROWS_AT_ONCE))
    named = (about for about in (first, *wanted) if about and "\0" not in about)
    return select_entries(connection, kind, named, until, exchange)


def entry_line(record: EntryRecord) -> bytes:
    """Return an entry in the format of extracts: canonical JSON, with the record's headers and value in base64.

    `record_at` is the record's Kafka timestamp; null for facts and settings.
    """
    headers = None if record.headers is None else base64.b64encode(record.headers).decode()
    record_at = None if record.record_at is None else format_time(record.record_at)
    value = base64.b64encode(record.value).decode()
    rest = canonical_json({"headers": headers, "record_at": record_at, "value": value})
    return b'{"entry":' + record.entry + b"," + rest[1:] + b"\n"


def stream_lines(lines: Iterator[bytes], opened: ExitStack, file_name: str | None = None) -> Response:
    """Stream lines, as a file if it has a name; `opened` is closed when all are sent or the client disconnects."""
    resources = opened.pop_all()
    response = Response(_in_pieces(lines), content_type=NDJSON)
    if file_name is not None:
        response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    response.call_on_close(resources.close)
    return response


def _in_pieces(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Join lines into larger pieces: a write to the socket for each line would be slow."""
    piece: list[bytes] = []
    size = 0
    for line in lines:
        piece.append(line)
        size += len(line)
        if size > _PIECE_BYTES:
            yield b"".join(piece)
            piece, size = [], 0
    yield b"".join(piece)
