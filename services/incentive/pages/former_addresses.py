"""Redirects from the addresses that pages had before, so that bookmarks keep working."""

from typing import Any, Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from services.incentive.pages.blueprint import blueprint

_MOVED: Final = {
    "/desk": "worklist",
    "/publicity": "public_notices",
    "/publicity.xlsx": "public_notices_workbook",
}


def former_address() -> ResponseReturnValue:
    """Redirect to the page's present address, with its query."""
    query: dict[str, Any] = request.args.to_dict()
    return redirect(url_for(f"pages.{_MOVED[request.path]}", **query), 308)


for _path in _MOVED:
    blueprint.add_url_rule(_path, view_func=former_address)
