"""Statements (决定书) of decisions, as PDF and as a page of their own."""

from flask import request
from flask.typing import ResponseReturnValue

from services.incentive.http.statements import find_or_404, rendered
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint
from shared.web.keys import SUBJECT, require


@blueprint.get("/statements/<sha256>", endpoint="statement")
@require("bureau", "auditor", SUBJECT)
def statement(sha256: str) -> ResponseReturnValue:
    """Show a statement by the template that its bytes name; `format=pdf` as PDF."""
    with page_view() as (connection, view):
        content = find_or_404(connection, sha256, view.subject).content
    return rendered(content, sha256, "pdf" if request.args.get("format") == "pdf" else "html")
