"""The end of an application that runs in the process of the tests."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from flask import Flask

_CHECKS: Final = ("ready-", "metrics-")
_CHECK_ENDS_WITHIN_S: Final = 60.0


def join_checks() -> None:
    """Wait for checks of an API that are in progress: one that hung goes on.

    That of the database opens connections. That of the broker uses `random`, which fails a Hypothesis test meanwhile.
    """
    for thread in threading.enumerate():
        if thread.name.startswith(_CHECKS):
            thread.join(_CHECK_ENDS_WITHIN_S)


def close_app(app: Flask) -> None:
    """Close the connections after the last check has ended."""
    join_checks()
    app.extensions["jiangbu.sampler"].stop()
    app.extensions["jiangbu"].engine.dispose()
