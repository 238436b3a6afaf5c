"""What facts were made of, streamed (contract, section 4), and the log entries of what an extract is about."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, current_app, request
from marshmallow import Schema
from msgspec import structs
from sqlalchemy import Connection

from shared.events.decode import Kind
from shared.events.fields import Text
from shared.events.topics import topic_of
from shared.postgres.database import BIGINT_MOST, snapshot
from shared.register.evidence import AT_ONCE, Scope, documents_as_of
from shared.register.extract_selection import select_entries
from shared.register.head import read_head
from shared.register.log_entries import EntryRecord
from shared.register.stored_documents import stored_document
from shared.values.canonical_json import canonical_json
from shared.web.keys import require
from shared.web.problems import FieldFault, Problem
from shared.web.query import Blueprint, ExchangeParameter, QuerySchema, WholeNumber
from shared.web.service import current_service

NDJSON: Final = "application/x-ndjson"
EVERYTHING: Final = "*"
_LINES: Final[dict[str, Any]] = {"content_type": NDJSON}
_WANTED: Final[dict[str, Any]] = {"requestBody": {"content": {"text/plain": {"schema": {"type": "string"}}}}}


@dataclass(frozen=True)
class EvidenceSource:
    """What one register's facts are made of: how its documents are shown, which a fact is about, its entries."""

    kind: Kind
    document: Schema
    scope_of: Callable[[str, Sequence[str]], Scope | None]
    records: Callable[[Connection, Sequence[int]], Iterator[EntryRecord]]


EVIDENCE: Final = "jiangbu.evidence"

blueprint = Blueprint("evidence", __name__, description="What facts were made of")


class EvidenceQuery(QuerySchema):
    """Which fact, and of how many of the register's entries (all of them if not given); of one exchange alone."""

    fact = Text(required=True, min_length=1, metadata={"example": "facts.first-purchase.v1/r1/uscc:91530100MAXGAAA018"})
    seq = WholeNumber(least=0, most=BIGINT_MOST)
    exchange = ExchangeParameter()


class EntriesQuery(QuerySchema):
    """Below which number, and of which exchange's documents alone."""

    until = WholeNumber(least=0, most=BIGINT_MOST, required=True)
    exchange = ExchangeParameter()


@blueprint.route("/v1/evidence")
@require("auditor", "service")
@blueprint.arguments(EvidenceQuery, location="query")
@blueprint.response(200, {"type": "string"}, **_LINES)
def evidence(arguments: dict[str, Any]) -> Response:
    """Every document that a fact was made of at `seq`, in the revision that then stood, in order of `seq`.

    One a line, with `counted`: true, or the reason why not.
    """
    made_of: EvidenceSource = current_app.extensions[EVIDENCE]
    topic, _, rest = arguments["fact"].partition("/")
    register, _, key = rest.partition("/")
    scope = _scope(made_of, topic, key)
    with ExitStack() as opened:
        connection = opened.enter_context(snapshot(current_service().engine))
        head = read_head(connection)
        if register != head.register:
            raise Problem(404)
        seq = _within(arguments.get("seq", head.next_seq), head.next_seq, "seq")
        rows = documents_as_of(connection, scope, seq, arguments.get("exchange"))
        return _stream((_line(made_of, row) for row in rows), opened)


def _scope(made_of: EvidenceSource, topic: str, key: str) -> Scope:
    try:
        scope = None if "\0" in key else made_of.scope_of(topic, key.split("/"))
    except ValueError:
        scope = None
    if scope is None:
        raise Problem(404)
    return scope


def _within(number: int, most: int, field: str) -> int:
    if number > most:
        fault = FieldFault(field, f"登记簿只有 {most} 条 / the register has {most} entries")
        raise Problem(422, errors=[fault])
    return number


def _line(made_of: EvidenceSource, row: Any) -> bytes:
    document = stored_document(made_of.kind, row.exchange, row.value, row.headers)
    members = {
        "exchange": row.exchange,
        "seq": row.seq,
        "topic": topic_of(made_of.kind, row.exchange),
        "partition": row.partition,
        "offset": row.offset,
        **made_of.document.dump(structs.asdict(document)),
        "counted": True if row.reason is None else row.reason,
    }
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@blueprint.route("/v1/entries", methods=["POST"])
@require("service")
@blueprint.arguments(EntriesQuery, location="query")
@blueprint.response(200, {"type": "string"}, **_LINES)
@blueprint.doc(**_WANTED)
def entries(arguments: dict[str, Any]) -> Response:
    """The log's entries that have to do with some parties, exchanges and listings, each with its record; for extracts.

    What is wanted is the body, one a line: `<scheme>:<id>`, `exchange/<id>`, `listing/<exchange>/<number>`; or `*`
    alone. Of a document every accepted revision is told.
    """
    made_of: EvidenceSource = current_app.extensions[EVIDENCE]
    request.max_content_length = None  # read line by line, however many there are
    wanted = (line.decode("utf-8", "replace").rstrip("\n") for line in request.stream)
    with ExitStack() as opened:
        engine = current_service().engine.execution_options(isolation_level="REPEATABLE READ")
        connection = opened.enter_context(engine.begin())
        until = _within(arguments["until"], read_head(connection).next_seq, "until")
        seqs = _chosen(connection, made_of.kind, wanted, until, arguments.get("exchange"))
        return _stream((line for some in seqs for line in map(entry_line, made_of.records(connection, some))), opened)


def _chosen(
    connection: Connection, kind: Kind, wanted: Iterator[str], until: int, exchange: str | None
) -> Iterable[Sequence[int]]:
    first = next(wanted, "")
    if first == EVERYTHING:
        return (range(start, min(start + AT_ONCE, until)) for start in range(0, until, AT_ONCE))
    named = (about for about in (first, *wanted) if about and "\0" not in about)
    return select_entries(connection, kind, named, until, exchange)


def entry_line(entered: EntryRecord) -> bytes:
    """An entry as extracts have it: canonical JSON of the entry, and in base64 the record's headers and value."""
    headers = None if entered.headers is None else base64.b64encode(entered.headers).decode()
    rest = canonical_json({"headers": headers, "value": base64.b64encode(entered.value).decode()})
    return b'{"entry":' + entered.entry + b"," + rest[1:] + b"\n"


def _stream(lines: Iterator[bytes], opened: ExitStack) -> Response:
    """An answer of these lines; what was opened for them stays open until they are given, or nobody wants more."""
    kept = opened.pop_all()
    response = Response(_in_pieces(lines), content_type=NDJSON)
    response.call_on_close(kept.close)
    return response


def _in_pieces(lines: Iterator[bytes]) -> Iterator[bytes]:
    """A write to the socket for each line would be slow."""
    piece: list[bytes] = []
    size = 0
    for line in lines:
        piece.append(line)
        size += len(line)
        if size > 1 << 16:
            yield b"".join(piece)
            piece, size = [], 0
    yield b"".join(piece)
