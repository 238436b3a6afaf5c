"""Sums for the red flags of busy sellers, so that a trade more does not read the whole year again.

A seller with few trades in a year is measured by reading them. One with MANY_TRADES or more becomes *busy* for that
year: its sums are stored as of one entry, and brought forward by the trades that came or were replaced since, when a
measure is rendered and not before. The outbox sender is the only writer. It needs one snapshot for all statements
(REPEATABLE READ) and locks `busy_seller_head`; whoever changes documents in place forgets all sums under the same lock.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from sqlalchemy import Connection

from shared.events.fact_topics import COUNTERPARTIES, REPEATED_AMOUNTS, REPEATED_FROM
from shared.language import say
from shared.postgres.query import execute, fetch, fetch_value, pg_arrays
from shared.register.derived_table import DerivedTable, differing_rows
from shared.register.rebuild.report import RebuildReport

COUNTS: Final = "t.completed AND NOT t.mirrored AND t.counted"
MANY_TRADES: Final = 1_000  # sold and bought in a year; fewer are read in some milliseconds

SellerYear = tuple[str, int]  # the seller's USCC, the year
# The number of a key, the seller's USCC, and the year with its first instant and the next year's.
SellerKey = tuple[int, str, int, datetime, datetime]

_TABLES: Final = ("busy_seller", "busy_seller_trade", "busy_seller_amount", "busy_seller_pair")
_YEAR = "CAST(extract(year FROM t.completed_at AT TIME ZONE INTERVAL '8 hours') AS integer)"
_TRADE = f"t.provider, t.buyer, {_YEAR} AS year, t.amount_fen - t.refunded_fen AS net_fen, t.seq"
_SELLERS = "unnest(CAST(%(codes)s AS text[]), CAST(%(years)s AS int[])) AS k(code, year)"
_PARTY = "JOIN party p ON p.scheme = 'uscc' AND p.code = k.code"

# Trades that came (`sign` 1) or were replaced (-1) since the sums were brought forward last.
_CHANGED = f"""
    changed AS MATERIALIZED (
        SELECT {_TRADE}, 1 AS sign FROM trade t WHERE t.seq >= %(since)s AND {COUNTS}
        UNION ALL
        SELECT {_TRADE}, -1 FROM trade_past t
        WHERE t.replaced_by >= %(since)s AND t.seq < %(since)s AND {COUNTS}
    ), target AS (SELECT party, year FROM busy_seller), sold AS MATERIALIZED (
        SELECT k.party, k.year, c.buyer AS other, c.net_fen, c.seq, c.sign
        FROM target k JOIN changed c ON c.provider = k.party AND c.year = k.year
    ), bought AS (
        SELECT k.party, k.year, c.provider AS other, c.net_fen, c.sign
        FROM target k JOIN changed c ON c.buyer = k.party AND c.year = k.year
    )
"""
_ALL_OF_YEAR = f"""
    target AS MATERIALIZED (
        SELECT p.id AS party, k.year, k.from_at, k.until_at
        FROM unnest(CAST(%(codes)s AS text[]), CAST(%(years)s AS int[]), CAST(%(froms)s AS timestamptz[]),
                    CAST(%(untils)s AS timestamptz[])) AS k(code, year, from_at, until_at) {_PARTY}
    ), sold AS MATERIALIZED (
        SELECT k.party, k.year, t.buyer AS other, t.amount_fen - t.refunded_fen AS net_fen, t.seq, 1 AS sign
        FROM target k
        JOIN trade t ON t.provider = k.party AND t.completed_at >= k.from_at AND t.completed_at < k.until_at
        WHERE {COUNTS}
    ), bought AS (
        SELECT k.party, k.year, t.provider AS other, t.amount_fen - t.refunded_fen AS net_fen, 1 AS sign
        FROM target k
        JOIN trade t ON t.buyer = k.party AND t.completed_at >= k.from_at AND t.completed_at < k.until_at
        WHERE {COUNTS}
    )
"""
# All parts of a statement see the tables as they were before it.
_ADD = """
    , removed AS (
        DELETE FROM busy_seller_trade o USING sold n
        WHERE n.sign = -1 AND o.party = n.party AND o.year = n.year AND o.net_fen = n.net_fen AND o.seq = n.seq
    ), added AS (
        INSERT INTO busy_seller_trade (party, year, net_fen, seq, buyer)
        SELECT party, year, net_fen, seq, other FROM sold WHERE sign = 1
    ), buyer AS (
        SELECT b.party, b.year, b.net_fen, b.sign,
               CASE WHEN EXISTS (
                   SELECT FROM busy_seller_trade o
                   WHERE o.party = b.party AND o.year = b.year AND o.net_fen = b.net_fen AND o.buyer = b.other
               ) THEN 1 ELSE 0 END AS before,
               CASE WHEN b.comes OR EXISTS (
                   SELECT FROM busy_seller_trade o
                   WHERE o.party = b.party AND o.year = b.year AND o.net_fen = b.net_fen AND o.buyer = b.other
                   OFFSET b.removed
               ) THEN 1 ELSE 0 END AS after
        FROM (
            SELECT party, year, net_fen, other, sum(sign) AS sign, bool_or(sign = 1) AS comes,
                   count(*) FILTER (WHERE sign = -1) AS removed
            FROM sold GROUP BY 1, 2, 3, 4
        ) b
    ), amounts AS (
        MERGE INTO busy_seller_amount o
        USING (
            SELECT party, year, net_fen, CAST(sum(sign) AS bigint) AS trades, sum(after - before) AS buyers
            FROM buyer GROUP BY 1, 2, 3
        ) n ON o.party = n.party AND o.year = n.year AND o.net_fen = n.net_fen
        WHEN MATCHED AND o.trades + n.trades = 0 THEN DELETE
        WHEN MATCHED THEN UPDATE SET trades = o.trades + n.trades, buyers = o.buyers + n.buyers
        WHEN NOT MATCHED THEN INSERT (party, year, net_fen, trades, buyers)
            VALUES (n.party, n.year, n.net_fen, n.trades, n.buyers)
    ), pairs AS (
        MERGE INTO busy_seller_pair o
        USING (
            SELECT c.party, c.year, c.other, concat(p.scheme, ':', p.code) AS subject,
                   CAST(sum(c.sold_fen) AS bigint) AS sold_fen, sum(c.sold_trades) AS sold_trades,
                   CAST(sum(c.bought_fen) AS bigint) AS bought_fen, sum(c.bought_trades) AS bought_trades
            FROM (
                SELECT party, year, other, sign * net_fen AS sold_fen, sign AS sold_trades,
                       CAST(0 AS bigint) AS bought_fen, 0 AS bought_trades FROM sold
                UNION ALL
                SELECT party, year, other, 0, 0, sign * net_fen, sign FROM bought
            ) c JOIN party p ON p.id = c.other AND p.scheme <> 'natural_person' GROUP BY 1, 2, 3, 4
        ) n ON o.party = n.party AND o.year = n.year AND o.other = n.other
        WHEN MATCHED AND o.sold_trades + n.sold_trades + o.bought_trades + n.bought_trades = 0 THEN DELETE
        WHEN MATCHED THEN UPDATE SET
            sold_fen = o.sold_fen + n.sold_fen, sold_trades = o.sold_trades + n.sold_trades,
            bought_fen = o.bought_fen + n.bought_fen, bought_trades = o.bought_trades + n.bought_trades
        WHEN NOT MATCHED THEN
            INSERT (party, year, other, subject, sold_fen, sold_trades, bought_fen, bought_trades)
            VALUES (n.party, n.year, n.other, n.subject, n.sold_fen, n.sold_trades, n.bought_fen, n.bought_trades)
    ), head AS (
        UPDATE busy_seller_head SET next_seq = (SELECT next_seq FROM register_head)
    )
    MERGE INTO busy_seller o
    USING (
        SELECT k.party, k.year, CAST(coalesce(sum(c.sign * c.net_fen), 0) AS bigint) AS amount_fen,
               coalesce(sum(c.sign), 0) AS trades
        FROM target k LEFT JOIN sold c ON c.party = k.party AND c.year = k.year GROUP BY 1, 2
    ) n ON o.party = n.party AND o.year = n.year
    WHEN MATCHED AND (n.amount_fen <> 0 OR n.trades <> 0) THEN
        UPDATE SET amount_fen = o.amount_fen + n.amount_fen, trades = o.trades + n.trades
    WHEN NOT MATCHED THEN INSERT (party, year, amount_fen, trades) VALUES (n.party, n.year, n.amount_fen, n.trades)
"""
_BUSY = f"SELECT k.code, k.year FROM {_SELLERS} {_PARTY} JOIN busy_seller s ON s.party = p.id AND s.year = k.year"
_LOCK = """
    SELECT b.next_seq, b.next_seq < r.next_seq AND EXISTS (SELECT FROM busy_seller)
    FROM busy_seller_head b, register_head r FOR UPDATE OF b
"""
# The columns of ProviderRow.
_MEASURES = f"""
    WITH k AS MATERIALIZED (
        SELECT k.n, p.id AS party, k.year
        FROM unnest(CAST(%(ns)s AS int[]), CAST(%(codes)s AS text[]), CAST(%(years)s AS int[])) AS k(n, code, year)
        {_PARTY}
    )
    SELECT 'sold' AS what, k.n, CAST(NULL AS text) AS subject, CAST(s.amount_fen AS numeric), CAST(s.trades AS numeric),
           CAST(NULL AS numeric), CAST(NULL AS bigint), CAST(NULL AS bigint), CAST(NULL AS bigint), 0 AS place
    FROM k JOIN busy_seller s USING (party, year)
    UNION ALL
    SELECT 'counterparty', k.n, c.subject, c.sold_fen, c.sold_trades, c.bought_fen, c.bought_trades, NULL, NULL, c.place
    FROM k CROSS JOIN LATERAL (
        SELECT c.*, row_number() OVER (ORDER BY sold_fen DESC, subject) AS place FROM busy_seller_pair c
        WHERE party = k.party AND year = k.year AND sold_trades > 0
        ORDER BY sold_fen DESC, subject LIMIT {COUNTERPARTIES}
    ) c
    UNION ALL
    SELECT 'repeated', k.n, NULL, r.net_fen, r.trades, NULL, r.buyers,
           (SELECT min(seq) FROM busy_seller_trade WHERE party = k.party AND year = k.year AND net_fen = r.net_fen),
           (SELECT max(seq) FROM busy_seller_trade WHERE party = k.party AND year = k.year AND net_fen = r.net_fen),
           r.place
    FROM k CROSS JOIN LATERAL (
        SELECT r.*, row_number() OVER (ORDER BY CAST(net_fen AS numeric) * trades DESC, net_fen DESC) AS place
        FROM busy_seller_amount r
        WHERE party = k.party AND year = k.year AND net_fen > 0 AND trades >= {REPEATED_FROM}
        ORDER BY CAST(net_fen AS numeric) * trades DESC, net_fen DESC LIMIT {REPEATED_AMOUNTS}
    ) r
    ORDER BY what, n, place
"""


class ProviderRow(NamedTuple):
    """Measure a provider's year, a buyer, or a repeated amount, depending on `what`."""

    what: str  # sold, counterparty, repeated
    n: int
    subject: str | None
    amount_fen: Decimal
    trades: Decimal
    bought_fen: Decimal | None
    more: int | None
    least_seq: int | None
    greatest_seq: int | None
    place: int


def bring_forward(connection: Connection, sellers: list[SellerYear]) -> set[SellerYear]:
    """Return those of the sellers and years that are busy, with their sums as of this snapshot."""
    if not sellers:
        return set()
    busy = set(fetch(connection, _BUSY, tuple[str, int], **pg_arrays(sellers, "codes", "years")))
    if busy:
        _lock_and_add_changes(connection)
    return busy


def busy_rows(connection: Connection, keys: list[SellerKey]) -> list[ProviderRow]:
    """Load the measures of busy sellers, which must have been brought forward."""
    parameters = pg_arrays((key[:3] for key in keys), "ns", "codes", "years")
    return fetch(connection, _MEASURES, ProviderRow, **parameters) if keys else []


def become_busy(connection: Connection, keys: list[SellerKey]) -> None:
    """Sum up the years of sellers that are not busy yet; from now on these sums are brought forward."""
    if keys:
        _lock_and_add_changes(connection)
        parameters = pg_arrays((key[1:] for key in keys), "codes", "years", "froms", "untils")
        execute(connection, f"WITH {_ALL_OF_YEAR} {_ADD}", **parameters)


def forget_busy_sellers(connection: Connection) -> None:
    """Delete all sums after documents were changed in place; they are computed again when they are needed."""
    fetch(connection, _LOCK, tuple[int, bool])
    for table in _TABLES:
        execute(connection, f"DELETE FROM {table}")
    execute(connection, "UPDATE busy_seller_head SET next_seq = 0")


def _lock_and_add_changes(connection: Connection) -> None:
    ((since, is_behind),) = fetch(connection, _LOCK, tuple[int, bool])
    if is_behind:
        execute(connection, f"WITH {_CHANGED} {_ADD}", since=since)


_AS_OF = f"""
    SELECT {_TRADE} FROM trade t, busy_seller_head h WHERE t.seq < h.next_seq AND {COUNTS}
    UNION ALL
    SELECT {_TRADE} FROM trade_past t, busy_seller_head h
    WHERE t.seq < h.next_seq AND t.replaced_by >= h.next_seq AND {COUNTS}
"""
_SOLD = f"({_AS_OF}) c JOIN busy_seller k ON k.party = c.provider AND k.year = c.year"
_BOUGHT = f"({_AS_OF}) c JOIN busy_seller k ON k.party = c.buyer AND k.year = c.year"
_DERIVED: Final = (
    DerivedTable(
        "busy_seller",
        ("party", "year"),
        ("amount_fen", "trades"),
        f"""
            SELECT k.party, k.year, coalesce(sum(c.net_fen), 0) AS amount_fen, count(c.seq) AS trades
            FROM busy_seller k LEFT JOIN ({_AS_OF}) c ON k.party = c.provider AND k.year = c.year GROUP BY 1, 2
        """,
    ),
    DerivedTable(
        "busy_seller_trade",
        ("party", "year", "net_fen", "seq"),
        ("buyer",),
        f"SELECT k.party, k.year, c.net_fen, c.seq, c.buyer FROM {_SOLD}",
    ),
    DerivedTable(
        "busy_seller_amount",
        ("party", "year", "net_fen"),
        ("trades", "buyers"),
        f"""
            SELECT k.party, k.year, c.net_fen, count(*) AS trades, count(DISTINCT c.buyer) AS buyers
            FROM {_SOLD} GROUP BY 1, 2, 3
        """,
    ),
    DerivedTable(
        "busy_seller_pair",
        ("party", "year", "other"),
        ("subject", "sold_fen", "sold_trades", "bought_fen", "bought_trades"),
        f"""
            SELECT c.party, c.year, c.other, concat(p.scheme, ':', p.code) AS subject, sum(c.sold_fen) AS sold_fen,
                   sum(c.sold_trades) AS sold_trades, sum(c.bought_fen) AS bought_fen,
                   sum(c.bought_trades) AS bought_trades
            FROM (
                SELECT k.party, k.year, c.buyer AS other, c.net_fen AS sold_fen, 1 AS sold_trades,
                       CAST(0 AS bigint) AS bought_fen, 0 AS bought_trades FROM {_SOLD}
                UNION ALL
                SELECT k.party, k.year, c.provider, 0, 0, c.net_fen, 1 FROM {_BOUGHT}
            ) c JOIN party p ON p.id = c.other AND p.scheme <> 'natural_person' GROUP BY 1, 2, 3, 4
        """,
    ),
)


def compare_busy_sellers(connection: Connection, report: RebuildReport) -> None:
    """Report every stored sum that differs from the documents as of the same entry."""
    for table in _DERIVED:
        for key, stored, expected in differing_rows(connection, table):
            shown = [None if one is None else " ".join(map(str, one)) for one in (stored, expected)]
            report.add(f"{table.table} {' '.join(map(str, key))}", *shown, repairable=True)
    statement = "SELECT h.next_seq, r.next_seq FROM busy_seller_head h, register_head r"
    ((stored_seq, greatest_seq),) = fetch(connection, statement, tuple[int, int])
    if stored_seq > greatest_seq:
        report.add("busy_seller_head next_seq", str(stored_seq), f"<= {greatest_seq}", repairable=True)
    count = fetch_value(connection, "SELECT count(*) FROM busy_seller", int)
    report.compared(say("交易多的卖方", "busy sellers"), count)
