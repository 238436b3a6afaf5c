"""A network that can be partitioned: a TCP proxy in front of each server, which knows the nodes of both ends.

Each server listens on an address of its own, and the others know it by the address of its proxy. The source of a
connection is found by the process that opened it, so that one address a server is enough.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_CHUNK = 256 * 1024
# The least time between two looks at what processes there are.
_LOOK_AGAIN_S = 0.5
# The kernel leaves sockets out of its list while others come and go.
_READS = 3
# After which both ends give up a silent peer: by keepalives (5 s + 3 of 2 s) and tcp_user_timeout (10 s). The kernel
# would count from its last packet, but to it these connections look healthy: the proxy acknowledges every byte.
TIMED_OUT_S = 11.0
Address = tuple[str, int]


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
    pumps: int = 2

    def shut(self) -> None:
        for one in (self.client, self.server):
            if one is not None:
                _shut(one)


class Network:
    """Proxies in front of servers. `nodes` returns the node of each process id."""

    def __init__(self, nodes: Callable[[], Mapping[int, str]], timed_out_s: float = TIMED_OUT_S) -> None:
        self._nodes = nodes
        self._timed_out_s = timed_out_s
        self._looking = threading.Lock()
        # The node of each process, the one that dialled last at the end.
        self._dialling: dict[int, str] = {}
        self._looked_at_s = 0.0
        self._rule: Rule | None = None
        self._changed = threading.Condition()
        self._listeners: list[socket.socket] = []
        self._open: set[_Connection] = set()

    def place(self, node: str, at: Address, to: Address, *, times_out: bool = False) -> None:
        """Forward connections to `at` to the server of the node, which listens on `to`.

        `times_out`: those that are open when a partition begins end as they would by their TCP timeouts.
        """
        listener = socket.create_server(at, backlog=128)
        self._listeners.append(listener)
        threading.Thread(target=self._accept, args=(listener, node, to, times_out), daemon=True).start()

    def partition(self, rule: Rule) -> None:
        """Treat every connection by the rule, those that are open too."""
        with self._changed:
            self._rule = rule
            self._changed.notify_all()
        timer = threading.Timer(self._timed_out_s, self._time_out, [rule])
        timer.daemon = True
        timer.start()

    def _time_out(self, rule: Rule) -> None:
        """End the connections that are held by the rule, if it is still in force."""
        with self._changed:
            watched = [one for one in self._open if one.times_out] if self._rule is rule else []
        for one in watched:
            one.source = one.source or self._source_of(one.client)
            if Treatment.HOLD in rule(one.source, one.target):
                one.shut()

    def restore(self) -> None:
        """Let all bytes pass again: held ones now, and none on connections that lost some, which end."""
        with self._changed:
            self._rule = None
            broken = [one for one in self._open if one.has_gap]
            self._changed.notify_all()
        for one in broken:
            one.shut()

    def close(self) -> None:
        for listener in self._listeners:
            _shut(listener)
            listener.close()
        self.restore()
        with self._changed:
            left = list(self._open)
        for one in left:
            one.shut()

    def _accept(self, listener: socket.socket, node: str, to: Address, times_out: bool) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            connection = _Connection(client, node, times_out)
            with self._changed:
                self._open.add(connection)
            threading.Thread(target=self._connect, args=(connection, to), daemon=True).start()

    def _connect(self, connection: _Connection, to: Address) -> None:
        """Open the other half, once the rule lets bytes pass, and forward in both directions."""
        self._await_passing(connection, is_back=False)
        try:
            connection.server = server = socket.create_connection(to)
        except OSError:
            connection.pumps = 1
            self._leave(connection)
            return
        for one in (connection.client, server):
            # Messages are forwarded one by one; with Nagle's algorithm they would take 40 ms each.
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._pump, args=(connection, server, connection.client, True), daemon=True).start()
        self._pump(connection, connection.client, server, False)

    def _pump(self, connection: _Connection, taken: socket.socket, given: socket.socket, is_back: bool) -> None:
        with contextlib.suppress(OSError):
            while data := taken.recv(_CHUNK):
                link = self._await_passing(connection, is_back)
                if link.delay_s:
                    time.sleep(link.delay_s)
                if not connection.has_gap:
                    given.sendall(data)
        connection.shut()
        self._leave(connection)

    def _await_passing(self, connection: _Connection, is_back: bool) -> Link:
        """Wait while bytes in this direction are held; note it if they are lost."""
        while True:
            if self._rule is not None and connection.source is None:
                connection.source = self._source_of(connection.client)
            with self._changed:
                if self._rule is not None and connection.source is None:
                    continue  # the rule came just now
                link = OPEN if self._rule is None else self._rule(connection.source or "", connection.target)
                treatment = link.back if is_back else link.there
                if treatment is Treatment.HOLD:
                    self._changed.wait()
                    continue
                connection.has_gap = connection.has_gap or treatment is Treatment.DROP
                return link

    def _source_of(self, client: socket.socket) -> str:
        """Return the node of the process that opened a connection, `""` for none. It takes long: not under the lock."""
        try:
            inode = inode_of(client.getpeername(), client.getsockname())
        except OSError:
            return ""
        with self._looking:
            pid = owner_of(inode, reversed(self._dialling))
            if pid is None and time.monotonic() > self._looked_at_s + _LOOK_AGAIN_S:
                self._dialling = dict(self._nodes())
                self._looked_at_s = time.monotonic()
                pid = owner_of(inode, reversed(self._dialling))
            if pid is None:
                return ""
            node = self._dialling.pop(pid)
            self._dialling[pid] = node
            return node

    def _leave(self, connection: _Connection) -> None:
        """Close the sockets once both pumps have ended: until then their file descriptors must not be reused."""
        with self._changed:
            connection.pumps -= 1
            if connection.pumps:
                return
            self._open.discard(connection)
        connection.client.close()
        if connection.server is not None:
            connection.server.close()


def inode_of(local: Address, remote: Address) -> str:
    """Return the inode of the TCP socket (IPv4) with these addresses, `""` if there is none."""
    both = f": {_hexadecimal(local)} {_hexadecimal(remote)} "
    for _ in range(_READS):
        _, _, rest = Path("/proc/net/tcp").read_text("ascii").partition(both)
        if rest:
            # State, queues, timer, retransmissions, owner and timeout come before.
            return rest.split(maxsplit=7)[6]
    return ""


def _hexadecimal(address: Address) -> str:
    host, port = address
    return f"{socket.inet_aton(host)[::-1].hex().upper()}:{port:04X}"


def owner_of(inode: str, pids: Iterable[int]) -> int | None:
    """Return the first of the processes that has the socket open."""
    file = f"socket:[{inode}]"
    return next((pid for pid in pids if file in _open_files(pid)), None) if inode else None


def _open_files(pid: int) -> Iterator[str]:
    """Yield what the open files of a process are; nothing for one that has ended."""
    folder = Path(f"/proc/{pid}/fd")
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            with contextlib.suppress(OSError):
                yield str(file.readlink())


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
