"""The effects of the alternative of each reading, in derived tables, and the ledger state they were computed from."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.budget import BudgetHolds
from services.incentive.domain.facts import DECLARED
from services.incentive.domain.payables.highest_only import PayableInputs
from services.incentive.domain.readings.effects import Due, FactGroup, ReadingEffect, reading_effects, readings_of
from services.incentive.policy.terms import Policy
from services.incentive.store.acts import other_grants_of
from services.incentive.store.as_of import awards_as_of
from services.incentive.store.award_context import load_award_context, recorded_inputs
from services.incentive.store.facts import load_facts, load_linked
from services.incentive.store.ledger import LAST_INSTANT
from services.incentive.store.rows import AwardRow, columns
from services.incentive.store.rulebook import Rulebook
from shared.events.fact_topics import SIGN
from shared.postgres.database import generic_plan
from shared.postgres.query import copy_in, execute, fetch, fetch_one, fetch_value, fetch_values, pg_array
from shared.postgres.sorted_rows import Sorts, SqlRows, column
from shared.whitelist import Whitelist

_STATE: Final = f"""
    SELECT ({LAST_INSTANT}), coalesce((SELECT max(id) FROM fact), 0),
           (SELECT coalesce(max(seq) + 1, 0) FROM ledger_transaction), (SELECT max(id) FROM ledger_settings)
    WHERE EXISTS (SELECT FROM ledger_settings)
"""
_PRICED: Final = "SELECT as_of, fact_id, ledger_size, settings_id FROM priced_ledger"
# An exchange sees the acts of suspensions, and not their transactions, which are of no subject.
_CHANGED: Final = """
    SELECT DISTINCT about FROM fact WHERE id > %(fact_id)s
    UNION SELECT DISTINCT subject FROM ledger_transaction WHERE seq >= %(ledger_size)s
    UNION SELECT NULL FROM act WHERE kind IN ('suspension', 'release') AND seq >= %(ledger_size)s
    UNION SELECT NULL FROM ledger_settings WHERE id > %(settings_id)s
"""
_AWARDS: Final = f"""
    SELECT {columns(AwardRow)} FROM {{awards}} award WHERE about = ANY(CAST(%(abouts)s AS text[])) AND ceiling_fen > 0
"""
_BATCH: Final = 500  # subjects and exchanges at a time
_STAGE: Final = """
    DROP TABLE IF EXISTS staged_effect;
    CREATE TEMPORARY TABLE staged_effect (LIKE reading_effect)
"""
# The rows of `reading_year` by the effects and the payable of each year.
YEARS_OF: Final = """
    SELECT reading, c.year, CAST(count(DISTINCT award_id) AS integer) AS awards,
           CAST(count(DISTINCT subject) AS integer) AS subjects, coalesce(max(t.fen), 0) AS before_fen,
           coalesce(max(t.fen), 0) + CAST(sum(c.fen) AS bigint) AS after_fen
    FROM (SELECT reading, award_id, before_subject AS subject, before_year AS year, -before_fen AS fen
          FROM reading_effect WHERE is_whole AND before_year IS NOT NULL
          UNION ALL
          SELECT reading, award_id, after_subject, after_year, after_fen
          FROM reading_effect WHERE is_whole AND after_year IS NOT NULL) c
    LEFT JOIN unnest(CAST(%(years)s AS smallint[]), CAST(%(totals)s AS bigint[])) AS t (year, fen) USING (year)
    GROUP BY reading, c.year
"""
_YEARS: Final = f"""
    INSERT INTO reading_year (reading, year, awards, subjects, before_fen, after_fen)
    {YEARS_OF}
"""
_RECORD: Final = """
    INSERT INTO priced_ledger (as_of, fact_id, ledger_size, settings_id)
    VALUES (%(as_of)s, %(fact_id)s, %(ledger_size)s, %(settings_id)s)
    ON CONFLICT (singleton) DO UPDATE SET as_of = excluded.as_of, fact_id = excluded.fact_id,
        ledger_size = excluded.ledger_size, settings_id = excluded.settings_id
"""


class EffectRow(NamedTuple):
    """A row of `reading_effect`; where nothing is payable, subject, year and amount are null."""

    reading: str
    award_id: str
    about: str
    before_subject: str | None
    before_year: int | None
    before_fen: int | None
    after_subject: str | None
    after_year: int | None
    after_fen: int | None
    is_whole: bool
    seen_by: list[str]


EFFECT_COLUMNS: Final = EffectRow._fields
_COLUMNS: Final = ", ".join(EFFECT_COLUMNS)


class LedgerState(NamedTuple):
    """A state of the ledger: its last instant, fact, size and settings."""

    as_of: datetime
    fact_id: int
    ledger_size: int
    settings_id: int


def ledger_state(connection: Connection) -> LedgerState | None:
    """The state now; None before anything is in force."""
    return fetch_one(connection, _STATE, LedgerState)


def priced_state(connection: Connection) -> LedgerState | None:
    """The state that the effects are of; None before the first computation."""
    return fetch_one(connection, _PRICED, LedgerState)


# --- what to compute --------------------------------------------------------------------------------------------


def changed_since(connection: Connection, since: LedgerState) -> set[str] | None:
    """The subjects and exchanges with new facts or transactions, as far as the reader sees; None if all may have.

    All have after settings, and after an act that is of no subject, such as a suspension.
    """
    with generic_plan(connection):
        found = {about for (about,) in fetch(connection, _CHANGED, tuple[str | None], **since._asdict())}
    return None if None in found else {about for about in found if about is not None}


def dependent_groups(
    connection: Connection, policy: Policy, exchanges: Whitelist, changed: Collection[str] | None
) -> list[tuple[str, ...]]:
    """Group subjects and exchanges whose awards depend on each other: all groups, or those of the changed ones.

    All exchanges and operators depend on each other, and so do those who declared the same item.
    """
    groups = _Groups()
    groups.join([*(f"exchange/{one}" for one in exchanges.ids), *_operators(exchanges)])
    keys = fetch(
        connection, "SELECT about, key FROM fact_current WHERE topic = %(topic)s", tuple[str, str], topic=DECLARED
    )
    items: dict[str, list[str]] = {}
    for about, key in keys:
        _, _, rule, _, item = key.split("/", 4)
        if rule in policy.item_rules:
            items.setdefault(item, []).append(about)
    for abouts in items.values():
        groups.join(abouts)
    if changed is None:
        every = "SELECT DISTINCT about FROM fact_current WHERE topic <> %(topic)s ORDER BY about"
        changed = fetch_values(connection, every, str, topic=SIGN)
    return groups.of(changed)


def _operators(exchanges: Whitelist) -> Iterator[str]:
    for exchange in exchanges.ids:
        yield from (f"uscc:{one.uscc}" for one in exchanges.get(exchange).operators)


class _Groups:
    """Disjoint sets of what was joined."""

    def __init__(self) -> None:
        self._members: dict[str, list[str]] = {}

    def join(self, names: Sequence[str]) -> None:
        """Join the groups of these names; the smaller is added to the greater."""
        for name in names:
            ours, other = self._members.setdefault(names[0], [names[0]]), self._members.setdefault(name, [name])
            if ours is other:
                continue
            into, moved = (ours, other) if len(ours) >= len(other) else (other, ours)
            into.extend(moved)
            self._members.update(dict.fromkeys(moved, into))

    def of(self, names: Iterable[str]) -> list[tuple[str, ...]]:
        """The groups of these names, each once, in their order."""
        found: dict[str, tuple[str, ...]] = {}
        for name in names:
            members = self._members.get(name, [name])
            found.setdefault(members[0], tuple(members))
        return list(found.values())


class AsOf(NamedTuple):
    """The instant of recorded facts and acts (None: now), and the one at which they are judged."""

    recorded: datetime | None
    judged: datetime


def load_groups(
    connection: Connection, groups: Sequence[Sequence[str]], rulebook: Rulebook, as_of: AsOf
) -> tuple[list[FactGroup], PayableInputs]:
    """The facts of these groups, and the inputs of their payables without days, as of an instant.

    An exchange is shown no grants under other policies, so that there are none for it.
    """
    abouts = [about for group in groups for about in group]
    facts = load_facts(connection, abouts, rulebook.registers, as_of.recorded)
    statement = _AWARDS.format(awards=awards_as_of(as_of.recorded))
    awards = fetch(connection, statement, AwardRow, abouts=pg_array(abouts), as_of=as_of.recorded)
    no_budgets = BudgetHolds(rulebook.policy, as_of.judged, {})  # a budget changes no payable
    contexts = load_award_context(connection, awards, rulebook.policy, as_of.recorded, as_of.judged, no_budgets)
    is_shown = fetch_value(connection, "SELECT has_table_privilege('other_grant', 'SELECT')", bool)
    grants = other_grants_of(connection, set(abouts), as_of.recorded) if is_shown else {}
    linked = load_linked(connection, facts, rulebook.policy, as_of.recorded)
    loaded: list[FactGroup] = [
        {about: facts[about].with_linked(about, linked) for about in group if about in facts} for group in groups
    ]
    return loaded, recorded_inputs(awards, contexts, grants)


def computed_effects(
    connection: Connection, rulebook: Rulebook, groups: Sequence[Sequence[str]], as_of: AsOf
) -> Iterator[list[ReadingEffect]]:
    """The effects on the awards of these groups, batch by batch. Raises CutDatesError."""
    readings = readings_of(rulebook.policy, rulebook.exchanges)
    for batch in _batches(groups):
        loaded, inputs = load_groups(connection, batch, rulebook, as_of)
        yield reading_effects(loaded, readings, inputs)


def _batches(groups: Sequence[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    """Split groups into batches of about `_BATCH` members; a group stays whole."""
    batch: list[Sequence[str]] = []
    size = 0
    for group in groups:
        if batch and size + len(group) > _BATCH:
            yield batch
            batch, size = [], 0
        batch.append(group)
        size += len(group)
    if batch:
        yield batch


def year_totals(connection: Connection, as_of: datetime | None = None) -> Mapping[int, int]:
    """The payable of each year, in fen, as of an instant (None: now)."""
    awards = awards_as_of(as_of)
    statement = f"SELECT year, CAST(sum(payable_fen) AS bigint) FROM {awards} a GROUP BY year"
    return dict(fetch(connection, statement, tuple[int, int], as_of=as_of))


# --- writing ----------------------------------------------------------------------------------------------------


def begin_staging(connection: Connection) -> None:
    """Make an empty temporary table of the session for effects, which `publish_effects` takes."""
    execute(connection, _STAGE)


def stage_effects(connection: Connection, effects: Iterable[ReadingEffect]) -> None:
    """Add effects to the temporary table."""
    copy_in(connection, f"COPY staged_effect ({_COLUMNS}) FROM STDIN", effect_rows(effects))


def effect_rows(effects: Iterable[ReadingEffect]) -> Iterator[EffectRow]:
    """The rows of effects."""
    for one in effects:
        cells = (*_cells(one.before), *_cells(one.after))
        yield EffectRow(one.reading, one.award_id, one.about, *cells, one.is_whole, list(one.seen_by))


def _cells(due: Due | None) -> tuple[str | None, int | None, int | None]:
    return (None, None, None) if due is None else (due.subject, due.year, due.payable_fen)


def publish_effects(
    connection: Connection,
    since: LedgerState | None,
    state: LedgerState,
    abouts: Sequence[str] | None,
    totals: Mapping[int, int],
) -> bool:
    """Replace the effects about `abouts` (None: all) by the staged ones, and the sums by year.

    Returns False, and changes nothing, if another process has computed in the meantime.
    """
    execute(connection, "LOCK TABLE priced_ledger IN SHARE ROW EXCLUSIVE MODE")
    if priced_state(connection) != since:
        return False
    among = "" if abouts is None else "WHERE about = ANY(CAST(%(abouts)s AS text[]))"
    execute(connection, f"DELETE FROM reading_effect {among}", abouts=pg_array(abouts or ()))
    execute(connection, f"INSERT INTO reading_effect ({_COLUMNS}) SELECT {_COLUMNS} FROM staged_effect")
    execute(connection, "DROP TABLE staged_effect")
    execute(connection, "DELETE FROM reading_year")
    execute(connection, _YEARS, years=list(totals.keys()), totals=list(totals.values()))
    execute(connection, _RECORD, **state._asdict())
    return True


def forget_effects(connection: Connection) -> None:
    """Empty the tables, so that everything is computed again."""
    execute(connection, "DELETE FROM priced_ledger; DELETE FROM reading_effect; DELETE FROM reading_year")


# --- reading ----------------------------------------------------------------------------------------------------


class ReadingYear(NamedTuple):
    """A year that the alternative of a reading would change; the payables are those of the whole year, in fen."""

    reading: str
    year: int
    awards: int
    subjects: int
    before_fen: int
    after_fen: int


class ChangedAward(NamedTuple):
    """An award that the alternative of a reading would change; where nothing is payable, year and amount are null.

    `subject_name` is null if there is no award by the reading in force.
    """

    award_id: str
    subject_name: str | None
    before_year: int | None
    before_fen: int | None
    after_year: int | None
    after_fen: int | None


def reading_years(connection: Connection) -> list[ReadingYear]:
    """The years that alternatives would change, of all readings."""
    statement = f"SELECT {', '.join(ReadingYear._fields)} FROM reading_year ORDER BY reading, year"
    return fetch(connection, statement, ReadingYear)


CHANGED_SORTS: Final[Sorts] = {"award_id": (column("award_id", str),)}


def changed_awards(connection: Connection, reading: str) -> SqlRows[ChangedAward]:
    """Open the awards that the alternative of a reading would change."""
    select = """
        SELECT e.award_id, c.subject_name, e.before_year, e.before_fen, e.after_year, e.after_fen
        FROM reading_effect e LEFT JOIN award_current c USING (award_id)
        WHERE e.reading = %(reading)s AND e.is_whole
    """
    return SqlRows(connection, select, ChangedAward, {"reading": reading}, lambda rows: [row._asdict() for row in rows])


def readings_by_award(connection: Connection, award_ids: Collection[str], exchange: str | None) -> dict[str, list[str]]:
    """The readings on which the payable of each of these awards depends, as far as the reader may know.

    `exchange` is the reading exchange (None: another reader).
    """
    # Row-level security shows an exchange what its own documents show, whether it is so by all documents or not.
    whole = "AND is_whole" if exchange is None else ""
    statement = f"""
        SELECT award_id, reading FROM reading_effect
        WHERE award_id = ANY(CAST(%(award_ids)s AS text[])) {whole} ORDER BY award_id, reading
    """
    found: dict[str, list[str]] = {award_id: [] for award_id in award_ids}
    for award_id, reading in fetch(connection, statement, tuple[str, str], award_ids=pg_array(award_ids)):
        found[award_id].append(reading)
    return found
