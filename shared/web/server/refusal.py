"""Problems with which the server itself answers requests that reach no route."""

import http
import json
from typing import Any, Final

from gunicorn.http.errors import (
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)

from shared.web.problems import PROBLEM_TYPE, problem_body

_UNKNOWN_PATH: Final = "/"
_STATUSES: Final[dict[type[ParseException], http.HTTPStatus]] = {
    LimitRequestLine: http.HTTPStatus.REQUEST_URI_TOO_LONG,
    LimitRequestHeaders: http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    ExpectationFailed: http.HTTPStatus.EXPECTATION_FAILED,
    UnsupportedTransferCoding: http.HTTPStatus.BAD_REQUEST,
}


def refusal(status: int) -> bytes:
    """Return a whole answer with the problem of the status."""
    body: dict[str, Any] = problem_body(status, None, (), _UNKNOWN_PATH)
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    retry = "Retry-After: 5\r\n" if status == http.HTTPStatus.SERVICE_UNAVAILABLE else ""
    head = f"HTTP/1.1 {status} {body['title']}\r\nConnection: close\r\nContent-Type: {PROBLEM_TYPE}\r\n{retry}"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode("ascii") + content


def status_of(error: ParseException) -> int:
    """Return the status for a request that is not HTTP as gunicorn reads it: always the client's fault."""
    return next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), http.HTTPStatus.BAD_REQUEST)
