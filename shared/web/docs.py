"""The API documentation page. Its assets come from an installed wheel, so that no other host is contacted."""

from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, current_app, render_template, send_from_directory
from swagger_ui_bundle import swagger_ui_path

from shared.web.problems import Problem

_OWN: Final = Path(__file__).parent / "static"
_ASSETS: Final = {
    "docs.js": _OWN,
    "swagger-ui.css": Path(str(swagger_ui_path)),
    "swagger-ui-bundle.js": Path(str(swagger_ui_path)),
    "favicon-32x32.png": Path(str(swagger_ui_path)),
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
    spec = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec
    operations = [
        {"method": method.upper(), "path": path, "summary": operation.get("summary", "")}
        for path, methods in spec.to_dict()["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]
    response = Response(render_template("docs.html", title=spec.title, operations=operations))
    response.headers["Content-Security-Policy"] = DOCS_POLICY
    return response


@blueprint.get("/docs/assets/<name>")
def asset(name: str) -> Response:
    if name not in _ASSETS:
        raise Problem(HTTPStatus.NOT_FOUND)
    # Asked for again each time, so that a page never meets the assets of another version.
    return send_from_directory(_ASSETS[name], name, max_age=0)
