"""Slow clients in a separate process: connections that send half a request, or do not read the answer.

Each connection is replaced as soon as the server closes it, so the server always has as many as are asked for.
"""

from __future__ import annotations

import contextlib
import errno
import json
import resource
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator

# Largest answer that needs no key.
BIG_ANSWER: Final = "/docs/assets/swagger-ui-bundle.js"
_HALF_HEAD: Final = b"GET /v1/listings HTTP/1.1\r\nHost: slow\r\nX-Half: "
_HALF_BODY: Final = (
    b"POST /sign-in HTTP/1.1\r\nHost: slow\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 1000\r\n\r\nkey="
)
_HALF_CHUNK: Final = b"POST /sign-in HTTP/1.1\r\nHost: slow\r\nTransfer-Encoding: chunked\r\n\r\n400\r\nkey="
_UNREAD: Final = f"GET {BIG_ANSWER} HTTP/1.1\r\nHost: slow\r\n\r\n".encode()
# The first bytes of a client of each kind. `dripping` then sends a byte a second, `reading` reads one.
KINDS: Final = {
    "silent": b"",
    "half head": _HALF_HEAD,
    "half body": _HALF_BODY,
    "half chunk": _HALF_CHUNK,
    "dripping": _HALF_HEAD,
    "not reading": _UNREAD,
    "reading": _UNREAD,
}
_DRIP_EVERY_S: Final = 1.0
_SMALL_WINDOW_BYTES: Final = 4096
# They come and are replaced evenly: a burst of requests would be another attack.
_OPENED_WITHIN_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.02


@contextlib.contextmanager
def slow_clients(port: int, count: int, *kinds: str) -> Iterator[SlowClients]:
    """Keep `count` slow connections of the kinds open at the port; yields once all are connected."""
    clients = SlowClients(port, count, kinds or tuple(KINDS))
    try:
        until(clients.are_connected, why=clients.process.poll)
        yield clients
    finally:
        clients.stop()


class SlowClients:
    """The process with the slow connections. `stop` ends it and returns its figures."""

    def __init__(self, port: int, count: int, kinds: tuple[str, ...]) -> None:
        command = [sys.executable, "-m", "tests.support.web.slow_clients", str(port), str(count), *kinds]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._figures: dict[str, float] = {}

    def are_connected(self) -> bool:
        """Wait for the process's line that all have been connected at least once."""
        assert self.process.stdout is not None
        return self.process.stdout.readline() == "connected\n"

    def stop(self) -> dict[str, float]:
        """Return `closed` (by the server), `refused`, and `longest_s`, for which one was held."""
        if not self._figures:
            said, _ = self.process.communicate(timeout=60)
            self._figures = json.loads(said.strip().splitlines()[-1])
        return self._figures


@dataclass
class _Client:
    kind: str
    connection: socket.socket
    since_s: float
    sent: bool = False


@dataclass
class _Crowd:
    port: int
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    figures: Counter[str] = field(default_factory=Counter)
    longest_s: float = 0.0

    def open(self, kind: str) -> None:
        connection = socket.socket()
        connection.setblocking(False)
        if "reading" in kind:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_WINDOW_BYTES)
        started = connection.connect_ex(("127.0.0.1", self.port))
        assert started in (0, errno.EINPROGRESS), started
        client = _Client(kind, connection, time.monotonic())
        self.selector.register(connection, selectors.EVENT_WRITE, client)

    def go_on(self, client: _Client) -> None:
        """Send what a newly connected client sends, or notice that the server closed one."""
        try:
            if not client.sent:
                client.connection.send(KINDS[client.kind])
                client.sent = True
                self.figures["connected"] += 1
                wanted = 0 if "reading" in client.kind else selectors.EVENT_READ
                self._watch(client, wanted)
            elif not client.connection.recv(_SMALL_WINDOW_BYTES):
                self.replace(client, "closed")
        except BlockingIOError:
            pass
        except ConnectionRefusedError:
            self.replace(client, "refused")
        except OSError:
            self.replace(client, "closed")

    def _watch(self, client: _Client, events: int) -> None:
        self.selector.unregister(client.connection)
        if events:
            self.selector.register(client.connection, events, client)
        else:
            self.unread.append(client)

    unread: list[_Client] = field(default_factory=list)

    def replace(self, client: _Client, why: str) -> None:
        self.figures[why] += 1
        self.longest_s = max(self.longest_s, time.monotonic() - client.since_s)
        with contextlib.suppress(KeyError):
            self.selector.unregister(client.connection)
        client.connection.close()
        self.open(client.kind)

    def watched(self) -> list[_Client]:
        return [key.data for key in self.selector.get_map().values() if key.data is not None]

    def drip(self) -> None:
        """Send a byte for each client that drips, read one for each that reads, and notice closed ones."""
        for client in self.watched():
            if client.kind == "dripping" and client.sent:
                try:
                    client.connection.send(b"x")
                except BlockingIOError:
                    pass
                except OSError:
                    self.replace(client, "closed")
        unread, self.unread = self.unread, []
        for client in unread:
            self._look_at_unread(client)

    def _look_at_unread(self, client: _Client) -> None:
        try:
            if client.kind == "reading":
                client.connection.recv(1)
            # A server that gave up resets the connection, which a write notices; the byte is a next request's.
            client.connection.send(b"\r")
        except BlockingIOError:
            pass
        except OSError:
            self.replace(client, "closed")
            return
        self.unread.append(client)


def main(port: str, count: str, *kinds: str) -> None:
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    crowd = _Crowd(int(port))
    selector = crowd.selector
    selector.register(sys.stdin, selectors.EVENT_READ)
    began_s = dripped_s = time.monotonic()
    opened, is_said = 0, False
    while True:
        due = int(count) * min(1.0, (time.monotonic() - began_s) / _OPENED_WITHIN_S)
        for number in range(opened, int(due)):
            crowd.open(kinds[number % len(kinds)])
        opened = int(due)
        for key, _ in selector.select(_LOOK_EVERY_S):
            if key.fileobj is sys.stdin:
                sys.stdout.write(json.dumps({**crowd.figures, "longest_s": round(_longest_s(crowd), 1)}) + "\n")
                return
            crowd.go_on(key.data)
        if not is_said and crowd.figures["connected"] >= int(count):
            sys.stdout.write("connected\n")
            sys.stdout.flush()
            is_said = True
        if time.monotonic() - dripped_s > _DRIP_EVERY_S:
            dripped_s = time.monotonic()
            crowd.drip()


def _longest_s(crowd: _Crowd) -> float:
    """Return how long the oldest connection was or is held."""
    open_clients = crowd.watched() + crowd.unread
    now_s = time.monotonic()
    return max([crowd.longest_s, *(now_s - client.since_s for client in open_clients if client.sent)])


if __name__ == "__main__":
    main(*sys.argv[1:])
