"""The end of an application that runs in the process of the tests."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from flask import Flask

_CHECKS: Final = ("ready-database", "metrics-database")
_CHECK_ENDS_WITHIN_S: Final = 60.0


def join_checks() -> None:
    """Wait for checks of the database that are in progress: one that hung goes on, and opens connections."""
    for thread in threading.enumerate():
        if thread.name in _CHECKS:
            thread.join(_CHECK_ENDS_WITHIN_S)


def close_app(app: Flask) -> None:
    """Stop sampling, and close the connections after the last check has ended."""
    app.extensions["jiangbu.sampler"].stop()
    join_checks()
    app.extensions["jiangbu"].engine.dispose()
