"""Runs a program under a clock that is wrong by as many seconds as a file says, read again and again.

python -m tests.faults.clocked FILE MODULE ARGUMENT...
"""

from __future__ import annotations

import runpy
import sys
from datetime import timedelta
from pathlib import Path

from shared import times

_true_now = times.now


def _now_by(file: Path):
    def now():
        return _true_now() + timedelta(seconds=float(file.read_text(encoding="ascii") or 0))

    return now


if __name__ == "__main__":
    times.now = _now_by(Path(sys.argv[1]))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
