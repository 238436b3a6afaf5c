"""The API documentation page. Its assets come from an installed wheel, so that no other host is contacted."""

from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, current_app, render_template, send_from_directory

from shared.web.openapi import document
from shared.web.problems import Problem

_OWN: Final = Path(__file__).parent / "static"
_SWAGGER_UI: Final = Path(str(files("flask_swagger_ui"))) / "dist"
_ASSETS: Final = {
    "docs.js": _OWN,
    "swagger-ui.css": _SWAGGER_UI,
    "swagger-ui-bundle.js": _SWAGGER_UI,
    "favicon-32x32.png": _SWAGGER_UI,
}
# Swagger UI uses style attributes and data URLs for icons; it needs no inline script and no eval.
DOCS_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

blueprint = Blueprint("docs", __name__, template_folder="templates")


@blueprint.get("/docs")
def page() -> Response:
    """Show the routes: a plain list without JavaScript, Swagger UI with it."""
    spec = document(current_app)
    operations = [
        {"method": method.upper(), "path": path, "summary": operation.get("summary", "")}
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]
    response = Response(render_template("docs.html", title=spec["info"]["title"], operations=operations))
    response.headers["Content-Security-Policy"] = DOCS_POLICY
    return response


@blueprint.get("/docs/assets/<name>")
def asset(name: str) -> Response:
    if name not in _ASSETS:
        raise Problem(HTTPStatus.NOT_FOUND)
    # Asked for again each time, so that a page never meets the assets of another version.
    return send_from_directory(_ASSETS[name], name, max_age=0)
