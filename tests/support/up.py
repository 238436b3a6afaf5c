"""`make up` as its callers use it."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from devset.client import Client
from devset.processes import await_ended
from devset.programs import SERVICES, Addresses
from tests.support.command_line import command_line
from tests.support.paths import ROOT

START_TIMEOUT_S = 240.0
# Kafka timestamp, later than the documents, of records in the shared set whose day nobody reconciles (today is
# the kit's).
EARLIER_MS = 1_780_358_400_000
# Until everything published is in the answers, on a busy machine too.
QUIET_WITHIN_S = 240


class Up:
    """`make up` in its own process group, with messages in English."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        line = " ".join(["--data-dir", str(folder), "--json", *arguments])
        # The options of a make that runs this test must not reach the make under test.
        inherited = {name: value for name, value in os.environ.items() if "MAKE" not in name and name != "ARGS"}
        environment = {**inherited, "LC_ALL": "en_US.UTF-8"}
        self.process = subprocess.Popen(
            ["make", "up", f"ARGS={line}", f"PYTHON={sys.executable}"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.errors = ""

    def ready(self) -> dict:
        readable, _, _ = select.select([self.process.stdout], [], [], START_TIMEOUT_S)
        assert readable, "no line on stdout in time"
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)

    def programs(self) -> list[psutil.Process]:
        """Return the processes of the group and their descendants (PostgreSQL's backends leave the group)."""
        found = []
        for one in psutil.process_iter():
            try:
                if os.getpgid(one.pid) == self.process.pid:
                    found += [one, *one.children(recursive=True)]
            except (ProcessLookupError, psutil.Error):
                continue
        return list({one.pid: one for one in found}.values())

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and the output on stdout after the JSON line."""
        output, self.errors = self.process.communicate(timeout=120)
        return self.process.returncode, output

    def kill(self) -> None:
        """Kill the process group if it still runs, and close the streams."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        self.process.wait()


def assert_gone(programs: list[psutil.Process], within_s: float = 60.0) -> None:
    alive = await_ended(programs, within_s)
    left = [" ".join(command_line(one)) or f"process {one.pid}" for one in alive]
    assert not left, left


def up_while_used(up: Up) -> Iterator[dict[str, Any]]:
    """Yield the output of `make up --json`; stop the set by Ctrl-C when the caller is done."""
    try:
        yield up.ready()
        programs = up.programs()
        os.killpg(up.process.pid, signal.SIGINT)
        up.end()
        assert_gone(programs)
    finally:
        up.kill()


def client_of(running: dict[str, Any], role: str = "auditor") -> Client:
    apis = {service: running[service.replace("-", "_")].removeprefix("http://") for service in SERVICES}
    addresses = Addresses(running["kafka"], apis)
    return Client.with_key(addresses, running["keys"][role])


def operated(data: Path, *arguments: str) -> str:
    """Run a `jiangbu` command on the set of a data folder, as an operator does; return its output."""
    command = f'set -a; . ./admin.env; exec "{sys.executable}" -m deploy {" ".join(arguments)}'
    environment = {"PATH": os.defpath, "LC_ALL": "en_US.UTF-8", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["sh", "-c", command], cwd=data, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
