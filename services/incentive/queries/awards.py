"""Awards as a reader sees them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, false, func

from services.incentive.domain.workflow import FIRST_STATE, OVER_APPROVED
from services.incentive.queries.serializers import FLAGS_FOR_ALL
from services.incentive.queries.view import LedgerView, visible_awards
from services.incentive.store.acts import is_over_approved, state_of
from shared.postgres.database import rows_of


def list_awards(
    connection: Connection, view: LedgerView, filters: Mapping[str, Any], after: str | None, limit: int
) -> Sequence[Row[Any]]:
    """Awards in code point order of `award_id`, at most `limit`, by subject, exchange, rule, year, state and flag."""
    if view.viewer is not None and filters.get("exchange", view.viewer) != view.viewer:
        return []
    awards = visible_awards(view)
    statement = awards.seen.order_by(awards.c.award_id).limit(limit)
    if "subject" in filters:
        statement = statement.where(awards.of_subject(filters["subject"]))
    for name in ("exchange", "rule", "year"):
        if name in filters:
            statement = statement.where(awards.c[name] == filters[name])
    if "state" in filters:
        state = func.coalesce(state_of(awards.c.award_id, view.as_of), FIRST_STATE)
        statement = statement.where(state == filters["state"])
    if "flag" in filters:
        statement = statement.where(_is_flagged(awards.c, filters["flag"], view))
    if after is not None:
        statement = statement.where(awards.c.award_id > after)
    return connection.execute(statement).all()


def _is_flagged(awards: Any, flag: str, view: LedgerView) -> ColumnElement[bool]:
    """Condition: the award has the flag and the viewer may see that."""
    if view.viewer is not None and flag not in FLAGS_FOR_ALL:
        return false()
    if flag == OVER_APPROVED:
        return is_over_approved(awards, view.as_of)
    found: ColumnElement[bool] = awards.flags.contains([flag])
    return found


def find_award(connection: Connection, view: LedgerView, award_id: str) -> Any:
    """One award; None if the viewer sees no such award."""
    return next(iter(rows_of(connection, visible_awards(view).one, award_id=award_id)), None)
