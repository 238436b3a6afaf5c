"""Messages of a consumer to its sender."""

import multiprocessing
import threading

from shared.process.child_process import ChildProcess, ChildSide, child_process
from shared.process.heartbeat import Heartbeat
from shared.process.unknown_commits import UnknownCommits
from tests.support.until import until


def test_a_commit_tells_the_child_that_there_is_work() -> None:
    def work(side: ChildSide) -> None:
        side.work.wait(60.0)

    stop = threading.Event()
    with child_process("part", work) as part, part.working(stop, Heartbeat(None, ())):
        assert not stop.wait(0.2)
        part.committed(has_backlog=False)
        until(stop.is_set)


def test_a_child_that_does_not_read_holds_nothing_up() -> None:
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        part = ChildProcess("part", ours, UnknownCommits())
        for _ in range(20_000):
            part.committed(has_backlog=True)
        assert theirs.recv() is True
