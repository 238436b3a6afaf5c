"""Addresses that no route has: a page for people in a browser, problem+json for programs."""

from collections.abc import Callable
from typing import Final

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from shared.web.problems import answer_http_exception

# Below these even a browser gets problem+json, as the interface description says.
_OF_PROGRAMS: Final = ("/v1/", "/public/")


def show_unknown_addresses_by(app: Flask, page: Callable[[HTTPException], Response]) -> None:
    """Answer browsers with this page; a later call replaces an earlier one."""

    def answer(error: HTTPException) -> Response:
        if request.routing_exception is None or request.path.startswith(_OF_PROGRAMS) or not _is_browser():
            return answer_http_exception(error)
        shown = page(error)
        if isinstance(error, MethodNotAllowed):
            shown.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
        return shown

    app.register_error_handler(NotFound, answer)
    app.register_error_handler(MethodNotAllowed, answer)


def plain_page(error: HTTPException) -> Response:
    """The page of a service that has no others: what this is, and where its documentation is."""
    return Response(render_template("unknown_address.html"), error.code or NotFound.code)


def _is_browser() -> bool:
    """Return True for a request that names HTML, which programs do not."""
    return "text/html" in request.headers.get("Accept", "")
