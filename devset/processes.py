"""Child processes of the local set: in the caller's process group, and never outliving it."""

import contextlib
import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PORTS = (15_000, 32_000)
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class LocalError(RuntimeError):
    """The set on one machine cannot run; the message is one line for a person and says what to do."""


@dataclass(frozen=True)
class Account:
    """A system account to run a program as."""

    name: str
    uid: int
    gid: int


@dataclass
class Program:
    """One running child with the file that takes its output, from byte `log_from` on."""

    name: str
    process: subprocess.Popen[bytes]
    log_file: Path
    log_from: int

    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self, stop_signal: signal.Signals, timeout_s: float) -> bool:
        """Ask the program to end and wait; after `timeout_s` it is killed. True if it ended by itself."""
        if self.alive():
            self.process.send_signal(stop_signal)
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False
        return True

    def last_words(self, lines: int = 5) -> str:
        """The end of what the program said in one line, for the message of a failed start.

        What earlier runs said stands in the same file and would hide it.
        """
        with contextlib.suppress(OSError):
            text = self.log_file.read_bytes()[self.log_from :].decode(errors="replace")
            # Without the marks below the lines of a Python traceback.
            return " | ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip(" ^~"))
        return ""


def spawn(
    name: str,
    command: Sequence[str | Path],
    *,
    log_file: Path,
    environment: Mapping[str, str],
    death_signal: signal.Signals = signal.SIGKILL,
    account: Account | None = None,
    working_directory: Path | None = None,
) -> Program:
    """Start a program in this process group; its output is appended to `log_file`.

    Must be called by a thread that lives as long as the set does, as Linux ties `death_signal` to the thread.
    The child ignores SIGINT, so that Ctrl-C at the terminal, which reaches the whole group at once, stops the
    supervisor alone, and it stops the others in order.
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
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=tie_to_parent(death_signal),  # noqa: PLW1509 - two system calls, no locks, no imports
        )
    return Program(name=name, process=process, log_file=log_file, log_from=log_from)


def tie_to_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """What a child calls first, made by its parent: it ignores SIGINT, and gets the signal when this one dies."""
    parent = os.getpid()

    def tie() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if _LIBC is not None:
            _LIBC.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:  # it died between fork and prctl
                os._exit(1)

    return tie


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent dies, so that `end_descendants` finds them."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans(own: Collection[int]) -> None:
    """Collect adopted children that have ended; those in `own` (process ids) are left to who started them."""
    with contextlib.suppress(ChildProcessError):  # no children at all
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid not in own:
            os.waitpid(ended.si_pid, os.WNOHANG)


def end_descendants() -> None:
    """Kill whatever is left below this process, and wait for it."""
    for _ in range(10):  # what is killed may have had children
        left = psutil.Process().children(recursive=True)
        if not left:
            return
        for one in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(left, timeout=2)


def free_ports(count: int) -> list[int]:
    """Loopback TCP ports that are free now, all different.

    They lie below those that Linux gives to outgoing connections, so that none of these takes one before we do.
    """
    with contextlib.ExitStack() as stack:
        ports: list[int] = []
        while len(ports) < count:
            port = random.randrange(*PORTS)  # noqa: S311 - no secret
            one = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                one.bind(("127.0.0.1", port))
                ports.append(port)
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
    """What every engine gets: a neutral locale and where to find programs, nothing of the caller's settings."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
