"""Compare awards as the bureau sees them now with how they looked when they were last published.

A version is due when what is recorded has changed what is seen; the passing of days alone makes none. The fields that
days change are therefore compared as of two states of the ledger and at the same instant; of all others a hash is kept.
"""

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from services.incentive.domain.budget import BudgetHolds
from services.incentive.domain.holds import BUDGET
from services.incentive.queries.awards import award_renderer, awards_by_id
from services.incentive.queries.view import LedgerView
from services.incentive.store.award_context import load_award_context
from services.incentive.store.budgets import load_budget_holds
from services.incentive.store.published.changed_awards import award_years, changed_awards
from services.incentive.store.published.versions import (
    NewVersion,
    PublishedAward,
    advance_compared,
    compared_state,
    published_awards,
    record_versions,
)
from services.incentive.store.readings import LedgerState, ledger_state
from services.incentive.store.rows import SeenAward
from services.incentive.store.rulebook import rulebook_in_force
from shared.events.award_events import award_event, content_sha256
from shared.postgres.database import snapshot
from shared.values.json_types import Json

CHUNK: Final = 500
# The fields of an award that may change as days pass; of holds, those by eligibility and by open years.
_OF_DAYS: Final = ("eligibility", "holds", "period_closed")


class _OfDays(NamedTuple):
    """The fields of an award that may change as days pass, without the hold by a budget."""

    eligibility: str
    holds: tuple[str, ...]
    period_closed: bool


class NotLeadingError(Exception):
    """Another process has recorded versions meanwhile: this one was suspended, and no longer leads."""


def record_changes(engine: Engine, now: datetime) -> Generator[int, None, None]:
    """Put the versions that are due into the outbox; yield their number after each chunk of awards.

    If the caller stops in between, the next comparison begins where this one began, and versions recorded already are
    not recorded again. Raises NotLeadingError and CutDatesError.
    """
    with snapshot(engine) as ledger:
        state, since = ledger_state(ledger), compared_state(ledger)
        if state is None:
            return
        for versions in Comparison(ledger, state, since, now).new_versions():
            with engine.begin() as connection:
                if versions and not record_versions(connection, versions, state.as_of):
                    raise NotLeadingError
            yield len(versions)
    with engine.begin() as connection:
        if not advance_compared(connection, since, state):
            raise NotLeadingError


class Comparison(NamedTuple):
    """The ledger in a snapshot, its state, the state that was compared before (None: none), and the clock's time."""

    ledger: Connection
    state: LedgerState
    since: LedgerState | None
    now: datetime

    def new_versions(self) -> Iterator[list[NewVersion]]:
        """Yield the versions that are due, chunk by chunk of the awards that may have changed; some chunks are empty.

        Raises CutDatesError.
        """
        rulebook = rulebook_in_force(self.ledger)
        if rulebook is None:
            return
        view = LedgerView(None, None, self.now, rulebook)
        award_ids = changed_awards(self.ledger, rulebook, self.since, self.now)
        years = award_years(self.ledger)
        budgets = load_budget_holds(self.ledger, rulebook.policy, years, None, self.now)
        for start in range(0, len(award_ids), CHUNK):
            yield self._of_chunk(view, budgets, award_ids[start : start + CHUNK])

    def _of_chunk(self, view: LedgerView, budgets: BudgetHolds, award_ids: Collection[str]) -> list[NewVersion]:
        rows = awards_by_id(self.ledger, view, award_ids)
        published = published_awards(self.ledger, award_ids)
        render = award_renderer(self.ledger, view, rows, budgets)
        awards = {row.award_id: render(row) for row in rows}
        hashes = {award_id: content_sha256(award, _OF_DAYS) for award_id, award in awards.items()}
        uncertain = [row for row in rows if _is_like(published.get(row.award_id), awards[row.award_id], hashes)]
        before = self._of_days_before(uncertain, published)
        return [
            self._version(awards[row.award_id], published.get(row.award_id), hashes[row.award_id])
            for row in rows
            if before.get(row.award_id) != _of_days(awards[row.award_id])
        ]

    def _of_days_before(self, rows: Sequence[SeenAward], published: Mapping[str, PublishedAward]) -> dict[str, _OfDays]:
        """The fields of these awards that days change, from what was recorded when they were last compared."""
        found: dict[str, _OfDays] = {}
        for as_of, group in groupby(
            sorted(rows, key=lambda row: self._compared_as_of(published[row.award_id])),
            key=lambda row: self._compared_as_of(published[row.award_id]),
        ):
            rulebook = rulebook_in_force(self.ledger, as_of)
            if rulebook is None:
                continue
            no_budgets = BudgetHolds(rulebook.policy, self.now, {})
            contexts = load_award_context(self.ledger, list(group), rulebook.policy, as_of, self.now, no_budgets)
            found |= {
                award_id: _OfDays(one.eligibility, one.holds, one.period_closed) for award_id, one in contexts.items()
            }
        return found

    def _compared_as_of(self, last: PublishedAward) -> datetime:
        """An interrupted comparison has published some awards as of a later instant than that of all."""
        return last.as_of if self.since is None else max(last.as_of, self.since.as_of)

    def _version(self, award: Json, last: PublishedAward | None, sha256: str) -> NewVersion:
        version = 1 if last is None else last.version + 1
        value = award_event(award, version, self.state.ledger_size - 1)
        return NewVersion(award["award_id"], version, sha256, BUDGET in award["holds"], value)


def _is_like(last: PublishedAward | None, award: Json, hashes: Mapping[str, str]) -> bool:
    """Return True if an award is as it was published, but for what days may have changed."""
    if last is None:
        return False
    return (last.content_sha256, last.is_over_budget) == (hashes[award["award_id"]], BUDGET in award["holds"])


def _of_days(award: Json) -> _OfDays:
    holds = tuple(hold for hold in award["holds"] if hold != BUDGET)
    return _OfDays(award["eligibility"], holds, award["period_closed"])
