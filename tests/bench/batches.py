"""Time and memory of a batch of decisions by action, how long it holds the ledger's lock, and the CPU time in that.

Each batch decides on all awards, from the application to the payment; nobody else writes. The CPU times are those of
the transaction that has the lock, of service and PostgreSQL: on a busy machine they say more than its duration.
`peak_mb` is the most memory that the process had so far. All entities are fictional.
"""

from __future__ import annotations

import resource
from contextlib import ExitStack, contextmanager
from datetime import date
from time import monotonic, process_time
from typing import TYPE_CHECKING, Any, Final

import psutil

from services.incentive.commands.acting import BureauContext
from services.incentive.commands.batches import MOST_AWARDS, BatchRequest, record_whole_batch
from services.incentive.domain.workflow import Actor
from shared.values.times import shanghai_date
from tests.bench.bed import begun_bureau, ledger_database, say
from tests.support.incentive.bureau import DOCUMENTS, Bureau
from tests.support.incentive.ledger import LOG, WHITELIST, changed, first_listing, subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Connection, Engine

FACTS: Final = 2_000  # taken in at once
ACTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "list": {},
    "review": {},
    "joint_review": {"documents": DOCUMENTS},
    "publish": {
        "from_": date(2026, 1, 12),
        "until": date(2026, 1, 31),
        "where": "公告栏",
        "documents": DOCUMENTS,
    },
    "approve": {"documents": DOCUMENTS},
    "pay": {"voucher_no": "V-1"},
}
WHO: Final = {"joint_review": "second", "approve": "third"}
RICH: Final = {'annual: "100000000.00"': 'annual: "900000000.00"'}  # a budget for all awards


def batches(folder: Path, awards: int) -> list[dict[str, Any]]:
    """Measure each action with so many awards, at most as many as a batch may have."""
    awards = min(awards, MOST_AWARDS)
    with ExitStack() as stack:
        _, database = ledger_database(stack, folder)
        bureau = begun_bureau(stack, database, changed(4, WHITELIST, **RICH))
        fill(bureau, awards)
        found = []
        for action in ACTIONS:
            found.append(measured(bureau, action, awards))
            say(str(found[-1]))
        return found


def fill(bureau: Bureau, awards: int) -> None:
    """Record a first listing of so many subjects, all of them eligible."""
    for start in range(0, awards, FACTS):
        some = range(start, min(start + FACTS, awards))
        bureau.take(*(first_listing(number, "2026-02-01", seq=1) for number in some))
    bureau.verify_many([subject(number) for number in range(awards)])


def measured(bureau: Bureau, action: str, awards: int) -> dict[str, Any]:
    """Decide on all awards, and say what that took."""
    bureau.later()
    given = dict(ACTIONS[action]) | ({"paid_on": shanghai_date(bureau.now)} if action == "pay" else {})
    who = WHO.get(action, "first")
    wanted = {f"first_listing/{subject(number)}": given for number in range(awards)}
    request = BatchRequest(Actor(who, who), f"{action} of all", action, wanted, {"action": action})
    locked: dict[str, float] = {}
    began_s, cpu_s = monotonic(), process_time()
    record_whole_batch(
        bureau.engine,
        lambda: transaction(bureau.engine, locked),
        BureauContext(bureau.rulebook, LOG, lambda: bureau.now),
        request,
    )
    found = {"s": monotonic() - began_s, "cpu_s": process_time() - cpu_s, **locked}
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"action": action, "awards": awards} | {name: round(value, 2) for name, value in found.items()}


@contextmanager
def transaction(engine: Engine, locked: dict[str, float]) -> Iterator[Connection]:
    """Begin a transaction that records, and note how long it takes and the CPU time of both sides."""
    began_s, cpu_s = monotonic(), process_time()
    with engine.begin() as connection:
        backend = psutil.Process(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
        backend_s = busy_s(backend)
        yield connection
    locked["locked_s"] = monotonic() - began_s
    locked["locked_service_cpu_s"] = process_time() - cpu_s
    locked["locked_postgres_cpu_s"] = busy_s(backend) - backend_s


def busy_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return used.user + used.system
