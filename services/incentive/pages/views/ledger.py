"""Page of a posting, down to the documents behind its facts."""

from flask import url_for
from flask.typing import ResponseReturnValue

from services.incentive.domain.facts import Declaration, Fact, FactRef, FirstListing, FirstPurchase
from services.incentive.http.register_reads import documents_behind
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.queries.award_sums import which_awards
from services.incentive.queries.ledger import find_transaction
from services.incentive.store.acts import find_act
from services.incentive.store.facts import facts_at
from shared.postgres.query import BIGINT_MAX
from shared.values.json_types import Json
from shared.web.problems import Problem


@blueprint.get("/ledger/<int:seq>")
def posting(seq: int) -> ResponseReturnValue:
    if seq > BIGINT_MAX:
        raise Problem(404)
    with page_view() as (connection, view):
        rendered = find_transaction(connection, view, seq)
        if rendered is None:
            raise Problem(404)
        decided = None if rendered["decision"] is None else find_act(connection, rendered["decision"]["id"])
        refs = [FactRef(**one) for one in rendered["cause"]["facts"]]
        recorded = facts_at(connection, refs)
        # A declaration that earned nothing names an award that there is not.
        award_id = rendered["award_id"]
        has_award = award_id is not None and award_id in which_awards(connection, [award_id])
    # The registers are asked after the snapshot is closed.
    facts = [
        {"ref": ref, "declaration": one}
        if isinstance(one := recorded.get(ref), Declaration)
        else {"ref": ref, **_documents(ref, view.viewer, sees_first=_sees_first(one, view.viewer))}
        for ref in refs
    ]
    award_url = url_for("pages.award", award_id=award_id) if has_award else None
    return show("views/posting", posting=rendered, facts=facts, award_url=award_url, decided=decided)


def _sees_first(fact: Fact | None, viewer: str | None) -> bool:
    """Return True if the viewer may see the first document, and so may know that others came later."""
    first = fact.first if isinstance(fact, FirstListing | FirstPurchase) else None
    return viewer is None or (first is not None and first.exchange == viewer)


def _documents(ref: FactRef, viewer: str | None, *, sees_first: bool) -> Json:
    """Load the documents of a fact; `documents` is None while the register does not answer."""
    found = documents_behind(ref, viewer)
    if found is None:
        return {"documents": None, "more": False}
    documents, more = found
    return {"documents": [_row(one, sees_first=sees_first) for one in documents], "more": more}


def _row(document: Json, *, sees_first: bool) -> Json:
    """Return a listing or trade as the table shows it; `counted` is None if the viewer may not know."""
    is_trade = "trade_no" in document
    counted = document["counted"]
    return {
        **document,
        "is_trade": is_trade,
        "number": document["trade_no" if is_trade else "listing_no"],
        "at": document["completed_at" if is_trade else "listed_at"],
        "counted": None if counted == "later" and not sees_first else counted,
    }
