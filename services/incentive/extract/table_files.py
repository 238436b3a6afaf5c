"""The tables of an extract for people, made of its lines.

Lines are kept in a temporary folder while they are written, so that nothing is computed twice. Workbooks take as long
as all the rest; so two processes make them beside it, each view as soon as its lines are whole. Both take the numbers
of views, a byte each, from one pipe, and answer with the same once the workbook is in the folder.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self, TypeVar

import msgspec

from services.incentive.extract.tables import TABLES, Table, write_table_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from services.incentive.queries.serializers import Json

T = TypeVar("T")

_PROCESSES: Final = 2  # nearly all rows are of two views
_LOOK_EVERY_S: Final = 1.0
_LOOK_EVERY_ITEMS: Final = 1000
_PIECE_BYTES: Final = 1 << 16


class WorkbooksFailed(Exception):  # noqa: N818 - what they did
    """A process that makes workbooks ended by a fault, which its log tells."""


class WorkbooksKilled(Exception):  # noqa: N818 - no fault of ours
    """A process that makes workbooks was killed by a signal, for want of memory, say."""


class TableFiles:
    """The tables of one extract. The processes that make its workbooks end with the block, however it is left."""

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self._folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="jiangbu-")))
            command = (sys.executable, "-m", __name__, str(self._folder), str(os.getpid()))
            to_take, self._to_make = os.pipe()
            opened.callback(os.close, self._to_make)
            self._programs = {}
            for _ in range(_PROCESSES):
                # Unbuffered: `select` then sees all that is to be read.
                program = subprocess.Popen(command, stdin=to_take, stdout=subprocess.PIPE, bufsize=0)  # noqa: S603 - ours
                opened.enter_context(program)
                opened.callback(program.kill)
                self._programs[_answers(program)] = program
            os.close(to_take)  # theirs alone, so that it is seen when they are gone
            self._made: set[int] = set()
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def kept(self, view: Table, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The same lines; once they are whole the view's workbook is begun."""
        with _lines_file(self._folder, view).open("wb") as file:
            for line in lines:
                file.write(line + b"\n")
                yield line
        try:
            os.write(self._to_make, bytes([TABLES.index(view)]))
        except BrokenPipeError:
            raise _ended(*self._programs.values()) from None

    def items(self, view: Table) -> Iterator[Json]:
        """What the lines of the view say."""
        return _items(self._folder, view)

    def workbook(self, view: Table, look: Callable[[], None]) -> Iterator[bytes]:
        """The view as XLSX, piece by piece; waits for it, and looks now and then whether to go on."""
        while TABLES.index(view) not in self._made:
            answering, _, _ = select.select(self._programs, [], [], _LOOK_EVERY_S)
            if not answering:
                look()
            for answers in answering:
                if not (made := answers.read(1)):
                    raise _ended(self._programs[answers])
                self._made.update(made)
        with _workbook_file(self._folder, view).open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece


def watched(items: Iterable[T], look: Callable[[], None]) -> Iterator[T]:
    """The same items; between them it is looked now and then whether to go on."""
    for number, item in enumerate(items):
        if number % _LOOK_EVERY_ITEMS == 0:
            look()
        yield item


def _answers(program: subprocess.Popen[bytes]) -> IO[bytes]:
    if program.stdout is None:
        raise ValueError("started without a pipe")
    return program.stdout


def _ended(*programs: subprocess.Popen[bytes]) -> Exception:
    """Why programs that have ended, or are about to, did: a fault of ours goes before a signal."""
    code = max(program.wait() for program in programs)
    if code < 0:
        return WorkbooksKilled(f"a program that makes workbooks was killed by signal {-code}")
    return WorkbooksFailed(f"a program that makes workbooks ended with {code}")


def _lines_file(folder: Path, view: Table) -> Path:
    return folder / f"{view.name}.ndjson"


def _workbook_file(folder: Path, view: Table) -> Path:
    return folder / f"{view.name}.xlsx"


def _items(folder: Path, view: Table) -> Iterator[Json]:
    with _lines_file(folder, view).open("rb") as file:
        yield from map(msgspec.json.Decoder().decode, file)


# --- the processes that make workbooks ---


class _Orphaned(Exception):  # noqa: N818 - no fault
    """Who started the process is gone."""


class _Onward:
    """A file as a stream that is never gone back in, which is what the zip of an extract is."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def _make_workbooks(folder: Path, starter: int) -> None:
    """Make the workbook of each view that is taken, until nothing more comes."""
    while number := os.read(sys.stdin.fileno(), 1):
        view = TABLES[number[0]]
        with _workbook_file(folder, view).open("wb") as file:
            write_table_workbook(view, watched(_items(folder, view), partial(_check_started, starter)), _Onward(file))
        os.write(sys.stdout.fileno(), number)


def _check_started(starter: int) -> None:
    if os.getppid() != starter:
        raise _Orphaned


def _main(folder: str, starter: int) -> None:
    # Who is to stop is the one that started it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tempfile.tempdir = folder  # what is left there when the process is killed goes with the folder
    try:
        _make_workbooks(Path(folder), starter)
    except Exception:  # noqa: BLE001 - told, and the process ends
        # Without its starter anything fails: the other process takes the folder away, too.
        if os.getppid() == starter:
            _tell_fault()
            sys.exit(1)
    if os.getppid() != starter:  # else it sees to the folder
        shutil.rmtree(folder, ignore_errors=True)


def _tell_fault() -> None:
    # What logs need is imported more slowly than all that a workbook needs.
    import structlog  # noqa: PLC0415

    from shared.telemetry.logs import set_up_logs  # noqa: PLC0415

    set_up_logs("incentive", "INFO")
    structlog.get_logger(__name__).exception("a workbook failed by a fault")


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
