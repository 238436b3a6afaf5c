"""The zip of an extract, written front to back with the hash of each file, and reproducible.

Nothing of the machine or the time goes into it: all files have one date, and their order is that of writing.
"""

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import IO, Protocol, Self, cast

_DATE = (1980, 1, 1, 0, 0, 0)
_LINE_DIGITS = 8  # of a line's SHA-256: enough to show which line was changed
_SPOOLED_BYTES = 1 << 20
_LINES_AT_ONCE = 32  # the longest lines have about 350 kB


class ZipTarget(Protocol):
    """A target that a zip can be written to; it need not seek."""

    def write(self, data: bytes, /) -> int: ...

    def flush(self) -> None: ...


class Member:
    """A file in the archive, with its size in bytes and its hash so far."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._digest, self.size = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)
        return len(data)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class _Stream:
    """The target of the zip; after `is_given_up` the rest is discarded."""

    def __init__(self, stream: ZipTarget) -> None:
        self._stream, self.is_given_up = stream, False

    def write(self, data: bytes) -> int:
        return len(data) if self.is_given_up else self._stream.write(data)

    def flush(self) -> None:
        if not self.is_given_up:
            self._stream.flush()


class Archive:
    """The zip, written to a stream that cannot seek. `entries` are the files so far by name.

    It is complete when its block ends; an error in the block gives it up.
    """

    def __init__(self, stream: ZipTarget) -> None:
        self._stream = _Stream(stream)
        self._zip = zipfile.ZipFile(cast("IO[bytes]", self._stream), "w")
        self._lines: dict[str, IO[bytes]] = {}
        self.entries: dict[str, Member] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        for marks in self._lines.values():
            marks.close()
        self._stream.is_given_up = error is not None
        self._zip.close()

    @contextmanager
    def open(self, name: str, *, compress: bool = True) -> Iterator[Member]:
        """Open a file to write it piece by piece."""
        info = zipfile.ZipInfo(name, _DATE)
        info.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        info.external_attr = 0o644 << 16
        info.create_system = 3  # Unix, whatever the platform
        with self._zip.open(info, "w", force_zip64=True) as file:
            self.entries[name] = Member(file)
            yield self.entries[name]

    def add(self, name: str, content: bytes) -> None:
        with self.open(name) as member:
            member.write(content)

    def add_lines(self, name: str, lines: Iterable[bytes]) -> int:
        """Write a file of lines given without line ends, and return their number.

        The first digits of each line's hash are kept for a file of their own, which shows where a file was changed.
        """
        count = 0
        marks = self._lines[name] = tempfile.SpooledTemporaryFile(_SPOOLED_BYTES)  # noqa: SIM115 - closed by add_marks or __exit__
        coming = iter(lines)
        with self.open(name) as member:
            while some := list(islice(coming, _LINES_AT_ONCE)):
                member.write(b"\n".join(some) + b"\n")
                hashes = (hashlib.sha256(line).hexdigest() for line in some)
                marks.write("".join(f"{found[:_LINE_DIGITS]}\n" for found in hashes).encode())
                count += len(some)
        return count

    def add_marks(self) -> None:
        """Write the files of line hashes."""
        for name, marks in self._lines.items():
            marks.seek(0)
            with marks, self.open(f"lines/{name}") as member:
                shutil.copyfileobj(marks, member)
        self._lines.clear()
