"""Page of search: what is found, by type, each with a link to its page."""

from itertools import groupby
from operator import attrgetter
from typing import Final

from flask import redirect, request
from flask.typing import ResponseReturnValue

from services.incentive.http.finding.search import find
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.form_body import load
from services.incentive.queries.finding.search import Found
from shared.web.register.search import SearchQuery

_SHOWN: Final = 20  # of each type
_NOTHING: Final = Found([], [], [])


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """Show what is found; the only exact hit is shown at once."""
    text = request.args.get("q", "").strip()
    _, faults = load(SearchQuery(), {"q": text}) if text else ({}, {})
    found = find(text, _SHOWN) if text and not faults else _NOTHING
    if found.only_exact is not None:
        return redirect(found.only_exact.path)
    groups = [(kind, list(hits)) for kind, hits in groupby(found.hits, key=attrgetter("type"))]
    return show("views/search", 422 if faults else 200, text=text, found=found, groups=groups, faults=faults)
