"""Runs a program under a clock that is wrong by as many seconds as a file says, read again and again.

python -m tests.faults.clocked FILE MODULE ARGUMENT...
"""

from __future__ import annotations

import runpy
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from shared import times

if TYPE_CHECKING:
    from datetime import datetime

file: Path | None = None
_true_now = times.now


def now() -> datetime:
    """What stands in for `shared.times.now`, before other modules take it from there."""
    wrong_by_s = 0.0 if file is None else float(file.read_text(encoding="ascii") or 0)
    return _true_now() + timedelta(seconds=wrong_by_s)


if __name__ == "__main__":
    file = Path(sys.argv[1])
    times.now = now
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
