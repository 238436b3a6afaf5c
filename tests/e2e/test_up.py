"""`make up`: it prints one JSON line, restarts programs that end, and leaves no process behind."""

import os
import signal
import time
from functools import partial
from pathlib import Path

import psutil
import pytest
import requests

from tests.support.command_line import command_line
from tests.support.until import until
from tests.support.up import Up, assert_gone, operated

# A program must be restarted within 5 s; the machine may be busy.
RESTARTED_WITHIN_S = 60


def named(up: Up, *words: str) -> psutil.Process:
    """Return the program of the set whose command line has all the words; for gunicorn, the first process."""
    found = [one for one in up.programs() if set(words) <= set(command_line(one))]
    return min(found, key=lambda one: one.create_time())


def test_a_set_is_supervised_and_leaves_nothing_behind(own_set, tmp_path: Path) -> None:
    first = own_set()
    known = first.ready()
    assert set(known) == {"kafka", "listing", "trade_ingest", "incentive", "keys"}
    assert set(known["keys"]) == {
        "auditor",
        "bureau",
        "bureau2",
        "bureau3",
        "service",
        "exchange:kmdex",
        "exchange:dcdex",
    }
    for service in ("listing", "trade_ingest", "incentive"):
        ready = partial(requests.get, f"{known[service]}/readyz", timeout=60)
        until(lambda ready=ready: ready().status_code == 200)
        key = {"Authorization": f"Bearer {known['keys']['auditor']}"}
        progress = partial(requests.get, f"{known[service]}/v1/progress", headers=key, timeout=60)
        # Senders begin with an empty transaction, whose markers the consumers have to pass.
        until(lambda progress=progress: progress().json()["lag"] == 0)
    findings = operated(tmp_path / "data", "doctor", "--no-secrets").splitlines()
    assert [line for line in findings if "接口 API" in line and line.startswith("正常 ok")] == findings[-3:]

    second = own_set()  # the folder is in use
    code, _ = second.end()
    assert code != 0
    assert "in use" in second.errors

    consumer = named(first, "services.trade_ingest", "consume")
    server = named(first, "services.listing", "serve")
    consumer.kill()
    server.kill()
    until(lambda: is_new(first, consumer, "services.trade_ingest", "consume"), RESTARTED_WITHIN_S)
    until(lambda: is_new(first, server, "services.listing", "serve"), RESTARTED_WITHIN_S)

    programs = first.programs()
    assert len(programs) > 8
    first.process.send_signal(signal.SIGTERM)  # to make alone
    assert first.end()[1] == ""
    assert "stopped: SIGTERM" in first.errors
    assert_gone(programs)


def test_make_interrupted_or_killed_alone_and_killed_supervisor(own_set) -> None:
    up = own_set()
    up.ready()
    programs = up.programs()
    up.process.send_signal(signal.SIGINT)  # only to make, which does not forward it
    up.end()
    assert "stopped: make" in up.errors
    assert_gone(programs)

    up = own_set()
    up.ready()
    programs = up.programs()
    named(up, "devset.up").kill()
    up.end()
    assert_gone(programs)

    up = own_set()
    up.ready()
    programs = up.programs()
    up.process.kill()  # make alone
    assert_gone(programs)


@pytest.mark.parametrize("moment_s", [1.0, 4.0])
def test_stopped_while_starting(own_set, moment_s: float) -> None:
    up = own_set()
    time.sleep(moment_s)  # some moment of the start
    programs = up.programs()
    os.killpg(up.process.pid, signal.SIGTERM)
    up.end()
    assert_gone(programs)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--exchanges", "pyproject.toml"], "pyproject.toml"),
        (["--kafka", "127.0.0.1:1"], "127.0.0.1:1"),
        (["--kafka", "nowhere"], "HOST:PORT"),
        (["--no-such-option"], "--no-such-option"),
    ],
)
def test_an_error_is_reported_in_one_line(own_set, arguments: list[str], message: str) -> None:
    up = own_set(*arguments)
    code, output = up.end()
    assert code != 0
    assert output == ""
    assert message in up.errors
    assert "Traceback" not in up.errors


def is_new(up: Up, old: psutil.Process, *words: str) -> bool:
    try:
        return named(up, *words).pid != old.pid
    except (ValueError, psutil.Error):
        return False
