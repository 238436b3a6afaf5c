"""A ledger with the awards that the job computed, to measure how long a comparison with a ledger takes.

No service makes a ledger of 100 million documents for a measurement. The real tables have here what the job compares;
their other columns are made up, and their triggers are off.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

import psycopg
import pyarrow.parquet as pq

from tests.bench.bed import ledger_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COMPUTED: Final = ("award_id", "rule", "subject", "exchange", "year", "ceiling_fen", "payable_fen", "suppressed_by")
_TABLE: Final = """
    CREATE TEMPORARY TABLE computed (award_id text, rule text, subject text, exchange text, year smallint,
                                     ceiling_fen bigint, payable_fen bigint, suppressed_by text)
"""
_AWARDS: Final = """
    INSERT INTO award_current (award_id, version, recorded_at, about, rule, article, policy_id, policy_revision,
                               subject, subject_name, exchange, year, base_fen, ceiling_fen, payable_fen,
                               suppressed_by, flags, evidence, exchanges, named)
    SELECT award_id, 0, '2028-01-01Z', subject, rule, '', '', 1, subject, '虚构企业', exchange, year, 0, ceiling_fen,
           payable_fen, suppressed_by, '{}', '[]', '{}', '{}'
    FROM computed
"""
_ENTRIES: Final = """
    INSERT INTO ledger_entry (seq, line, account, debit_fen, credit_fen)
    SELECT seq, line, account, debit_fen, credit_fen
    FROM (SELECT row_number() OVER () AS seq, * FROM computed) AS posted CROSS JOIN LATERAL (VALUES
        (0, 'expense:' || rule, ceiling_fen, 0),
        (1, concat_ws(':', 'entitlement', subject, award_id, year), 0, ceiling_fen)
    ) AS entry (line, account, debit_fen, credit_fen)
"""


@contextmanager
def ledger_of(awards: Path, folder: Path) -> Iterator[str]:
    """Run a PostgreSQL with a ledger of the awards in a folder of Parquet, and yield its URL."""
    with ExitStack() as stack:
        _, database = ledger_database(stack, folder)
        with psycopg.connect(database.owner_url) as connection:
            for table in ("award_current", "ledger_entry"):
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            connection.execute(_TABLE)
            with connection.cursor().copy(f"COPY computed ({', '.join(_COMPUTED)}) FROM STDIN") as rows:
                for row in _rows(awards):
                    rows.write_row(row)
            connection.execute(_AWARDS)
            connection.execute(_ENTRIES)
        yield database.owner_url


def _rows(awards: Path) -> Iterator[tuple[Any, ...]]:
    for file in sorted(awards.rglob("*.parquet")):
        for batch in pq.ParquetFile(file).iter_batches(columns=list(_COMPUTED)):
            yield from zip(*(batch.column(name).to_pylist() for name in _COMPUTED), strict=True)
