"""Mutation testing of the money code: `make mutation`.

Fails on a surviving mutant that survivors.txt does not list, and on a listed one that is killed or no longer exists, so
that the list can only shrink. The tests are imported once. Each mutant is a forked process that replaces the code of
one function and runs the tests that call it, the fastest first, until one fails.

docs/decisions/0023-mutation-testing.md says why no well-known tool is used.
"""

from __future__ import annotations

import importlib
import os
import pickle
import resource
import sys
import time
import traceback
from argparse import ArgumentParser
from collections import defaultdict
from dataclasses import dataclass, field
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.survivors import read_survivors, write_survivors
from tests.mutation.targets import MODULES, ROOT, SURVIVORS, TESTS

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator
    from types import FrameType

_KILLED, _SURVIVED = 3, 4
# A mutant that loops is killed after this CPU time: ten times that of its tests, and five seconds.
_EXTRA_CPU_S, _TIMES = 5, 10


class Coverage(NamedTuple):
    """The functions of the money code that a test calls, and its duration."""

    functions: frozenset[str]
    duration_s: float


@dataclass
class Run:
    """A pytest plugin that runs the collected tests against mutants instead of once."""

    options: Namespace
    survived: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    uncovered: int = 0

    def pytest_collection(self) -> None:
        """Make Hypothesis draw the same examples in each run and skip shrinking."""
        from hypothesis import Phase, settings  # noqa: PLC0415 - pytest rewrites its plugin first

        explored = (Phase.explicit, Phase.generate)
        settings.register_profile("mutation", settings(), derandomize=True, database=None, phases=explored)
        settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted(f"{session.testsfailed} errors during collection")
        covered = _in_fork(lambda: _measure(session.items))
        by_function: defaultdict[str, list[str]] = defaultdict(list)
        for nodeid, coverage in sorted(covered.items(), key=lambda pair: pair[1].duration_s):
            for function in coverage.functions:
                by_function[function].append(nodeid)
        items = {item.nodeid: item for item in session.items}
        running: dict[int, Mutant] = {}
        for mutant in _selected(self.options):
            self.tried.append(mutant.name)
            if len(self.tried) % 50 == 0:
                sys.stdout.write(f"{len(self.tried)} mutants, {len(self.survived)} survive\n")
                sys.stdout.flush()
            nodeids = by_function[f"{mutant.path}::{mutant.function}"]
            if not nodeids:
                self.uncovered += 1
                self.survived.append(mutant.name)
                continue
            if len(running) == self.options.processes:
                self._wait(running)
            cpu_s = _EXTRA_CPU_S + _TIMES * sum(covered[nodeid].duration_s for nodeid in nodeids)
            running[_start(mutant, [items[nodeid] for nodeid in nodeids], int(cpu_s))] = mutant
        while running:
            self._wait(running)
        return True

    def _wait(self, running: dict[int, Mutant]) -> None:
        pid, status = os.wait()
        mutant, code = running.pop(pid), os.waitstatus_to_exitcode(status)
        if code not in (_KILLED, _SURVIVED) and code >= 0:  # below 0: by a signal, at its limit of CPU time
            raise RuntimeError(f"{mutant.name}: the process ended with {code}")
        if code == _SURVIVED:
            self.survived.append(mutant.name)


def _selected(options: Namespace) -> list[Mutant]:
    found = (mutant for path in MODULES for mutant in mutants_of(path))
    return [mutant for mutant in found if options.only in mutant.name][options.part :: options.parts]


def _measure(items: list[pytest.Item]) -> dict[str, Coverage]:
    """Run every test once without a mutant. Raises SystemExit if one fails."""
    codes = {function.__code__: name for name, functions in _functions().items() for function in functions}
    found: dict[str, Coverage] = {}
    called: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in codes:
            called.add(codes[frame.f_code])

    for item in items:
        called.clear()
        began_s = time.process_time()
        sys.setprofile(note)
        passed = _passes(item)
        sys.setprofile(None)
        if called and not passed:
            raise SystemExit(f"{item.nodeid} fails without any mutant")
        if called:
            found[item.nodeid] = Coverage(frozenset(called), time.process_time() - began_s)
    return found


def _start(mutant: Mutant, items: list[pytest.Item], cpu_s: int) -> int:
    """Run tests against a mutant in a forked process, which exits with _KILLED or _SURVIVED, and return its id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
        for function in _functions()[f"{mutant.path}::{mutant.function}"]:
            function.__code__ = mutant.code
        os._exit(_SURVIVED if all(_passes(item) for item in items) else _KILLED)
    finally:
        os._exit(1)


def _passes(item: pytest.Item) -> bool:
    """Return True if a test passes, with fixtures of its own."""
    reports: list[pytest.TestReport] = []

    class Listener:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            reports.append(report)

    plugin = item.config.pluginmanager.register(listener := Listener())
    assert plugin is not None
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    item.config.pluginmanager.unregister(listener)
    return not any(report.failed for report in reports)


def _in_fork(work: Callable[[], Any]) -> Any:
    """Call a function in a forked process, so that its caches do not stay in this one, and return its result."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            result = pickle.dumps(work())
            with os.fdopen(writing, "wb") as stream:
                stream.write(result)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - whatever it is, this process ends here
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        result = stream.read()
    _, status = os.waitpid(pid, 0)
    if status:
        raise SystemExit(1)
    return pickle.loads(result)  # noqa: S301 - from our own process


def _functions() -> dict[str, list[FunctionType]]:
    """The loaded functions and methods of the money code, by module and qualified name."""
    found: dict[str, list[FunctionType]] = {}
    for path in MODULES:
        module = importlib.import_module(".".join(path.with_suffix("").parts))
        for function in _of_namespace(vars(module), module.__name__):
            found.setdefault(f"{path}::{function.__qualname__}", []).append(function)
    return found


def _of_namespace(namespace: Any, module: str) -> Iterator[FunctionType]:
    for value in list(namespace.values()):
        if isinstance(value, type) and value.__module__ == module:
            yield from _of_namespace(vars(value), module)
            continue
        bare = getattr(value, "fget", None) or getattr(value, "func", None) or getattr(value, "__func__", value)
        bare = getattr(bare, "__wrapped__", bare)
        if isinstance(bare, FunctionType) and bare.__module__ == module:
            yield bare


def main(arguments: list[str] | None = None) -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="mutants whose name contains this")
    parser.add_argument("--part", type=int, default=0, help="which part of --parts, from 0")
    parser.add_argument("--parts", type=int, default=1, help="try every n-th mutant")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="files and folders of tests, instead of all")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--shrink", action="store_true", help="take killed mutants out of the list")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    listed = read_survivors(SURVIVORS)
    began_s = time.monotonic()
    run = Run(options)
    code = pytest.main(["-n0", "-q", "-s", "-p", "no:cacheprovider", *options.tests], plugins=[run])
    if code != pytest.ExitCode.OK:
        return int(code)
    new = sorted(set(run.survived) - listed.keys())
    known = set(run.tried) if options.parts > 1 or options.only else None
    gone = sorted(name for name in listed if (known is None or name in known) and name not in run.survived)
    if options.shrink and gone:
        write_survivors(SURVIVORS, {name: reason for name, reason in listed.items() if name not in gone})
        gone = []
    lines = [f"survives, not listed: {name}" for name in new]
    lines += [f"listed, but killed or gone: {name}" for name in gone]
    lines.append(
        f"{len(run.tried)} mutants in {time.monotonic() - began_s:.0f} s: {len(run.survived)} survive"
        f" ({run.uncovered} that no test calls), {len(listed)} listed, {len(new)} not listed, {len(gone)} to remove"
    )
    sys.stdout.write("\n".join(["", *lines, ""]))
    return 1 if new or gone else 0


if __name__ == "__main__":
    if sys.flags.hash_randomization:  # the order of sets must not decide which mutants survive
        repeatable = {**os.environ, "PYTHONHASHSEED": "0"}
        os.execve(sys.executable, [sys.executable, "-m", "tests.mutation.run", *sys.argv[1:]], repeatable)  # noqa: S606
    sys.exit(main())
