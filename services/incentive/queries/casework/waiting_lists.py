"""The waiting lists of persons, kept in the process and updated by what has changed.

Finding the next steps of 20,000 awards takes seconds, and an act changes few of them. An updated list equals the one
that `load_waiting` finds.
"""

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.workflow import Actor
from services.incentive.domain.worklist.waiting import WaitingAward
from services.incentive.queries.casework.waiting import load_waiting
from services.incentive.queries.view import LedgerView
from services.incentive.store.budgets import load_held
from services.incentive.store.published.changed_awards import Concerned, award_years, awards_of, concerned_since
from services.incentive.store.readings import LedgerState, ledger_state
from shared.postgres.query import fetch_values
from shared.values.times import shanghai_date

_MOST_KEPT: Final = 8  # some 15 MB each with 20,000 awards that wait
# Subjects whose eligibility began or ended between two instants, or came so near to its end that it is shown.
_ELIGIBILITY_CHANGED: Final = """
    SELECT DISTINCT subject FROM eligibility
    WHERE (from_at > %(since)s AND from_at <= %(now)s) OR (until_at > %(since)s AND until_at <= %(now)s)
       OR (until_at > %(since)s + %(soon)s AND until_at <= %(now)s + %(soon)s)
"""


class _List(NamedTuple):
    """A person's list in a state of the ledger, at an instant; `held` are the awards that budgets hold."""

    state: LedgerState
    now: datetime
    held: frozenset[str]
    awards: Mapping[str, WaitingAward]


class WaitingLists:
    """The lists of the persons who asked last. Simultaneous requests of one person may each compute the list."""

    def __init__(self) -> None:
        self._lists: dict[Actor, _List] = {}
        self._changing = threading.Lock()

    def load(self, connection: Connection, view: LedgerView, actor: Actor) -> list[WaitingAward]:
        """The awards of all years with a step that is due, for a reader who sees everything, now."""
        state = ledger_state(connection)
        if state is None:
            return []
        last = self._lists.get(actor)
        if last is None or not _can_update(last, state, view):
            found = _List(state, view.now, _held(connection, view), _by_id(load_waiting(connection, view, actor)))
        else:
            found = _updated(connection, view, actor, last, state)
        with self._changing:
            self._lists.pop(actor, None)
            self._lists[actor] = found
            while len(self._lists) > _MOST_KEPT:
                del self._lists[next(iter(self._lists))]
        return list(found.awards.values())


def _can_update(last: _List, state: LedgerState, view: LedgerView) -> bool:
    """Return True if `_updated` can find the awards that may have changed since the list was computed.

    It cannot on a new day, when any period but eligibility may end, nor after new settings, which concern all awards.
    The list may also be newer than the snapshot, as a standby may lag.
    """
    is_later = last.now <= view.now and last.state.as_of <= state.as_of and last.state.ledger_size <= state.ledger_size
    is_same_day = shanghai_date(last.now) == shanghai_date(view.now)
    return is_later and is_same_day and last.state.settings_id == state.settings_id


def _updated(connection: Connection, view: LedgerView, actor: Actor, last: _List, state: LedgerState) -> _List:
    """Compute the awards again that may have changed since the last list."""
    concerned, held = Concerned(set(), []), last.held
    if state != last.state:
        concerned, held = concerned_since(connection, last.state), _held(connection, view)
    soon = timedelta(days=view.rulebook.policy.expiring_days)
    concerned.names.update(fetch_values(connection, _ELIGIBILITY_CHANGED, str, since=last.now, now=view.now, soon=soon))
    changed = held ^ last.held
    if any(concerned):
        changed |= awards_of(connection, concerned)
    if not changed:
        return last._replace(state=state, now=view.now)
    others = {award_id: one for award_id, one in last.awards.items() if award_id not in changed}
    return _List(state, view.now, held, others | _by_id(load_waiting(connection, view, actor, changed)))


def _held(connection: Connection, view: LedgerView) -> frozenset[str]:
    return load_held(connection, view.rulebook.policy, award_years(connection), view.now)


def _by_id(awards: Iterable[WaitingAward]) -> dict[str, WaitingAward]:
    return {one.award_id: one for one in awards}
