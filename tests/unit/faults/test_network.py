"""The proxies between nodes: bytes are held, dropped and delayed by direction, for the nodes that a rule names."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import resource
import signal
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devset.processes import free_ports
from tests.faults.ha.links import HELD, Link, Treatment, separated
from tests.faults.ha.network import Network, NetworkError
from tests.faults.ha.sources import Sources
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE, SERVER = "here", "server"
SHORT_S = 0.3


def echo(listener: socket.socket, received: bytearray) -> None:
    """Answer everything, until the listener is closed."""
    while True:
        try:
            one, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=answer, args=(one, received), daemon=True).start()


def answer(one: socket.socket, received: bytearray) -> None:
    with one:
        while data := one.recv(1024):
            received.extend(data)
            one.sendall(data)


class Echo:
    """A server behind a network, and connections to it."""

    def __init__(self, network: Network, node: str = SERVER, *, times_out: bool = False) -> None:
        self.network = network
        self.received = bytearray()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.at = ("127.0.0.1", free_ports(1)[0])
        network.place(node, self.at, self.listener.getsockname(), times_out=times_out)
        threading.Thread(target=echo, args=(self.listener, self.received), daemon=True).start()
        self.client = socket.create_connection(self.at, timeout=30)

    def close(self) -> None:
        self.client.close()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def is_answered(self, data: bytes = b"ping") -> bool:
        self.client.sendall(data)
        return self.client.recv(1024) == data

    def is_silent(self) -> bool:
        self.client.settimeout(SHORT_S)
        try:
            self.client.recv(1024)
        except TimeoutError:
            return True
        finally:
            self.client.settimeout(30)
        return False


@pytest.fixture
def server() -> Iterator[Echo]:
    network = Network(lambda: {os.getpid(): HERE})
    echo = Echo(network)
    yield echo
    network.close()
    echo.close()


def test_bytes_pass(server: Echo) -> None:
    assert server.is_answered()


def test_held_bytes_arrive_when_the_partition_ends(server: Echo) -> None:
    assert server.is_answered()
    server.network.partition(separated([HERE], [SERVER]))
    server.client.sendall(b"late")
    assert server.is_silent()
    assert bytes(server.received) == b"ping"
    server.network.restore()
    assert server.client.recv(1024) == b"late"


def test_a_connection_that_begins_in_the_partition_is_answered_after_it(server: Echo) -> None:
    server.network.partition(separated([SERVER], [HERE]))
    server.client.close()
    server.client = socket.create_connection(server.at, timeout=30)
    server.client.sendall(b"late")
    assert server.is_silent()
    server.network.restore()
    assert server.client.recv(1024) == b"late"


def test_connections_with_tcp_timeouts_end_in_a_partition() -> None:
    network = Network(lambda: {os.getpid(): HERE}, timed_out_s=SHORT_S)
    watched, other = Echo(network, times_out=True), Echo(network)
    try:
        assert watched.is_answered()
        assert other.is_answered()
        network.partition(separated([HERE], [SERVER]))
        assert watched.client.recv(1024) == b""
        other.client.sendall(b"late")
        assert other.is_silent()
        network.restore()
        assert other.client.recv(1024) == b"late"
    finally:
        watched.close()
        other.close()
        network.close()


def test_other_nodes_pass_a_partition(server: Echo) -> None:
    server.network.partition(separated(["other"], [SERVER]))
    assert server.is_answered()


def test_answers_alone_are_held(server: Echo) -> None:
    server.network.partition({(HERE, SERVER): Link(back=Treatment.HOLD)})
    server.client.sendall(b"asked")
    until(lambda: bytes(server.received) == b"asked")
    assert server.is_silent()
    server.network.restore()
    assert server.client.recv(1024) == b"asked"


def test_a_connection_that_lost_bytes_ends(server: Echo) -> None:
    other = Echo(server.network, "other")
    assert server.is_answered()
    assert other.is_answered()
    server.network.partition({(HERE, SERVER): Link(there=Treatment.DROP)})
    server.client.sendall(b"lost")
    assert other.is_answered()  # what came before is lost by then
    assert server.is_silent()
    server.network.restore()
    other.close()
    assert server.client.recv(1024) == b""
    assert bytes(server.received) == b"ping"


def test_bytes_are_delayed(server: Echo) -> None:
    server.network.partition({(HERE, SERVER): Link(delay_s=SHORT_S)})
    began_s = time.monotonic()
    assert server.is_answered()
    assert time.monotonic() - began_s >= 2 * SHORT_S


def test_a_server_that_is_away_ends_the_connection(server: Echo) -> None:
    at = ("127.0.0.1", free_ports(1)[0])
    server.network.place("away", at, ("127.0.0.1", free_ports(1)[0]))
    with socket.create_connection(at, timeout=30) as client:
        assert client.recv(1024) == b""


def test_a_client_that_gives_up_in_the_partition_is_forgotten(server: Echo) -> None:
    """The new side of a real set asks the lost machine again and again; none of it may arrive when it is back."""
    assert server.is_answered()
    server.network.partition(separated([SERVER], [HERE]))
    server.client.close()
    until(lambda: server.network.connections == 0)
    with socket.create_connection(server.at, timeout=30) as client:
        client.sendall(b"given up")
        until(lambda: server.network.connections == 1)  # only then can it be forgotten
    until(lambda: server.network.connections == 0)
    server.network.restore()
    server.client = socket.create_connection(server.at, timeout=30)
    assert server.is_answered()
    assert bytes(server.received) == b"pingping"


def test_all_connections_of_a_partition_are_found_in_a_few_looks() -> None:
    """A look takes a tenth of a second: with one for each connection, those that should pass were held for minutes."""
    looks: list[float] = []

    def nodes() -> dict[int, str]:
        looks.append(time.monotonic())
        return {os.getpid(): HERE}

    network = Network(nodes)
    echo = Echo(network)
    try:
        echo.client.close()
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(socket.create_connection(echo.at, timeout=30)) for _ in range(200)]
            network.partition(separated(["other"], [SERVER]))
            for client in clients:
                client.sendall(b"ping")
            assert all(client.recv(1024) == b"ping" for client in clients)
        assert len(looks) < len(clients) / 4
    finally:
        network.close()
        echo.close()


class Blocked:
    """Roots that are told, or raise, once somebody allows it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked, self.allowed = threading.Event(), threading.Event()

    def __call__(self) -> dict[int, str]:
        self.asked.set()
        self.allowed.wait(30)
        if self.error is not None:
            raise self.error
        return {os.getpid(): HERE}


def test_a_connection_does_not_wait_for_its_source_once_the_network_is_whole() -> None:
    """On a busy machine a look took 50 s, and connections waited for it after the partition."""
    roots = Blocked()
    network = Network(roots)
    echo = Echo(network)
    try:
        assert echo.is_answered()
        echo.client.close()
        until(lambda: network.connections == 0)
        network.partition(separated(["other"], [SERVER]))
        echo.client = socket.create_connection(echo.at, timeout=30)
        echo.client.sendall(b"waits")
        assert roots.asked.wait(30)
        network.restore()
        assert echo.client.recv(1024) == b"waits"
    finally:
        roots.allowed.set()
        network.close()
        echo.close()


def test_a_look_that_fails_is_repeated_and_its_error_is_told_in_the_end() -> None:
    roots = Blocked(KeyError("roots"))
    roots.allowed.set()
    network = Network(roots)
    echo = Echo(network)
    try:
        assert echo.is_answered()
        with pytest.raises(NetworkError, match="partition: KeyError"):
            network.partition(separated(["other"], [SERVER]))
        echo.client.close()
        until(lambda: network.connections == 0)
        network.partition(separated(["other"], [SERVER]))
        echo.client = socket.create_connection(echo.at, timeout=30)
        assert echo.client.recv(1024) == b""
        roots.error = None
        with socket.create_connection(echo.at, timeout=30) as other:
            other.sendall(b"found")
            assert other.recv(1024) == b"found"
        with pytest.raises(NetworkError, match="1 connections ended by an error: KeyError"):
            network.restore()
    finally:
        network.close()
        echo.close()


def test_proxies_go_on_after_they_ran_out_of_file_descriptors(server: Echo) -> None:
    assert server.is_answered()
    _, most = resource.prlimit(server.network.pid, resource.RLIMIT_NOFILE)
    # Descriptors that the process was born with have high numbers where the parent had many.
    used = {int(one.name) for one in Path(f"/proc/{server.network.pid}/fd").iterdir()}
    unused = next(number for number in itertools.count() if number not in used)
    resource.prlimit(server.network.pid, resource.RLIMIT_NOFILE, (unused + 1, most))
    with contextlib.ExitStack() as stack:
        # One has a descriptor for itself but none for its server, the others have none.
        clients = [stack.enter_context(socket.create_connection(server.at, timeout=30)) for _ in range(4)]
        assert clients[0].recv(1024) == b""
        resource.prlimit(server.network.pid, resource.RLIMIT_NOFILE, (most, most))
    server.client.close()
    server.client = socket.create_connection(server.at, timeout=30)
    assert server.is_answered()


def test_proxies_that_end_are_an_error(server: Echo) -> None:
    os.kill(server.network.pid, signal.SIGKILL)
    with pytest.raises(NetworkError, match="the process of the proxies ended"):
        server.network.restore()


def test_the_source_of_a_connection_is_the_node_of_its_process() -> None:
    with source_and_end(socket.AF_INET, "127.0.0.1") as (client, end):
        assert asyncio.run(Sources(lambda: {os.getpid(): HERE}).of(end)) == HERE
        assert asyncio.run(Sources(dict).of(end)) == ""
        client.close()
        assert asyncio.run(Sources(lambda: {os.getpid(): HERE}).of(end)) is None


def test_a_socket_of_ipv6_is_found_between_addresses_of_ipv4() -> None:
    """Java opens such sockets: without them no broker was cut off, or each was."""
    with source_and_end(socket.AF_INET6, "::ffff:127.0.0.1") as (_, end):
        assert asyncio.run(Sources(lambda: {os.getpid(): HERE}).of(end)) == HERE


@contextlib.contextmanager
def source_and_end(family: socket.AddressFamily, host: str) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Connect a socket of the family to a listener of IPv4; yield both ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(family) as client:
        client.connect((host, listener.getsockname()[1]))
        with listener.accept()[0] as end:
            yield client, end


def test_a_partition_separates_both_ways_and_nobody_else() -> None:
    both_ways = [("a", "b"), ("b", "a"), ("a", "c"), ("c", "a")]
    assert separated(["a"], ["b", "c"]) == dict.fromkeys(both_ways, HELD)
