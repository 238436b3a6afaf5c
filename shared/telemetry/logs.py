"""Logs of every program: JSON lines on stderr, one event each, with the service's name.

They are bounded: a line in its length, and each place in the code in how many lines it writes a minute. And they hold
nothing of what events hold: exceptions speak by `shared/telemetry/masking.py`.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from shared.telemetry.masking import masked_traceback, told

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

_MINUTE_S: Final = 60.0
_LINES_A_MINUTE: Final = 60
# kafka-python says hundreds of lines while a broker is away.
_LINES_A_MINUTE_OF_LIBRARY: Final = 1
_LIBRARY: Final = "kafka."
_MOST_CHARACTERS: Final = 1_000
_MOST_OF_TRACEBACK: Final = 8_000


def set_up_logs(service: str, level: str) -> None:
    """Send structlog's and the standard library's events to stderr as JSON lines; call once, when a program starts.

    `level` is a name such as INFO. kafka-python tells each reconnect at INFO and is held at WARNING. What nobody caught
    and what Python warns of is told in the same form.
    """
    shared_processors: list[Any] = [
        partial(_add_service, service),
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_traceback),
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
    handler.addFilter(_Limit())
    handler.addFilter(_mask_arguments)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared_processors,
            processors=[
                _add_untold,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _cut,
                # Chinese names stay readable in the log.
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("kafka").setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.captureWarnings(capture=True)
    threading.excepthook = _tell_of_thread


@dataclass
class _Minute:
    """What one place in the code has told since `began_s`."""

    began_s: float
    lines: int = 1
    untold: int = 0


class _Limit(logging.Filter):
    """Lets each place in the code tell so many events a minute; the next one after says how many it kept back.

    What stops a program is always told.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._minutes: dict[tuple[str, int], _Minute] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.CRITICAL:
            return True
        place = (record.pathname, record.lineno)
        at_s = self._monotonic()
        minute = self._minutes.get(place)
        if minute is None or at_s - minute.began_s >= _MINUTE_S:
            record.untold = 0 if minute is None else minute.untold
            self._minutes[place] = _Minute(at_s)
            return True
        most = _LINES_A_MINUTE_OF_LIBRARY if record.name.startswith(_LIBRARY) else _LINES_A_MINUTE
        if minute.lines >= most:
            minute.untold += 1
            return False
        minute.lines += 1
        return True


def _mask_arguments(record: logging.LogRecord) -> bool:
    """Of exceptions that a library puts into its messages."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            told(argument, _MOST_CHARACTERS) if isinstance(argument, BaseException) else argument
            for argument in record.args
        )
    return True


def _traceback(exc_info: Any) -> str:
    # The end tells most: what was raised last, and where.
    return masked_traceback(exc_info)[-_MOST_OF_TRACEBACK:]


def _tell_of_thread(ended: threading.ExceptHookArgs) -> None:
    """A thread that ended by what it did not catch."""
    if ended.exc_value is not None and ended.exc_type is not SystemExit:
        exc_info = (ended.exc_type, ended.exc_value, ended.exc_traceback)
        name = "" if ended.thread is None else ended.thread.name
        logging.getLogger(__name__).critical("a thread ended by a fault: %s", name, exc_info=exc_info)


def _add_service(service: str, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["service"] = service
    return event


def _add_untold(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    untold = getattr(event["_record"], "untold", 0)
    if untold:
        event["untold_since"] = untold
    return event


def _cut(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {
        name: told(value, _MOST_OF_TRACEBACK if name == "exception" else _MOST_CHARACTERS)
        for name, value in event.items()
    }
