"""Periodic sampling of progress, so that `readyz` knows how long records have been waiting."""

import os
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from shared.web.operations.broker import Broker, OffsetsUnavailableError
from shared.web.operations.progress import Movement, read_progress
from shared.web.service import ServiceInfo

EVERY_S: Final = 5.0
_log = structlog.get_logger(__name__)


class Sampler:
    """The broker client, the observed movement and the sampling thread of one worker process."""

    def __init__(self, service: ServiceInfo, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.service = service
        self.broker = Broker(service.kafka, f"jiangbu-{service.name}-api")
        self.movement = Movement()
        self.monotonic = monotonic
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._owner_pid = 0

    def start(self) -> None:
        """Start the thread, once per process, after the fork."""
        if self._owner_pid == os.getpid():
            return
        self._owner_pid = os.getpid()
        self._thread = threading.Thread(target=self._run, name="progress-sampler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and close the broker client."""
        self._stopped.set()
        if self._thread is not None and self._owner_pid == os.getpid():
            self._thread.join()
        self.broker.close()

    @property
    def has_died(self) -> bool:
        """True if the thread ended by a bug; its traceback is in the log."""
        return self._thread is not None and not self._thread.is_alive() and not self._stopped.is_set()

    def look(self) -> None:
        """Take a sample; log it if broker or database are unavailable."""
        try:
            progress = read_progress(self.service, self.broker, with_counts=False)
        except (OffsetsUnavailableError, SQLAlchemyError) as error:
            _log.warning("progress cannot be read", error=type(error).__name__)
        else:
            self.movement.observe(progress, self.monotonic())

    def _run(self) -> None:
        while not self._stopped.wait(EVERY_S):
            self.look()
