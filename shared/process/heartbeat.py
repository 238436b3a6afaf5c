"""Whether a consumer program gets on, told by itself in a file, as it answers no requests that could ask it.

Each part of the program records when it last made progress: it did its work or found nothing to do. A part that waits
for an unavailable database or broker makes no progress. `shared/process/liveness.py` reads the file.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_WRITE_EVERY_S: Final = 1.0


class Heartbeat:
    """Parts of one program that get on; without a file nothing is written. Safe for threads.

    There is a file from when every part got on once, so that a program that still waits at its start has none.
    """

    def __init__(self, path: Path | None, parts: Iterable[str]) -> None:
        self._path = path
        self._beats: dict[str, float | None] = dict.fromkeys(parts)
        self._lock = threading.Lock()
        self._write_at_s = 0.0
        if path is not None:
            path.unlink(missing_ok=True)  # of an earlier run

    def beat(self, part: str) -> None:
        """The part got on."""
        at_s = time.monotonic()  # one clock for all processes of a machine, which does not jump
        with self._lock:
            self._beats[part] = at_s
            if self._path is None or at_s < self._write_at_s or None in self._beats.values():
                return
            self._write_at_s = at_s + _WRITE_EVERY_S
            # A file that cannot be written is old for whoever reads it, which is all that can be said.
            with contextlib.suppress(OSError):
                part_file = self._path.with_suffix(".part")
                part_file.write_text(
                    "".join(f"{part} {beat_s}\n" for part, beat_s in self._beats.items()), encoding="ascii"
                )
                part_file.replace(self._path)
