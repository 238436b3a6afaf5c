"""The price list of readings, computed again as of the state of the ledger that it names, and compared."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.event_rules import CutDatesError
from services.incentive.domain.facts import FactError
from services.incentive.store.readings import (
    YEARS_OF,
    AsOf,
    LedgerState,
    begin_staging,
    computed_effects,
    dependent_groups,
    ledger_state,
    priced_state,
    stage_effects,
    year_totals,
)
from services.incentive.store.rulebook import Rulebook
from shared.postgres.query import fetch, stream
from shared.values.differences import Difference
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
_EFFECT: Final = (
    "concat_ws(', ', {0}.about, {0}.before_subject, {0}.before_year, round({0}.before_fen / 100.0, 2), 'then',"
    " {0}.after_subject, {0}.after_year, round({0}.after_fen / 100.0, 2), {0}.is_whole, {0}.seen_by)"
)
_EFFECTS: Final = f"""
    SELECT concat('reading_effect ', award_id, ' ', reading),
           CASE WHEN s.about IS NOT NULL THEN {_EFFECT.format("s")} END,
           CASE WHEN e.about IS NOT NULL THEN {_EFFECT.format("e")} END
    FROM reading_effect s FULL JOIN staged_effect e USING (award_id, reading)
    WHERE (s.about, s.before_subject, s.before_year, s.before_fen, s.after_subject, s.after_year, s.after_fen,
           s.is_whole, s.seen_by)
          IS DISTINCT FROM (e.about, e.before_subject, e.before_year, e.before_fen, e.after_subject, e.after_year,
                            e.after_fen, e.is_whole, e.seen_by)
    ORDER BY award_id, reading
"""
_YEAR: Final = "concat_ws(', ', {0}.awards, {0}.subjects, {0}.before_fen, {0}.after_fen)"
_YEARS: Final = f"""
    SELECT concat('reading_year ', reading, ' ', year),
           CASE WHEN s.awards IS NOT NULL THEN {_YEAR.format("s")} END,
           CASE WHEN e.awards IS NOT NULL THEN {_YEAR.format("e")} END
    FROM reading_year s FULL JOIN ({YEARS_OF.format(effects="staged_effect")}) e USING (reading, year)
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
        _compute(connection, rulebook, priced, present)
    except (FactError, CutDatesError) as error:
        yield Difference("reading_effect", str(error), None)
        return
    totals = year_totals(connection, None if priced == present else priced.as_of)
    yield from stream(connection, _EFFECTS, Difference)
    yield from stream(connection, _YEARS, Difference, years=list(totals), totals=list(totals.values()))


def _compute(connection: Connection, rulebook: Rulebook, priced: LedgerState, present: LedgerState) -> None:
    """Fill the temporary table `staged_effect`."""
    as_of = AsOf(None if priced == present else priced.as_of, now())
    begin_staging(connection)
    for found in computed_effects(
        connection, rulebook, dependent_groups(connection, rulebook.policy, rulebook.exchanges, None), as_of
    ):
        stage_effects(connection, found)
