"""Heartbeat file of a consumer program, for liveness probes: a consumer answers no requests.

Each part of the program records when it last made progress: it did its work or found nothing to do. A part that waits
for an unavailable database or broker makes no progress. `shared/process/liveness.py` reads the file.
"""

import contextlib
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_WRITE_EVERY_S: Final = 1.0


class Heartbeat:
    """Last progress of each part of one program. Thread-safe; without a path nothing is written.

    The file appears once every part has made progress, so a program that still waits at its start has none.
    """

    def __init__(self, path: Path | None, parts: Iterable[str]) -> None:
        self._path = path
        self._beats: dict[str, float | None] = dict.fromkeys(parts)
        self._lock = threading.Lock()
        self._write_at_s = 0.0
        if path is not None:
            path.unlink(missing_ok=True)  # left by an earlier run

    def beat(self, part: str) -> None:
        at_s = time.monotonic()  # the same clock in every process of the machine, and it never jumps
        with self._lock:
            self._beats[part] = at_s
            if self._path is None or at_s < self._write_at_s or None in self._beats.values():
                return
            self._write_at_s = at_s + _WRITE_EVERY_S
            # If the file cannot be written it goes stale, and the probe fails as it should.
            with contextlib.suppress(OSError):
                part_file = self._path.with_suffix(".part")
                part_file.write_text(
                    "".join(f"{part} {beat_s}\n" for part, beat_s in self._beats.items()), encoding="ascii"
                )
                part_file.replace(self._path)
