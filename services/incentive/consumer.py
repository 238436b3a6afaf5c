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
from shared.kafka import Consumption, is_worlds_kafka
from shared.positions import load_positions
from shared.settings import Settings
from shared.times import now
from shared.witness import check_witness, read_shown

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
    _put_in_force(basis, engine, settings, stop)
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


def _put_in_force(basis: Basis, engine: Engine, settings: Settings, stop: threading.Event) -> None:
    """Compute by this worker's policy and whitelist from now on, if this is not an older copy of the ledger.

    Waits while the database or the broker is away.
    """
    while not stop.is_set():
        try:
            shown = read_shown(settings.kafka.client_config(), GROUP)
            with engine.begin() as connection:
                check_witness(shown, load_positions(connection), settings.service)
                put_in_force(connection, basis, now)
        except Exception as error:
            if not is_worlds(error) and not is_worlds_kafka(error):
                raise
            log.warning("database or broker away, waiting", error=str(error).splitlines()[:1])
            stop.wait(1.0)
        else:
            return
