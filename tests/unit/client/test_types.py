"""The client is typed for who uses it: what is written by hand, and a program with it, under mypy's strict rules."""

import subprocess
import sys
from pathlib import Path

from release.generate_client import CLIENT
from tests.support.documents import DOCS
from tests.support.paths import ROOT

PROGRAM = """\
from typing import assert_type

from jiangbu_client import aiter_items, checked, connect, incentive, iter_items
from jiangbu_client.incentive.api.incentive import get_award, list_awards
from jiangbu_client.incentive.models import Award

client = connect(incentive.AuthenticatedClient, "https://incentive.test", "key")
assert_type(client, incentive.AuthenticatedClient)
assert_type(checked(get_award.sync("id", client=client)), Award)
for one in iter_items(list_awards.sync, client=client, year=2026):
    assert_type(one, Award)


async def read() -> None:
    async for one in aiter_items(list_awards.asyncio, client=client, year=2026):
        assert_type(one, Award)
"""


def test_a_program_with_the_client_is_typed(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, "utf-8")
    by_hand = sorted(CLIENT.glob("*.py"))
    options = ["--strict", "--follow-imports=silent", f"--config-file={tmp_path / 'none'}", f"--cache-dir={tmp_path}"]
    (tmp_path / "none").write_text("[mypy]\n", "utf-8")
    files = [program, DOCS / "samples" / "awards.py", *by_hand]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *files], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
