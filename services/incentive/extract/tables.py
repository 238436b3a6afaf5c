"""The tables of an extract for people, made of its lines.

Lines are kept in a temporary folder while they are written, so that nothing is computed twice. Workbooks take longer
than all the rest; so a second process makes them beside it, each as soon as its lines are whole. That process is told
the name of a view in a line, and answers with the same once the workbook is in the folder.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self, TypeVar

import msgspec

from services.incentive.extract.views import VIEWS, View, write_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from services.incentive.answers import Json

T = TypeVar("T")

_LOOK_EVERY_S: Final = 1.0
_LOOK_EVERY_ITEMS: Final = 1000
_PIECE_BYTES: Final = 1 << 16


class WorkbooksFailed(Exception):  # noqa: N818 - what they did
    """The second process ended by a fault, which its log tells."""


class WorkbooksKilled(Exception):  # noqa: N818 - no fault of ours
    """The second process was killed by a signal, for want of memory, say."""


class Tables:
    """The tables of one extract. The second process ends with the block, however it is left."""

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self._folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="jiangbu-")))
            command = (sys.executable, "-m", __name__, str(self._folder), str(os.getpid()))
            # Unbuffered: `select` then sees all that is to be read.
            self._program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)  # noqa: S603 - ours
            opened.enter_context(self._program)
            opened.callback(self._program.kill)
            self._made: set[str] = set()
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def kept(self, view: View, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The same lines; once they are whole the view's workbook is begun."""
        with _lines_file(self._folder, view).open("wb") as file:
            for line in lines:
                file.write(line + b"\n")
                yield line
        try:
            _pipe(self._program.stdin).write(f"{view.name}\n".encode())
        except BrokenPipeError:
            raise self._ended() from None

    def items(self, view: View) -> Iterator[Json]:
        """What the lines of the view say."""
        return _items(self._folder, view)

    def workbook(self, view: View, look: Callable[[], None]) -> Iterator[bytes]:
        """The view as XLSX, piece by piece; waits for it, and looks now and then whether to go on."""
        answers = _pipe(self._program.stdout)
        while view.name not in self._made:
            if not select.select([answers], [], [], _LOOK_EVERY_S)[0]:
                look()
            elif answer := answers.readline():
                self._made.add(answer.decode().rstrip("\n"))
            else:
                raise self._ended()
        with _workbook_file(self._folder, view).open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece

    def _ended(self) -> Exception:
        code = self._program.wait()
        if code < 0:
            return WorkbooksKilled(f"the program that makes workbooks was killed by signal {-code}")
        return WorkbooksFailed(f"the program that makes workbooks ended with {code}")


def watched(items: Iterable[T], look: Callable[[], None]) -> Iterator[T]:
    """The same items; between them it is looked now and then whether to go on."""
    for number, item in enumerate(items):
        if number % _LOOK_EVERY_ITEMS == 0:
            look()
        yield item


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("started without pipes")
    return pipe


def _lines_file(folder: Path, view: View) -> Path:
    return folder / f"{view.name}.ndjson"


def _workbook_file(folder: Path, view: View) -> Path:
    return folder / f"{view.name}.xlsx"


def _items(folder: Path, view: View) -> Iterator[Json]:
    with _lines_file(folder, view).open("rb") as file:
        yield from map(msgspec.json.Decoder().decode, file)


# --- the second process ---


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
    """Make the workbook of each view that is named, until nothing more is."""
    views = {view.name: view for view in VIEWS}
    with suppress(_Orphaned):
        for line in sys.stdin:
            view = views[line.rstrip("\n")]
            with _workbook_file(folder, view).open("wb") as file:
                write_table(view, watched(_items(folder, view), partial(_check_started, starter)), _Onward(file))
            sys.stdout.write(line)
            sys.stdout.flush()
    if os.getppid() != starter:  # else it sees to the folder
        shutil.rmtree(folder, ignore_errors=True)


def _check_started(starter: int) -> None:
    if os.getppid() != starter:
        raise _Orphaned


def _main(folder: str, starter: str) -> None:
    # Who is to stop is the one that started it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tempfile.tempdir = folder  # what is left there when the process is killed goes with the folder
    try:
        _make_workbooks(Path(folder), int(starter))
    except Exception:  # noqa: BLE001 - told, and the process ends
        # What logs need is imported more slowly than all that a workbook needs.
        import structlog  # noqa: PLC0415

        from shared.logs import set_up_logs  # noqa: PLC0415

        set_up_logs("incentive", "INFO")
        structlog.get_logger(__name__).exception("a workbook failed by a fault")
        sys.exit(1)


if __name__ == "__main__":
    _main(*sys.argv[1:])
