"""Time and memory to put the policy file in force on a ledger of the revision before: all awards are computed again.

`python -m tests.bench.upgrade URL` is the program that is measured: it does what the consumer does at its start. The
limit is the intake of the same facts in the same run. All entities are fictional.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import psutil
import psycopg
import structlog

from services.incentive.commands.acting import BureauContext
from services.incentive.commands.declare import DeclarationInput, declare
from services.incentive.domain.workflow import Actor
from services.incentive.store.recompute import put_in_force
from shared.postgres.database import make_engine
from shared.values.times import now
from tests.bench.bed import ledger_database, say
from tests.bench.processes import measure
from tests.bench.readings import A_SUBJECT, Intake, facts
from tests.support.incentive.ledger import LOG, rulebook, subject
from tests.support.paths import TESTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devset.postgres import Postgres
    from services.incentive.store.rulebook import Rulebook

BEFORE: Final = TESTS / "support" / "policy" / "kunming-2025-14.r2.yaml"
DECLARED: Final = 10  # of so many subjects one has declared rewards
KINDS: Final = 2  # standards and vouchers, of each as many as it has other awards
_CHANGED: Final = """
    SELECT t.kind, count(*), count(*) FILTER (WHERE t.amount_fen <> 0) FROM ledger_transaction t
    WHERE t.seq > (SELECT max(seq) FROM ledger_transaction WHERE kind = 'settings') GROUP BY t.kind
"""


def upgrade(folder: Path, awards: int) -> dict[str, Any]:
    """Measure the upgrade of a ledger with so many awards."""
    with ExitStack() as stack:
        server, database = ledger_database(stack, folder)
        before = rulebook(BEFORE)
        intake = stack.enter_context(Intake(database, before))
        subjects = awards * DECLARED // (A_SUBJECT * (DECLARED + KINDS))
        began_s = time.process_time() + processor_s(server)
        intake.take(facts(0, subjects))
        intake_s = time.process_time() + processor_s(server) - began_s
        declared(intake, before, subjects)
        began_s = processor_s(server)
        found: dict[str, Any] = {"awards": intake.count("award_current"), "facts": intake.count("fact_current")}
        found |= measure((sys.executable, "-m", "tests.bench.upgrade", database.service_url))
        found["postgres_cpu_s"] = round(processor_s(server) - began_s, 1)
        found["of_intake"] = round((found["cpu_s"] + found["postgres_cpu_s"]) / intake_s, 2)
        with psycopg.connect(database.owner_url) as connection:
            found["posted"] = {kind: [count, changed] for kind, count, changed in connection.execute(_CHANGED)}
        say(str(found))
        return found


def declared(intake: Intake, before: Rulebook, subjects: int) -> None:
    """Declare standards and vouchers of some subjects, so that kinds, items and limits are computed too."""
    bureau = BureauContext(before, LOG, now)
    entered = list(entries(range(0, subjects, DECLARED)))
    for start in range(0, len(entered), 1000):
        with intake.engine.begin() as connection:
            assert all(one.declaration for one in declare(connection, entered[start : start + 1000], bureau, _ACTOR))


_ACTOR: Final = Actor("bench", None)


def entries(numbers: range) -> Iterator[DeclarationInput]:
    for number in numbers:
        for item in range(A_SUBJECT):
            day, name = date(2026, 3 + item, 1), f"虚构实体{number}"
            standard = {"role": "national_led"}
            yield DeclarationInput("standards", subject(number), f"S-{number}-{item}", day, standard, name=name)
            voucher = {"settled": f"{300_000 + number}.00"}
            yield DeclarationInput("compute_voucher", subject(number), f"V-{number}-{item}", day, voucher, name=name)


def processor_s(server: Postgres) -> float:
    """The CPU time that the server and its sessions, past ones included, have used."""
    assert server.program is not None
    found = 0.0
    main = psutil.Process(server.program.process.pid)
    for process in (main, *main.children()):
        used = process.cpu_times()
        found += used.user + used.system
        found += used.children_user + used.children_system if process == main else 0.0
    return found


def main(url: str) -> None:
    """Put the project's policy file in force, and print what the log says."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[structlog.processors.JSONRenderer(serializer=lambda found, **_: json.dumps(found, default=str))],
    )
    engine = make_engine(url)
    with engine.begin() as connection:
        edge = LOG.edge(connection)
        assert put_in_force(connection, rulebook(), now)
        LOG.extend(connection, edge, now())
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
