"""A network that can be partitioned: a TCP proxy in front of each server, which knows the nodes of both ends.

Each server listens on an address of its own, and the others know it by the address of its proxy. The source of a
connection is found by the process that opened it (`sources`), so that one address a server is enough.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tests.faults.ha.sources import Address, Nodes, Sources

if TYPE_CHECKING:
    from collections.abc import Collection

_CHUNK = 256 * 1024
# How often it is asked whether a client that cannot be connected has given up.
_ASK_CLIENT_EVERY_S = 0.5
# After which both ends give up a silent peer: by keepalives (5 s + 3 of 2 s) and tcp_user_timeout (10 s). The kernel
# would count from its last packet, but to it these connections look healthy: the proxy acknowledges every byte.
TIMED_OUT_S = 11.0


class Treatment(Enum):
    """Treatment of bytes in transit: held bytes arrive late, as TCP repeats them after a partition."""

    PASS = auto()
    HOLD = auto()
    DROP = auto()


class Link(NamedTuple):
    """How bytes are treated from the client to the server and back, and by how much each portion is delayed."""

    there: Treatment = Treatment.PASS
    back: Treatment = Treatment.PASS
    delay_s: float = 0.0


OPEN = Link()
HELD = Link(Treatment.HOLD, Treatment.HOLD)
# (source, target) -> how a connection between these nodes is treated; the source is "" for who is on none.
Rule = Callable[[str, str], Link]
_Value = TypeVar("_Value")


def separated(nodes: Collection[str], others: Collection[str]) -> Rule:
    """Return the rule of a partition between two groups of nodes; who is in neither reaches both."""
    sides = {frozenset((one, other)) for one in nodes for other in others}
    return lambda source, target: HELD if frozenset((source, target)) in sides else OPEN


@dataclass(eq=False)
class _Connection:
    """One connection. `source` is None until a rule asks for it. `times_out`: both ends notice a silent peer."""

    client: socket.socket
    target: str
    times_out: bool
    server: socket.socket | None = None
    source: str | None = None
    has_gap: bool = False

    def shut(self) -> None:
        """End the connection; the sockets are closed by who waits for them."""
        for one in (self.client, self.server):
            if one is not None:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for one in (self.client, self.server):
            if one is not None:
                one.close()


class Network:
    """Proxies in front of servers, in one thread. `nodes` returns the node of each process id."""

    def __init__(self, nodes: Nodes, timed_out_s: float = TIMED_OUT_S) -> None:
        self._sources = Sources(nodes)
        self._timed_out_s = timed_out_s
        self._rule: Rule | None = None
        self._changed = asyncio.Event()
        self._listeners: dict[asyncio.Task[None], socket.socket] = {}
        self._open: dict[_Connection, asyncio.Task[None]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)
        self._thread.start()

    @property
    def connections(self) -> int:
        """The number of connections whose ends have not closed them."""
        return len(self._open)

    def place(self, node: str, at: Address, to: Address, *, times_out: bool = False) -> None:
        """Forward connections to `at` to the server of the node, which listens on `to`.

        `times_out`: those that are open when a partition begins end as they would by their TCP timeouts.
        """
        listener = socket.create_server(at, backlog=128)
        listener.setblocking(False)

        async def start() -> None:
            self._listeners[asyncio.create_task(self._accept(listener, node, to, times_out))] = listener

        self._run(start())

    def partition(self, rule: Rule) -> None:
        """Treat every connection by the rule, those that are open too."""
        self._run(self._partition(rule))

    def restore(self) -> None:
        """Let all bytes pass again: held ones now, and none on connections that lost some, which end."""
        self._run(self._restore())

    def close(self) -> None:
        if not self._loop.is_closed():
            self._run(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _run(self, work: Coroutine[None, None, _Value]) -> _Value:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _partition(self, rule: Rule) -> None:
        # Sources are found first: what may pass does not wait for them.
        await asyncio.gather(*map(self._find_source, self._open))
        self._change(rule)
        self._loop.call_later(self._timed_out_s, self._time_out, rule)

    def _time_out(self, rule: Rule) -> None:
        """End the connections that are held by the rule, if it is still in force."""
        if self._rule is rule:
            for one in self._open:
                if one.times_out and one.source is not None and Treatment.HOLD in rule(one.source, one.target):
                    one.shut()

    async def _restore(self) -> None:
        self._change(None)
        for one in self._open:
            if one.has_gap:
                one.shut()

    async def _close(self) -> None:
        for task in self._listeners:
            task.cancel()
        await asyncio.gather(*self._listeners, return_exceptions=True)
        for listener in self._listeners.values():
            listener.close()
        self._change(None)
        for one in self._open:
            one.shut()
        await asyncio.gather(*self._open.values())

    def _change(self, rule: Rule | None) -> None:
        self._rule = rule
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _accept(self, listener: socket.socket, node: str, to: Address, times_out: bool) -> None:
        while True:
            client, _ = await self._loop.sock_accept(listener)
            connection = _Connection(client, node, times_out)
            self._open[connection] = asyncio.create_task(self._forward(connection, to))

    async def _forward(self, connection: _Connection, to: Address) -> None:
        """Open the other half, once the rule lets bytes pass, and forward in both directions."""
        server = socket.socket()
        server.setblocking(False)
        try:
            await self._await_passing(connection, is_back=False)
            await self._loop.sock_connect(server, to)
            connection.server = server
            for one in (connection.client, server):
                # Messages are forwarded one by one; with Nagle's algorithm they would take 40 ms each.
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.gather(
                self._pump(connection, connection.client, server, is_back=False),
                self._pump(connection, server, connection.client, is_back=True),
            )
        except OSError:
            server.close()
        finally:
            del self._open[connection]
            connection.close()

    async def _pump(self, connection: _Connection, taken: socket.socket, given: socket.socket, is_back: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await self._loop.sock_recv(taken, _CHUNK):
                link = await self._await_passing(connection, is_back)
                if link.delay_s:
                    await asyncio.sleep(link.delay_s)
                if not connection.has_gap:
                    await self._loop.sock_sendall(given, data)
        connection.shut()

    async def _await_passing(self, connection: _Connection, is_back: bool) -> Link:
        """Wait while bytes in this direction are held; note it if they are lost.

        ConnectionError if the client has left before it was connected: nobody repeats its bytes.
        """
        while True:
            changed = self._changed
            if self._rule is None:
                return OPEN
            await self._find_source(connection)
            if connection.source is None:
                raise ConnectionAbortedError
            if changed is not self._changed:
                continue
            link = self._rule(connection.source, connection.target)
            treatment = link.back if is_back else link.there
            if treatment is not Treatment.HOLD:
                connection.has_gap = connection.has_gap or treatment is Treatment.DROP
                return link
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), None if connection.server else _ASK_CLIENT_EVERY_S)
            if connection.server is None and _has_left(connection.client):
                raise ConnectionAbortedError

    async def _find_source(self, connection: _Connection) -> None:
        if connection.source is None:
            connection.source = await self._sources.of(connection.client)


def _has_left(client: socket.socket) -> bool:
    poll = select.poll()
    poll.register(client, select.POLLRDHUP)
    return bool(poll.poll(0))
