"""The set takes a while to be built and to start: that is begun with the session, and waited for by our first test."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.compose.stack import COMPOSE_FILE, ComposeError, Stack, run
from tests.conftest import RAN_AGAINST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_docker.plugin import Services

READY_WITHIN_S = 900.0
_HERE = Path(__file__).parent


class Start:
    """A stack on its way up, by a process of its own."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="jiangbu-compose-")
        self.stack = Stack(Path(self._folder.name))
        self._log = Path(self._folder.name) / "start.log"
        # Steps that end are waited for by what depends on them; `--wait` is for the rest.
        compose = f'docker compose --env-file "{self.stack.env_file}" -f "{COMPOSE_FILE}" -p {self.stack.project}'
        script = f"{compose} build && date +%s.%N && {compose} up -d --wait && date +%s.%N"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", script], stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def await_ready(self) -> None:
        if self._process.wait(READY_WITHIN_S) != 0:
            said = self._log.read_text("utf-8", errors="replace")[-6000:]
            raise ComposeError(f"the set does not start:\n{said}\n{self._last_words()}")
        began_s, ready_s = (float(line) for line in self._log.read_text("utf-8").splitlines() if _is_time(line))
        self.stack.ready_after_s = ready_s - began_s

    def end(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait()
        self.stack.compose("down", "-v", "-t", "3", "--remove-orphans")
        subprocess.run(["docker", "image", "rm", self.stack.image], check=False, capture_output=True)
        self._folder.cleanup()

    def _last_words(self) -> str:
        return "\n".join(self.stack.compose(*words) for words in (("ps", "-a"), ("logs", "--tail", "15")))


START = pytest.StashKey[Start]()
UNAVAILABLE = pytest.StashKey[str]()


def _is_ours(item: pytest.Item) -> bool:
    return item.path.parent == _HERE


def _is_time(line: str) -> bool:
    return line.replace(".", "", 1).isdigit()


def why_unavailable() -> str | None:
    """Why the set cannot be run here; None if it can."""
    try:
        run(["docker", "version"], timeout_s=20)
        run(["docker", "compose", "version"], timeout_s=20)
    except (OSError, subprocess.TimeoutExpired, ComposeError) as error:
        words = str(error).splitlines()[-1]
        return f"没有可用的 Docker / no Docker engine with compose answers: {words}"
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ours come late, as the set needs its time; in the order in which they stand, as each goes on from the last."""
    items.sort(key=_is_ours)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin, before the first test of all."""
    if session.config.option.collectonly or not any(_is_ours(item) for item in session.items):
        return
    _begin(session.config)


def _begin(config: pytest.Config) -> None:
    if START in config.stash or UNAVAILABLE in config.stash:
        return
    reason = why_unavailable()
    if reason is None:
        config.stash[START] = Start()
    else:
        config.stash[UNAVAILABLE] = reason
        config.stash[RAN_AGAINST]["Docker Compose"] = f"已跳过 / skipped: {reason}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End what no test came to use."""
    start = session.config.stash.get(START, None)
    if start is not None:
        start.end()


@pytest.fixture(autouse=True)
def _engine(request: pytest.FixtureRequest) -> None:
    _begin(request.config)  # where another program than pytest's own runs the tests
    reason = request.config.stash.get(UNAVAILABLE, None)
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def start(request: pytest.FixtureRequest) -> Start:
    return request.config.stash[START]


@pytest.fixture(scope="session")
def docker_compose_file() -> str:
    return str(COMPOSE_FILE)


@pytest.fixture(scope="session")
def docker_compose_project_name(start: Start) -> str:
    return start.stack.project


@pytest.fixture(scope="session")
def docker_compose_command(start: Start) -> str:
    return f'docker compose --env-file "{start.stack.env_file}"'


@pytest.fixture(scope="session")
def docker_setup(start: Start) -> list[str]:
    start.await_ready()
    return []


@pytest.fixture(scope="session")
def docker_cleanup() -> list[str]:
    return ["down -v -t 3 --remove-orphans"]


@pytest.fixture(scope="session")
def stack(docker_services: Services, start: Start, request: pytest.FixtureRequest) -> Iterator[Stack]:  # noqa: ARG001 - started
    """The set, ready."""
    began_s = time.monotonic()
    engine = run(["docker", "version", "-f", "{{.Server.Version}}"]).strip()
    yield start.stack
    took_s = time.monotonic() - began_s
    request.config.stash[RAN_AGAINST]["Docker Compose"] = (
        f"engine {engine}, 就绪用时 / ready in {start.stack.ready_after_s:.0f} s, 测试用时 / tests {took_s:.0f} s"
    )
