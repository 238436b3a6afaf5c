"""How far a file's records are acknowledged, kept beside it, so that an interrupted sending goes on there.

What is kept is the length and SHA-256 of the part that is acknowledged: the file may grow, and what comes after that
part may be mended. If the part itself was changed, or another cluster is asked, sending begins anew: records sent twice
are duplicates, records never sent are lost.
"""

import hashlib
from collections import deque
from pathlib import Path
from typing import Any, Final

import msgspec

MARK_EVERY: Final = 100  # records
_CHUNK_BYTES: Final = 1 << 20


class Position(msgspec.Struct, frozen=True):
    """A beginning of a file, whole lines: its first `size` bytes with `records` records of the exchange."""

    cluster: str
    exchange: str
    size: int
    sha256: str
    records: int


def progress_path(file: Path) -> Path:
    return file.with_name(f"{file.name}.progress")


def store_position(file: Path, position: Position) -> None:
    """Replace the position kept beside `file`; a crash leaves the old one or the new one. OSError if none can be."""
    path = progress_path(file)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(msgspec.json.encode(position))
    part.replace(path)


class Trail:
    """The way through a file from where sending goes on, marked now and then with how far it has come.

    `start` is the kept position if it fits, else the beginning; `outdated` says that one was kept and did not fit.
    """

    def __init__(self, file: Path, cluster: str, exchange: str, *, again: bool = False) -> None:
        self.start = Position(cluster, exchange, 0, hashlib.sha256().hexdigest(), 0)
        self.outdated = False
        self._passed: Any = hashlib.sha256()
        if not again and progress_path(file).exists():
            kept = _read_position(file)
            passed = _hash_head(file, kept.size if kept else 0)
            if kept and (kept.cluster, kept.exchange, kept.sha256) == (cluster, exchange, passed.hexdigest()):
                self.start, self._passed = kept, passed
            else:
                self.outdated = True
        self._size, self._records, self._whole = self.start.size, self.start.records, True
        self._marks: deque[Position] = deque()

    def pass_line(self, line: bytes, *, sent: bool) -> None:
        """The next line was read; `sent` if it holds a record that is sent."""
        self._passed.update(line)
        self._size += len(line)
        self._records += sent
        self._whole = line.endswith(b"\n")
        if sent and self._records % MARK_EVERY == 0:
            self.mark()

    def mark(self) -> None:
        """Remember this place. Not after a last line without its end: it may yet grow, and is sent again."""
        if self._whole:
            here = (self._size, self._passed.copy().hexdigest(), self._records)
            self._marks.append(Position(self.start.cluster, self.start.exchange, *here))

    def reached(self, acknowledged: int) -> Position | None:
        """The farthest mark within the first `acknowledged` records sent; None if no farther than when last asked."""
        farthest = None
        while self._marks and self._marks[0].records - self.start.records <= acknowledged:
            farthest = self._marks.popleft()
        return farthest


def _read_position(file: Path) -> Position | None:
    """The kept position; None if it is none (after a power failure it may be empty)."""
    try:
        return msgspec.json.decode(progress_path(file).read_bytes(), type=Position)
    except ValueError:
        return None


def _hash_head(file: Path, size: int) -> Any:
    """SHA-256, to go on with, of the first `size` bytes, or of all if there are fewer."""
    passed = hashlib.sha256()
    with file.open("rb") as head:
        while size > 0 and (chunk := head.read(min(size, _CHUNK_BYTES))):
            passed.update(chunk)
            size -= len(chunk)
    return passed
