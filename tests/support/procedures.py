"""The procedures of docs/operations.md, taken from it as they stand there, for tests that carry them out."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devset.postgres import postgres_binaries
from tests.support.paths import ROOT

DOCUMENT = ROOT / "docs" / "operations.md"
_MARKED = re.compile(r"<!-- run: ([A-Za-z ]+) -->\n```sh\n(.*?)```", re.DOTALL)


def procedures() -> dict[str, str]:
    """The script of each marked block, by its name."""
    found = _MARKED.findall(DOCUMENT.read_text(encoding="utf-8"))
    scripts = dict(found)
    assert len(scripts) == len(found), "two blocks have one name"
    return scripts


def carry_out(name: str, environment: Mapping[str, str], timeout_s: float = 120.0, **options: Any) -> str:
    """Run a block as a person does, on to the next line only if all is well; what it wrote. `options`: for `run`."""
    ours = [str(Path(sys.executable).parent), str(postgres_binaries())]
    path = os.pathsep.join([*ours, environment.get("PATH", os.defpath)])
    done = subprocess.run(
        ["sh", "-e", "-u", "-c", procedures()[name]],
        env={"LC_ALL": "C.UTF-8", **environment, "PATH": path},
        check=False,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        **options,
    )
    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    return done.stdout
