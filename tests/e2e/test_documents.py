"""The documents followed from top to bottom, as they stand, on a set of `make up`.

docs/zh has the same code blocks as docs/en (tests/unit/docs), so one language is enough.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.procedures import PAGES, followed, run_script
from tests.support.up import Up, up_while_used

START = "start.md"
PAGES_OF_A_SET = (
    "exchanges/tables.md",
    "exchanges/rejected.md",
    "exchanges/reconciliation.md",
    "operators/index.md",
    "bureau/api.md",
    "bureau/declare.md",
    "audit/index.md",
    "audit/ledger.md",
    "audit/extracts.md",
)


@pytest.fixture(scope="module")
def folder(extended: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder like the project's, with the data of a running empty set and the output of `make up --json`."""
    made = tmp_path_factory.mktemp("followed")
    shutil.copytree(ROOT / "docs", made / "docs")
    (made / ".venv").symlink_to(ROOT / ".venv")
    for known in up_while_used(Up(made / "data")):
        (made / "set.json").write_text(json.dumps(known), "utf-8")
        follow(made, START)
        yield made


def follow(folder: Path, page: str) -> str:
    """Run the commands of the first page, which set up the environment, and then those of the page."""
    environment = {"HOME": str(folder), "NO_PROXY": "127.0.0.1", "PATH": os.environ["PATH"]}
    script = followed(START) if page == START else f"{followed(START)}\n{followed(page)}"
    return run_script(page, script, environment, timeout_s=300.0, cwd=folder)


def test_the_first_page_ends_with_the_postings_of_its_events(folder: Path) -> None:
    assert "first_purchase/uscc:91530100MAXXAAA02W" in follow(folder, START)


@pytest.mark.parametrize("page", PAGES_OF_A_SET)
def test_a_page_can_be_followed(folder: Path, page: str) -> None:
    assert follow(folder, page)


def test_the_extract_of_the_page_is_sound(folder: Path) -> None:
    """The commands of the page succeed only for a sound extract; the report of the verifier confirms it."""
    follow(folder, "audit/extracts.md")
    done = subprocess.run(
        [".venv/bin/incentive", "verify", "extract.zip", "--key", "keys.txt"],
        cwd=folder,
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout


def test_every_page_is_followed_or_its_blocks_are_run_elsewhere() -> None:
    others = {"exchanges/index.md"}  # test_exchange_kit_alone.py
    pages = {str(path.relative_to(PAGES)) for path in PAGES.rglob("*.md") if "generated" not in path.parts}
    assert {page for page in pages if followed(page)} == {START, *PAGES_OF_A_SET, *others}
