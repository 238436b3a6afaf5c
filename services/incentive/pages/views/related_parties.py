"""Page of the bureau's list of related parties (G10)."""

from flask.typing import ResponseReturnValue

from services.incentive.http.acts import list_related_parties
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint
from services.incentive.pages.form_body import FormRefusal, show_form
from services.incentive.pages.lists import PageList
from services.incentive.queries.award_sums import names_of
from shared.web.keys import require


@blueprint.get("/related-parties", endpoint="related")
@require("bureau", "auditor")
def show_related(refused: FormRefusal | None = None) -> ResponseReturnValue:
    """Show the list, of one subject or of all; for the bureau, with the forms to keep it, or why one was refused."""
    asked = PageList(list_related_parties, "pages.related", ("subject",), dated=True)
    file = asked.file()
    if file is not None:
        return file
    listed = asked.shown()
    if listed.faults and refused is None:
        refused = FormRefusal("filter", 422, None, {})
    with page_view() as (connection, _):
        names = names_of(connection, {one for pair in listed.items for one in pair["subjects"]})
    return show_form(
        "views/related_parties",
        refused,
        listed=listed,
        names=names,
        asked_for=listed.given.get("subject", ""),
        faults=listed.faults,
    )
