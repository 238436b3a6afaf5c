"""Logs of every program: JSON lines on stderr, one event each, with the service's name."""

import logging
import sys
from collections.abc import MutableMapping
from functools import partial
from typing import Any

import structlog


def set_up_logs(service: str, level: str) -> None:
    """Send structlog's and the standard library's events to stderr as JSON lines; call once, when a program starts.

    `level` is a name such as INFO. kafka-python tells each reconnect at INFO and is held at WARNING.
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


def _add_service(service: str, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["service"] = service
    return event
