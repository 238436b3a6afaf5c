"""A look at the service's progress every few seconds, so that `readyz` knows since when records wait."""

import os
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from shared.web.operations.broker import Broker, BrokerUnavailableError
from shared.web.operations.progress import Movement, read_progress
from shared.web.service import ServiceInfo

EVERY_S: Final = 5.0
_log = structlog.get_logger(__name__)


class Sampler:
    """Broker, movement and the thread that watches them, for one process that answers requests."""

    def __init__(self, service: ServiceInfo, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.service = service
        self.broker = Broker(service.kafka, f"jiangbu-{service.name}-api")
        self.movement = Movement()
        self.monotonic = monotonic
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._owner_pid = 0

    def start(self) -> None:
        """Begin, in the process that answers requests (after the fork). Once only."""
        if self._owner_pid == os.getpid():
            return
        self._owner_pid = os.getpid()
        self._thread = threading.Thread(target=self._run, name="progress-sampler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and the broker's client."""
        self._stopped.set()
        if self._thread is not None and self._owner_pid == os.getpid():
            self._thread.join()
        self.broker.close()

    @property
    def has_died(self) -> bool:
        """Whether the thread ended by a fault of ours (its traceback is in the log)."""
        return self._thread is not None and not self._thread.is_alive() and not self._stopped.is_set()

    def look(self) -> None:
        """One sample. What is away is told once a look, and seen again at the next."""
        try:
            progress = read_progress(self.service, self.broker, with_counts=False)
        except (BrokerUnavailableError, SQLAlchemyError) as error:
            _log.warning("progress cannot be read", error=type(error).__name__)
        else:
            self.movement.observe(progress, self.monotonic())

    def _run(self) -> None:
        while not self._stopped.wait(EVERY_S):
            self.look()
