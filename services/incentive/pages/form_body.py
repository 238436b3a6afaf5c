"""Forms of the bureau read as bodies of the API: uploaded documents, and a form sent twice performed once.

An uploaded file is kept before the act is tried. A form that is refused then still has its documents.
"""

import secrets
from collections.abc import Iterable
from typing import Final, NamedTuple

from flask import g, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError

from services.incentive.http.files import TOO_LARGE, WRONG_TYPE, keep
from services.incentive.pages.blueprint import show
from services.incentive.pages.language import say_half
from services.incentive.store.kept_files import FileTooLargeError, FileTypeError, sha256_of
from shared.values.json_types import Json
from shared.web.problems import FieldFault, Problem, field_faults

DOCUMENTS: Final = "documents"
HASH_ONLY: Final = "hash_only"  # the field that asks for the name and hash of files alone
UPLOADED: Final = "uploaded"  # the field with the documents of a form that was sent before: `<sha256> <name>`
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
    uploaded = g.get(UPLOADED, ())
    return show(template, status, refused=refused, once=secrets.token_urlsafe(16), uploaded=uploaded, **values)


def sent_once() -> Json:
    """Return the Idempotency-Key of the form that was sent, as the API's KeyHeader reads it."""
    return {"key": request.form.get(ONCE) or None}


def read_form(schema: Schema, more: Json | None = None) -> tuple[Json, Faults]:
    """Load the fields and the documents of the form that was sent; return what was loaded, or the faults by field.

    Empty fields are left out; `more` are values that no field has as such. Files are kept for schemas with documents
    alone: a visitor without a key can leave none.
    """
    names = [field.data_key or name for name, field in schema.fields.items()]
    body: Json = {name: text for name in names if (text := request.form.get(name, "").strip())}
    year = body.get("year", "")
    if year.isascii() and year.isdigit() and len(year) < 10:  # noqa: PLR2004 - any year
        body["year"] = int(year)
    body |= more or {}
    documents, said = _sent_documents() if DOCUMENTS in names else ([], None)
    if documents:
        body[DOCUMENTS] = documents
    given, faults = load(schema, body)
    return (given, faults) if said is None else ({}, faults | {DOCUMENTS: said})


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
    if problem.code not in (409, 422, 429):
        raise problem
    faults = said_faults(problem.errors)
    return FormRefusal(form, problem.code, None if faults else say_half(problem.description or ""), faults)


def _sent_documents() -> tuple[list[Json], str | None]:
    """Return name and SHA-256 of each document, and why a file was refused, if one was.

    Files are kept, unless the form asks for their names and hashes alone.
    """
    said = None
    documents: list[Json] = []
    for text in request.form.getlist(UPLOADED):
        sha256, _, name = text.partition(" ")
        documents.append({"name": name, "sha256": sha256})
    for file in request.files.getlist(DOCUMENTS):
        if not file.filename:
            continue
        try:
            digest = sha256_of(file.stream) if HASH_ONLY in request.form else keep(file.stream, file.filename).sha256
        except (FileTooLargeError, FileTypeError) as error:
            why = TOO_LARGE if isinstance(error, FileTooLargeError) else WRONG_TYPE
            said = f"{file.filename}: {say_half(why)}"
        else:
            documents.append({"name": file.filename, "sha256": digest})
    setattr(g, UPLOADED, documents)
    return documents, said
