"""Logs of every program: JSON lines on stderr, one event each, with the service's name."""

import logging
import sys
import time
from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any, Final

import structlog

_TOLD_EVERY_S: Final = 60.0


def set_up_logs(service: str, level: str) -> None:
    """Send structlog's and the standard library's events to stderr as JSON lines; call once, when a program starts.

    `level` is a name such as INFO. kafka-python tells each reconnect at INFO and is held at WARNING; what it says
    again and again while a broker is away is told once a minute.
    """
    shared_processors: list[Any] = [
        partial(_add_service, service),
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared_processors,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_OnceAMinute("kafka"))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared_processors,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Chinese names stay readable in the log.
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("kafka").setLevel(max(logging.WARNING, logging.getLevelName(level)))


class _OnceAMinute(logging.Filter):
    """Of what one place in a library says, lets one event a minute through, with how many there were since the last."""

    def __init__(self, library: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._prefix = f"{library}."
        self._monotonic = monotonic
        self._told: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(self._prefix):
            return True
        place = (record.pathname, record.lineno)
        at_s = self._monotonic()
        told_at_s, untold = self._told.get(place, (-_TOLD_EVERY_S, 0))
        if at_s - told_at_s < _TOLD_EVERY_S:
            self._told[place] = (told_at_s, untold + 1)
            return False
        self._told[place] = (at_s, 0)
        if untold:
            record.msg, record.args = f"{record.getMessage()} (and {untold} more like it)", None
        return True


def _add_service(service: str, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["service"] = service
    return event
