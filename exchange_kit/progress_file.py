"""The progress file next to an NDJSON file: where an interrupted `publish` continues.

It keeps the length and SHA-256 of the acknowledged part, so the rest of the file may still grow or be corrected. If the
acknowledged part changed, everything is sent again: a record sent twice is a duplicate, but one never sent is lost. A
run to another cluster or of another exchange has a progress file of its own.
"""

import hashlib
import re
from collections import deque
from pathlib import Path
from typing import Final

import msgspec

MARK_EVERY: Final = 100  # records
_CHUNK_BYTES: Final = 1 << 20


class Position(msgspec.Struct, frozen=True):
    """The first `size` bytes of a file (whole lines), which hold `records` records of the exchange."""

    cluster: str
    exchange: str
    size: int
    sha256: str
    records: int


_decode: Final = msgspec.json.Decoder(Position).decode


def progress_path(file: Path) -> Path:
    """Return the progress file of the first run of a file."""
    return file.with_name(f"{file.name}.progress")


def own_progress_path(file: Path, cluster: str, exchange: str) -> Path:
    """Return the progress file of a run: the usual one, unless that is of another cluster or exchange."""
    usual = progress_path(file)
    kept = _kept(usual)
    if kept is None or (kept.cluster, kept.exchange) == (cluster, exchange):
        return usual
    return file.with_name(f"{file.name}.{exchange}.{re.sub('[^A-Za-z0-9_-]', '_', cluster)}.progress")


def _kept(path: Path) -> Position | None:
    """Return the position in a progress file; None if there is none, or if a power failure left it empty."""
    try:
        return _decode(path.read_bytes())
    except (ValueError, FileNotFoundError):
        return None


def store_position(file: Path, position: Position) -> None:
    """Replace the progress file of the position's run atomically. OSError."""
    path = own_progress_path(file, position.cluster, position.exchange)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(msgspec.json.encode(position))
    part.replace(path)


class Trail:
    """The part of a file that is still to be sent, with marks at which progress can be stored.

    `start` is the stored position if it matches, else the beginning; `outdated` if one was stored and did not match.
    """

    def __init__(self, file: Path, cluster: str, exchange: str, *, again: bool = False) -> None:
        self.start = Position(cluster, exchange, 0, hashlib.sha256().hexdigest(), 0)
        self._passed = hashlib.sha256()
        path = own_progress_path(file, cluster, exchange)
        self.outdated = not again and path.exists() and not self._resume(file, path)
        self._size, self._records, self._whole = self.start.size, self.start.records, True
        self._marks: deque[Position] = deque()

    def _resume(self, file: Path, path: Path) -> bool:
        """Start at the stored position, if one can be read and its part of the file has not changed."""
        kept = _kept(path)
        if kept is None:
            return False
        passed, left = hashlib.sha256(), kept.size
        with file.open("rb") as head:
            while left > 0 and (chunk := head.read(min(left, _CHUNK_BYTES))):
                passed.update(chunk)
                left -= len(chunk)
        if (kept.cluster, kept.exchange, kept.sha256) != (self.start.cluster, self.start.exchange, passed.hexdigest()):
            return False
        self.start, self._passed = kept, passed
        return True

    def pass_line(self, line: bytes, *, sent: bool) -> None:
        """Pass the next line; `sent` if its record is sent."""
        self._passed.update(line)
        self._size += len(line)
        self._records += sent
        self._whole = line.endswith(b"\n")
        if sent and self._records % MARK_EVERY == 0:
            self.mark()

    def mark(self) -> None:
        """Mark this place, unless the last line is incomplete: it may still grow, and is sent again."""
        if self._whole:
            here = (self._size, self._passed.copy().hexdigest(), self._records)
            self._marks.append(Position(self.start.cluster, self.start.exchange, *here))

    def reached(self, acknowledged: int) -> Position | None:
        """Return the last mark within the first `acknowledged` records sent; None if there is no new one."""
        farthest = None
        while self._marks and self._marks[0].records - self.start.records <= acknowledged:
            farthest = self._marks.popleft()
        return farthest
