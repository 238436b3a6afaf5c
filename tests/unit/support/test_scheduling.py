"""The distribution of tests to workers, and what a run prints before its end."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

_ONE_FAILS_AND_ONE_KILLS = """
import os, signal

def test_that_fails():
    assert 1 == 2, "one is not two"

def test_that_never_ends():
    os.kill(os.getpid(), signal.SIGKILL)
"""


class _AsXdist:
    """A plugin that is registered after the conftest files, as that of an xdist worker is."""

    def pytest_collection_finish(self) -> None:
        """Tell the owner that the tests may be scheduled."""


def test_a_worker_writes_the_groups_before_it_reports_its_tests(pytestconfig: pytest.Config) -> None:
    later = _AsXdist()
    pytestconfig.pluginmanager.register(later)
    try:
        *_, called_first = pytestconfig.hook.pytest_collection_finish.get_hookimpls()
    finally:
        pytestconfig.pluginmanager.unregister(later)
    assert called_first.plugin_name.endswith("conftest.py"), called_first


def test_a_run_that_is_killed_has_named_its_failures(tmp_path: Path) -> None:
    file = tmp_path / "test_killed.py"
    file.write_text(_ONE_FAILS_AND_ONE_KILLS, "utf-8")
    options = ["-n0", "-q", "-p", "tests.conftest", "--noconftest", f"--rootdir={tmp_path}", f"--basetemp={tmp_path}/b"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, file], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert "call of test_killed.py::test_that_fails: AssertionError: one is not two" in done.stdout
