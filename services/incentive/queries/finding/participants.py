"""Participants of an exchange under a rule in a year, in the order in which a reader asks for them."""

from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.entitlements import KnownFacts, subject_facts
from services.incentive.domain.event_readings import missing_to_reach, touches
from services.incentive.domain.subjects.advice import advice_for
from services.incentive.domain.subjects.pace import forecast
from services.incentive.domain.subjects.participation import Participation, participations
from services.incentive.queries.view import LedgerView
from services.incentive.store.facts import load_facts
from shared.postgres.query import fetch_values, where
from shared.postgres.sorted_rows import RowsInMemory, SortedRows, Sorts, SqlRows, column
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import shanghai_date

_BATCH: Final = 1_000  # subjects whose facts are in memory together


class ParticipantRow(NamedTuple):
    """A participant as the reader may see it: measure and what is missing are None where they are hidden.

    `sort_measure_fen` and `sort_missing_fen` are never None: where the measure is hidden, the own part stands for it.
    """

    subject: str
    name: str
    measure_fen: int | None
    missing_fen: int | None
    own_fen: int
    sort_measure_fen: int
    sort_missing_fen: int


class Wanted(NamedTuple):
    """The participants that are asked for: of which exchange, year and rule, and whether they reached the threshold.

    `threshold_fen` is None if the rule has no threshold in that year.
    """

    exchange: str
    year: int
    rule: str
    has_reached: bool | None
    threshold_fen: int | None


_MISSING: Final = "coalesce(missing_fen, greatest(CAST(%(threshold_fen)s AS bigint) - own_fen, 0))"
_SUBJECT: Final = column("subject", str)
PARTICIPANT_SORTS: Final[Sorts] = {
    "subject": (_SUBJECT,),
    "missing": (column("sort_missing_fen", int), _SUBJECT),
    "measure": (column("sort_measure_fen", int), _SUBJECT),
    "own": (column("own_fen", int), _SUBJECT),
    "name": (column("name", str), _SUBJECT),
}


def wanted_participants(
    view: LedgerView, exchange: str, year: int, rule: str | None, has_reached: bool | None = None
) -> Wanted:
    """Complete what is asked for; the default rule is the one with a threshold, of the year's listed trading."""
    policy = view.rulebook.policy
    terms = policy.annual_listed_trading
    rule = rule or terms.rule
    has_threshold = rule == terms.rule and touches(policy.in_force, year)
    return Wanted(exchange, year, rule, has_reached, missing_to_reach(0, terms) if has_threshold else None)


def find_participants(connection: Connection, view: LedgerView, wanted: Wanted) -> SortedRows[ParticipantRow]:
    """Open the participants, for a reader who sees the exchange."""
    if view.as_of is not None:
        return RowsInMemory(_past(connection, view, wanted), lambda row: participant_json(row, wanted))
    return SqlRows(
        connection,
        _select(view, wanted),
        ParticipantRow,
        wanted._asdict(),
        lambda rows: (participant_json(row, wanted) for row in rows),
    )


def participant_json(row: ParticipantRow, wanted: Wanted) -> Json:
    """The contract's item."""
    return {
        "subject": row.subject,
        "name": row.name,
        "measure": _yuan(row.measure_fen),
        "threshold": _yuan(wanted.threshold_fen),
        "missing": _yuan(row.missing_fen),
        "own": format_yuan(row.own_fen),
    }


def find_participant(view: LedgerView, wanted: Wanted, known: KnownFacts) -> Json | None:
    """The contract's item of one participant, of all facts about it; None if it does not take part."""
    found = (one for one in participations(known, view.rulebook.policy) if _is_wanted(one, wanted))
    return next((participant_json(_row(one, view, wanted), wanted) for one in found), None)


def outlook_of(item: Json, view: LedgerView, wanted: Wanted, known: KnownFacts) -> Json:
    """When a participant reaches the threshold at its pace, and what to tell it of its trades that do not count.

    `pace` is None where the measure is hidden, `not_counted` is of this exchange alone.
    """
    if wanted.threshold_fen is None:
        return {"pace": None, "not_counted": []}
    facts, policy, is_shown = subject_facts(known), view.rulebook.policy, item["measure"] is not None
    totals, today = facts.totals.get(wanted.year, ()), shanghai_date(view.instant)
    pace = forecast(wanted.year, totals, policy, today) if is_shown else None
    return {
        "pace": None
        if pace is None
        else {
            "on": None if pace.on is None else pace.on.isoformat(),
            "amount": format_yuan(pace.amount_fen),
            "from": pace.from_on.isoformat(),
            "until": pace.until_on.isoformat(),
        },
        "not_counted": [
            {
                "reason": one.reason,
                "amount": format_yuan(one.amount_fen),
                "trades": one.trades,
                "text": msgspec.structs.asdict(one.text),
                "would_reach": one.would_reach and is_shown,
            }
            for one in advice_for(wanted.exchange, wanted.year, facts, policy)
        ],
    }


def _select(view: LedgerView, wanted: Wanted) -> str:
    """SELECT of the participants as the reader may see them: all, those that reached the threshold, or the others."""
    shown = "" if view.viewer is None else "shown_"
    reached = None if wanted.has_reached is None else f"({_MISSING} = 0) = %(has_reached)s"
    return f"""
        SELECT *, coalesce(measure_fen, own_fen) AS sort_measure_fen, {_MISSING} AS sort_missing_fen FROM (
            SELECT subject, name, {shown}measure_fen AS measure_fen, {shown}missing_fen AS missing_fen, own_fen
            FROM participant WHERE exchange = %(exchange)s AND year = %(year)s AND rule = %(rule)s
        ) seen {where(reached)}
    """


def _past(connection: Connection, view: LedgerView, wanted: Wanted) -> list[ParticipantRow]:
    """The participants as of the view's instant, derived again from the facts of that time."""
    statement = "SELECT about FROM known_to WHERE exchange = %(exchange)s ORDER BY about"
    subjects = fetch_values(connection, statement, str, exchange=wanted.exchange)
    policy, registers = view.rulebook.policy, view.rulebook.registers
    rows: list[ParticipantRow] = []
    for start in range(0, len(subjects), _BATCH):
        known = load_facts(connection, subjects[start : start + _BATCH], registers, view.as_of)
        found = (one for facts in known.values() for one in participations(facts, policy))
        rows += [_row(one, view, wanted) for one in found if _is_wanted(one, wanted)]
    return [row for row in rows if wanted.has_reached in (None, row.sort_missing_fen == 0)]


def _is_wanted(one: Participation, wanted: Wanted) -> bool:
    return (one.exchange, one.year, one.rule) == (wanted.exchange, wanted.year, wanted.rule)


def _row(one: Participation, view: LedgerView, wanted: Wanted) -> ParticipantRow:
    """A participation as the reader may see it."""
    is_hidden = one.is_shared and view.viewer is not None
    measure, missing = (None, None) if is_hidden else (one.measure_fen, one.missing_fen)
    shown = one.own_fen if measure is None else measure
    lacking = max(0, (wanted.threshold_fen or 0) - one.own_fen) if missing is None else missing
    return ParticipantRow(one.subject, one.name, measure, missing, one.own_fen, shown, lacking)


def _yuan(fen: int | None) -> str | None:
    return None if fen is None else format_yuan(fen)
