"""The control without synchronous replication: a failover loses what was acknowledged, and everybody is told."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING

from devset.programs import SERVICES
from services.incentive.commands.publish_awards.topic import all_versions
from tests.faults.ha.fault import GOES_ON_WITHIN_S, QUIET_WITHIN_S, WHOLE_WITHIN_S
from tests.faults.ha.load import working
from tests.faults.ha.postgres_rows import MACHINE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.faults.ha.fault import HaOutcome, Pace
    from tests.faults.ha.rig import HaRig

ASYNCHRONOUS = "18 asynchronous replication"
# The doctor's finding, and what each program that halts says, in either language: how far others have seen it and how
# far the database has got, by offsets (`topic[partition] 90 > 66`), entries of the log, or versions of facts.
_DOCTOR_IS_RED = "a failover loses acknowledged data"
_TELLS_LOSS = (
    r"DatabaseBehindError: .*(\d+ > \d+|entries were published|已发布 \d+ 条|published facts newer|已发布的事实新于)"
)


def lose_acknowledged(rig: HaRig, outcome: HaOutcome, pace: Pace) -> None:
    """Let the primary's machine die while the standbys are seconds behind; write down what was noticed.

    The set goes on by `jiangbu ha recover`.
    """
    rig.await_whole(WHOLE_WITHIN_S)
    doctor = rig.operate("doctor")
    is_red = doctor.returncode != 0 and _DOCTOR_IS_RED in doctor.stdout
    outcome.plan.append("the doctor reports asynchronous standbys" if is_red else f"the doctor says {doctor.stdout}")
    leader = rig.leader()
    stop = threading.Event()
    _, clients = rig.load(stop)
    with working(clients, stop):
        rig.wait_until(lambda: len(rig.seen.decisions) > 10, GOES_ON_WITHIN_S, "no decisions")
        with rig.frozen(rig.walsenders(leader)):
            before = len(rig.seen.decisions)
            began_s = time.monotonic()
            rig.wait_until(
                lambda: time.monotonic() - began_s > pace.held_s and len(rig.seen.decisions) > before,
                GOES_ON_WITHIN_S,
                "nothing is acknowledged while the WAL is held",
            )
            rig.kill(leader, *MACHINE)
            outcome.plan.append(f"{len(rig.seen.decisions) - before} decisions acknowledged while the WAL was held")
        rig.wait_until(lambda: rig.leader() not in ("", leader), GOES_ON_WITHIN_S, "there is no new primary")
        rig.wait_until(lambda: len(rig.halts()) == len(SERVICES), GOES_ON_WITHIN_S, f"not all halt: {rig.halts()}")
        halts = rig.halts()
        outcome.findings.wrong += [f"{service} halts: {told}" for service, told in halts.items()]
        # The bureau goes on asking until its requests are answered again.
        published = all_versions({"bootstrap_servers": rig.bootstrap_servers})
        recovered = rig.operate("ha", "recover", "--yes")
        assert recovered.returncode == 0, recovered.stdout + recovered.stderr
    rig.await_quiet(QUIET_WITHIN_S)
    rig.wait_until(lambda: not _not_published_again(rig, published), QUIET_WITHIN_S, "awards are not published again")
    outcome.plan.append(f"jiangbu ha recover: all services go on, {len(published)} awards have greater versions")
    outcome.caught = is_red and all(re.search(_TELLS_LOSS, told) for told in halts.values())


def _not_published_again(rig: HaRig, published: Mapping[str, int]) -> list[str]:
    """Return the awards that have no version greater than the one that was published of the lost ledger."""
    newest = all_versions({"bootstrap_servers": rig.bootstrap_servers})
    return [award_id for award_id, version in published.items() if newest.get(award_id, 0) <= version]
