"""The bureau's list of related parties (G10): who is on it, and why."""

from typing import Any, Final

from flask import request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from services.incentive.http.context import ledger_view
from services.incentive.pages.as_of_param import told_as_of
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.form_body import FormRefusal, new_once
from services.incentive.pages.language import say_half
from services.incentive.queries.participants import names_of
from services.incentive.store.acts import related_parties
from shared.web.keys import require
from shared.web.pagination import decode_cursor, encode_cursor, page
from shared.web.query import SubjectParameter

_A_PAGE: Final = 25


@blueprint.get("/related-parties")
@require("bureau", "auditor")
def related() -> ResponseReturnValue:
    """The list, of one subject or of all; for the bureau, the forms to keep it."""
    return show_related(None)


def show_related(refused: FormRefusal | None) -> ResponseReturnValue:
    """The same, with why a form was not carried out."""
    asked_for = request.args.get("subject", "").strip()
    subject, fault = _read(asked_for)
    after = decode_cursor(request.args.get("cursor"), int)
    with ledger_view(told_as_of()) as (connection, view):
        found = [] if fault else related_parties(connection, subject, view.as_of)
        left = [one for one in found if after is None or one["transaction"] > after[0]]
        listed = page(left[: _A_PAGE + 1], _A_PAGE, lambda one: encode_cursor(one["transaction"]), dict)
        names = names_of(connection, {one for pair in listed["items"] for one in pair["subjects"]})
    filters: dict[str, Any] = {} if subject is None else {"subject": subject}
    cursor = listed["next_cursor"]
    status = 422 if fault else 200
    return show(
        "views/related_parties",
        status if refused is None else refused.http_status,
        pairs=listed["items"],
        names=names,
        asked_for=asked_for,
        faults={} if fault is None else {"subject": fault},
        more=None if cursor is None else url_for("pages.related", **filters, cursor=cursor),
        start=url_for("pages.related", **filters),
        is_first=after is None,
        refused=refused,
        once=new_once(),
    )


def _read(given: str) -> tuple[str | None, str | None]:
    """The subject that is asked for, and what is wrong with it."""
    if not given:
        return None, None
    try:
        return SubjectParameter().deserialize(given), None
    except ValidationError as error:
        return None, say_half(str(error.messages[0]))
