"""Child processes of the set: they stay in the caller's process group and never outlive it."""

import contextlib
import ctypes
import fcntl
import os
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import ClassVar

import psutil

from shared.language import LocalizedError

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PORTS = (15_000, 32_000)
READY_POLL_S = 0.05
ENGINE_STOP_TIMEOUT_S = 10.0
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class LocalError(LocalizedError):
    """The set on one machine cannot run; the message says what to do."""


@dataclass
class ChildProgram:
    """A running child process; its output is in `log_file` from byte `log_from` on."""

    name: str
    process: subprocess.Popen[bytes]
    log_file: Path
    log_from: int

    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self, stop_signal: signal.Signals, timeout_s: float) -> bool:
        """Send the signal and wait; kill the program after `timeout_s`. Return True if it ended by itself."""
        if self.alive():
            self.process.send_signal(stop_signal)
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False
        return True

    def last_output(self, lines: int = 5) -> str:
        """Return the last lines of this run's output in one line. Output of earlier runs in the file is left out."""
        with contextlib.suppress(OSError):
            text = self.log_file.read_bytes()[self.log_from :].decode(errors="replace")
            # Lines of markers only, as below the lines of a Python traceback, are left out.
            return " | ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip(" ^~"))
        return ""

    def start_error(self) -> LocalError:
        """Return the error that says that the program does not start."""
        words = self.last_output()
        return LocalError(
            f"{self.name} 无法启动：{words}（日志：{self.log_file}）",
            f"{self.name} does not start: {words} (log: {self.log_file})",
        )


def spawn(
    name: str,
    command: Sequence[str | Path],
    *,
    log_file: Path,
    environment: Mapping[str, str],
    death_signal: signal.Signals = signal.SIGKILL,
    account: pwd.struct_passwd | None = None,
    working_directory: Path | None = None,
) -> ChildProgram:
    """Start a program in this process group; its output is appended to `log_file`.

    Call it from a thread that lives as long as the set: Linux sends `death_signal` when that thread ends. The child
    ignores SIGINT: Ctrl-C at the terminal reaches the whole group at once, but only the supervisor reacts and stops the
    others in order.
    """
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("ab") as log:
        log_from = log.tell()
        process = subprocess.Popen(  # noqa: S603 - our own commands
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=working_directory,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=tie_to_parent(death_signal),  # noqa: PLW1509 - two system calls, no locks, no imports
        )
    return ChildProgram(name=name, process=process, log_file=log_file, log_from=log_from)


@dataclass
class Engine(ABC):
    """A server whose data is in `directory`: created at the first start and reused, also on another port."""

    directory: Path
    port: int
    log_file: Path
    program: ChildProgram | None = field(default=None, init=False)

    name: ClassVar[str]
    start_timeout_s: ClassVar[float]
    stop_signal: ClassVar[signal.Signals]

    def start(self) -> None:
        """Start the server and wait until it answers. Call it from a thread that outlives the server."""
        self.launch()
        self.await_ready()

    @abstractmethod
    def launch(self) -> ChildProgram:
        """Start the server without waiting until it answers."""

    @abstractmethod
    def answers(self) -> bool:
        """Return True if the server answers."""

    def await_ready(self, check: Callable[[], None] = lambda: None) -> None:
        """Wait until the launched server answers. If it ends or is too slow, stop it: LocalError. `check` may raise."""
        deadline = time.monotonic() + self.start_timeout_s
        while (program := self.program) is not None and program.alive() and time.monotonic() < deadline:
            check()
            if self.answers():
                return
            time.sleep(READY_POLL_S)
        self.stop()
        raise program.start_error() if program else LocalError(f"{self.name} 未启动", f"{self.name} was not launched")

    def stop(self) -> bool:
        """Stop the server in order; return False if it had to be killed."""
        program, self.program = self.program, None
        return program is None or program.stop(self.stop_signal, ENGINE_STOP_TIMEOUT_S)

    def run_tool(self, command: Sequence[str | Path], account: pwd.struct_passwd | None = None) -> None:
        """Run a tool that creates the data, with its output in the log. LocalError if it fails."""
        tool = spawn(
            "tool",
            command,
            log_file=self.log_file,
            environment=base_environment(),
            account=account,
            working_directory=self.directory,
        )
        if tool.process.wait() != 0:
            words = tool.last_output()
            raise LocalError(
                f"无法建立 {self.name} 数据目录 {self.directory}：{words}",
                f"cannot create the {self.name} folder {self.directory}: {words}",
            )


def tie_to_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """Return a `preexec_fn` by which the child ignores SIGINT and receives the signal when its parent dies."""
    parent = os.getpid()

    def tie() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if _LIBC is not None:
            _LIBC.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:  # the parent died between fork and prctl
                os._exit(1)

    return tie


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent dies, so that `end_descendants` finds them."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans(own: Collection[int]) -> None:
    """Reap adopted children that have ended; the process ids in `own` are left to their `ChildProgram`."""
    with contextlib.suppress(ChildProcessError):  # there are no children
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid not in own:
            os.waitpid(ended.si_pid, os.WNOHANG)


def end_descendants() -> None:
    """Kill all remaining descendants of this process and wait for them."""
    for _ in range(10):  # children of killed processes are adopted and found in the next round
        left = psutil.Process().children(recursive=True)
        if not left:
            return
        for one in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        await_ended(left, within_s=2.0)


def await_ended(processes: Sequence[psutil.Process], within_s: float) -> list[psutil.Process]:
    """Wait until these processes have ended, at most so long; return those that have not.

    psutil 7.2.2 raises FileNotFoundError for one that is reaped while it asks (Linux 6.16 and later).
    """
    deadline = time.monotonic() + within_s
    while True:
        with contextlib.suppress(FileNotFoundError):
            return psutil.wait_procs(processes, timeout=max(0.0, deadline - time.monotonic()))[1]


def free_ports(count: int) -> list[int]:
    """Return different loopback TCP ports that are free now.

    All callers on the machine are given them in turn, because it may take a minute until a program listens at its own.
    They are below the range of outgoing connections on Linux, so that no connection takes one before its program does.
    """
    turn_file = Path(tempfile.gettempdir(), f"jiangbu-last-port-{os.getuid()}")
    with contextlib.ExitStack() as stack:
        turn = stack.enter_context(turn_file.open("a+", encoding="ascii"))
        fcntl.flock(turn, fcntl.LOCK_EX)
        turn.seek(0)
        last = int(turn.read() or PORTS[0])
        ports: list[int] = []
        for port in chain(range(last + 1, PORTS[1]), range(*PORTS)):
            one = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                one.bind(("127.0.0.1", port))
                ports.append(port)
            if len(ports) == count:
                break
        turn.truncate(0)
        turn.write(str(ports[-1]))
        return ports


def port_is_free(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def base_environment() -> dict[str, str]:
    """Return the environment of every engine: a neutral locale and the default PATH, none of the caller's settings."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
