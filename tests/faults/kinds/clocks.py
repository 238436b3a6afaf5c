"""Clocks that are wrong: of all programs, or of one of two workers."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import requests

from devset.programs import SERVICES
from tests.faults.fault import Fault, Kind
from tests.faults.kinds.workers import second_worker
from tests.support.incentive.eligibility import verified
from tests.support.registers import worlds

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.rig import Rig, Worker

# Seconds since the newest instant that each service recorded.
_NEWEST = {
    "listing": "SELECT extract(epoch FROM now() - max(received_at)) FROM listing",
    "trade-ingest": "SELECT extract(epoch FROM now() - max(received_at)) FROM trade",
    "incentive": "SELECT extract(epoch FROM now() - max(recorded_at)) FROM fact",
}
_REFUSED = "WrongClockError"
A_SUBJECT = f"uscc:{worlds.uscc(1)}"
# The group notices within its session of 10 s that a worker has ended, on a busy machine.
ONE_WRONG_CLOCK_WITHIN_S = 180.0


def wrong_clocks(size_s: float, fault: Fault) -> None:
    """All programs' clocks, APIs included, go wrong under load: they refuse, say so, and go on when corrected."""
    rig = fault.rig
    wrong_by_s = fault.rng.choice([-1, 1]) * size_s * fault.rng.uniform(1.0, 1.1)
    fault.publish()
    fault.some_moment()
    fault.plan.append(f"all clocks {wrong_by_s:+.0f} s")
    rig.set_clock(wrong_by_s)
    for service in SERVICES:
        worker = rig.worker(service)
        rig.wait_until(lambda worker=worker: _REFUSED in worker.log[worker.logged :], 180, f"{service} goes on")
        rig.wait_until(lambda service=service: '"clock"' in rig.readyz(service)[1], 180, f"{service} is ready")
    before = _numbered(rig)
    fault.publish()
    given = {"Authorization": f"Bearer {rig.keys['bureau']}"}
    url = f"{rig.addresses.url('incentive')}/v1/subjects/{A_SUBJECT}/eligibility"
    answer = requests.post(url, json=verified(), headers=given, timeout=30)
    assert (answer.status_code, "clock" in answer.text) == (503, True), answer.text
    fault.await_published()
    assert _numbered(rig) == before, "something was recorded by a wrong clock"
    rig.set_clock(0)
    fault.repaired()
    rig.wait_until(rig.is_ready, 180, "the set is not ready though its clocks are right", 0.25)
    rig.await_quiet(120)
    for service, newest in _NEWEST.items():
        with rig.database(service) as connection:
            ((ago_s,),) = connection.execute(newest).fetchall()
        assert -5 <= float(ago_s) < 600, f"{service} recorded something {ago_s} s ago"


def _numbered(rig: Rig) -> dict[str, float]:
    """Return the number of entries in each service's log."""
    found = {}
    for service in SERVICES:
        with rig.database(service) as connection:
            ((size,),) = connection.execute("SELECT max(size) FROM log_checkpoint").fetchall()
        found[service] = size
    return found


def one_wrong_clock(fault: Fault) -> None:
    """One of two workers has a wrong clock: the other goes on, and everybody's events are in the answers in time."""
    rig = fault.rig
    wrong: list[tuple[Worker, Path]] = []
    for service in SERVICES:
        clock = rig.folder / f"clock-{service}"
        clock.write_text("0", encoding="ascii")
        other = second_worker(fault, service, clock)
        wrong.append((other, clock))
    fault.publish()
    for worker, clock in wrong:
        clock.write_text(str(fault.rng.choice([-1, 1]) * fault.rng.uniform(60, 90_000)), encoding="ascii")
        rig.wait_until(lambda worker=worker: _REFUSED in worker.log, 180, f"{worker.name} goes on")
    fault.publish()
    began_s = time.monotonic()
    fault.await_published()
    rig.await_quiet(ONE_WRONG_CLOCK_WITHIN_S)
    fault.plan.append(f"everything in the answers after {time.monotonic() - began_s:.1f} s")
    for _, clock in wrong:
        clock.write_text("0", encoding="ascii")
    rig.wait_until(rig.is_ready, 180, "the set is not ready though its clocks are right", 0.25)
    for worker, _ in wrong:
        rig.remove(worker)


CLOCKS = (
    *(
        Kind(
            f"clocks wrong by a {size}",
            f"the clocks of all programs are wrong by a {size}, ahead or behind, and are corrected",
            partial(wrong_clocks, size_s),
        )
        for size, size_s in (("minute", 60.0), ("day", 86_400.0), ("year", 31_536_000.0))
    ),
    Kind("one clock wrong", "one of two workers of each service has a wrong clock; the others go on", one_wrong_clock),
)
