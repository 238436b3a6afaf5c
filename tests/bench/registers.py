"""Cost of merging registers: the same companies in facts of one register and of three.

It measures the CPU time per fact and per company, of Python and PostgreSQL together, for decoding and the transactions
of incentive. Batches of all variants alternate. A company that trades on one exchange has the same number of facts
with one register and with three. One that trades on three has three times as many facts with three registers, each a
third as large.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devset.postgres import Postgres
from devset.processes import free_ports
from tests.bench.logs import Side, incentive
from tests.support.incentive.ledger import provider_total

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.support.records import FakeRecord

A_BATCH = 1_000
ROUNDS = 3  # the first of which starts with empty tables
YEAR = 2026
REGISTERS = {"dcdex": "r2", "evdex": "r3", "kmdex": "r4"}
DAYS = [f"{YEAR}-{month:02d}-03" for month in range(1, 13)]


def on_one(companies: int, round_: int, *, split: bool) -> Iterable[FakeRecord]:
    """Yield totals of companies that trade on one exchange each."""
    for number in range(companies):
        exchange = list(REGISTERS)[number % len(REGISTERS)]
        yield total(number, round_, [exchange], REGISTERS[exchange] if split else "r1")


def on_three(companies: int, round_: int, *, split: bool) -> Iterable[FakeRecord]:
    """Yield totals of companies that trade on all exchanges."""
    groups = [([exchange], register) for exchange, register in REGISTERS.items()] if split else [([*REGISTERS], "r1")]
    for number in range(companies):
        for exchanges, register in groups:
            yield total(number, round_, exchanges, register)


def total(number: int, round_: int, exchanges: list[str], register: str) -> FakeRecord:
    sold = {exchange: [(day, f"{1_000_000 + round_}.00") for day in DAYS] for exchange in exchanges}
    return provider_total(number, YEAR, sold, seq=round_ + 1, register=register)


def registers(folder: Path, companies: int) -> dict[str, Any]:
    """Measure for each variant the number of facts, and the CPU time in µs per fact and per company."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    folder.mkdir()
    with ExitStack() as stack:
        server = Postgres(folder / "postgres", free_ports(1)[0], folder / "postgres.log")
        server.start()
        stack.callback(server.stop)
        private = Ed25519PrivateKey.generate()
        ways = {
            f"{name}_{count}": (make, count == "three")
            for name, make in (("on_one_exchange", on_one), ("on_three_exchanges", on_three))
            for count in ("one", "three")
        }
        sides: dict[str, Side] = {
            name: incentive(server.ensure_database(f"registers_{number}", "bench"), private, with_log=True)
            for number, name in enumerate(ways)
        }
        stack.callback(lambda: [side.engine.dispose() for side in sides.values()])
        facts = dict.fromkeys(ways, 0)
        for round_ in range(ROUNDS):
            for name, (make, split) in ways.items():
                made = [
                    replace(record, offset=facts[name] + n)
                    for n, record in enumerate(make(companies, round_, split=split))
                ]
                for start in range(0, len(made), A_BATCH):
                    sides[name].take(made[start : start + A_BATCH])
                facts[name] += len(made)
            if round_ == 0:
                for side in sides.values():
                    side.processor_s.clear()
        found = {name: sum(side.processor_s) / (ROUNDS - 1) for name, side in sides.items()}
    return {
        name: {
            "facts": facts[name] // ROUNDS,
            "processor_us_a_fact": round(seconds / (facts[name] // ROUNDS) * 1e6, 1),
            "processor_us_a_company": round(seconds / companies * 1e6, 1),
        }
        for name, seconds in found.items()
    }
