"""Time and memory to price all computable readings of the policy over the whole ledger, and after one fact.

The ledger takes in facts in this process, without a broker: of each subject a first listing, a first purchase and a
year's total that earns, which makes three awards, and of as many subjects totals that earn nothing. The program that
the consumer starts prices the readings, in a process of its own. All entities are fictional.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, Self

from services.incentive.policy.loader import load_policy
from shared.postgres.database import make_engine
from shared.settings import POLICY_FILE
from tests.bench.bed import ledger_database, say
from tests.bench.processes import measure
from tests.support.incentive.ledger import (
    Ledger,
    exchange_total,
    first_listing,
    first_purchase,
    provider_total,
    rulebook,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devset.postgres import Database
    from services.incentive.store.rulebook import Rulebook
    from tests.support.records import FakeRecord

A_SUBJECT: Final = 3  # awards
TRADES: Final = 25  # of each provider in each of three months: a million trades for 20,000 awards
BATCH: Final = 3_000
PARTS: Final = 4  # of the awards, after each of which it is measured


def readings(folder: Path, awards: int) -> list[dict[str, Any]]:
    """Measure pricing all, and after one more fact, as the ledger grows to so many awards."""
    with ExitStack() as stack:
        _, database = ledger_database(stack, folder)
        with Intake(database) as intake:
            found: list[dict[str, Any]] = []
            each = -(-awards // A_SUBJECT // PARTS)
            for part in range(PARTS):
                intake.take(facts(part * each, each))
                intake.emptied()
                row: dict[str, Any] = {"awards": intake.count("award_current"), "readings": len(COMPUTABLE)}
                row |= {f"all_{name}": value for name, value in priced(database).items()}
                row["effects"] = intake.count("reading_effect")
                intake.take(iter([first_listing(part * each, "2026-02-01", seq=900_000_000 + part)]))
                row |= {f"one_{name}": value for name, value in priced(database).items()}
                found.append(row)
                say(str(row))
        return found


COMPUTABLE: Final = load_policy(POLICY_FILE).alternatives


class Intake:
    """The ledger of a database, filled in this process."""

    def __init__(self, database: Database, by: Rulebook | None = None) -> None:
        self.engine = make_engine(database.service_url)
        self.by = rulebook() if by is None else by

    def __enter__(self) -> Self:
        with self.engine.begin() as connection:
            Ledger(connection, self.by).put_in_force()
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()

    def take(self, records: Iterator[FakeRecord]) -> None:
        """Take in facts in batches."""
        batch: list[FakeRecord] = []
        for record in records:
            batch.append(record)
            if len(batch) == BATCH:
                self._take(batch)
                batch = []
        self._take(batch)

    def _take(self, batch: list[FakeRecord]) -> None:
        with self.engine.begin() as connection:
            Ledger(connection, self.by).take(*batch)

    def emptied(self) -> None:
        """Forget what was priced, so that all is priced again."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM priced_ledger")

    def count(self, table: str) -> int:
        with self.engine.connect() as connection:
            found: int = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            return found


def facts(first: int, subjects: int) -> Iterator[FakeRecord]:
    """Yield the facts of so many subjects with awards and as many without, and of two exchanges."""
    seq = first * 10
    for number in range(first, first + subjects):
        exchange = ("kmdex", "dcdex")[number % 2]
        months = [(f"2026-{month:02d}-10", str(200_000 + number % 9_000)) for month in (3, 6, 9) for _ in range(TRADES)]
        yield first_listing(number, "2026-01-05", seq=seq + 1, exchange=exchange)
        # Few are near the amount that the cap needs: each of those is compared with all others.
        bought = f"{1_000_000 + number * 7_919 % 5_000_000}.00"
        yield first_purchase(number, f"2026-{number % 12 + 1:02d}-{number % 28 + 1:02d}", bought, seq=seq + 2)
        yield provider_total(number, 2026, {exchange: [(day, f"{amount}.00") for day, amount in months]}, seq=seq + 3)
        small = [(day, f"{number % 900 + 1}.00") for day, _ in months]
        yield provider_total(500_000 + number, 2026, {exchange: small}, seq=seq + 4)
        seq += 10
    for exchange in ("kmdex", "dcdex"):
        total = [("2026-03-01", f"{(first + subjects) * 100_000}.00")]
        yield exchange_total(exchange, 2026, total, seq=seq + 1)


def priced(database: Database) -> dict[str, float]:
    """Measure the program that the consumer starts."""
    return measure(
        (sys.executable, "-m", "services.incentive", "price-readings"),
        DATABASE_URL=database.service_url,
        KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1",
    )
