"""The node of the process that opened a TCP connection, found in /proc for all connections at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

# The least time between two looks, each of which takes up to a tenth of a second.
LOOK_AGAIN_S = 0.3
# The kernel leaves sockets out of its list while others come and go.
_LOOKS = 3
_CLOSED = "0"
# Java's sockets are of IPv6, also between addresses of IPv4, which then have this prefix.
_LISTS = ("/proc/net/tcp", "/proc/net/tcp6")
_MAPPED = "0000000000000000FFFF0000"
Address = tuple[str, int]
Nodes = Callable[[], Mapping[int, str]]


class _Asked(NamedTuple):
    ends: str
    found: asyncio.Future[str | None]
    looks: int = _LOOKS


class Sources:
    """Finds sources. One look answers all who asked before it: a partition asks for hundreds of connections at once.

    `nodes` returns the node of each process id.
    """

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._asked: list[_Asked] = []
        self._looking: asyncio.Task[None] | None = None
        self._looked_at_s = 0.0

    async def of(self, client: socket.socket) -> str | None:
        """Return the node at the other end, `""` for a process of none; None if that end is closed."""
        try:
            ends = f"{_hexadecimal(client.getpeername())} {_hexadecimal(client.getsockname())}"
        except OSError:
            return None
        asked = _Asked(ends, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        return await asked.found

    async def _look(self) -> None:
        while self._asked:
            await asyncio.sleep(self._looked_at_s + LOOK_AGAIN_S - time.monotonic())
            asked, self._asked = self._asked, []
            self._looked_at_s = time.monotonic()
            try:
                found = await asyncio.to_thread(lambda: sources(self._nodes()))
            except Exception as error:  # noqa: BLE001 - raised again in those who ask
                for one in asked:
                    one.found.set_exception(error)
                continue
            for one in asked:
                if one.ends in found or one.looks == 1:
                    one.found.set_result(found.get(one.ends))
                else:
                    self._asked.append(one._replace(looks=one.looks - 1))
        self._looking = None


def sources(nodes: Mapping[int, str]) -> dict[str, str | None]:
    """Return the node of every TCP socket by the addresses of its ends, as `Sources.of` does."""
    inodes = {}
    for line in (line for file in _LISTS for line in Path(file).read_text("ascii").splitlines()[1:]):
        # State, queues, timer, retransmissions, owner and timeout come before the inode.
        _, local, remote, _, _, _, _, _, _, inode, *_ = line.split()
        inodes[f"{local.removeprefix(_MAPPED)} {remote.removeprefix(_MAPPED)}"] = inode
    owners = {inode: node for pid, node in nodes.items() for inode in _sockets(pid)}
    return {ends: None if inode == _CLOSED else owners.get(inode, "") for ends, inode in inodes.items()}


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
