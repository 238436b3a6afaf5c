"""What a fact was made of: the documents that stood when its register had `seq` entries, and why each counts or not.

Nothing that a fact was made of is overwritten, so the question has an answer for every `seq`, and always the same.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import text

from shared.values.times import day_start

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Row

    from shared.events.decode import Kind


class Scope(NamedTuple):
    """The documents that a fact is about, and what they must be to count, in SQL over a row `d` of documents.

    `reasons`: a condition and the reason why a document of which it holds does not count; the first that holds is told,
    after `not_on_whitelist`. `takes_least`: of those that count the least by `at`, exchange and number alone does.
    `joins` brings what conditions need beside the documents.
    """

    kind: Kind
    at: str  # the column of the document's instant
    where: str
    parameters: dict[str, Any]
    reasons: tuple[tuple[str, str], ...]
    takes_least: bool = False
    joins: str = ""


_COLUMNS = {
    "listing": "status, mirrored",
    "trade": "completed, listed, mirrored, listing_no, provider",
}
ROWS_AT_ONCE = 200  # rows: each may have a record of 256 KiB


def documents_as_of(connection: Connection, scope: Scope, seq: int, exchange: str | None = None) -> Iterable[Row[Any]]:
    """Documents in order of `seq`: `seq`, `exchange`, `partition`, `offset`, `value`, `headers` and `reason`.

    The reason is None where a document counts. Of one exchange alone if one is named: what they count is as among all.
    Read as they are asked for, with a cursor of the server.
    """
    columns = f'seq, exchange, number, partition, "offset", value, headers, {scope.at}, {_COLUMNS[scope.kind]}'
    reasons = " ".join(f"WHEN {condition} THEN '{reason}'" for condition, reason in scope.reasons)
    statement = f"""
        WITH period AS (
            SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:froms AS timestamptz[]), CAST(:untils AS timestamptz[]))
                          AS p(exchange, from_at, until_at)
        ), standing AS (
            SELECT {columns} FROM {scope.kind} d WHERE d.seq < :seq AND {scope.where}
            UNION ALL
            SELECT {columns} FROM {scope.kind}_past d
            WHERE d.seq < :seq AND d.replaced_by >= :seq AND {scope.where}
        ), judged AS (
            SELECT d.*, CASE
                WHEN p.exchange IS NULL OR d.{scope.at} < p.from_at OR d.{scope.at} >= p.until_at
                THEN 'not_on_whitelist' {reasons} END AS why
            FROM standing d LEFT JOIN period p ON p.exchange = d.exchange {scope.joins}
        ), told AS (
            SELECT seq, exchange, partition, "offset", value, headers, CASE
                WHEN :takes_least AND why IS NULL
                     AND row_number() OVER (PARTITION BY why IS NULL ORDER BY {scope.at}, exchange, number) > 1
                THEN 'later' ELSE why END AS reason
            FROM judged
        )
        SELECT * FROM told WHERE CAST(:only_exchange AS text) IS NULL OR exchange = :only_exchange ORDER BY seq
    """
    parameters = {
        **scope.parameters,
        **_periods(connection, seq),
        "seq": seq,
        "takes_least": scope.takes_least,
        "only_exchange": exchange,
    }
    return connection.execute(text(statement), parameters, execution_options={"yield_per": ROWS_AT_ONCE})


def _periods(connection: Connection, seq: int) -> dict[str, list[Any]]:
    """The time of each exchange on the whitelist that stood at `seq`."""
    listed = connection.execute(
        text("SELECT content -> 'exchanges' FROM settings_entry WHERE seq < :seq ORDER BY seq DESC LIMIT 1"),
        {"seq": seq},
    ).scalar()
    exchanges: list[dict[str, Any]] = listed or []
    return {
        "ids": [exchange["id"] for exchange in exchanges],
        "froms": [_instant(exchange["from"]) for exchange in exchanges],
        "untils": [_instant(exchange["until"]) for exchange in exchanges],
    }


def _instant(day: str | None) -> Any:
    return None if day is None else day_start(date.fromisoformat(day))
