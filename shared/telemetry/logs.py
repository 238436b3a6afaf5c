"""Log JSON lines to stderr, one event each, with the service's name.

The length of a line and the lines a minute of each place in the code are bounded. Nothing of an event's data is logged:
exceptions are masked (`shared/telemetry/masking.py`).
"""

import logging
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from structlog.typing import EventDict, ExcInfo, Processor

from shared.telemetry.masking import loggable, masked_traceback

_MINUTE_S: Final = 60.0
_LINES_A_MINUTE: Final = 60
# Tracebacks are long: a client that provokes them must not displace everything else in a log of a few megabytes.
_TRACEBACKS_A_MINUTE: Final = 5
# kafka-python logs hundreds of lines while a broker is unavailable.
_LINES_A_MINUTE_OF_LIBRARY: Final = 1
_LIBRARY: Final = "kafka."
_MAX_CHARACTERS: Final = 1_000
_MAX_TRACEBACK_CHARACTERS: Final = 8_000


def set_up_logs(service: str, level: str) -> None:
    """Send events of structlog and the standard library to stderr as JSON lines; call once, at the start.

    `level` is a name such as INFO. kafka-python logs each reconnect at INFO, so its level is at least WARNING. Uncaught
    exceptions of threads and Python's warnings are logged in the same form.
    """
    shared_processors: list[Processor] = [
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
                _add_suppressed,
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
    threading.excepthook = _log_thread_exception


@dataclass
class _Minute:
    """Lines of one place in the code since `began_s`."""

    began_s: float
    lines: int = 1
    suppressed: int = 0


class _Limit(logging.Filter):
    """Rate limit for each place in the code; the first event of the next minute says how many were suppressed.

    Critical events are never suppressed.
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
            record.suppressed = 0 if minute is None else minute.suppressed
            self._minutes[place] = _Minute(at_s)
            return True
        most = _TRACEBACKS_A_MINUTE if _has_traceback(record) else _LINES_A_MINUTE
        if record.name.startswith(_LIBRARY):
            most = _LINES_A_MINUTE_OF_LIBRARY
        if minute.lines >= most:
            minute.suppressed += 1
            return False
        minute.lines += 1
        return True


def _has_traceback(record: logging.LogRecord) -> bool:
    return bool(record.exc_info) or (isinstance(record.msg, dict) and "exception" in record.msg)


def _mask_arguments(record: logging.LogRecord) -> bool:
    """Mask exceptions among the arguments of a library's message."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            loggable(argument, _MAX_CHARACTERS) if isinstance(argument, BaseException) else argument
            for argument in record.args
        )
    return True


def _traceback(exc_info: ExcInfo) -> str:
    # The end matters most: what was raised last, and where.
    return masked_traceback(exc_info)[-_MAX_TRACEBACK_CHARACTERS:]


def _log_thread_exception(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and ended.exc_type is not SystemExit:
        exc_info = (ended.exc_type, ended.exc_value, ended.exc_traceback)
        name = "" if ended.thread is None else ended.thread.name
        logging.getLogger(__name__).critical("unhandled exception in thread %s", name, exc_info=exc_info)


def _add_service(service: str, _logger: object, _method: str, event: EventDict) -> EventDict:
    event["service"] = service
    return event


def _add_suppressed(_logger: object, _method: str, event: EventDict) -> EventDict:
    suppressed = getattr(event["_record"], "suppressed", 0)
    if suppressed:
        event["suppressed"] = suppressed
    return event


def _cut(_logger: object, _method: str, event: EventDict) -> EventDict:
    return {
        name: loggable(value, _MAX_TRACEBACK_CHARACTERS if name == "exception" else _MAX_CHARACTERS)
        for name, value in event.items()
    }
