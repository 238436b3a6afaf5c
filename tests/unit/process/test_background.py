"""A background thread next to the consumer loop: it ends with the loop, and its exception is raised."""

import threading
import time

import pytest

from shared.process.background import background_thread


class WorkError(Exception):
    pass


class CallerError(Exception):
    pass


@pytest.fixture
def stop():
    stop = threading.Event()
    yield stop
    stop.set()


def test_it_works_until_the_caller_is_done(stop: threading.Event) -> None:
    ended = []

    def work() -> None:
        stop.wait()
        ended.append(threading.current_thread().name)

    with background_thread(work, "aside", stop, join_timeout_s=60.0):
        assert not ended
    assert ended == ["aside"]


def test_who_is_done_early_does_not_stop_the_caller(stop: threading.Event) -> None:
    done = threading.Event()
    with background_thread(done.set, "aside", stop, join_timeout_s=60.0):
        assert done.wait(60.0)
        assert not stop.is_set()


def test_a_fault_stops_the_caller_and_is_raised_at_the_end(stop: threading.Event) -> None:
    def work() -> None:
        raise WorkError

    told = []
    with pytest.raises(WorkError), background_thread(work, "aside", stop, join_timeout_s=60.0):
        told.append(stop.wait(60.0))
    assert told == [True]


def test_a_fault_while_it_ends_is_raised_too(stop: threading.Event) -> None:
    def work() -> None:
        stop.wait()
        raise WorkError

    with pytest.raises(WorkError), background_thread(work, "aside", stop, join_timeout_s=60.0):
        pass


def test_the_callers_own_fault_comes_first_and_is_not_held_up(stop: threading.Event) -> None:
    free = threading.Event()

    def work() -> None:
        free.wait()
        raise WorkError

    with pytest.raises(CallerError), background_thread(work, "aside", stop, join_timeout_s=60.0):
        raise CallerError
    assert stop.is_set()
    free.set()


def test_nobody_waits_for_ever(stop: threading.Event) -> None:
    free = threading.Event()
    began_s = time.monotonic()
    with background_thread(free.wait, "aside", stop, join_timeout_s=0.1):
        pass
    assert 0.1 <= time.monotonic() - began_s < 60.0
    free.set()
