"""Errors as `application/problem+json` (RFC 9457), from routes, parsers, Flask and database drivers alike."""

import http
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import structlog
from flask import Flask, Response, request
from flask.json import dumps
from marshmallow import Schema, fields
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from shared.postgres.errors import DAMAGED, is_damaged, is_transient
from shared.telemetry.masking import reason_of
from shared.values.json_types import Json
from shared.web.request_labels import route_label

PROBLEM_TYPE: Final = "application/problem+json"
_log = structlog.get_logger(__name__)

# Default details by status.
DETAILS: Final = {
    400: "请求无法理解 / the request cannot be understood",
    401: "缺少密钥或密钥有误 / the API key is missing or wrong",
    403: "此密钥无权执行该操作 / this key is not allowed to do that",
    404: "未找到此内容，或无权查看 / not found or not authorized",
    405: "此路径不支持该方法 / the path does not support this method",
    413: "请求内容过大 / the request is too large",
    414: "网址过长 / the URL is too long",
    415: "内容类型须为 application/json / the content type must be application/json",
    422: "参数或内容有误 / a parameter or the body is invalid",
    429: "请求过多，请稍后再试 / too many requests; try again later",
    431: "请求头过大 / the headers are too large",
    500: "内部错误，已记录 / internal error; it has been logged",
    503: "暂时不可用，请稍后再试 / temporarily unavailable; try again later",
}
# Locations that webargs adds to field names; the field alone is shown.
_LOCATIONS: Final = frozenset({"query", "json", "headers", "form", "files", "path", "view_args", "cookies"})


class FieldFault(NamedTuple):
    """An invalid parameter or field of the body; `field` is its path, such as `provider.id`."""

    field: str
    message: str


class Problem(HTTPException):
    """An error answer. `detail` is for people, Chinese first; `further` holds fields beyond those of RFC 9457."""

    def __init__(
        self,
        status: int,
        detail: str | None = None,
        errors: Sequence[FieldFault] = (),
        headers: Mapping[str, str] | None = None,
        further: Json | None = None,
    ) -> None:
        super().__init__(detail or DETAILS.get(status))
        self.code = status
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.further = dict(further or {})


class FieldFaultSchema(Schema):
    field = fields.String(required=True)
    message = fields.String(required=True)


class ProblemSchema(Schema):
    """Problem details (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    errors = fields.List(fields.Nested(FieldFaultSchema), required=True)


def problem_body(status: int, detail: str | None, errors: Sequence[FieldFault], instance: str) -> Json:
    """Return the fields of RFC 9457; without a detail, the default of the status."""
    fallback = DETAILS[400 if status < http.HTTPStatus.INTERNAL_SERVER_ERROR else 500]
    return {
        "type": "about:blank",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or DETAILS.get(status, fallback),
        "instance": instance,
        "errors": [error._asdict() for error in errors],
    }


def problem_response(
    status: int,
    detail: str | None,
    errors: Sequence[FieldFault],
    headers: Mapping[str, str],
    further: Json | None = None,
) -> Response:
    body = {**problem_body(status, detail, errors, request.path), **(further or {})}
    response = Response(dumps(body), status=status, content_type=PROBLEM_TYPE)
    response.headers.extend(headers)
    return response


def answer_http_exception(error: HTTPException) -> Response:
    """Answer any HTTP error: a `Problem`, one of the parser (its messages become `errors`), or one of Flask."""
    if isinstance(error, Problem):
        return problem_response(error.code or 500, error.description, error.errors, error.headers, error.further)
    status = error.code or 500
    if status < http.HTTPStatus.BAD_REQUEST:
        # A redirect by the router, with its Location header.
        return Response(error.get_response(request.environ).get_data(), status, error.get_headers(request.environ))
    messages: object = (getattr(error, "data", None) or {}).get("messages")
    # Keep headers such as Allow (405) and Retry-After (429, 503).
    kept = {name: value for name, value in error.get_headers(request.environ) if not name.startswith("Content-")}
    return problem_response(status, None, list(field_faults(messages)), kept)


def field_faults(messages: object, path: tuple[str, ...] = ()) -> Iterator[FieldFault]:
    """Flatten nested messages of marshmallow: `{"query": {"limit": ["..."]}}` becomes field `limit`."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            is_step = not (name == "_schema" or (not path and name in _LOCATIONS))
            yield from field_faults(inner, (*path, str(name)) if is_step else path)
    elif isinstance(messages, list):
        for message in messages:
            yield from field_faults(message, path)
    elif messages is not None:
        yield FieldFault(".".join(path), str(messages))


def answer_database_error(error: DBAPIError | PoolTimeoutError) -> Response:
    """Answer 503 if the database is unavailable, busy or damaged; any other error is a bug and becomes a 500."""
    if is_damaged(error):
        _log.critical("database files are damaged", route=route_label(), error=reason_of(error))
        return problem_response(503, DAMAGED, (), {})
    if not isinstance(error, PoolTimeoutError) and not is_transient(error):
        raise error
    _log.warning("database unavailable", route=route_label(), error=reason_of(error))
    return problem_response(503, "数据库暂时不可用 / the database is unavailable", (), {"Retry-After": "5"})


def register_problems(app: Flask) -> None:
    """Register the error handlers. Flask itself logs the traceback of a 500."""
    app.register_error_handler(HTTPException, answer_http_exception)
    app.register_error_handler(DBAPIError, answer_database_error)
    app.register_error_handler(PoolTimeoutError, answer_database_error)
