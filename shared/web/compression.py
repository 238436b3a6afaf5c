"""Compression of answers by gzip, for clients that accept it."""

import io
import secrets
from gzip import GzipFile
from typing import Final

from flask import Response, request

_LEAST_BYTES: Final = 1400  # one packet
_LEVEL: Final = 4
_TYPES: Final = frozenset(
    {"text/html", "text/css", "text/javascript", "image/svg+xml", "application/json", "application/problem+json"}
)
_MOST_PADDING: Final = 100


def compress(response: Response) -> Response:
    """Compress an answer that is whole, of a type that gains by it, and worth the time; streams and files stay."""
    if response.mimetype not in _TYPES or response.is_streamed or response.direct_passthrough:
        return response
    response.vary.add("Accept-Encoding")
    content = response.get_data()
    if "Content-Encoding" in response.headers or len(content) < _LEAST_BYTES:
        return response
    if request.accept_encodings.quality("gzip") > 0:
        response.set_data(_gzip(content))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _gzip(content: bytes) -> bytes:
    """The gzip bytes, with a file name of random length in the header.

    The length of a page that has a secret and repeats a parameter would tell whether they are alike (BREACH); this
    hides it, as Django does.
    """
    name, into = "x" * (1 + secrets.randbelow(_MOST_PADDING)), io.BytesIO()
    with GzipFile(name, "wb", _LEVEL, into, mtime=0) as stream:
        stream.write(content)
    return into.getvalue()
