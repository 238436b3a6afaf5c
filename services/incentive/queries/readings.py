"""The price list of readings, and the readings on which the payables of awards depend, as a reader may see them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.readings.effects import Readings, changed_payables, readings_of, visible_facts
from services.incentive.policy.terms import Policy, Reading, Texts
from services.incentive.queries.view import IS_WHOLE, LedgerView
from services.incentive.store.readings import (
    AsOf,
    ReadingYear,
    changed_since,
    dependent_groups,
    ledger_state,
    load_groups,
    priced_state,
    reading_years,
    readings_by_award,
)
from services.incentive.store.rows import SeenAward
from services.incentive.store.rulebook import Rulebook
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time

READING_FLAG: Final = "reading:"  # with the id of a reading: a filter for awards that depend on it


def price_list(connection: Connection, policy: Policy) -> list[Json]:
    """The readings of the policy in force, in the file's order, each with the years that its alternative would change.

    A reading has no years before the first computation, and none of those of an earlier policy.
    """
    state, priced = ledger_state(connection), priced_state(connection)
    is_of_this_policy = state is not None and priced is not None and state.settings_id == priced.settings_id
    years = reading_years(connection) if is_of_this_policy else []
    by_reading = {reading: list(ones) for reading, ones in groupby(years, key=lambda one: one.reading)}
    as_of = priced.as_of if is_of_this_policy and priced is not None else None
    return [
        _reading_json(one, alternative, policy, by_reading, as_of)
        for one in policy.readings
        for alternative in alternatives_of(one)
    ]


class Alternative(NamedTuple):
    """One alternative of a reading, by the id that it is priced by."""

    id: str
    says: Texts | None
    needs: Texts | None


def alternatives_of(reading: Reading) -> list[Alternative]:
    """The alternative of a reading, or that there is none, and further ones."""
    further = [Alternative(reading.id_of(other), other.says, None) for other in reading.others]
    return [Alternative(reading.id, reading.alternative, reading.needs), *further]


def _reading_json(
    reading: Reading,
    alternative: Alternative,
    policy: Policy,
    years: Mapping[str, Sequence[ReadingYear]],
    as_of: datetime | None,
) -> Json:
    is_computable = alternative.id in policy.alternatives
    return {
        "id": alternative.id,
        "article": reading.article,
        "mark": reading.mark,
        "reading": reading.reading,
        "says": _texts(reading.says),
        "alternative": None if alternative.says is None else _texts(alternative.says),
        "computable": is_computable,
        "needs": None if alternative.needs is None else _texts(alternative.needs),
        "years": [
            {
                "year": one.year,
                "awards": one.awards,
                "subjects": one.subjects,
                "payable_before": format_yuan(one.before_fen),
                "payable_after": format_yuan(one.after_fen),
            }
            for one in years.get(alternative.id, ())
        ],
        "as_of": format_time(as_of) if is_computable and as_of is not None else None,
    }


def _texts(texts: Texts) -> Json:
    return {"zh": texts.zh, "en": texts.en}


def hangs_on(view: LedgerView) -> str:
    """Condition: the payable of an award depends on the parameter `reading`, and the viewer may see that.

    By the price list, which is about now; the view must be, too.
    """
    # Row-level security shows an exchange the effects that its own documents show.
    is_whole, may_see = ("AND e.is_whole", "true") if view.exchange is None else ("", IS_WHOLE)
    return f"""
        EXISTS (SELECT FROM reading_effect e
                WHERE e.award_id = award.award_id AND e.reading = %(reading)s {is_whole}) AND {may_see}
    """


def readings_of_awards(
    connection: Connection, view: LedgerView, rows: Sequence[SeenAward]
) -> Mapping[str, list[str] | None]:
    """The readings on which the payables of the awards of one answer depend, see `AwardReadings`."""
    return AwardReadings(connection, view).of(rows)


@dataclass(frozen=True)
class AwardReadings:
    """The readings on which the payables of awards depend, as a reader may see them, in one snapshot.

    They are those of the price list; what has changed since the list is computed. An exchange's are computed from its
    own documents alone. A subject does not see the declarations of others that share its items (G11).
    """

    connection: Connection
    view: LedgerView

    def of(self, rows: Sequence[SeenAward]) -> Mapping[str, list[str] | None]:
        """The readings whose alternative alone would change the payable of each award, by award_id.

        They are in the file's order, then others. None for an award that is not wholly visible, and for a reward by
        items that a subject asks for.
        """
        found: dict[str, list[str] | None] = dict.fromkeys(row.award_id for row in rows)
        policy = self.view.rulebook.policy
        shared = () if self.view.subject is None else policy.item_rules
        whole = [row for row in rows if row.whole and row.rule not in shared]
        if whole:
            places = {reading: place for place, reading in enumerate(policy.alternatives)}
            found |= {
                one: sorted(readings, key=lambda name: places.get(name, len(places)))
                for one, readings in self._known(whole).items()
            }
        return found

    @cached_property
    def _changed(self) -> set[str] | None:
        """The subjects and exchanges that the price list may be wrong about; None if it is of no use.

        A list is of use for an instant of the past if it was complete by then.
        """
        priced, as_of = priced_state(self.connection), self.view.as_of
        if priced is None or (as_of is not None and as_of < priced.as_of):
            return None
        return changed_since(self.connection, priced)

    def _known(self, rows: Sequence[SeenAward]) -> dict[str, list[str]]:
        changed, view = self._changed, self.view
        award_ids = [row.award_id for row in rows]
        found = {} if changed is None else readings_by_award(self.connection, award_ids, view.exchange)
        if changed == set():
            return found
        rulebook, abouts = view.rulebook, {row.about for row in rows}
        groups = [
            group
            for group in dependent_groups(self.connection, rulebook.policy, rulebook.exchanges, abouts)
            if changed is None or not changed.isdisjoint(group)
        ]
        computed = {about for group in groups for about in group}
        found |= {row.award_id: [] for row in rows if row.about in computed}
        for reading, award_id in _computed(self.connection, view, groups):
            if award_id in found:
                found[award_id].append(reading)
        return found


def _computed(connection: Connection, view: LedgerView, groups: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """The readings and the award_ids whose payables depend on them, of groups of subjects and exchanges, as seen."""
    if not groups:
        return
    as_of, rulebook = AsOf(view.as_of, view.instant), view.rulebook
    known, inputs = load_groups(connection, groups, rulebook, as_of)
    visible = [visible_facts(group, view.exchange) for group in known]
    yield from changed_payables(visible, _prepared(rulebook), inputs)


_readings: dict[tuple[str, str], Readings] = {}  # by the digests of policy and whitelist; few are ever in force


def _prepared(rulebook: Rulebook) -> Readings:
    if rulebook.digests not in _readings:
        _readings[rulebook.digests] = readings_of(rulebook.policy, rulebook.exchanges)
    return _readings[rulebook.digests]
