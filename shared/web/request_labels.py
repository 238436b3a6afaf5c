"""Labels of a request for metrics, logs and traces: method and route, never the path, which may identify somebody."""

from typing import Final

from flask import request

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def method_label() -> str:
    """Return the request's method, or `other`: clients can invent methods, and labels must be few."""
    return request.method if request.method in _METHODS else "other"


def route_label() -> str:
    """Return the pattern of the matched route, or `none`."""
    return request.url_rule.rule if request.url_rule else "none"
