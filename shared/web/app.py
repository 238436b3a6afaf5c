"""The Flask application of every service: error handling, API keys, common routes, security headers, JSON."""

import json
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, NoReturn

import flask_smorest
import structlog
from flask import Flask, Response, current_app, request
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from shared.postgres.database import make_probe_engine
from shared.postgres.errors import is_transient
from shared.telemetry.masking import reason_of
from shared.values.json_types import Json
from shared.web import docs
from shared.web.compression import compress
from shared.web.keys import authenticate
from shared.web.openapi import document
from shared.web.operations import metrics
from shared.web.operations import routes as operations
from shared.web.operations.progress import Sampler
from shared.web.operations.readiness import Readiness
from shared.web.problems import PROBLEM_TYPE, ProblemSchema, answer_http_exception, register_problems
from shared.web.query import Blueprint
from shared.web.request_labels import method_label, route_label
from shared.web.request_tracing import trace_requests
from shared.web.service import ServiceInfo, current_service, leave_standbys, noted_size
from shared.web.unknown_addresses import plain_page, show_unknown_addresses_by

BODY_MOST_BYTES: Final = 1 << 20
# Open without a key. Every other endpoint needs one by default.
OPEN_ENDPOINTS: Final = frozenset(
    {"operations.healthz", "operations.readyz", "api-docs.openapi_json", "docs.page", "docs.asset"}
)
_DESCRIPTION: Final = (
    "金额为两位小数的字符串（元），时间为带 +08:00 的 RFC 3339，区间前闭后开；列表用 next_cursor 翻页；"
    "从备库应答时，X-Ledger-Size 为结果所依据的日志长度，可作为之后请求的 min_size；"
    "错误为 application/problem+json。\n\n"
    "Money is yuan as a string with two decimals, times are RFC 3339 with +08:00, `from` and `until` are half-open."
    " To get the next page of a list, pass `next_cursor` as `cursor`."
    " Where standbys answer, `X-Ledger-Size` is the size of the log that an answer rests on: pass it as `min_size`, and"
    " later answers rest on no less. Errors are application/problem+json (RFC 9457)."
)
_SIGN_INS: Final = "jiangbu.sign_ins"
_PUBLIC: Final = "jiangbu.public"  # blueprints that are open without a key
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Answers depend on the key and on the time.
    "Cache-Control": "no-store",
}


_log = structlog.get_logger(__name__)


class StrictJson(DefaultJSONProvider):
    """JSON in UTF-8 with fields in the given order, without NaN; values of other types raise TypeError."""

    @staticmethod
    def _refuse(value: object) -> NoReturn:
        raise TypeError(f"{type(value).__name__} cannot be written as JSON")

    default = _refuse
    ensure_ascii = False
    sort_keys = False

    def dumps(self, obj: object, **kwargs: Any) -> str:
        return json.dumps(
            obj,
            **{"default": self._refuse, "ensure_ascii": False, "allow_nan": False, "separators": (",", ":"), **kwargs},
        )


class _App(Flask):
    """Flask's application. It logs a failed request by its route, as Flask would log its path.

    A read that a standby ends is answered by the primary: replay cancels what conflicts with it, and servers stop.
    """

    def dispatch_request(self) -> ResponseReturnValue:
        try:
            return super().dispatch_request()
        except DBAPIError as error:
            if not is_transient(error) or not leave_standbys():
                raise
            _log.warning("the standby ended a read, the primary answers", route=route_label(), error=reason_of(error))
            return super().dispatch_request()

    def log_exception(self, exc_info: object) -> None:
        _log.error(
            "request failed with an internal error", route=route_label(), method=method_label(), exc_info=exc_info
        )


class ProblemApi(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest's API with errors as problem+json."""

    ERROR_SCHEMA = ProblemSchema

    def handle_http_exception(self, error: HTTPException) -> Response:
        return answer_http_exception(error)

    def _register_responses(self) -> None:
        # Named responses of the OpenAPI document, added when a route refers to one.
        content = {PROBLEM_TYPE: {"schema": ProblemSchema}}
        for status in HTTPStatus:
            if status >= HTTPStatus.BAD_REQUEST:
                answer = {"description": status.phrase, "content": content}
                self.spec.components.response(status.name, answer, lazy=True)
        answer = {"description": "RFC 9457 problem", "content": content}
        self.spec.components.response(self.DEFAULT_ERROR_RESPONSE_NAME, answer, lazy=True)

    def _register_pagination_header(self) -> None:
        """Add no header: pagination is in the body."""

    def _openapi_json(self) -> Response:
        return Response(current_app.json.dumps(document(current_app)), mimetype="application/json")


def create_base_app(service: ServiceInfo) -> Flask:
    """Create the application of a service with the common routes; `add_routes` adds its own.

    Opens no connection and starts no thread: `start_sampler` does so in the worker process.
    """
    app = _App(service.name, static_folder=None)
    app.json = StrictJson(app)
    app.url_map.merge_slashes = False
    app.config.update(_config(service.title))
    registry = CollectorRegistry()
    sampler = Sampler(replace(service, engine=make_probe_engine(service.engine)))
    readiness = Readiness(sampler)
    registry.register(metrics.ProgressCollector(sampler, readiness))
    app.extensions.update(
        {
            "jiangbu": service,
            "jiangbu.sampler": sampler,
            "jiangbu.readiness": readiness,
            "jiangbu.metrics": registry,
            _SIGN_INS: {},
            _PUBLIC: set(),
        }
    )
    register_problems(app)
    ProblemApi(app)
    app.before_request(_authenticate)
    metrics.count_requests(app, registry)
    metrics.count_unreplicated_commits(app, service.engine, registry)
    if service.tracing is not None:
        trace_requests(app, service.tracing)
    app.after_request(compress)
    app.after_request(_add_headers)
    show_unknown_addresses_by(app, plain_page)
    app.register_blueprint(docs.blueprint)
    add_routes(app, operations.blueprint)
    return app


def _config(title: str) -> Json:
    return {
        "API_TITLE": title,
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/",
        "MAX_CONTENT_LENGTH": BODY_MOST_BYTES,
        # apispec writes into these options, so each application needs its own.
        "API_SPEC_OPTIONS": {
            "info": {
                "description": _DESCRIPTION,
                "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
            },
            "security": [{"bearer": []}],
            "components": {
                "securitySchemes": {
                    "bearer": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "密钥 / the API key of a person or system",
                    }
                }
            },
        },
    }


def add_routes(app: Flask, blueprint: Blueprint, *, is_public: bool = False) -> None:
    """Serve a blueprint and describe it in the OpenAPI document; a public one is open without a key."""
    if is_public:
        app.extensions[_PUBLIC].add(blueprint.name)
    app.extensions["flask-smorest"]["apis"][""]["ext_obj"].register_blueprint(blueprint)


def sign_in_by(app: Flask, blueprint: str, sign_in: Callable[[], ResponseReturnValue | None]) -> None:
    """Authenticate the requests of a blueprint with `sign_in` instead of the Authorization header.

    It sets the key of the request (`shared.web.keys.ask_as`) or returns the response for an unauthenticated caller.
    """
    app.extensions[_SIGN_INS][blueprint] = sign_in


def start_sampler(app: Flask) -> None:
    """Start sampling progress. Call it in the worker process, after the fork."""
    app.extensions["jiangbu.sampler"].start()


def stop_tracing(app: Flask) -> None:
    """Send the remaining traces. Call it when the worker process ends."""
    tracing = app.extensions["jiangbu"].tracing
    if tracing is not None:
        tracing.stop()


def _authenticate() -> ResponseReturnValue | None:
    # No endpoint means an unknown path or method: Flask answers 404 or 405.
    if request.endpoint is None or request.endpoint in OPEN_ENDPOINTS:
        return None
    if request.blueprint in current_app.extensions[_PUBLIC]:
        return None
    sign_in: Callable[[], ResponseReturnValue | None] | None = current_app.extensions[_SIGN_INS].get(request.blueprint)
    if sign_in is not None:
        return sign_in()
    authenticate(current_service().keys)
    return None


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if (size := noted_size()) is not None:
        response.headers["X-Ledger-Size"] = str(size)
    return response
