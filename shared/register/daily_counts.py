"""Daily counts of records and money by exchange and outcome, from which reconciliation is answered."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from shared.kafka.handler import Record
from shared.postgres.query import execute, pg_arrays
from shared.values.times import shanghai_date

Count = tuple[str, date, str]  # exchange, Shanghai day, outcome
# Outcomes of a record, besides the reasons of rejection.
ACCEPTED, DUPLICATE = "accepted", "duplicate"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNTIL_2000_US = 946_684_800_000_000
_FIRST_MS, _LAST_MS = 0, 253_402_214_400_000  # 1970 to 9999: dates that both Python and PostgreSQL can hold
_COUNT = """
    INSERT INTO intake_day AS d (exchange, day, outcome, records, amount_fen, cut_items)
    SELECT * FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(days)s AS date[]), CAST(%(outcomes)s AS text[]),
                         CAST(%(records)s AS bigint[]), CAST(%(amounts)s AS numeric[]), CAST(%(cut_items)s AS bigint[]))
    ON CONFLICT (exchange, day, outcome)
    DO UPDATE SET records = d.records + excluded.records, amount_fen = d.amount_fen + excluded.amount_fen,
                  cut_items = d.cut_items + excluded.cut_items
"""


class DailyCounts:
    """Counts of a batch by exchange, Shanghai day of the record's timestamp, and outcome."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._days: dict[int, date] = {}
        self.records: Counter[Count] = Counter()
        self.amounts_fen: Counter[Count] = Counter()
        self.cut_items: Counter[Count] = Counter()

    def add(
        self, exchange: str, record: Record, outcome: str, amount_fen: int = 0, records: int = 1, cut_items: int = 0
    ) -> None:
        hour = record.timestamp // 3_600_000
        day = self._days.get(hour)
        if day is None:
            day = self._days[hour] = shanghai_date(record_time(record, self._now))
        key = (exchange, day, outcome)
        self.records[key] += records
        self.amounts_fen[key] += amount_fen
        self.cut_items[key] += cut_items

    def store(self, connection: Connection) -> None:
        add_counts(connection, self.records, self.amounts_fen, self.cut_items)


def add_counts(
    connection: Connection,
    records: Mapping[Count, int],
    amounts_fen: Mapping[Count, int],
    cut_items: Mapping[Count, int],
) -> None:
    """Add to stored counts of records; what has no amount or no cut items adds 0."""
    if not records:
        return
    rows = (
        (*count, number, amounts_fen.get(count, 0), cut_items.get(count, 0))
        for count, number in sorted(records.items())
    )
    execute(connection, _COUNT, **pg_arrays(rows, "exchanges", "days", "outcomes", "records", "amounts", "cut_items"))


def record_time(record: Record, now: datetime) -> datetime:
    """Return the record's timestamp, or `now` if it is not a usable date."""
    if _FIRST_MS <= record.timestamp <= _LAST_MS:
        return _EPOCH + timedelta(milliseconds=record.timestamp)
    return now


def record_us(record: Record, now_us: int) -> int:
    """Return the same as microseconds since 2000, PostgreSQL's own format."""
    if _FIRST_MS <= record.timestamp <= _LAST_MS:
        return record.timestamp * 1000 - _UNTIL_2000_US
    return now_us
