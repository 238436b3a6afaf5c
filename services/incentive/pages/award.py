"""One award: what it is, why, and every posting of it; and one posting, down to the documents behind it."""

from typing import Any, Final

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from services.incentive.answers import Json, transaction_json
from services.incentive.api import asked, find_award, render_award
from services.incentive.effects import first_of
from services.incentive.facts import FactRef
from services.incentive.operations import explain_award, find_declaration, list_transactions
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.registers import documents_behind
from services.incentive.priority import OTHER_GRANT
from shared.db import BIGINT_MOST
from shared.web.problems import Problem

_POSTINGS_MOST: Final = 500


@blueprint.get("/awards/<path:award_id>")
def award(award_id: str) -> ResponseReturnValue:
    """The award with its explanation and history."""
    with asked() as (connection, view):
        row = find_award(connection, view, award_id)
        rows, entries = list_transactions(connection, view, {"award_id": award_id}, None, _POSTINGS_MOST)
        found = render_award(connection, view, row)
        explanation = explain_award(connection, view, row)
        rival = None
        if found["suppressed_by"] is not None and not found["suppressed_by"].startswith(f"{OTHER_GRANT}/"):
            rival = render_award(connection, view, find_award(connection, view, found["suppressed_by"]))
    terms = view.basis.policy.terms(found["rule"])
    return show(
        "award",
        award=found,
        subject=f"{found['subject']['id_scheme']}:{found['subject']['id']}",
        terms=terms,
        explanation=explanation,
        rival=rival,
        postings=[transaction_json(one, entries[one.seq]) for one in rows],
        policy=view.basis.policy,
    )


@blueprint.get("/ledger/<int:seq>")
def posting(seq: int) -> ResponseReturnValue:
    """A posting of the ledger, and of each fact that it was posted for the documents that the fact was made of."""
    if seq > BIGINT_MOST:
        raise Problem(404)
    with asked() as (connection, view):
        rows, entries = list_transactions(connection, view, {}, seq - 1, 1)
        if not rows or rows[0].seq != seq:
            raise Problem(404)
        found = transaction_json(rows[0], entries[seq])
        refs = [FactRef(**one) for one in found["cause"]["facts"]]
        declared = {ref: find_declaration(connection, ref) for ref in refs}
        firsts = {ref: _is_seen(connection, ref, view.viewer) for ref in refs if declared[ref] is None}
    facts = [
        {"ref": ref, "declaration": one}
        if (one := declared[ref]) is not None
        else {"ref": ref, **_behind(ref, view.viewer, tells_later=firsts[ref])}
        for ref in refs
    ]
    award_id = found["award_id"]
    award_url = None if award_id is None else url_for("pages.award", award_id=award_id)
    return show("posting", posting=found, facts=facts, award_url=award_url)


def _is_seen(connection: Connection, ref: FactRef, viewer: str | None) -> bool:
    """Whether the document that is the first is one that the viewer sees, so that others may be told to be later."""
    first = None if viewer is None else first_of(connection, ref)
    return viewer is None or (first is not None and first.exchange == viewer)


def _behind(ref: FactRef, viewer: str | None, *, tells_later: bool) -> dict[str, Any]:
    """Documents as rows; `documents` None while the register does not answer."""
    found = documents_behind(ref, viewer)
    if found is None:
        return {"documents": None, "more": False}
    documents, more = found
    return {"documents": [_row(one, tells_later=tells_later) for one in documents], "more": more}


def _row(document: Json, *, tells_later: bool) -> Json:
    """What a person looks at of a listing or a trade. `counted` is None where it is not the viewer's to know."""
    is_trade = "trade_no" in document
    counted = document["counted"]
    return {
        **document,
        "is_trade": is_trade,
        "number": document["trade_no" if is_trade else "listing_no"],
        "at": document["completed_at" if is_trade else "listed_at"],
        "counted": None if counted == "later" and not tells_later else counted,
    }
