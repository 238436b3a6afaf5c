"""Tracing of requests: one span each, except for probes and scrapes."""

from typing import Final

from flask import Flask, Response, g, request

from shared.events.marks import valid_traceparent
from shared.telemetry.tracing import Tracing
from shared.web.request_labels import method_label, route_label

_UNTRACED: Final = frozenset({"operations.healthz", "operations.readyz", "operations.metrics"})


def trace_requests(app: Flask, tracing: Tracing) -> None:
    def begin() -> None:
        if request.endpoint not in _UNTRACED:
            traceparent = valid_traceparent(request.headers.get("traceparent"))
            g.end_span = tracing.request(method_label(), route_label(), traceparent)

    def end(response: Response) -> Response:
        if "end_span" in g:
            g.pop("end_span")(response.status_code)
        return response

    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request(end)
