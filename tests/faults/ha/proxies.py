"""The proxies of a network, in one thread of a process of their own.

They share no interpreter with the load: beside a few busy threads of Python each of the thousands of system calls that
find sources waits for its turn, and together they took up to a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from tests.faults.ha.links import OPEN, Treatment
from tests.faults.ha.sources import Sources, has_left, nodes_under

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from multiprocessing.connection import Connection

    from tests.faults.ha.links import Link, Rule
    from tests.faults.ha.sources import Address, Nodes

_CHUNK = 256 * 1024
# How often it is asked whether a client that cannot be connected has given up.
_ASK_CLIENT_EVERY_S = 0.5
# After an error such as the lack of file descriptors.
_ACCEPT_AGAIN_S = 0.1
_Value = TypeVar("_Value")


@dataclass(eq=False)
class _Forwarded:
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


class Proxies:
    """Proxies in front of servers, in one thread. `nodes` returns the node of each process id."""

    def __init__(self, nodes: Nodes, timed_out_s: float) -> None:
        self._sources = Sources(nodes)
        self._timed_out_s = timed_out_s
        self._rule: Rule | None = None
        self._failures: list[str] = []
        self._listeners: dict[asyncio.Task[None], socket.socket] = {}
        self._open: dict[_Forwarded, asyncio.Task[None]] = {}
        self._loop = asyncio.new_event_loop()
        self._changed = self._loop.create_future()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)
        self._thread.start()

    def connections(self) -> int:
        """Return the number of connections whose ends have not closed them."""
        return len(self._open)

    def place(self, node: str, at: Address, to: Address, times_out: bool) -> None:
        """Forward connections to `at` to the server of the node; OSError if the address is taken."""
        listener = socket.create_server(at, backlog=1024)
        listener.setblocking(False)

        async def start() -> None:
            self._listeners[asyncio.create_task(self._accept(listener, node, to, times_out))] = listener

        self._run(start())

    def partition(self, rule: Rule) -> None:
        self._run(self._partition(rule))

    def restore(self) -> list[str]:
        """Let all bytes pass again; return the errors that ended connections since the last time."""
        return self._run(self._restore())

    def close(self) -> None:
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
                if one.times_out and one.source is not None and Treatment.HOLD in _link(rule, one):
                    one.shut()

    async def _restore(self) -> list[str]:
        self._change(None)
        for one in self._open:
            if one.has_gap:
                one.shut()
        failures, self._failures = self._failures, []
        return failures

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
        changed, self._changed = self._changed, self._loop.create_future()
        changed.set_result(None)

    async def _accept(self, listener: socket.socket, node: str, to: Address, times_out: bool) -> None:
        while True:
            try:
                client, _ = await self._loop.sock_accept(listener)
            except OSError:
                await asyncio.sleep(_ACCEPT_AGAIN_S)
            else:
                one = _Forwarded(client, node, times_out)
                self._open[one] = asyncio.create_task(self._forward(one, to))

    async def _forward(self, one: _Forwarded, to: Address) -> None:
        """Connect to the server, once the rule lets bytes pass, and forward in both directions."""
        try:
            await self._connect(one, to)
            await asyncio.gather(self._pump(one, is_back=False), self._pump(one, is_back=True))
        except OSError:
            pass
        except Exception as error:  # noqa: BLE001 - returned by `restore`
            self._failures.append(f"{type(error).__name__}: {error}")
        finally:
            del self._open[one]
            one.close()

    async def _connect(self, one: _Forwarded, to: Address) -> None:
        await self._await_passing(one, is_back=False)
        one.server = socket.socket()
        one.server.setblocking(False)
        await self._loop.sock_connect(one.server, to)
        for end in (one.client, one.server):
            # Messages are forwarded one by one; with Nagle's algorithm they would take 40 ms each.
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def _pump(self, one: _Forwarded, is_back: bool) -> None:
        """Forward in one direction until either end closes, and end the other direction."""
        assert one.server is not None
        taken, given = (one.server, one.client) if is_back else (one.client, one.server)
        try:
            while data := await self._loop.sock_recv(taken, _CHUNK):
                link = await self._await_passing(one, is_back)
                if link.delay_s:
                    await asyncio.sleep(link.delay_s)
                if not one.has_gap:
                    await self._loop.sock_sendall(given, data)
        except OSError:
            pass
        except Exception as error:  # noqa: BLE001 - returned by `restore`
            self._failures.append(f"{type(error).__name__}: {error}")
        finally:
            one.shut()

    async def _await_passing(self, one: _Forwarded, is_back: bool) -> Link:
        """Wait while bytes in this direction are held; note it if they are lost.

        ConnectionError if the client has left before it was connected: nobody repeats its bytes.
        """
        while self._rule is not None:
            changed = self._changed
            await self._find_source(one)
            if changed.done():
                continue
            if one.source is None:
                raise ConnectionAbortedError
            link = _link(self._rule, one)
            treatment = link.back if is_back else link.there
            if treatment is not Treatment.HOLD:
                one.has_gap = one.has_gap or treatment is Treatment.DROP
                return link
            await asyncio.wait([changed], timeout=None if one.server else _ASK_CLIENT_EVERY_S)
            if one.server is None and has_left(one.client):
                raise ConnectionAbortedError
        return OPEN

    async def _find_source(self, one: _Forwarded) -> None:
        """Find the source, unless the rule changes before; it stays None if the client has closed the connection."""
        if one.source is not None:
            return
        finding = asyncio.ensure_future(self._sources.of(one.client))
        await asyncio.wait([finding, self._changed], return_when=asyncio.FIRST_COMPLETED)
        if finding.done():
            one.source = finding.result()
        else:
            finding.cancel()


def _link(rule: Rule, one: _Forwarded) -> Link:
    return rule.get((one.source or "", one.target), OPEN)


def serve(orders: Connection, roots: Connection, timed_out_s: float) -> None:
    """Carry out orders, which are the name of a method and its arguments, until the other end is closed.

    The answer is the method's, or the exception that it raised. `roots` is asked for the node of the first process of
    each tree.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    proxies = Proxies(lambda: nodes_under(_asked(roots)), timed_out_s)
    with contextlib.suppress(EOFError, OSError):
        while True:
            name, arguments = orders.recv()
            orders.send(_answer(proxies, name, arguments))


def _answer(proxies: Proxies, name: str, arguments: tuple[Any, ...]) -> Any:
    try:
        return getattr(proxies, name)(*arguments)
    except Exception as error:  # noqa: BLE001 - raised again in the process that gave the order
        return error


def _asked(roots: Connection) -> Any:
    roots.send(None)
    told = roots.recv()
    if isinstance(told, Exception):
        raise told
    return told
