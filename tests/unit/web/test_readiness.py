"""Readiness: an engine that does not answer is reported in time and asked again later."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from shared.postgres.database import make_engine
from shared.values.times import now
from shared.web.keys import ApiKeys
from shared.web.operations.broker import ELECTION_S, Broker
from shared.web.operations.progress import Sampler
from shared.web.operations.readiness import Readiness
from shared.web.service import ServiceInfo
from tests.support.web.closing import join_checks

NOBODY = "127.0.0.1:1"


@pytest.fixture(scope="module", autouse=True)
def no_check_goes_on() -> Iterator[None]:
    yield
    join_checks()


@contextmanager
def silent() -> Iterator[str]:
    """Yield HOST:PORT of a server that accepts connections and never responds, like a stopped process."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def readiness_of(kafka: str, database: str) -> Iterator[Readiness]:
    engine = make_engine(f"postgresql://nobody:secret@{database}/nothing")
    service = ServiceInfo(
        "tried", "Tried", engine, (), {"bootstrap_servers": kafka}, ApiKeys(()), now, takes_documents=True
    )
    sampler = Sampler(service)
    yield Readiness(sampler)
    sampler.stop()
    engine.dispose()


@pytest.mark.parametrize("hangs", ["broker", "database"])
def test_what_hangs_is_reported_in_time(hangs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.web.operations.readiness.ANSWER_WITHIN_S", 0.5)
    with silent() as address:
        kafka, database = NOBODY if hangs == "database" else address, NOBODY if hangs == "broker" else address
        with readiness_of(kafka, database) as readiness:
            began_s = time.monotonic()
            assert [fault.field for fault in readiness.state().faults] == ["broker", "database"]
            assert time.monotonic() - began_s < 15  # the connection itself would hang for 20 s


def test_those_who_ask_meanwhile_share_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.web.operations.readiness.ANSWER_WITHIN_S", 0.05)
    with silent() as address, readiness_of(address, address) as readiness:
        for _ in range(5):
            assert [fault.field for fault in readiness.state().faults] == ["broker", "database"]
        names = [thread.name for thread in threading.enumerate()]
        assert (names.count("ready-broker"), names.count("ready-database")) == (1, 1)
    # Both calls have timed out by then, and are repeated.
    monkeypatch.setattr("shared.web.operations.readiness.ANSWER_WITHIN_S", 20.0)
    assert [fault.field for fault in readiness.state().faults] == ["broker", "database"]


def test_the_death_of_one_of_several_brokers_is_no_fault_while_another_takes_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock_s = [100.0]
    monkeypatch.setattr("shared.web.operations.broker.time", SimpleNamespace(monotonic=lambda: clock_s[0]))
    monkeypatch.setattr("shared.web.operations.broker._partitions", lambda *_: {})
    for servers, electing in ((f"{NOBODY},{NOBODY}", True), ([NOBODY, NOBODY], True), (NOBODY, False)):
        broker = Broker({"bootstrap_servers": servers}, "tried")
        assert not broker.is_electing()  # nothing has answered yet
        monkeypatch.setattr(broker, "_client", lambda: None)
        broker.ends([])
        clock_s[0] += ELECTION_S - 1
        assert broker.is_electing() is electing
        clock_s[0] += 1
        assert not broker.is_electing()


def test_an_api_is_ready_while_another_broker_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with readiness_of(NOBODY, NOBODY) as readiness:
        monkeypatch.setattr(Broker, "is_electing", lambda _: True)
        assert [fault.field for fault in readiness.state().faults] == ["database"]


def test_a_bug_is_raised_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with readiness_of(NOBODY, NOBODY) as readiness:
        monkeypatch.setattr("shared.web.operations.readiness.check_schema", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            readiness.state()
