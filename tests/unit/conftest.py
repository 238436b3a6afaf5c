"""Fixtures of several unit tests."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest
import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def own_logs() -> Iterator[None]:
    """Restore the logging configuration after the test."""
    root, kafka = logging.getLogger(), logging.getLogger("kafka")
    handlers, levels = list(root.handlers), (root.level, kafka.level)
    of_threads = threading.excepthook
    yield
    threading.excepthook = of_threads
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    kafka.setLevel(levels[1])
    structlog.reset_defaults()
