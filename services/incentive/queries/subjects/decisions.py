"""The decisions on an award, as a reader may see them."""

from sqlalchemy import Connection

from services.incentive.domain.acts import decision_json
from services.incentive.domain.subjects.own_records import own_decision
from services.incentive.queries.view import LedgerView
from services.incentive.store.award_context import decisions_of
from services.incentive.store.rows import SeenAward
from shared.values.json_types import Json


def seen_decisions(connection: Connection, view: LedgerView, row: SeenAward) -> list[Json]:
    """The decisions on an award in order; none if it is only partly visible.

    A subject sees those about itself: an award of an exchange may have been an earlier operator's.
    """
    if not row.whole:
        return []
    found = decisions_of(connection, [row.award_id], view.as_of).get(row.award_id, [])
    if view.subject is None:
        return [decision_json(one) for one in found]
    terms = view.rulebook.policy.statements
    return [own_decision(decision_json(one), terms) for one in found if one.subject == view.subject]
