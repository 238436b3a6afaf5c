"""Tables that a form sends: the file that is previewed, and its content again in the form that confirms it."""

import base64
import binascii
from typing import Final

from flask import request

from services.incentive.pages.language import say
from shared.web.problems import Problem

_MOST_BYTES: Final = 300_000  # the form that confirms a table carries it


def uploaded_table() -> bytes | None:
    """Return the uploaded table; None if it is too large."""
    file = request.files.get("table")
    content = b"" if file is None else file.stream.read(_MOST_BYTES + 1)
    return None if len(content) > _MOST_BYTES else content


def too_large() -> str:
    """Return the reason why a table that is too large is refused."""
    return say("文件过大，请分几次登记。", "The file is too large. Split it and submit the parts.")


def field_content(content: bytes) -> str:
    """Encode a table for the field of the form that confirms it."""
    return base64.b64encode(content).decode()


def confirmed_table() -> bytes:
    """Return the table that the form confirms. Problem 422 if it is not what a preview put there."""
    try:
        return base64.b64decode(request.form.get("content", ""), validate=True)
    except binascii.Error as error:
        raise Problem(422) from error
