"""Log lines: one format, bounded in number and length, and exceptions that quote no data."""

from __future__ import annotations

import io
import json
import logging
import threading
import warnings
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from services.incentive.store.facts import read_record
from shared.events.fact_topics import FIRST_LISTING
from shared.telemetry.logs import set_up_logs

pytestmark = pytest.mark.usefixtures("own_logs")

OURS = (
    "shared",
    "shared.kafka.consumer",
    "shared.process.program",
    "shared.telemetry.logs",
    "kafka.tested",
    "some.library",
    "py.warnings",
)
CANARY = "canary-7c1f"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """The log output on stderr."""
    stderr = io.StringIO()
    monkeypatch.setattr("sys.stderr", stderr)
    set_up_logs("listing", "INFO")
    return stderr


@pytest.fixture
def clock_s(monkeypatch: pytest.MonkeyPatch, told: io.StringIO) -> list[float]:
    del told
    clock = [0.0]
    limit = logging.getLogger().handlers[0].filters[0]
    monkeypatch.setattr(limit, "_monotonic", lambda: clock[0])
    return clock


def say(logger: Any, n: int) -> None:
    logger.warning("connection %d lost", n)


def lines(told: io.StringIO) -> list[dict[str, Any]]:
    """Return the lines of this file's loggers: threads left by other tests may log as well."""
    found = [json.loads(line) for line in told.getvalue().splitlines()]
    return [line for line in found if line["logger"] in OURS]


def events(told: io.StringIO) -> list[str]:
    return [line["event"] for line in lines(told)]


def test_one_place_of_the_library_is_reported_once_a_minute(told: io.StringIO, clock_s: list[float]) -> None:
    kafka = logging.getLogger("kafka.tested")
    for n in range(100):
        say(kafka, n)
    kafka.error("another place")
    assert events(told) == ["connection 0 lost", "another place"]
    clock_s[0] = 60.0
    say(kafka, 100)
    assert lines(told)[2]["event"] == "connection 100 lost"
    assert lines(told)[2]["suppressed"] == 99


@pytest.mark.parametrize(
    "ours", [logging.getLogger("shared.kafka.consumer"), structlog.get_logger("shared.kafka.consumer")]
)
def test_a_flood_of_our_log_lines_is_reported_in_part(told: io.StringIO, clock_s: list[float], ours: Any) -> None:
    for n in range(10_000):
        say(ours, n)
    assert len(events(told)) == 60
    assert "suppressed" not in lines(told)[-1]
    clock_s[0] = 61.0
    say(ours, 0)
    assert lines(told)[-1]["suppressed"] == 9_940
    clock_s[0] = 200.0
    say(ours, 0)
    assert "suppressed" not in lines(told)[-1]


@pytest.mark.parametrize(
    "ours", [logging.getLogger("shared.kafka.consumer"), structlog.get_logger("shared.kafka.consumer")]
)
def test_tracebacks_are_reported_more_rarely(told: io.StringIO, clock_s: list[float], ours: Any) -> None:
    def fail() -> None:
        try:
            {}["x"]
        except KeyError:
            ours.exception("failed")

    for _ in range(1000):
        fail()
    assert len(events(told)) == 5
    assert all("KeyError" in line["exception"] for line in lines(told))
    clock_s[0] = 61.0
    fail()
    assert lines(told)[-1]["suppressed"] == 995


def test_what_stops_a_program_is_always_reported(told: io.StringIO) -> None:
    for _ in range(100):
        structlog.get_logger("shared.process.program").critical("stopped")
    assert len(events(told)) == 100


def test_lines_are_cut(told: io.StringIO) -> None:
    log = structlog.get_logger("shared")
    log.info("x" * 100_000, text="y" * 100_000, many=["z" * 100_000] * 1_000, thing=SimpleNamespace(name=CANARY))
    logging.getLogger("some.library").warning("z" * 100_000)
    assert max(len(line) for line in told.getvalue().splitlines()) < 60_000
    ours, library = lines(told)
    assert ours["text"] == "y" * 1_000 + "... (100000 characters)"
    assert ours["many"][-1] == "... (1000 in all)"
    assert ours["thing"] == "SimpleNamespace"
    assert len(library["event"]) < 1_100


def fail(error: BaseException) -> None:
    raise error


def test_exceptions_show_where_and_what_kind_and_not_what_they_failed_on(told: io.StringIO) -> None:
    log = structlog.get_logger("shared")
    try:
        try:
            fail(KeyError(CANARY))
        except KeyError as error:
            raise ValueError(f"no {CANARY}") from error
    except ValueError as error:
        log.exception("stopped by an unexpected error", error=error)
        logging.getLogger("some.library").exception("failed: %s", error)  # noqa: TRY401 - as libraries do
    assert CANARY not in told.getvalue()
    for line in lines(told):
        assert line["exception"].splitlines()[-1] == "ValueError"
        assert "KeyError" in line["exception"]
        assert "in fail" in line["exception"]
    assert lines(told)[0]["error"] == "ValueError"
    assert lines(told)[1]["event"] == "failed: ValueError"


def test_a_long_traceback_keeps_its_end(told: io.StringIO) -> None:
    def deeper(n: int) -> None:
        fail(OSError("the disk is full")) if n == 0 else other(n)

    def other(n: int) -> None:
        deeper(n - 1)

    try:
        deeper(200)
    except OSError:
        structlog.get_logger("shared").exception("stopped")
    (line,) = lines(told)
    assert len(line["exception"]) <= 8_000
    assert line["exception"].endswith("OSError: the disk is full")


def test_a_fact_that_cannot_be_read_is_reported_by_its_place(told: io.StringIO) -> None:
    """Facts contain names; topic, partition and offset are enough to look one up."""
    party = {"id_scheme": "uscc", "id": CANARY, "name": CANARY}
    value = json.dumps({"generation": 1, "seq": "1", "party": party, "first": CANARY}).encode()
    record = SimpleNamespace(topic=FIRST_LISTING, partition=2, offset=7, key=b"r1/x", value=value, timestamp=0)
    try:
        read_record(record)  # type: ignore[arg-type]
    except ValueError:
        structlog.get_logger("shared").exception("stopped by an unexpected error")
    assert CANARY not in told.getvalue()
    assert f"{FIRST_LISTING}[2]@7" in told.getvalue()


def test_threads_and_warnings_speak_in_the_same_form(told: io.StringIO) -> None:
    thread = threading.Thread(target=fail, args=(ValueError(CANARY),), name="watcher")
    thread.start()
    thread.join()
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.captureWarnings(capture=True)  # pytest otherwise captures warnings itself
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert CANARY not in told.getvalue()
    ended, warned = lines(told)
    assert ended["event"] == "unhandled exception in thread watcher"
    assert ended["exception"].splitlines()[-1] == "ValueError"
    assert "old" in warned["event"]
