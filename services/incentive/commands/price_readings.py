"""The price list of readings: what the alternative of each would change, kept up to date in the background.

A consumer starts a process of its own when the ledger has changed, one at a time whichever consumer started it. The
process reads one snapshot without the ledger's lock and recomputes the awards that may have changed, group by group.
"""

import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Final, NamedTuple

import structlog
from sqlalchemy import Connection, Engine

from services.incentive.store.readings import (
    AsOf,
    begin_staging,
    changed_since,
    computed_effects,
    dependent_groups,
    ledger_state,
    priced_state,
    publish_effects,
    stage_effects,
    year_totals,
)
from services.incentive.store.rulebook import Rulebook, rulebook_in_force
from shared.postgres.database import make_engine, snapshot
from shared.postgres.errors import is_transient
from shared.process.background import background_thread
from shared.process.backoff import Backoff
from shared.process.program import collect_garbage_rarely, lower_cpu_priority
from shared.settings import Settings
from shared.telemetry.masking import reason_of
from shared.values.times import now
from shared.worker.consumer_program import ConsumerProgram
from shared.worker.leader_process import STOPS_WITHIN_S, run_as_leader

_LOOK_EVERY_S: Final = 5.0
_SHARE: Final = 0.05
_LONGEST_PAUSE_S: Final = 900.0
_COMMAND: Final = (sys.executable, "-m", "services.incentive", "price-readings")

log = structlog.get_logger(__name__)


class Priced(NamedTuple):
    """The result of a run: the number of subjects and exchanges, of effects, and whether it computed all of them."""

    abouts: int
    effects: int
    is_full: bool


def pricing_readings(program: ConsumerProgram) -> AbstractContextManager[None]:
    """Keep the price list up to date while the program consumes; a bug stops the program and is re-raised on exit."""
    work = partial(supervise_pricing, program.engine, program.stop)
    return background_thread(work, "readings", program.stop, join_timeout_s=1.0 + STOPS_WITHIN_S)


def supervise_pricing(
    engine: Engine, stop: threading.Event, look_every_s: float = _LOOK_EVERY_S, share: float = _SHARE
) -> None:
    """Run the process when the ledger has changed, until `stop` is set; raise bugs.

    After each run it pauses, so that a ledger that changes all the time costs at most that share of one core.
    """
    backoff, pause_s = Backoff(stop), look_every_s
    while not stop.wait(pause_s):
        began_s = time.monotonic()
        try:
            with snapshot(engine) as connection:
                is_due = ledger_state(connection) != priced_state(connection)
            is_well = not is_due or run_as_leader(engine, "readings", _COMMAND, stop)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("readings not priced, retrying", error=reason_of(error))
            is_well = False
        took_s = time.monotonic() - began_s
        pause_s = min(max(look_every_s, took_s / share - took_s), _LONGEST_PAUSE_S)
        if is_well:
            backoff.reset()
        else:
            backoff.wait()


def run_pricing(settings: Settings) -> None:
    """Run the program: compute once and exit; with 1 if the database is unavailable."""
    # The consumer waits for signals in a thread, and has them blocked.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
    lower_cpu_priority()
    collect_garbage_rarely()
    engine, began_s = make_engine(settings.database_url, pool_size=2), time.monotonic()
    try:
        priced = price_readings(engine)
    except Exception as error:
        if not is_transient(error):
            raise
        log.warning("readings not priced, retrying later", reason=reason_of(error))
        sys.exit(1)
    finally:
        engine.dispose()
    if priced is not None:
        log.info(
            "readings priced",
            **priced._asdict(),
            took_s=round(time.monotonic() - began_s, 1),
            peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        )


def price_readings(engine: Engine) -> Priced | None:
    """Bring the price list up to the present state of the ledger; None if it is, or if another process did.

    Memory is bounded by the largest group and by the ids of all subjects. Raises CutDatesError.
    """
    with snapshot(engine) as ledger, engine.connect() as session:
        state, since = ledger_state(ledger), priced_state(ledger)
        rulebook = rulebook_in_force(ledger)
        if state is None or rulebook is None or state == since:
            return None
        changed = None if since is None else changed_since(ledger, since)
        groups = dependent_groups(ledger, rulebook.policy, rulebook.exchanges, changed)
        with session.begin():
            begin_staging(session)
        abouts = [about for group in groups for about in group]
        effects = sum(_stage(ledger, session, rulebook, groups))
        totals = year_totals(ledger)
        with session.begin():
            of_these = None if changed is None else abouts
            if not publish_effects(session, since, state, of_these, totals):
                return None
    return Priced(len(abouts), effects, changed is None)


def _stage(
    ledger: Connection, session: Connection, rulebook: Rulebook, groups: Sequence[Sequence[str]]
) -> Iterator[int]:
    """Compute the effects batch by batch, into a temporary table of the session; yield how many there are."""
    parent = os.getppid()
    for found in computed_effects(ledger, rulebook, groups, AsOf(None, now())):
        if os.getppid() != parent:
            sys.exit(1)  # the consumer is gone
        with session.begin():
            stage_effects(session, found)
        yield len(found)
