"""Time and memory of a program, measured in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# The peak memory of a program is at least that of the process that started it, so a small process starts it.
MEASURE = """
import json, resource, subprocess, sys, time
began_s = time.monotonic()
subprocess.run(sys.argv[1:], stdout=sys.stderr, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
took = {"s": time.monotonic() - began_s, "cpu_s": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}
print(json.dumps({name: round(value, 1) for name, value in took.items()}))
"""


def measure(command: Sequence[str], **environment: str) -> dict[str, float]:
    """Measure seconds, CPU seconds and peak memory of a program; its output goes to stderr."""
    starter = (sys.executable, "-I", "-S", "-c", MEASURE, *command)
    done = subprocess.run(starter, env={**os.environ, **environment}, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found
