"""What a reader may see of the ledger, and as of which instant.

An exchange sees an award if the award's evidence names it. It sees the award wholly if the evidence names no other
exchange and no award suppresses it that is not wholly visible itself.
"""

from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, array

from services.incentive.domain.highest_only import OTHER_GRANT
from services.incentive.store.as_of import awards_as_of, is_of_subject
from services.incentive.store.rulebook import Rulebook
from services.incentive.store.tables import award_current, ledger_transaction
from shared.postgres.database import Written, written


class LedgerView(NamedTuple):
    """Who reads and as of when.

    `viewer` is the reading exchange (None: sees everything), `as_of` the instant (None: now), `now` the clock's time,
    `rulebook` what was in force at that instant.
    """

    viewer: str | None
    as_of: datetime | None
    now: datetime
    rulebook: Rulebook

    @property
    def visible(self) -> set[str] | None:
        """The exchanges whose documents the viewer may see (None: all)."""
        return None if self.viewer is None else {self.viewer}

    @property
    def instant(self) -> datetime:
        """The instant that the answer describes."""
        return self.now if self.as_of is None else self.as_of


class VisibleAwards:
    """Statements for the awards of a view, each award joined with the one that suppresses it."""

    def __init__(self, viewer: str | None, as_of: datetime | None) -> None:
        self._viewer, self._as_of = viewer, as_of
        self._awards, self._suppressor = awards_as_of(as_of, "award"), awards_as_of(as_of, "suppressor")
        self.c = self._awards.c
        self.joined = self._awards.outerjoin(self._suppressor, self._suppressor.c.award_id == self.c.suppressed_by)

    @cached_property
    def seen(self) -> Select[Any]:
        """All awards that the viewer sees, with the column `whole`."""
        statement = select(self._awards, self.is_whole.label("whole")).select_from(self.joined)
        return statement if self._viewer is None else statement.where(self.c.exchanges.contains(_only(self._viewer)))

    @cached_property
    def one(self) -> Written:
        """The award `:award_id`."""
        return written(self.seen.where(self.c.award_id == bindparam("award_id")))

    @cached_property
    def of_year(self) -> Written:
        """The awards of the subject `:of` in the year `:in_year`."""
        return written(self.seen.where(self.of_subject(bindparam("of")), self.c.year == bindparam("in_year")))

    @cached_property
    def about(self) -> Written:
        """Ids of the awards that follow from facts about `:about` in the year `:in_year`, visible or not."""
        of_it = self.c.about == bindparam("about"), self.c.year == bindparam("in_year")
        return written(select(self.c.award_id).where(*of_it).order_by(self.c.award_id))

    def of_subject(self, subject: str | BindParameter[str]) -> ColumnElement[bool]:
        return is_of_subject(self._awards, subject, self._as_of)

    @cached_property
    def is_whole(self) -> ColumnElement[bool]:
        """Condition: the award is wholly visible."""
        if self._viewer is None:
            return literal(value=True)
        only, rival = _only(self._viewer), self._suppressor.c
        # A suppressing award is the highest of its group, so nothing suppresses it in turn. A grant under another
        # policy belongs to no exchange.
        is_alone = or_(self.c.suppressed_by.is_(None), self.c.suppressed_by.startswith(f"{OTHER_GRANT}/"))
        return and_(self.c.exchanges == only, or_(is_alone, func.coalesce(rival.exchanges == only, False)))


def visible_awards(view: LedgerView) -> VisibleAwards:
    """The awards of a view. Statements for now are cached: building one takes a tenth of an answer's time."""
    return _visible_now(view.viewer) if view.as_of is None else VisibleAwards(view.viewer, view.as_of)


@lru_cache(maxsize=64)  # more than there are exchanges
def _visible_now(viewer: str | None) -> VisibleAwards:
    return VisibleAwards(viewer, None)


def _only(viewer: str) -> ColumnElement[Any]:
    # With the column's type, so that it compares in code point order.
    return cast(array([literal(viewer)]), ARRAY(award_current.c.award_id.type))


def of_whole_awards(statement: Select[Any], view: LedgerView) -> Select[Any]:
    """Restrict rows of `ledger_transaction` to those of wholly visible awards."""
    if view.viewer is None:
        return statement
    awards = visible_awards(view)
    of_it = awards.c.award_id == ledger_transaction.c.award_id
    return statement.where(exists().select_from(awards.joined).where(of_it, awards.is_whole))
