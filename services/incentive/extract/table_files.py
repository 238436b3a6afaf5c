"""The tables of an extract for people, made from its lines while they are written.

The lines are kept in a temporary folder, so that nothing is computed twice. Workbooks take as long as everything else,
so two processes make them in parallel, each table as soon as its lines are complete. Both read the numbers of tables
from one pipe, a byte each, and answer with the same byte once the workbook is in the folder.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, Final, Self, TypeVar

import msgspec

from services.incentive.extract.tables import TABLES, Table, write_table_workbook
from shared.values.json_types import Json

T = TypeVar("T")

_PROCESSES: Final = 2  # nearly all rows are in two tables
_CHECK_EVERY_S: Final = 1.0
_CHECK_EVERY_ITEMS: Final = 1000
_PIECE_BYTES: Final = 1 << 16


class WorkbooksFailed(Exception):  # noqa: N818 - reported by another process
    """A workbook process failed; its log has the reason."""


class WorkbooksKilled(Exception):  # noqa: N818 - no failure of ours
    """A workbook process was killed by a signal, for example for lack of memory."""


class TableFiles:
    """The tables of one extract, as workbooks, too, if asked for. Its workbook processes end with the block."""

    def __init__(self, has_workbooks: bool = True) -> None:
        self._processes = _PROCESSES if has_workbooks else 0

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self._folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="jiangbu-")))
            command = (sys.executable, "-m", __name__, str(self._folder), str(os.getpid()))
            to_take, self._to_make = os.pipe()
            opened.callback(os.close, self._to_make)
            self._programs = {}
            for _ in range(self._processes):
                # Unbuffered, so that `select` sees everything.
                program = subprocess.Popen(command, stdin=to_take, stdout=subprocess.PIPE, bufsize=0)  # noqa: S603 - ours
                opened.enter_context(program)
                opened.callback(program.kill)
                self._programs[_answers(program)] = program
            os.close(to_take)  # only the processes hold it, so that writing fails once they are gone
            self._made: set[int] = set()
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def kept(self, table: Table, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Return the same lines, and start the table's workbook when they are complete."""
        with _lines_file(self._folder, table).open("wb") as file:
            for line in lines:
                file.write(line + b"\n")
                yield line
        if not self._processes:
            return
        try:
            os.write(self._to_make, bytes([TABLES.index(table)]))
        except BrokenPipeError:
            raise _ended(*self._programs.values()) from None

    def items(self, table: Table) -> Iterator[Json]:
        """Read the lines of a table again."""
        return _items(self._folder, table)

    def workbook(self, table: Table, check: Callable[[], None]) -> Iterator[bytes]:
        """Wait for a table's XLSX and return it piece by piece; call `check` now and then, which raises to stop."""
        while TABLES.index(table) not in self._made:
            answering, _, _ = select.select(self._programs, [], [], _CHECK_EVERY_S)
            if not answering:
                check()
            for answers in answering:
                if not (made := answers.read(1)):
                    raise _ended(self._programs[answers])
                self._made.update(made)
        with _workbook_file(self._folder, table).open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece


def watched(items: Iterable[T], check: Callable[[], None]) -> Iterator[T]:
    """Return the same items; call `check` now and then, which raises to stop."""
    for number, item in enumerate(items):
        if number % _CHECK_EVERY_ITEMS == 0:
            check()
        yield item


def _answers(program: subprocess.Popen[bytes]) -> IO[bytes]:
    if program.stdout is None:
        raise ValueError("started without a pipe")
    return program.stdout


def _ended(*programs: subprocess.Popen[bytes]) -> Exception:
    """Return why processes that ended did; a failure has priority over a signal."""
    code = max(program.wait() for program in programs)
    if code < 0:
        return WorkbooksKilled(f"a workbook process was killed by signal {-code}")
    return WorkbooksFailed(f"a workbook process exited with {code}")


def _lines_file(folder: Path, table: Table) -> Path:
    return folder / f"{table.name}.ndjson"


def _workbook_file(folder: Path, table: Table) -> Path:
    return folder / f"{table.name}.xlsx"


def _items(folder: Path, table: Table) -> Iterator[Json]:
    with _lines_file(folder, table).open("rb") as file:
        yield from map(msgspec.json.Decoder().decode, file)


# --- the processes that make workbooks ---


class _Orphaned(Exception):  # noqa: N818 - no failure
    """The worker that started the process is gone."""


def _make_workbooks(folder: Path, starter: int) -> None:
    """Make the workbooks of the tables read from the pipe until it is closed."""
    while number := os.read(sys.stdin.fileno(), 1):
        table = TABLES[number[0]]
        with _workbook_file(folder, table).open("wb") as file:
            write_table_workbook(table, watched(_items(folder, table), partial(_check_started, starter)), file)
        os.write(sys.stdout.fileno(), number)


def _check_started(starter: int) -> None:
    if os.getppid() != starter:
        raise _Orphaned


def _main(folder: str, starter: int) -> None:
    # The worker that started the process stops it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tempfile.tempdir = folder  # temporary files go with the folder if the process is killed
    try:
        _make_workbooks(Path(folder), starter)
    except Exception:  # noqa: BLE001 - logged, and the process exits
        # Without the worker everything fails, as the other process deletes the folder too.
        if os.getppid() == starter:
            _log_failure()
            sys.exit(1)
    if os.getppid() != starter:  # otherwise the worker deletes the folder
        shutil.rmtree(folder, ignore_errors=True)


def _log_failure() -> None:
    # Importing the logging takes longer than all that a workbook needs.
    import structlog  # noqa: PLC0415

    from shared.telemetry.logs import set_up_logs  # noqa: PLC0415

    set_up_logs("incentive", "INFO")
    structlog.get_logger(__name__).exception("workbook failed")


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
