"""Code blocks of the documents, for tests that run them unchanged.

A page in docs/en is run from top to bottom; another test checks that docs/zh has the same blocks. A comment above a
block changes that: `<!-- run: NAME -->` names it for a separate test, `<!-- skip: REASON -->` leaves it out.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from devset.postgres import postgres_binaries
from tests.support.paths import ROOT

PAGES = ROOT / "docs" / "en"
_BLOCK = re.compile(r"(?:<!-- (run|skip|example): ([^\n]*) -->\n)?```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A fenced code block; `mark` and `about` come from the comment above it."""

    mark: str
    about: str
    language: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    for found in _BLOCK.finditer(page.read_text("utf-8")):
        yield Block(*(group or "" for group in found.groups()))


def procedures() -> dict[str, str]:
    """Return the script of each named block."""
    found = [
        (block.about, block.text)
        for page in sorted(PAGES.rglob("*.md"))
        for block in blocks(page)
        if block.mark == "run"
    ]
    scripts = dict(found)
    assert len(scripts) == len(found), "two blocks have one name"
    return scripts


def followed(page: str) -> str:
    """Return the script of a page: its shell blocks in order, except named and skipped ones."""
    return "\n".join(block.text for block in blocks(PAGES / page) if block.language == "sh" and not block.mark)


def carry_out(name: str, environment: Mapping[str, str], timeout_s: float = 120.0, **options: Any) -> str:
    """Run a named block, stop at the first failure, and return its output.

    `options` are those of `subprocess.run`.
    """
    return run_script(name, procedures()[name], environment, timeout_s, **options)


def run_script(name: str, script: str, environment: Mapping[str, str], timeout_s: float, **options: Any) -> str:
    ours = [str(Path(sys.executable).parent), str(postgres_binaries())]
    path = os.pathsep.join([*ours, environment.get("PATH", os.defpath)])
    done = subprocess.run(
        ["sh", "-e", "-u", "-c", script],
        env={"LC_ALL": "C.UTF-8", **environment, "PATH": path},
        check=False,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        **options,
    )
    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    return done.stdout
