"""HTTP routes of statements (决定书): the frozen bytes, as a page for people, and their service."""

import re
from typing import Final

from flask import Response
from marshmallow import Schema
from sqlalchemy import Connection

from services.incentive.documents.statements import statement_html, statement_pdf
from services.incentive.http import act_schemas as schemas
from services.incentive.http.acts import SEE_ALL, perform
from services.incentive.http.awards import found_or_404
from services.incentive.http.context import ledger_view
from services.incentive.http.fields import Words
from services.incentive.queries.statements import service_json
from services.incentive.store.frozen.statements import RecordedStatement, find_statement
from shared.events.fields import Choice
from shared.values.json_types import Json
from shared.web.answers import answer, days, integers, lists, texts
from shared.web.keys import SUBJECT
from shared.web.query import TEXT, Blueprint, DayParameter, NoQuery, QuerySchema

WITH_SUBJECT: Final = (*SEE_ALL, SUBJECT)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_JSON, _PDF, _HTML = "application/json", "application/pdf", "text/html; charset=utf-8"

blueprint = Blueprint("statements", __name__, description="决定书 / statements of decisions")


class StatementQuery(QuerySchema):
    """Without a format the answer is the frozen bytes (RFC 8785)."""

    format = Choice(("json", "pdf", "html"))


class ServiceRequestSchema(QuerySchema):
    """How a statement was served, on which day and to whom. The periods of remedies begin on the day after."""

    way = Words(required=True, max_length=100)
    served_on = DayParameter(required=True)
    to = Words(required=True, max_length=200)
    documents = schemas.documents_list(allow_none=True)


_RemedySchema: Final = answer(
    "Remedy",
    texts("remedy", "name", "to", "basis"),
    integers("days", "months", null=True),
    days("until", null=True),
    base=Schema,
)


ServicesSchema: Final = answer("Services", lists(items=schemas.ServiceSchema, remedies=_RemedySchema), base=Schema)


@blueprint.operation(
    "GET /v1/statements/<sha256>",
    TEXT,
    roles=WITH_SUBJECT,
    query=StatementQuery,
    content_type=_JSON,
    further_types=(_PDF, "text/html"),
    operation_id="downloadStatement",
)
def get_statement(arguments: Json, sha256: str) -> Response:
    """Return the frozen statement of a decision, which names its SHA-256.

    `format=pdf` and `format=html` render these bytes by the template that they name.
    """
    with ledger_view() as (connection, view):
        content = find_or_404(connection, sha256, view.subject).content
    return rendered(content, sha256, arguments.get("format", "json"))


def rendered(content: bytes, sha256: str, form: str) -> Response:
    """Return the bytes of a statement, or a document of them; they never change."""
    if form == "pdf":
        response = Response(statement_pdf(content, sha256), content_type=_PDF)
        response.headers["Content-Disposition"] = f'inline; filename="{sha256[:16]}.pdf"'
    elif form == "html":
        page, policy = statement_html(content, sha256)
        response = Response(page, content_type=_HTML)
        response.headers["Content-Security-Policy"] = policy
    else:
        response = Response(content, content_type=_JSON)
    response.set_etag(f"{sha256}.{form}")
    return response


@blueprint.operation(
    "POST /v1/statements/<sha256>/service",
    schemas.ServiceSchema,
    status=201,
    roles=("bureau",),
    headers=schemas.KeyHeader,
    body=ServiceRequestSchema,
    operation_id="recordService",
)
def serve_statement(header: Json, given: Json, sha256: str) -> Json:
    """Record that a statement was served: how, on which day and to whom."""
    return perform(header, sha256, given, "service")


@blueprint.operation(
    "GET /v1/statements/<sha256>/service",
    ServicesSchema,
    roles=WITH_SUBJECT,
    query=NoQuery,
    operation_id="getService",
)
def get_service(sha256: str) -> Json:
    """Return how and when a statement was served, and the last day of each remedy, null before it is served."""
    with ledger_view() as (connection, view):
        return service_json(connection, view, find_or_404(connection, sha256, view.subject))


def find_or_404(connection: Connection, sha256: str, subject: str | None) -> RecordedStatement:
    """Return the statement with that SHA-256. Problem 404 if there is none about `subject` (None: about any)."""
    found = find_statement(connection, sha256) if _SHA256.fullmatch(sha256) else None
    return found_or_404(found if found is None or subject in (None, found.subject) else None)
