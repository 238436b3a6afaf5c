"""What a form of the bureau gives: as the API's body, with documents as hashes, and sent twice done once."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final, NamedTuple

from flask import request
from marshmallow import Schema, ValidationError

from services.incentive.pages.language import say_half
from services.incentive.queries.serializers import Json
from shared.web.problems import field_faults

DOCUMENTS: Final = "documents"
ONCE: Final = "once"  # the field that tells a form sent again from another one
UPLOADS_MOST_BYTES: Final = 64 << 20

Faults = dict[str, str]


class FormRefusal(NamedTuple):
    """Why a form was not carried out: of which form, with which status, and what is said, in all or of a field."""

    form: str
    http_status: int
    said: str | None
    faults: Faults


def new_once() -> str:
    """The Idempotency-Key of a form that is being shown."""
    return secrets.token_urlsafe(16)


def sent_once() -> str | None:
    """That of the form that was sent."""
    return request.form.get(ONCE) or None


def read_form(
    schema: Schema, names: Sequence[str], numbers: Sequence[str] = (), more: Mapping[str, Any] | None = None
) -> tuple[Json, Faults]:
    """What the schema makes of these fields and of the documents, or what is wrong with each.

    What is left empty is not given; `numbers` are whole numbers in JSON; `more` are members that no field has as such.
    """
    body: dict[str, Any] = {name: text for name in names if (text := request.form.get(name, "").strip())}
    body |= more or {}
    for name in numbers:
        text = str(body.get(name, ""))
        if text.isascii() and text.isdigit() and len(text) < 10:  # noqa: PLR2004 - any year
            body[name] = int(text)
    documents = sent_documents()
    if documents:
        body[DOCUMENTS] = documents
    try:
        given: Json = schema.load(body)
    except ValidationError as error:
        return {}, {fault.field.partition(".")[0]: say_half(fault.message) for fault in field_faults(error.messages)}
    return given, {}


def sent_documents() -> list[dict[str, str]]:
    """Name and hash of each file; the file itself is not kept."""
    return [
        {"name": file.filename, "sha256": _sha256(file.stream)}
        for file in request.files.getlist(DOCUMENTS)
        if file.filename
    ]


def _sha256(stream: IO[bytes]) -> str:
    found = hashlib.sha256()
    for piece in iter(lambda: stream.read(1 << 16), b""):
        found.update(piece)
    return found.hexdigest()
