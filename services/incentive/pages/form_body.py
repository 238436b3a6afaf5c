"""Forms of the bureau read as bodies of the API: documents as hashes, and a form sent twice performed once."""

import hashlib
import secrets
from collections.abc import Iterable
from typing import Final, NamedTuple

from flask import request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError

from services.incentive.pages.blueprint import show
from services.incentive.pages.language import say_half
from shared.values.json_types import Json
from shared.web.problems import FieldFault, Problem, field_faults

DOCUMENTS: Final = "documents"
ONCE: Final = "once"  # the field with the form's Idempotency-Key

Faults = dict[str, str]


class FormRefusal(NamedTuple):
    """Why a form was not carried out: a message, or a message for each field at fault."""

    form: str
    http_status: int
    said: str | None
    faults: Faults


def show_form(template: str, refused: FormRefusal | None, **values: object) -> ResponseReturnValue:
    """Render a page with forms: a new Idempotency-Key for them, and why the one that was sent was refused."""
    status = 200 if refused is None else refused.http_status
    return show(template, status, refused=refused, once=secrets.token_urlsafe(16), **values)


def sent_once() -> Json:
    """Return the Idempotency-Key of the form that was sent, as the API's KeyHeader reads it."""
    return {"key": request.form.get(ONCE) or None}


def read_form(schema: Schema, more: Json | None = None) -> tuple[Json, Faults]:
    """Load the fields and the documents of the form that was sent; return what was loaded, or the faults by field.

    Empty fields are left out; `more` are values that no field has as such.
    """
    names = [field.data_key or name for name, field in schema.fields.items()]
    body: Json = {name: text for name in names if (text := request.form.get(name, "").strip())}
    year = body.get("year", "")
    if year.isascii() and year.isdigit() and len(year) < 10:  # noqa: PLR2004 - any year
        body["year"] = int(year)
    body |= more or {}
    if documents := _sent_documents():
        body[DOCUMENTS] = documents
    return load(schema, body)


def load(schema: Schema, given: Json) -> tuple[Json, Faults]:
    """Load what was given with a schema of the API; return what was loaded, or the faults by field."""
    try:
        return schema.load(given), {}
    except ValidationError as error:
        return {}, said_faults(field_faults(error.messages))


def said_faults(faults: Iterable[FieldFault]) -> Faults:
    """Return the messages of faults by their form fields, in the page's language."""
    return {fault.field.partition(".")[0]: say_half(fault.message) for fault in faults}


def refusal_of(form: str, problem: Problem) -> FormRefusal:
    """Return the refusal of a form whose act had this problem; raise problems that are no answer to a form."""
    if problem.code not in (409, 422):
        raise problem
    faults = said_faults(problem.errors)
    return FormRefusal(form, problem.code, None if faults else say_half(problem.description or ""), faults)


def _sent_documents() -> list[dict[str, str]]:
    """Return the name and the hash of each uploaded file; the file itself is not kept."""
    return [
        {"name": file.filename, "sha256": hashlib.file_digest(file.stream, "sha256").hexdigest()}  # type: ignore[arg-type]
        for file in request.files.getlist(DOCUMENTS)
        if file.filename
    ]
