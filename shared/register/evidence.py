"""Evidence of a fact: the documents that were current when its register had `seq` entries, and why each counts or not.

Nothing is overwritten, so the answer for a `seq` is always the same.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection

from shared.events.decode import Kind
from shared.postgres.query import stream_chunks
from shared.register.head import whitelist_periods
from shared.register.stored_documents import INSTANT_COLUMN


class Scope(NamedTuple):
    """The documents of a fact and the conditions under which they count, in SQL over a row `d` of documents.

    `reasons`: conditions under which a document does not count, each with its reason; the first one that holds is
    given, after `not_on_whitelist`. `takes_least`: of the documents that count, only the least by instant, exchange and
    number does. `joins`: further tables that the conditions use.
    """

    kind: Kind
    where: str
    parameters: Mapping[str, object]
    reasons: tuple[tuple[str, str], ...]
    takes_least: bool = False
    joins: str = ""


_COLUMNS = {
    "listing": "status, mirrored",
    "trade": "completed, listed, mirrored, listing_no, provider",
}
ROWS_AT_ONCE = 200  # each may have a record of 256 KiB


class DocumentAsOf(NamedTuple):
    """A document of a fact; the reason is None if it counts."""

    seq: int
    exchange: str
    partition: int
    offset: int
    value: bytes
    headers: bytes | None
    record_at: datetime
    reason: str | None


def documents_as_of(
    connection: Connection, scope: Scope, seq: int, exchange: str | None = None
) -> Iterator[DocumentAsOf]:
    """Stream documents in order of `seq`.

    `exchange` selects the documents of one exchange; whether they count is
    decided among all. Rows come from a server-side cursor.
    """
    at = INSTANT_COLUMN[scope.kind]
    columns = f'seq, exchange, number, partition, "offset", value, headers, record_at, {at}, {_COLUMNS[scope.kind]}'
    reasons = " ".join(f"WHEN {condition} THEN '{reason}'" for condition, reason in scope.reasons)
    statement = f"""
        WITH period AS ({whitelist_periods("seq < %(seq)s")}), current AS (
            SELECT {columns} FROM {scope.kind} d WHERE d.seq < %(seq)s AND {scope.where}
            UNION ALL
            SELECT {columns} FROM {scope.kind}_past d
            WHERE d.seq < %(seq)s AND d.replaced_by >= %(seq)s AND {scope.where}
        ), judged AS (
            SELECT d.*, CASE
                WHEN p.exchange IS NULL OR d.{at} < p.from_at OR d.{at} >= p.until_at
                THEN 'not_on_whitelist' {reasons} END AS why
            FROM current d LEFT JOIN period p ON p.exchange = d.exchange {scope.joins}
        ), result AS (
            SELECT seq, exchange, partition, "offset", value, headers, record_at, CASE
                WHEN %(takes_least)s AND why IS NULL
                     AND row_number() OVER (PARTITION BY why IS NULL ORDER BY {at}, exchange, number) > 1
                THEN 'later' ELSE why END AS reason
            FROM judged
        )
        SELECT * FROM result WHERE CAST(%(only_exchange)s AS text) IS NULL OR exchange = %(only_exchange)s ORDER BY seq
    """
    parameters = {
        **scope.parameters,
        "seq": seq,
        "takes_least": scope.takes_least,
        "only_exchange": exchange,
    }
    return chain.from_iterable(stream_chunks(connection, statement, DocumentAsOf, ROWS_AT_ONCE, **parameters))
