"""Kept files of documents: the download that pages link to."""

from flask.typing import ResponseReturnValue

from services.incentive.http.files import download_file
from services.incentive.pages.blueprint import blueprint
from shared.web.keys import require


@blueprint.get("/files/<sha256>", endpoint="file")
@require("bureau", "auditor")
def file(sha256: str) -> ResponseReturnValue:
    """Download a kept file."""
    return download_file(sha256)
