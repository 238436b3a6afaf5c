"""The ledger at an instant, and the transactions of a span of time: read by index, however many came since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import pytest

from services.incentive.queries.ledger import TRANSACTION_SORTS, find_transactions, ledger_size
from services.incentive.queries.view import LedgerView
from shared.postgres import sorted_rows
from shared.postgres.database import snapshot
from shared.postgres.query import fetch, fetch_one, fetch_value
from shared.postgres.sorted_rows import Seek
from tests.support.incentive.ledger import ledger_database, rulebook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from tests.support.engines.session import FreshDatabase

# Three transactions at each of 3,000 instants, a minute apart.
BEGIN: Final = datetime(2027, 1, 1, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
TRANSACTIONS: Final = 9_000
_MANY: Final = """
    ALTER TABLE ledger_transaction DISABLE TRIGGER USER;
    INSERT INTO ledger_transaction (seq, posted_at, kind, award_id, amount_fen, entries, subject, year, policy_id,
                                    policy_revision, article, cause)
    SELECT first.seq + n, timestamptz '2027-01-01 00:00+00' + n / 3 * interval '1 minute', 'entitlement', 'x', 1, 2,
           'uscc:1', 2026, 'p', 1, 'a', '{"text": "", "facts": []}'
    FROM (SELECT coalesce(max(seq) + 1, 0) AS seq FROM ledger_transaction) first, generate_series(0, 8999) n;
    ANALYZE ledger_transaction;
"""
# The meaning of `ledger_end`, by reading everything.
_LAST: Final = """
    SELECT seq, posted_at FROM ledger_transaction
    WHERE seq < coalesce(CAST(%(before)s AS bigint), 9223372036854775807)
      AND posted_at <= coalesce(CAST(%(as_of)s AS timestamptz), 'infinity')
    ORDER BY seq DESC LIMIT 1
"""
_PAGE: Final = 10
_BLOCKS_MOST: Final = 30  # the table has some 180


@pytest.fixture(scope="module")
def ledger(postgres: FreshDatabase) -> Iterator[Engine]:
    with ledger_database(postgres) as database:
        with database.owner.begin() as connection:
            connection.exec_driver_sql(_MANY)
        yield database.service


def blocks_read(connection: Connection, statement: str, **parameters: Any) -> int:
    """Return the blocks of the cheapest of three runs: any of them may also read the catalog again."""
    explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
    plans = (fetch_value(connection, explain, list[Any], **parameters)[0]["Plan"] for _ in range(3))
    return min(int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"]) for plan in plans)


def test_the_end_is_the_last_transaction_below_both_limits(ledger: Engine) -> None:
    befores = (None, 0, 1, 1_500, TRANSACTIONS - 1, TRANSACTIONS * 2)
    instants = (None, *(BEGIN + minutes * MINUTE for minutes in (-1_000_000, -0.5, 0, 0.5, 500, 2_999, 4_000)))
    with snapshot(ledger) as connection:
        for before, as_of in product(befores, instants):
            last = fetch_one(connection, _LAST, tuple[int, datetime], before=before, as_of=as_of)
            expected = (as_of, 0) if last is None else (as_of or last[1], last[0] + 1)
            assert ledger_size(connection, before, as_of) == expected, (before, as_of)


@pytest.mark.parametrize("limits", [{"before": None, "as_of": BEGIN + 200 * MINUTE}, {"before": 600, "as_of": None}])
def test_the_end_is_found_without_reading_what_came_later(ledger: Engine, limits: dict[str, Any]) -> None:
    statement = "SELECT * FROM ledger_end(%(before)s, %(as_of)s)"
    with snapshot(ledger) as connection:
        assert blocks_read(connection, statement, **limits) < _BLOCKS_MOST


@pytest.mark.parametrize("descends", [False, True])
@pytest.mark.parametrize(("since", "until"), [(1_500, 2_700), (2_998, None), (None, 2)])
def test_a_page_of_a_span_reads_the_span(
    ledger: Engine, monkeypatch: pytest.MonkeyPatch, since: int | None, until: int | None, *, descends: bool
) -> None:
    blocks: list[int] = []

    def explained(connection: Connection, statement: str, row_type: Any, /, **parameters: Any) -> Any:
        blocks.append(blocks_read(connection, statement, **parameters))
        return fetch(connection, statement, row_type, **parameters)

    monkeypatch.setattr(sorted_rows, "fetch", explained)
    view = LedgerView(None, None, BEGIN + 4_000 * MINUTE, rulebook())
    span = {"from_": since, "until": until, "award_id": "x"}
    filters = {
        name: value if isinstance(value, str) else BEGIN + value * MINUTE
        for name, value in span.items()
        if value is not None
    }
    with snapshot(ledger) as connection:
        rows = find_transactions(connection, view, filters)
        found = [row.seq for row in rows.part(Seek(TRANSACTION_SORTS["seq"], _PAGE, descends=descends)).rows]
        first = fetch_value(connection, "SELECT min(seq) FROM ledger_transaction WHERE award_id = 'x'", int)
    numbers = range(first + 3 * (since or 0), first + 3 * (until or TRANSACTIONS // 3))
    assert found == list(reversed(numbers) if descends else numbers)[:_PAGE]
    assert max(blocks) < _BLOCKS_MOST
