"""Whole sets, as `make up` starts them, for tests that use them over HTTP and Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.case_runs import Run, make_runs, whitelist
from tests.support.cases import all_cases
from tests.support.engines.programs import FSCK, LITEWITNESS
from tests.support.engines.session import RAN_AGAINST
from tests.support.paths import ROOT
from tests.support.up import Up, up_while_used

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def case_runs() -> list[Run]:
    return make_runs(all_cases(), shuffles=1)


@pytest.fixture(scope="package")
def running_set(tmp_path_factory: pytest.TempPathFactory, case_runs: list[Run]) -> Iterator[dict[str, Any]]:
    """The JSON line of `make up --json`: addresses of Kafka and the three services, and keys by role.

    Tests share it, so each uses its own document numbers, parties and days; the worked cases also their own exchanges.
    """
    folder = tmp_path_factory.mktemp("set")
    (folder / "exchanges.yaml").write_text(whitelist(case_runs, ROOT / "exchanges.yaml"), "utf-8")
    yield from up_while_used(Up(folder / "data", "--exchanges", str(folder / "exchanges.yaml")))


@pytest.fixture(scope="session")
def fsck(extended: None, request: pytest.FixtureRequest) -> Path:
    """The program `fsck` of Tessera, which checks transparency logs."""
    program = FSCK.found()
    request.config.stash[RAN_AGAINST]["Go"] = ", ".join(tool.path.parent.name for tool in (FSCK, LITEWITNESS))
    return program


@pytest.fixture
def own_set(extended: None, tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """`own_set(*arguments)`: `make up` in a folder of this test; killed after the test if it still runs."""
    started: list[Up] = []

    def start(*arguments: str) -> Up:
        started.append(Up(tmp_path / "data", *arguments))
        return started[-1]

    yield start
    for up in started:
        up.kill()
