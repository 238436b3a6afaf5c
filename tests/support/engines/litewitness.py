"""`litewitness`, an independent tlog-witness server, with its key in an ssh-agent."""

from __future__ import annotations

import base64
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devset.processes import free_ports
from shared.settings import WitnessAddress
from shared.translog.merkle import EMPTY_ROOT
from shared.translog.note import COSIGNATURE_V1, VerifierKey
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAME = "example.org/litewitness"


@contextmanager
def litewitness(program: Path, logs: Sequence[VerifierKey]) -> Iterator[WitnessAddress]:
    """Run a witness of the logs with these keys and yield its address."""
    if shutil.which("ssh-agent") is None:
        pytest.skip("没有 / is not installed: ssh-agent")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))  # the path of a socket must be short
        port = free_ports(1)[0]
        address = f"127.0.0.1:{port}"
        for command, made in (
            (["ssh-agent", "-D", "-a", folder / "agent"], lambda: answers(socket.AF_UNIX, str(folder / "agent"))),
            (
                [
                    program,
                    f"-ssh-agent={folder / 'agent'}",
                    f"-db={folder / 'db'}",
                    f"-listen={address}",
                    f"-name={NAME}",
                    f"-key={fingerprint(folder)}",
                ],
                lambda: answers(socket.AF_INET, ("127.0.0.1", port)),
            ),
        ):
            running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(running.wait)
            stack.callback(running.terminate)
            until(made)
            if command[0] == "ssh-agent":
                agent = {"SSH_AUTH_SOCK": str(folder / "agent")}
                subprocess.run(["ssh-add", "-q", folder / "key"], env=agent, check=True, capture_output=True)
        with sqlite3.connect(folder / "db") as database:
            for key in logs:
                root = base64.b64encode(EMPTY_ROOT).decode()
                database.execute("INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)", (key.name, root))
                database.execute("INSERT INTO key (origin, key) VALUES (?, ?)", (key.name, str(key)))
        database.close()
        public = base64.b64decode((folder / "key.pub").read_text("ascii").split()[1])[-32:]
        yield WitnessAddress(VerifierKey(NAME, public, COSIGNATURE_V1), f"http://{address}")


def fingerprint(folder: Path) -> str:
    """Create a key in the folder and return its fingerprint."""
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    listed = subprocess.run(["ssh-keygen", "-lf", key], check=True, capture_output=True, text=True)
    return listed.stdout.split()[1]


def answers(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    with socket.socket(family) as tried:
        return tried.connect_ex(address) == 0
