"""Participants of an exchange under a rule in a year, in the order in which a reader asks for them."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.event_readings import missing_to_reach, touches
from services.incentive.domain.subjects.participation import participations
from services.incentive.queries.view import LedgerView
from services.incentive.store.facts import load_facts
from shared.postgres.query import fetch, fetch_value, fetch_values, stream, where
from shared.values.json_types import Json
from shared.values.money import format_yuan

_BATCH: Final = 1_000  # subjects whose facts are in memory together


class ParticipantRow(NamedTuple):
    """A participant as the reader may see it: measure and what is missing are None where they are hidden."""

    subject: str
    name: str
    measure_fen: int | None
    missing_fen: int | None
    own_fen: int


class Wanted(NamedTuple):
    """The participants that are asked for: of which exchange, year and rule, and whether they reached the threshold.

    `threshold_fen` is None if the rule has no threshold in that year.
    """

    exchange: str
    year: int
    rule: str
    has_reached: bool | None
    threshold_fen: int | None


class _Sort(NamedTuple):
    """A sort key of participants, as SQL and as a function of a row; the own part replaces a hidden measure."""

    sql: str
    of: Callable[[ParticipantRow, Wanted], str | int]


_MISSING: Final = "coalesce(missing_fen, greatest(CAST(%(threshold_fen)s AS bigint) - own_fen, 0))"


def _missing(row: ParticipantRow, wanted: Wanted) -> int:
    if row.missing_fen is not None:
        return row.missing_fen
    return max(0, (wanted.threshold_fen or 0) - row.own_fen)


SORTS: Final = {
    "subject": _Sort("subject", lambda row, _: row.subject),
    "missing": _Sort(_MISSING, _missing),
    "measure": _Sort(
        "coalesce(measure_fen, own_fen)",
        lambda row, _: row.own_fen if row.measure_fen is None else row.measure_fen,
    ),
    "own": _Sort("own_fen", lambda row, _: row.own_fen),
    "name": _Sort("name", lambda row, _: row.name),
}

Position = tuple[str | int, str]  # the value of the sort, and the subject


class ParticipantOrder(NamedTuple):
    """The order of participants: ties by subject, so that no two have the same position."""

    sort: str
    descends: bool

    def position(self, row: ParticipantRow, wanted: Wanted) -> Position:
        return SORTS[self.sort].of(row, wanted), row.subject


def wanted_participants(
    view: LedgerView, exchange: str, year: int, rule: str | None, has_reached: bool | None = None
) -> Wanted:
    """Complete what is asked for; the default rule is the one with a threshold, of the year's listed trading."""
    policy = view.rulebook.policy
    terms = policy.annual_listed_trading
    rule = rule or terms.rule
    has_threshold = rule == terms.rule and touches(policy.in_force, year)
    return Wanted(exchange, year, rule, has_reached, missing_to_reach(0, terms) if has_threshold else None)


def list_participants(
    connection: Connection,
    view: LedgerView,
    wanted: Wanted,
    order: ParticipantOrder,
    after: Position | None,
    limit: int,
) -> Sequence[ParticipantRow]:
    """Participants after a position, at most `limit`, for a reader who sees the exchange."""
    if view.as_of is not None:
        rows = sorted(
            _past(connection, view, wanted), key=lambda row: order.position(row, wanted), reverse=order.descends
        )
        rest = (row for row in rows if after is None or _is_after(order, order.position(row, wanted), after))
        return list(islice(rest, limit))
    key, direction = SORTS[order.sort].sql, "DESC" if order.descends else "ASC"
    beyond = (
        None if after is None else f"({key}, subject) {'<' if order.descends else '>'} (%(after)s, %(after_subject)s)"
    )
    statement = f"""
        {_select(view, wanted)} {where(beyond)} ORDER BY {key} {direction}, subject {direction} LIMIT %(limit)s
    """
    value, subject = after or (None, None)
    return fetch(
        connection, statement, ParticipantRow, **wanted._asdict(), after=value, after_subject=subject, limit=limit
    )


def stream_participants(
    connection: Connection, view: LedgerView, wanted: Wanted, order: ParticipantOrder
) -> Iterator[ParticipantRow]:
    """All participants now, in that order."""
    key, direction = SORTS[order.sort].sql, "DESC" if order.descends else "ASC"
    statement = f"{_select(view, wanted)} ORDER BY {key} {direction}, subject {direction}"
    return stream(connection, statement, ParticipantRow, **wanted._asdict())


def count_participants(connection: Connection, view: LedgerView, wanted: Wanted) -> int:
    if view.as_of is not None:
        return len(_past(connection, view, wanted))
    return fetch_value(connection, f"SELECT count(*) FROM ({_select(view, wanted)}) c", int, **wanted._asdict())


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


def _select(view: LedgerView, wanted: Wanted) -> str:
    """SELECT of the participants as the reader may see them: all, those that reached the threshold, or the others."""
    shown = "" if view.viewer is None else "shown_"
    reached = None if wanted.has_reached is None else f"({_MISSING} = 0) = %(has_reached)s"
    return f"""
        SELECT * FROM (
            SELECT subject, name, {shown}measure_fen AS measure_fen, {shown}missing_fen AS missing_fen, own_fen
            FROM participant WHERE exchange = %(exchange)s AND year = %(year)s AND rule = %(rule)s
        ) seen {where(reached)}
    """


def _past(connection: Connection, view: LedgerView, wanted: Wanted) -> list[ParticipantRow]:
    """The participants as of the view's instant, derived again from the facts of that time."""
    statement = "SELECT about FROM known_to WHERE exchange = %(exchange)s ORDER BY about"
    subjects = fetch_values(connection, statement, str, exchange=wanted.exchange)
    policy, registers = view.rulebook.policy, view.rulebook.registers
    rows = []
    for start in range(0, len(subjects), _BATCH):
        known = load_facts(connection, subjects[start : start + _BATCH], {}, registers, view.as_of)
        for one in (one for facts in known.values() for one in participations(facts, policy)):
            if (one.exchange, one.year, one.rule) == (wanted.exchange, wanted.year, wanted.rule):
                is_hidden = one.is_shared and view.viewer is not None
                measure, missing = (None, None) if is_hidden else (one.measure_fen, one.missing_fen)
                rows.append(ParticipantRow(one.subject, one.name, measure, missing, one.own_fen))
    return [row for row in rows if wanted.has_reached in (None, _missing(row, wanted) == 0)]


def _is_after(order: ParticipantOrder, position: Position, after: Position) -> bool:
    # A cursor holds the values of this order, so both are of the same types.
    return position < after if order.descends else position > after


def _yuan(fen: int | None) -> str | None:
    return None if fen is None else format_yuan(fen)
