"""Page of the bureau's list of related parties (G10)."""

from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from services.incentive.http.act_schemas import RelatedPartiesQuery
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, paging_links
from services.incentive.pages.form_body import FormRefusal, load, show_form
from services.incentive.queries.award_sums import names_of
from services.incentive.store.acts import related_parties
from shared.web.keys import require
from shared.web.pagination import decode_key, page_of_whole

_PAGE_SIZE: Final = 25


@blueprint.get("/related-parties", endpoint="related")
@require("bureau", "auditor")
def show_related(refused: FormRefusal | None = None) -> ResponseReturnValue:
    """Show the list, of one subject or of all; for the bureau, with the forms to keep it, or why one was refused."""
    given = request.args.get("subject", "").strip()
    filters, faults = load(RelatedPartiesQuery(only=["subject"]), {"subject": given} if given else {})
    after = decode_key(request.args.get("cursor"), int)
    if faults and refused is None:
        refused = FormRefusal("filter", 422, None, {})
    with page_view() as (connection, view):
        found = [] if faults else related_parties(connection, filters.get("subject"), view.as_of)
        listed = page_of_whole(found, after, _PAGE_SIZE, lambda one: one["transaction"], dict)
        names = names_of(connection, {one for pair in listed["items"] for one in pair["subjects"]})
    return show_form(
        "views/related_parties",
        refused,
        pairs=listed["items"],
        names=names,
        asked_for=given,
        faults=faults,
        paging=paging_links(listed["next_cursor"], "pages.related", filters),
    )
