"""The set of one version of the source, run from its folder, and what its processes use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from deploy.databases import database_of
from devset.client import REGISTER_SERVICES, Client
from devset.programs import SERVICES, Addresses
from exchange_kit.api import ApiError
from shared.values.parties import complete_uscc
from tests.bench.steady.backlog import taken
from tests.bench.steady.processor_time import POSTGRES, Usage, backend_of, backend_program, program_of
from tests.bench.steady.waiting import Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EXCHANGES: Final = ("kmdex", "dcdex", "xcdex")  # fictional: the two of the sample whitelist and a third
MEASURING: Final = f"{POSTGRES} of the measurement"
_QUIET_WITHIN_S: Final = 900.0
_THIRD: Final = f"""
  - id: {EXCHANGES[2]}
    name: 虚构丙数据交易所
    from: 2019-01-01
    until: null
    approved_by: 虚构批文第3号
    operators:
      - uscc: {complete_uscc("91530100MAXXCDEX0")}
        name: 虚构丙数据交易所运营有限公司
        from: 2019-01-01
        until: null
"""
_STOP_WITHIN_S: Final = 120.0


@dataclass
class Version:
    """A running set: its client, its databases and its processes."""

    process: psutil.Process
    kafka: str
    client: Client
    postgres_url: str
    check: Callable[[], None]  # raises if somebody asked to stop

    def database_url(self, service: str) -> str:
        return make_conninfo(self.postgres_url, dbname=database_of(service))

    def taken(self) -> int:
        """Return how many records of exchanges the registers have taken in."""
        found = 0
        for service in REGISTER_SERVICES:
            with psycopg.connect(self.database_url(service), autocommit=True) as connection:
                found += taken(connection)
        return found

    def consumers(self) -> list[psutil.Process]:
        """Return the processes that take records in, and those that send what follows."""
        tree = self._tree()
        programs = _programs(tree)
        return [one for one in tree if programs.get(one.pid, "").endswith((" consume", " send"))]

    def waiting(self, at_s: float) -> Sample:
        """Ask the services what waits: records on the topics, and changes that are not sent."""
        found: dict[str, int] = {}
        for service in SERVICES:
            told = self.client.get(service, "/v1/progress")
            found |= {f"{service} lag": int(told["lag"]), f"{service} outbox": int(told["outbox"])}
        return Sample(at_s, found)

    def await_quiet(self) -> None:
        """Wait until nothing waits, also for a service that is too busy to answer."""
        deadline = time.monotonic() + _QUIET_WITHIN_S
        while True:
            try:
                self.client.await_quiet(_QUIET_WITHIN_S, self.check)
            except ApiError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(1.0)
                self.check()
            else:
                return

    def usages(self) -> dict[int, Usage]:
        """Return what each process used so far; sessions of PostgreSQL are named by the program at their other end."""
        tree, found = self._tree(), {}
        programs = _programs(tree)
        for process in tree:
            with suppress(psutil.NoSuchProcess, KeyError):  # it has ended meanwhile
                times = process.cpu_times()
                ended_s = times.children_user + times.children_system
                found[process.pid] = Usage(process.ppid(), programs[process.pid], times.user + times.system, ended_s)
        return found

    def _tree(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


def _programs(tree: list[psutil.Process]) -> dict[int, str]:
    """Name all processes; parents come before their children."""
    commands: dict[int, list[str]] = {}
    programs: dict[int, str] = {}
    clients: dict[int, str] = {}
    for process in tree:
        with suppress(psutil.NoSuchProcess):
            parent = process.ppid()
            commands[process.pid] = process.cmdline()
            known = (commands[parent], programs[parent]) if parent in programs else None
            program = programs[process.pid] = program_of(commands[process.pid], known)
            if program != POSTGRES:
                clients |= {one.laddr.port: program for one in process.net_connections("tcp4") if one.raddr}
    for pid, command in commands.items():
        if programs[pid] == POSTGRES and (backend := backend_of(" ".join(command))) is not None:
            is_ours = backend.role == "postgres"
            programs[pid] = MEASURING if is_ours else backend_program(backend, clients)
    return programs


@contextmanager
def running_version(tree: Path, folder: Path, check: Callable[[], None] = lambda: None) -> Iterator[Version]:
    """Run the set of the source in `tree` with this interpreter, in a new folder; stop it on exit.

    It is a process group of its own, as what measures it would wait for a set that Ctrl-C has stopped.
    """
    folder.mkdir()
    exchanges = folder / "exchanges.yaml"
    exchanges.write_text((tree / "exchanges.yaml").read_text("utf-8") + _THIRD, "utf-8")
    command = [sys.executable, "-m", "devset.up", "--json", "--data-dir", folder / "set", "--exchanges", exchanges]
    with (folder / "set.log").open("wb") as log:
        running = subprocess.Popen(
            command,
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree)},
            stdout=subprocess.PIPE,
            stderr=log,
            process_group=0,
        )
    try:
        assert running.stdout is not None
        line = running.stdout.readline()
        if not line:
            raise SystemExit(f"the set of {tree} did not start: {(folder / 'set.log').read_text('utf-8')[-2000:]}")
        yield _version(running.pid, json.loads(line), folder / "set", check)
    finally:
        running.terminate()
        running.wait(_STOP_WITHIN_S)


def _version(pid: int, told: dict[str, object], folder: Path, check: Callable[[], None]) -> Version:
    urls = {service: urlsplit(str(told[service.replace("-", "_")])).netloc for service in SERVICES}
    keys = told["keys"]
    assert isinstance(keys, dict)
    kafka = str(told["kafka"])
    client = Client.with_key(Addresses(kafka, urls), keys["auditor"])
    password = (folder / "postgres" / "password").read_text("ascii").strip()
    port = (folder / "postgres" / "data" / "postmaster.pid").read_text("utf-8").splitlines()[3]
    return Version(
        psutil.Process(pid), kafka, client, f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres", check
    )
