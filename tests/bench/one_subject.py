"""CPU time of a batch of facts about one subject, in a ledger that has many.

The limit is the same facts of a register that does not count: they are recorded, and nothing follows. Both are measured
in turn. All entities are fictional.
"""

from __future__ import annotations

import gc
from contextlib import ExitStack
from dataclasses import replace
from time import process_time
from typing import TYPE_CHECKING, Any, Final

import psutil

from tests.bench.bed import Spread, ledger_database, say
from tests.bench.readings import A_SUBJECT, Intake, facts
from tests.support.incentive.ledger import Ledger, first_listing, first_purchase, provider_total, rulebook

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.records import FakeRecord

ROUNDS: Final = 7
BATCHES: Final = 100  # of a round
COUNTED, OTHER = "r1", "r2"  # registers


def one_subject(folder: Path, awards: int) -> dict[str, Any]:
    """Measure batches of three facts of one subject each, in a ledger with so many awards."""
    with ExitStack() as stack:
        _, database = ledger_database(stack, folder)
        by = replace(rulebook(), registers=(COUNTED,))
        intake = stack.enter_context(Intake(database, by))
        subjects = awards // A_SUBJECT
        intake.take(facts(0, subjects))
        spent_ms: dict[str, list[float]] = {COUNTED: [], OTHER: []}
        for turn in range(ROUNDS + 1):
            for register, times in spent_ms.items():
                batches = [batch((turn * BATCHES + one) % subjects, register, turn) for one in range(BATCHES)]
                times.append(cpu_ms(intake, batches))
        counted, recorded = spent_ms[COUNTED][1:], spent_ms[OTHER][1:]  # without the first round
        found = {
            "awards": intake.count("award_current"),
            "cpu_ms": Spread.of(counted).rounded(2),
            "of_recording_alone": Spread.of(a / b for a, b in zip(counted, recorded, strict=True)).rounded(2),
        }
        say(str(found))
        return found


def batch(number: int, register: str, turn: int) -> list[FakeRecord]:
    """Newer facts of a subject, with other amounts than before."""
    seq, exchange = 800_000_000 + turn, ("kmdex", "dcdex")[number % 2]
    months = [(f"2026-{month:02d}-10", f"{600_000 + turn}.00") for month in (3, 6, 9) for _ in range(25)]
    return [
        first_listing(number, "2026-01-05", seq=seq, exchange=exchange, register=register),
        first_purchase(number, "2026-03-01", f"{1_000_000 + turn}.00", seq=seq, register=register),
        provider_total(number, 2026, {exchange: months}, seq=seq, register=register),
    ]


def cpu_ms(intake: Intake, batches: Sequence[Sequence[FakeRecord]]) -> float:
    """The CPU time of a batch, of this process and its session of PostgreSQL."""
    with intake.engine.connect() as connection:
        session = psutil.Process(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
        connection.rollback()

        def spent_s() -> float:
            used = session.cpu_times()
            return process_time() + float(used.user + used.system)

        gc.collect()
        began_s = spent_s()
        for one in batches:
            with connection.begin():
                Ledger(connection, intake.by).take(*one)
        return (spent_s() - began_s) / len(batches) * 1000
