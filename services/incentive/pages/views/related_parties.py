"""Page of the bureau's list of related parties (G10)."""

from typing import Any, Final

from flask import request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from services.incentive.http.context import ledger_view
from services.incentive.pages.as_of_param import page_as_of
from services.incentive.pages.blueprint import blueprint
from services.incentive.pages.form_body import FormRefusal, show_form
from services.incentive.pages.language import say_half
from services.incentive.queries.participants import names_of
from services.incentive.store.acts import related_parties
from shared.web.keys import require
from shared.web.pagination import decode_key, encode_cursor, page
from shared.web.query import SubjectParameter

_PAGE_SIZE: Final = 25


@blueprint.get("/related-parties")
@require("bureau", "auditor")
def related() -> ResponseReturnValue:
    """Show the list, of one subject or of all; for the bureau, with the forms to keep it."""
    return show_related(None)


def show_related(refused: FormRefusal | None) -> ResponseReturnValue:
    """Show the list, with why a form was refused."""
    given = request.args.get("subject", "").strip()
    subject, fault = _load(given)
    after = decode_key(request.args.get("cursor"), int)
    if fault is not None and refused is None:
        refused = FormRefusal("filter", 422, None, {})
    with ledger_view(page_as_of()) as (connection, view):
        found = [] if fault else related_parties(connection, subject, view.as_of)
        rest = [one for one in found if after is None or one["transaction"] > after]
        listed = page(rest[: _PAGE_SIZE + 1], _PAGE_SIZE, lambda one: encode_cursor(one["transaction"]), dict)
        names = names_of(connection, {one for pair in listed["items"] for one in pair["subjects"]})
    filters: dict[str, Any] = {} if subject is None else {"subject": subject}
    cursor = listed["next_cursor"]
    return show_form(
        "views/related_parties",
        refused,
        pairs=listed["items"],
        names=names,
        asked_for=given,
        faults={} if fault is None else {"subject": fault},
        more=None if cursor is None else url_for("pages.related", **filters, cursor=cursor),
        start=url_for("pages.related", **filters),
        is_first=after is None,
    )


def _load(given: str) -> tuple[str | None, str | None]:
    """Return the subject that is asked for, and its fault."""
    if not given:
        return None, None
    try:
        return SubjectParameter().deserialize(given), None
    except ValidationError as error:
        return None, say_half(str(error.messages[0]))
