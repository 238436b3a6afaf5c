"""`make demo`, which checks itself against the verifier's rules."""

import os
import subprocess
import sys

import pytest
from rich.cells import cell_len

from tests.support.paths import ROOT


@pytest.mark.usefixtures("extended")
@pytest.mark.parametrize(
    ("locale", "words"),
    [("zh_CN.UTF-8", "核验程序的独立测算一致"), ("en_US.UTF-8", "agree with the independent verifier")],
)
def test_the_demonstration_agrees_with_the_verifier_and_fits_a_page(locale: str, words: str) -> None:
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name and name != "ARGS"}
    result = subprocess.run(
        ["make", "demo", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        env=environment | {"LC_ALL": locale, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    lines = result.stdout.splitlines()
    assert len(lines) <= 60
    assert max(map(cell_len, lines)) <= 80
    assert "annual_listed_trading/uscc:" in result.stdout
    assert "revision_conflict" in result.stdout
    assert words in result.stdout
