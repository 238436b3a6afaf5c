"""What figures, logs and traces may say of a request: its method and route, never its path, which may name somebody."""

from typing import Final

from flask import request

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def method_label() -> str:
    """The request's method; `other` for those of a caller's making, of which there are endless many."""
    return request.method if request.method in _METHODS else "other"


def route_label() -> str:
    """The pattern of the route; `none` where there is none."""
    return request.url_rule.rule if request.url_rule else "none"
