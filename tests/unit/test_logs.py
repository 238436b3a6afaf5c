"""What a library says again and again is told once a minute, and how often it was said."""

from __future__ import annotations

import io
import json
import logging

import pytest

from shared.logs import set_up_logs

pytestmark = pytest.mark.usefixtures("own_logs")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What reaches stderr."""
    stderr = io.StringIO()
    monkeypatch.setattr("sys.stderr", stderr)
    set_up_logs("listing", "INFO")
    return stderr


def say(logger: logging.Logger, n: int) -> None:
    logger.warning("connection %d lost", n)


def events(told: io.StringIO) -> list[str]:
    return [json.loads(line)["event"] for line in told.getvalue().splitlines()]


def test_one_place_of_the_library_is_told_once_a_minute(told: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    (once_a_minute,) = logging.getLogger().handlers[0].filters
    monkeypatch.setattr(once_a_minute, "_monotonic", lambda: clock[0])
    kafka = logging.getLogger("kafka.net.manager")
    for n in range(100):
        say(kafka, n)
    kafka.error("another place")
    assert events(told) == ["connection 0 lost", "another place"]
    clock[0] = 60.0
    say(kafka, 100)
    assert events(told)[2:] == ["connection 100 lost (and 99 more like it)"]


def test_what_we_say_ourselves_is_always_told(told: io.StringIO) -> None:
    ours = logging.getLogger("shared.kafka")
    for n in range(3):
        say(ours, n)
    assert len(events(told)) == 3
