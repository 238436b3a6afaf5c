"""Many faults: kinds are shared among parallel processes, each with a set of its own."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from devset.processes import ChildProgram, adopt_orphans, end_descendants, spawn
from tests.faults.builds import CONTROLS, build_without
from tests.faults.compare import Findings
from tests.faults.fault import Outcome, break_once
from tests.faults.kinds.every import KINDS
from tests.faults.reference import Reference
from tests.faults.rig import ROOT, Rig
from tests.faults.spark_oracle import ARCHIVES, archive_set
from tests.faults.tended import NotMoving
from tests.faults.world import World
from tests.support.forked_programs import CONSUMERS, ForkServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.faults.fault import Kind

# Events after which a set is recreated, as the reference recomputes everything after each fault.
EVENTS_A_SET = 12_000
# Events of a world, with room for kinds that publish several slices.
EVENTS_A_WORLD = 2 * EVENTS_A_SET
NICE = 5
# Attempts to detect a build without a guard.
ATTEMPTS = 5
# The longest are started first, so that no process is left with one of them at the end.
LONGEST = ("Kafka down for a minute", "zombie in a transaction", "zombie", "three workers")


@dataclass
class Share:
    """One process's work: takes one kind after another until none is left, and writes down each outcome."""

    folder: Path
    seed: int
    times: int
    kinds: Sequence[str]
    are_archived: bool = False
    events: int = 0
    sets: int = 0
    fork_server: ForkServer = field(default_factory=ForkServer)
    rig: Rig | None = None
    world: World = field(init=False)
    reference: Reference = field(init=False)

    def run(self) -> None:
        try:
            for kind in self.kinds:
                if not self._take(kind):
                    continue
                if kind in CONTROLS:
                    self._control(kind)
                    continue
                for number in range(self.times):
                    self._once(kind, number)
            self._finish_set()
        finally:
            self._end_set(keep=False)
            self.fork_server.stop()

    def _take(self, kind: str) -> bool:
        """Return True if this process is the first to ask for the kind."""
        try:
            os.close(os.open(self.folder / f"{kind}.taken", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True

    def _once(self, kind: str, number: int) -> None:
        if self.rig is None:
            self._begin_set()
        began_s = time.monotonic()
        outcome = break_once(self.rig, self.world, self.reference, KINDS[kind], self.seed, number)
        self.events += outcome.events
        write_outcome(self.folder, outcome)
        sys.stderr.write(f"{time.monotonic() - began_s:6.1f} s  {'OK  ' if outcome.clean else 'FAIL'}  {outcome}\n")
        if not outcome.clean:
            self._end_set(keep=True)
        elif self.events >= EVENTS_A_SET:
            self._finish_set()

    def _control(self, name: str) -> None:
        """Run a build without a guard until a fault detects it."""
        guard = CONTROLS[name]
        self._finish_set()
        with tempfile.TemporaryDirectory(prefix="build-", dir=self.folder) as folder:
            build = ForkServer(build_without(guard, Path(folder)), CONSUMERS)
            try:
                outcome = self._first_unclean(build, KINDS[guard.fault])
                self._end_set(keep=False)
            finally:
                build.stop()
        outcome.kind, outcome.run = name, 0
        write_outcome(self.folder, outcome)
        sys.stderr.write(f"{'OK  ' if not outcome.clean else 'FAIL'}  {outcome}\n")

    def _first_unclean(self, build: ForkServer, kind: Kind) -> Outcome:
        """Return the first outcome that detects the build, the last one if none does."""
        try:
            self._begin_set(build)
        except NotMoving as error:
            wrong = [str(error), *self.rig.ended_by_ours()]
            return Outcome(kind.name, self.seed, 0, [], findings=Findings(wrong=wrong))
        for number in range(ATTEMPTS):
            outcome = break_once(self.rig, self.world, self.reference, kind, self.seed, number)
            if not outcome.clean:
                break
        return outcome

    def _begin_set(self, build: ForkServer | None = None) -> None:
        place = Path(tempfile.mkdtemp(prefix=f"set-{os.getpid()}-", dir=self.folder))
        self.world = World(self.seed * 1000 + self.sets, EVENTS_A_WORLD)
        self.reference = Reference(self.world.exchanges)
        self.events, self.sets = 0, self.sets + 1
        # One set at a time: a port that is free when chosen could be taken by another before it is used.
        with (self.folder / "starting").open("w", encoding="ascii") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            self.rig = Rig(place, self.world.exchanges, self.fork_server, build)
            self.rig.start()

    def _finish_set(self) -> None:
        """Archive a set that is quiet and as it should be, if that is asked for, and stop it."""
        if self.rig is not None and self.are_archived:
            archive_set(self.rig, self.folder / ARCHIVES / self.rig.folder.name)
        self._end_set(keep=False)

    def _end_set(self, *, keep: bool) -> None:
        """Stop the set; `keep`: keep its logs, to find out what went wrong."""
        if self.rig is None:
            return
        rig, self.rig = self.rig, None
        rig.stop()
        for engine in ("kafka", "postgres") if keep else ("",):
            shutil.rmtree(rig.folder / engine, ignore_errors=True)


def write_outcome(folder: Path, outcome: Outcome) -> None:
    """Write an outcome to a file of its own, atomically."""
    file = folder / f"{outcome.kind}.{outcome.run}.json"
    part = file.with_suffix(".part")
    part.write_text(json.dumps(asdict(outcome), ensure_ascii=False), encoding="utf-8")
    part.replace(file)


def read_outcome(folder: Path, kind: str, run: int) -> Outcome | None:
    file = folder / f"{kind}.{run}.json"
    if not file.exists():
        return None
    told = json.loads(file.read_text(encoding="utf-8"))
    return Outcome(**{**told, "findings": Findings(**told["findings"])})


@dataclass
class Campaign:
    """Faults of some kinds, each `times` times, by `parallel` processes."""

    folder: Path
    seed: int
    times: int
    kinds: Sequence[str]
    parallel: int
    are_archived: bool = False
    programs: list[ChildProgram] = field(default_factory=list)

    def start(self) -> None:
        ordered = sorted(self.kinds, key=lambda kind: (kind not in LONGEST, self.kinds.index(kind)))
        for number in range(self.parallel):
            run = [
                sys.executable,
                "-m",
                "tests.faults.campaign",
                "--folder",
                str(self.folder),
                "--seed",
                str(self.seed + number),
            ]
            run += ["--times", str(self.times), *(("--archive",) if self.are_archived else ()), *ordered]
            self.programs.append(
                spawn(
                    f"share {number}",
                    run,
                    log_file=self.folder / f"share-{number}.log",
                    environment=dict(os.environ),
                    working_directory=ROOT,
                    death_signal=signal.SIGTERM,
                )
            )

    def is_over(self) -> bool:
        return not any(program.alive() for program in self.programs)

    def outcome(self, kind: str, run: int) -> Outcome:
        """Wait for one outcome; AssertionError if the processes ended without it."""
        while (found := read_outcome(self.folder, kind, run)) is None:
            if self.is_over() and read_outcome(self.folder, kind, run) is None:
                words = "\n".join(program.last_output(20) for program in self.programs)
                raise AssertionError(f"{kind}: the processes ended without an outcome: {words}")
            time.sleep(0.2)
        return found

    def outcomes(self) -> Iterator[Outcome]:
        """Yield all outcomes, in order of kinds."""
        for kind in self.kinds:
            for run in range(1 if kind in CONTROLS else self.times):
                yield self.outcome(kind, run)

    def await_archives(self) -> None:
        """Wait until the processes have archived their last sets; AssertionError if one could not."""
        while not self.is_over():
            time.sleep(0.2)
        failed = [program.last_output(20) for program in self.programs if program.process.returncode]
        if failed:
            raise AssertionError(f"sets were not archived: {failed}")

    def stop(self) -> None:
        for program in self.programs:
            program.stop(signal.SIGTERM, 30.0)


def end_once(*_: object) -> None:
    """End at the first signal; clean up, and ignore further signals meanwhile."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def main() -> None:
    """Run one share."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--times", type=int, required=True)
    parser.add_argument("--archive", action="store_true")
    parser.add_argument("kinds", nargs="+")
    given = parser.parse_args()
    adopt_orphans()
    # Lower priority than everything else on the machine: faults wait for conditions, however long.
    os.nice(NICE)
    signal.signal(signal.SIGTERM, end_once)
    try:
        Share(given.folder, given.seed, given.times, given.kinds, given.archive).run()
    finally:
        end_descendants()


if __name__ == "__main__":
    main()
