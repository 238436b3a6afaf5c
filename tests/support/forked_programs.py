"""A fork server for our programs: each starts without the second that its imports take.

A forked program behaves like `python -m MODULE ARGUMENT...`, from `__main__` on. Run as a program (python -m
tests.support.forked_programs FD NICENESS MODULE...), this module is the server process.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devset.processes import ChildProgram, tie_to_parent
from shared.values import times
from tests.support import clocked
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Modules that consumers and migrations import when they run.
CONSUMERS = (
    "services.listing.register",
    "services.trade_ingest.register",
    "services.incentive.consumer",
    "shared.commands",
    "shared.postgres.migrate",
    "shared.register.consumer",
)
# Modules of every program.
MODULES = (
    *CONSUMERS,
    "services.listing.app",
    "services.listing.rebuild",
    "services.trade_ingest.app",
    "services.trade_ingest.rebuild",
    "services.incentive.app",
    "services.incentive.rebuild.command",
    "shared.web.server.serve",
)
# Read by Python itself when it starts.
_OF_PYTHON = {"LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
_MOST_BYTES = 1 << 17
_LOOK_EVERY_S = 0.02


@dataclass
class Child:
    """A forked program with the interface of `subprocess.Popen`; its parent is the fork server."""

    fork_server: ForkServer
    pid: int
    arguments: tuple[str, ...]
    returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self.fork_server.ask({"ended": self.pid})
        return self.returncode

    def wait(self, timeout: float = float("inf")) -> int:
        """Return the exit code, -N after signal N. Raises subprocess.TimeoutExpired."""
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(self.arguments, timeout)
            time.sleep(_LOOK_EVERY_S)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:  # the pid is not reused before its exit code was fetched
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@dataclass
class ForkServer:
    """A process that forks programs. It starts on first use and ends with its caller; its children end with it.

    `tree` is the source tree of the programs. `modules` are imported before the fork. `niceness` is that of consumers.
    """

    tree: Path = ROOT
    modules: Sequence[str] = MODULES
    niceness: int = 10
    _process: subprocess.Popen[bytes] | None = None
    _line: socket.socket | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def spawn(
        self,
        name: str,
        module: str,
        *arguments: str,
        log_file: Path,
        errors_file: Path | None = None,
        environment: Mapping[str, str],
        clock: Path | None = None,
    ) -> ChildProgram:
        """Start a program; stdout is appended to `log_file`, stderr to `errors_file` or else `log_file`.

        `clock` is a file with the error of its clock in seconds.
        """
        self._open()
        with log_file.open("ab") as log:
            log_from = log.tell()
        files = {"log": str(log_file), "errors": str(errors_file or log_file), "clock": clock and str(clock)}
        pid = self.ask({"module": module, "arguments": arguments, "environment": dict(environment), **files})
        return ChildProgram(name, Child(self, pid, (module, *arguments)), log_file, log_from)

    def run(
        self, module: str, *arguments: str, environment: Mapping[str, str], timeout_s: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end. Raises subprocess.TimeoutExpired."""
        with tempfile.TemporaryDirectory() as folder:
            said, logged = Path(folder, "stdout"), Path(folder, "stderr")
            program = self.spawn(module, module, *arguments, log_file=said, errors_file=logged, environment=environment)
            try:
                code = program.process.wait(timeout_s)
            finally:
                program.process.kill()
            return subprocess.CompletedProcess(
                (module, *arguments), code, said.read_text("utf-8"), logged.read_text("utf-8")
            )

    def ask(self, question: dict[str, Any]) -> Any:
        with self._turn:
            self._line.send(json.dumps(question).encode())
            return json.loads(self._line.recv(_MOST_BYTES))

    def stop(self) -> None:
        if self._process is not None:
            self._line.close()
            self._process.wait()
            self._process = None

    def _open(self) -> None:
        with self._turn:
            if self._process is not None:
                return
            self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno()), str(self.niceness), *self.modules],
                pass_fds=[theirs.fileno()],
                env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), **_OF_PYTHON},
                cwd=self.tree,  # found before ROOT
                stdin=subprocess.DEVNULL,
                preexec_fn=tie_to_parent(signal.SIGKILL),  # noqa: PLW1509 - as in devset/processes.py
            )
            theirs.close()


def _fork_those_asked_for(line: socket.socket) -> dict[str, Any]:
    """Fork on request. Returns only in a child, with its request; the server exits when the socket is closed."""
    while question := line.recv(_MOST_BYTES):
        asked = json.loads(question)
        if "ended" in asked:
            pid, status = os.waitpid(asked["ended"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            tie = tie_to_parent(signal.SIGKILL)
            answer = os.fork()
            if answer == 0:
                line.close()
                tie()
                return asked
        line.send(json.dumps(answer).encode())
    sys.exit()


def _become(asked: dict[str, Any]) -> None:
    for file, number in ((asked["log"], 1), (asked["errors"], 2)):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update({"LANG": "en_US.UTF-8"} | asked["environment"])
    clocked.file = asked["clock"] and Path(asked["clock"])
    sys.argv = [asked["module"], *asked["arguments"]]
    runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    times.now = clocked.now
    from shared.process import program

    program.NICENESS = int(sys.argv[2])
    for each in sys.argv[3:]:
        importlib.import_module(each)
    # Existing objects stay in shared memory only as long as the garbage collector does not write to them.
    gc.collect()
    gc.freeze()
    with suppress(KeyboardInterrupt):
        _become(_fork_those_asked_for(socket.socket(fileno=int(sys.argv[1]))))
