"""The incentive service's consumer: facts in, awards and postings out."""

import gc
import signal
import sys
import threading

import structlog
from sqlalchemy import Engine

from services.incentive.basis import Basis, load_basis
from services.incentive.facts import TOPICS
from services.incentive.intake import LedgerIntake, put_in_force
from shared.db import is_worlds, make_engine
from shared.kafka import Consumption
from shared.settings import Settings
from shared.times import now

GROUP = "jiangbu.incentive"
_GARBAGE_THRESHOLD = 200_000

log = structlog.get_logger(__name__)


def run_consumer(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; raises what is a fault of ours."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # Threads hand over the interpreter often: the reader prepares while the writer waits for PostgreSQL.
    sys.setswitchinterval(0.0005)
    basis = load_basis(settings)
    engine = make_engine(settings.database_url)
    _put_in_force(basis, engine, stop)
    # A batch makes some 100,000 values that live until its end and form no cycles: to look through them again and
    # again took a third of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE_THRESHOLD)
    try:
        Consumption(
            handler=LedgerIntake(basis, now),
            engine=engine,
            client_config=settings.kafka.client_config(),
            service=settings.service,
            group=GROUP,
            topics=TOPICS,
            clock=now,
            stop=stop,
            committed=lambda: None,
        ).run()
    finally:
        stop.set()
        engine.dispose()


def _put_in_force(basis: Basis, engine: Engine, stop: threading.Event) -> None:
    """Compute by this worker's policy and whitelist from now on; waits while the database is away."""
    while not stop.is_set():
        try:
            with engine.begin() as connection:
                put_in_force(connection, basis, now)
        except Exception as error:
            if not is_worlds(error):
                raise
            log.warning("database away, waiting", error=str(error).splitlines()[0])
            stop.wait(1.0)
        else:
            return
