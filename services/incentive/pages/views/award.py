"""One award: what it is, why, and every posting of it; and one posting, down to the documents behind it."""

from typing import Any, Final

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from services.incentive.commands.acts import step_context
from services.incentive.domain.acts import decision_json
from services.incentive.domain.facts import FactRef
from services.incentive.domain.highest_only import OTHER_GRANT
from services.incentive.domain.workflow import ACTIONS, StepContext, allowed_actions
from services.incentive.http.awards import find_award, render_award, render_in_context
from services.incentive.http.context import ledger_view
from services.incentive.pages.as_of_param import told_as_of
from services.incentive.pages.blueprint import blueprint, show, today
from services.incentive.pages.form_body import FormRefusal, new_once
from services.incentive.pages.views.register_reads import documents_behind
from services.incentive.queries.declared import find_declaration
from services.incentive.queries.explanations import explain_award
from services.incentive.queries.ledger import list_transactions
from services.incentive.queries.serializers import Json, transaction_json
from services.incentive.queries.trade_effects import first_document_of
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import decisions_of, find_act, list_acts
from services.incentive.store.award_context import load_award_context
from shared.postgres.query import BIGINT_MAX
from shared.values.money import format_yuan
from shared.web.keys import current_key
from shared.web.problems import Problem

_POSTINGS_MOST: Final = 500
_HOLDS_MOST: Final = 200


@blueprint.get("/awards/<path:award_id>")
def award(award_id: str) -> ResponseReturnValue:
    """The award with its explanation and history; for the bureau, what can be done with it."""
    return show_award(award_id, None)


def show_award(award_id: str, refused: FormRefusal | None) -> ResponseReturnValue:
    """The same, with why a form was not carried out."""
    key, as_of = current_key(), told_as_of()
    acts_now = key.kind == "bureau" and as_of is None
    with ledger_view(as_of) as (connection, view):
        row = find_award(connection, view, award_id)
        rows, entries = list_transactions(connection, view, {"award_id": award_id}, None, _POSTINGS_MOST)
        told = load_award_context(connection, [row], view.rulebook.policy, view.as_of, view.instant)[award_id]
        found = render_in_context(view, row, told)
        explanation = explain_award(connection, view, row)
        steps = decisions_of(connection, [award_id], view.as_of).get(award_id, []) if row.whole else []
        case = step_context(connection, row, told, view.rulebook.policy, key.name, view.instant) if acts_now else None
        placed = (
            list_acts(connection, "hold", ("award_id", award_id), view.as_of, None, _HOLDS_MOST) if row.whole else []
        )
        rival = _rival(connection, view, found["suppressed_by"])
    terms = view.rulebook.policy.terms(found["rule"])
    return show(
        "views/award",
        200 if refused is None else refused.http_status,
        award=found,
        decisions=[decision_json(one) for one in steps],
        acts_now=acts_now,
        actions=[] if case is None else [ACTIONS[name] for name in allowed_actions(case)],
        suggested=None if case is None else _suggested(case),
        held=[one for one in placed if one["released_at"] is None],
        refused=refused,
        once=new_once(),
        today=today(),
        subject=f"{found['subject']['id_scheme']}:{found['subject']['id']}",
        terms=terms,
        explanation=explanation,
        rival=rival,
        postings=[transaction_json(one, entries[one.seq]) for one in rows],
        policy=view.rulebook.policy,
    )


def _suggested(case: StepContext) -> dict[str, str]:
    """The amount that a step is most likely of: all that may be approved, all that is unpaid, all to be returned."""
    room_fen = min(limit.room_fen for limit in case.limits)
    over_fen = 0 if case.clawback is None else case.clawback[1]
    amounts = {"approve": room_fen, "pay": case.workflow.unpaid_fen, "return": over_fen}
    return {action: format_yuan(fen) for action, fen in amounts.items()}


def _rival(connection: Connection, view: LedgerView, award_id: str | None) -> Json | None:
    """The award that suppresses it; a grant under another policy is none."""
    if award_id is None or award_id.startswith(f"{OTHER_GRANT}/"):
        return None
    return render_award(connection, view, find_award(connection, view, award_id))


@blueprint.get("/ledger/<int:seq>")
def posting(seq: int) -> ResponseReturnValue:
    """A posting of the ledger, and of each fact that it was posted for the documents that the fact was made of."""
    if seq > BIGINT_MAX:
        raise Problem(404)
    with ledger_view(told_as_of()) as (connection, view):
        rows, entries = list_transactions(connection, view, {}, seq - 1, 1)
        if not rows or rows[0].seq != seq:
            raise Problem(404)
        found = transaction_json(rows[0], entries[seq])
        decided = None if rows[0].decision_id is None else find_act(connection, rows[0].decision_id)
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
    return show("views/posting", posting=found, facts=facts, award_url=award_url, decided=decided)


def _is_seen(connection: Connection, ref: FactRef, viewer: str | None) -> bool:
    """Whether the document that is the first is one that the viewer sees, so that others may be told to be later."""
    first = None if viewer is None else first_document_of(connection, ref)
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
