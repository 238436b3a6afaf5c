"""How long a worker waits before it accepts a connection, so that a less busy one can."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from shared.web.server import connection_shares
from shared.web.server.connection_shares import ConnectionShares
from shared.web.server.gunicorn_worker import ApiWorker

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A listener with a connection that nobody has accepted."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        yield listener


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(connection_shares.time, "sleep", found.append)
    return found


def test_a_worker_waits_only_for_those_with_fewer_connections(listener: socket.socket, waits: list[float]) -> None:
    shares = ConnectionShares()
    shares.hold(1, 3)
    shares.hold(2, 4)
    shares.yield_to_others(listener, 1)
    assert waits == []
    shares.yield_to_others(listener, 2)
    assert waits != []


def test_nobody_waits_for_a_worker_that_has_left(listener: socket.socket, waits: list[float]) -> None:
    shares = ConnectionShares()
    shares.hold(1, 0)
    shares.hold(2, 4)  # took over from the first
    shares.leave(1)
    shares.yield_to_others(listener, 2)
    assert waits == []


def test_programs_forked_from_one_process_have_counts_of_their_own() -> None:
    """Counts that exist before `serve` would be shared, with what a program that was killed has left in them."""
    assert not hasattr(ApiWorker, "shares")
