"""`make demo` as a person calls it; it checks itself against a slow reckoning of its own."""

import os
import subprocess
import sys

import pytest

from tests.support.paths import ROOT


@pytest.mark.usefixtures("extended")
def test_the_demonstration_agrees_with_its_slow_reckoning() -> None:
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name and name != "ARGS"}
    result = subprocess.run(
        ["make", "demo", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    for rule in ("first_listing", "first_purchase", "annual_listed_trading", "exchange_tiers"):
        assert rule in result.stdout
    assert "revision_conflict" in result.stdout
