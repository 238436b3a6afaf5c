"""The price list of readings, computed again as of the state of the ledger that it names, and compared."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.event_rules import CutDatesError
from services.incentive.domain.facts import FactError
from services.incentive.store.readings import (
    EFFECT_COLUMNS,
    YEARS_OF,
    AsOf,
    EffectRow,
    LedgerState,
    computed_effects,
    dependent_groups,
    effect_rows,
    ledger_state,
    priced_state,
    year_totals,
)
from services.incentive.store.rulebook import Rulebook
from shared.disk_rows import DiskRows, full_join
from shared.postgres.query import fetch, stream
from shared.values.differences import Difference
from shared.values.money import format_yuan
from shared.values.times import now

# The state that it names is one that the ledger had: what there was at its instant, and what there was last then.
_STATE: Final = """
    SELECT 'priced_ledger', concat_ws(', ', p.as_of, p.fact_id, p.ledger_size, p.settings_id),
           concat_ws(', ', s.as_of, s.fact_id, s.ledger_size, s.settings_id)
    FROM priced_ledger p CROSS JOIN LATERAL (
        SELECT greatest((SELECT max(posted_at) FROM ledger_transaction WHERE posted_at <= p.as_of),
                        (SELECT max(recorded_at) FROM fact WHERE recorded_at <= p.as_of),
                        (SELECT max(recorded_at) FROM ledger_settings WHERE recorded_at <= p.as_of)) AS as_of,
               (SELECT coalesce(max(id), 0) FROM fact WHERE recorded_at <= p.as_of) AS fact_id,
               (SELECT coalesce(max(seq) + 1, 0) FROM ledger_transaction WHERE posted_at <= p.as_of) AS ledger_size,
               (SELECT max(id) FROM ledger_settings WHERE recorded_at <= p.as_of) AS settings_id) s
    WHERE (p.as_of, p.fact_id, p.ledger_size, p.settings_id)
          IS DISTINCT FROM (s.as_of, s.fact_id, s.ledger_size, s.settings_id)
    UNION ALL
    SELECT 'priced_ledger', NULL, 'the state that the effects are of'
    WHERE NOT EXISTS (SELECT FROM priced_ledger)
      AND (EXISTS (SELECT FROM reading_effect) OR EXISTS (SELECT FROM reading_year))
"""
_EFFECTS: Final = f"SELECT {', '.join(EFFECT_COLUMNS)} FROM reading_effect ORDER BY award_id, reading"
_YEAR: Final = "concat_ws(', ', {0}.awards, {0}.subjects, {0}.before_fen, {0}.after_fen)"
# By the stored effects, so that one that is wrong is one difference.
_YEARS: Final = f"""
    SELECT concat('reading_year ', reading, ' ', year),
           CASE WHEN s.awards IS NOT NULL THEN {_YEAR.format("s")} END,
           CASE WHEN e.awards IS NOT NULL THEN {_YEAR.format("e")} END
    FROM reading_year s FULL JOIN ({YEARS_OF}) e USING (reading, year)
    WHERE (s.awards, s.subjects, s.before_fen, s.after_fen) IS DISTINCT FROM
          (e.awards, e.subjects, e.before_fen, e.after_fen)
    ORDER BY reading, year
"""


def check_readings(connection: Connection, rulebook: Rulebook) -> Iterator[Difference]:
    """Report effects and sums that differ. Nothing is compared if settings came since: they are computed again then."""
    wrong = fetch(connection, _STATE, Difference)
    yield from wrong
    priced, present = priced_state(connection), ledger_state(connection)
    if wrong or priced is None or present is None or priced.settings_id != present.settings_id:
        return
    try:
        expected = _computed(connection, rulebook, priced, present)
    except (FactError, CutDatesError) as error:
        yield Difference("reading_effect", str(error), None)
        return
    totals = year_totals(connection, None if priced == present else priced.as_of)
    stored = map(_KeptEffect.of, stream(connection, _EFFECTS, EffectRow))
    for key, found, wanted in full_join(stored, expected, itemgetter(0, 1), itemgetter(0, 1)):
        if found != wanted:
            yield Difference(f"reading_effect {' '.join(key)}", found and found.shown, wanted and wanted.shown)
    yield from stream(connection, _YEARS, Difference, years=list(totals), totals=list(totals.values()))


class _KeptEffect(NamedTuple):
    """An effect by its key, and its other columns for a person."""

    award_id: str
    reading: str
    shown: str

    @classmethod
    def of(cls, row: EffectRow) -> "_KeptEffect":
        before = (row.before_subject, row.before_year, _in_yuan(row.before_fen))
        after = (row.after_subject, row.after_year, _in_yuan(row.after_fen))
        cells = (row.about, *before, "then", *after, row.is_whole, " ".join(row.seen_by))
        return cls(row.award_id, row.reading, ", ".join(str(cell) for cell in cells if cell is not None))


def _in_yuan(fen: int | None) -> str | None:
    return None if fen is None else format_yuan(fen)


def _computed(
    connection: Connection, rulebook: Rulebook, priced: LedgerState, present: LedgerState
) -> DiskRows[_KeptEffect]:
    as_of = AsOf(None if priced == present else priced.as_of, now())
    groups = dependent_groups(connection, rulebook.policy, rulebook.exchanges, None)
    effects = DiskRows[_KeptEffect](len(_KeptEffect._fields), _KeptEffect._make)
    for found in computed_effects(connection, rulebook, groups, as_of):
        effects.extend(map(_KeptEffect.of, effect_rows(found)))
    return effects
