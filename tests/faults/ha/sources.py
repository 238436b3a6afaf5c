"""The node of the process that opened a TCP connection, found in /proc for all connections at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil

# The least time between two looks, each of which takes up to a tenth of a second.
LOOK_AGAIN_S = 0.3
# Failed looks, one after the other, until the error is raised.
_LOOKS = 3
_CLOSED = "0"
# Java's sockets are of IPv6, also between addresses of IPv4, which then have this prefix.
_LISTS = ("/proc/net/tcp", "/proc/net/tcp6")
_MAPPED = "0000000000000000FFFF0000"
Address = tuple[str, int]
Nodes = Callable[[], Mapping[int, str]]
Look = asyncio.Task[Mapping[str, str | None]]


class Sources:
    """Finds sources. One look answers all who asked before it: a partition asks for hundreds of connections at once.

    `nodes` returns the node of each process id.
    """

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._under_way: Look | None = None
        self._next: Look | None = None
        self._looked_at_s = 0.0

    async def of(self, client: socket.socket) -> str | None:
        """Return the node at the other end, `""` for a process of none; None if that end is closed.

        What looking raises is raised after several looks in a row.
        """
        try:
            ends = f"{_hexadecimal(client.getpeername())} {_hexadecimal(client.getsockname())}"
        except OSError:
            return None
        failed = 0
        while not has_left(client):
            try:
                found = await asyncio.shield(self._next_look())
            except Exception:
                failed += 1
                if failed == _LOOKS:
                    raise
            else:
                # The kernel leaves sockets out of its list while others come and go.
                if ends in found:
                    return found[ends]
        return None

    def _next_look(self) -> Look:
        """Return the first look that begins from now on."""
        if self._next is None:
            self._next = asyncio.create_task(self._look())
        return self._next

    async def _look(self) -> Mapping[str, str | None]:
        if self._under_way is not None:
            await asyncio.wait([self._under_way])
        await asyncio.sleep(self._looked_at_s + LOOK_AGAIN_S - time.monotonic())
        self._under_way, self._next = self._next, None
        self._looked_at_s = time.monotonic()
        return await asyncio.to_thread(lambda: sources(self._nodes()))


def sources(nodes: Mapping[int, str]) -> dict[str, str | None]:
    """Return the node of every TCP socket by the addresses of its ends, as `Sources.of` does."""
    inodes = {}
    for line in (line for file in _LISTS for line in Path(file).read_text("ascii").splitlines()[1:]):
        # State, queues, timer, retransmissions, owner and timeout come before the inode.
        _, local, remote, _, _, _, _, _, _, inode, *_ = line.split()
        inodes[f"{local.removeprefix(_MAPPED)} {remote.removeprefix(_MAPPED)}"] = inode
    owners = {inode: node for pid, node in nodes.items() for inode in _sockets(pid)}
    return {ends: None if inode == _CLOSED else owners.get(inode, "") for ends, inode in inodes.items()}


def nodes_under(roots: Mapping[int, str]) -> dict[int, str]:
    """Return the node of every process, from that of the first process of each tree."""
    parents = {one.pid: one.info["ppid"] for one in psutil.process_iter(["ppid"])}
    found = {}
    for pid in parents:
        above: int | None = pid
        while above is not None and above not in roots:
            above = parents.get(above)
        if above is not None:
            found[pid] = roots[above]
    return found


def has_left(client: socket.socket) -> bool:
    """Return True if the other end is closed, whether its last bytes were read or not."""
    if client.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(client, select.POLLRDHUP)
    return bool(poll.poll(0))


def _hexadecimal(address: Address) -> str:
    host, port = address
    return f"{socket.inet_aton(host)[::-1].hex().upper()}:{port:04X}"


def _sockets(pid: int) -> Iterator[str]:
    """Yield the inodes of the sockets that a process has open; none for one that has ended."""
    folder = f"/proc/{pid}/fd"
    with contextlib.suppress(OSError):
        for file in os.listdir(folder):  # noqa: PTH208 - there are thousands, and pathlib is slower
            with contextlib.suppress(OSError):
                kind, _, rest = os.readlink(f"{folder}/{file}").partition(":[")  # noqa: PTH115
                if kind == "socket":
                    yield rest[:-1]
