"""The set of docker-compose.yml, built and started for the tests, and removed afterwards."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.compose.stack import COMPOSE_FILE, READY_WITHIN_S, ComposeError, Stack, run, why_unavailable
from tests.support.engines.session import RAN_AGAINST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_docker.plugin import Services


@pytest.fixture(scope="package")
def built(extended: None, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The set, built; without a Docker engine every test is skipped."""
    reason = why_unavailable()
    if reason is not None:
        request.config.stash[RAN_AGAINST]["Docker Compose"] = f"已跳过 / skipped: {reason}"
        pytest.skip(reason)
    stack = Stack(tmp_path_factory.mktemp("compose"))
    try:
        stack.compose("build", timeout_s=READY_WITHIN_S)
        yield stack
    finally:
        stack.compose("down", "-v", "-t", "3", "--remove-orphans")
        subprocess.run(["docker", "image", "rm", stack.image], check=False, capture_output=True)


@pytest.fixture(scope="package")
def docker_compose_file() -> str:
    return str(COMPOSE_FILE)


@pytest.fixture(scope="package")
def docker_compose_project_name(built: Stack) -> str:
    return built.project


@pytest.fixture(scope="package")
def docker_compose_command(built: Stack) -> str:
    return f'docker compose --env-file "{built.env_file}"'


@pytest.fixture(scope="package")
def docker_setup(built: Stack) -> list[str]:
    """Start the set; dependent services wait for the steps that end, `--wait` waits for the others."""
    began_s = time.monotonic()
    try:
        built.compose("up", "-d", "--wait", timeout_s=READY_WITHIN_S)
    except ComposeError as error:
        told = "\n".join(built.compose(*words) for words in (("ps", "-a"), ("logs", "--tail", "15")))
        raise ComposeError(f"{error}\n{told}") from None
    built.ready_after_s = time.monotonic() - began_s
    return []


@pytest.fixture(scope="package")
def docker_cleanup() -> list[str]:
    return ["down -v -t 3 --remove-orphans"]


@pytest.fixture(scope="package")
def stack(docker_services: Services, built: Stack, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The set, started and ready."""
    began_s = time.monotonic()
    engine = run(["docker", "version", "-f", "{{.Server.Version}}"]).strip()
    yield built
    took_s = time.monotonic() - began_s
    restarts = ", ".join(f"{what} {seconds:.0f}" for what, seconds in built.restarts_s.items())
    request.config.stash[RAN_AGAINST]["Docker Compose"] = (
        f"engine {engine}, 就绪用时 / ready in {built.ready_after_s:.0f} s, 测试用时 / tests {took_s:.0f} s, "
        f"滚动重启 / rolling restart {sum(built.restarts_s.values()):.0f} s ({restarts})"
    )
