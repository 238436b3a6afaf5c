"""A proxy between one worker and PostgreSQL that parses the protocol and injects a fault at a given statement.

A worker can be killed before, in and after its transaction, and the response to COMMIT can be lost, without a hook in
the program: the fault hits the connection, or the process behind it. The protocol is PostgreSQL's, version 3.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Callable
    from io import BufferedReader

_SSL_REQUEST, _GSS_REQUEST = 80877103, 80877104
_READY = b"Z"
_COPY_DATA = b"d"
_CHUNK = 256 * 1024


@dataclass
class Trap:
    """A trap that fires once, at a statement of a transaction in which `seen` (a pattern) was executed before.

    With `answered` it fires on the response, after the server has executed the statement. `act` is called in the
    proxy's thread; the statement or response is forwarded afterwards, unless `cuts` is set: then the connection ends.
    """

    statement: re.Pattern[str]
    act: Callable[[], None]
    seen: re.Pattern[str] | None = None
    answered: bool = False
    cuts: bool = False
    closed: threading.Event = field(default_factory=threading.Event)

    def is_for(self, sql: str, seen: list[str]) -> bool:
        if self.closed.is_set() or not self.statement.search(sql):
            return False
        return self.seen is None or any(self.seen.search(before) for before in seen)


class Line:
    """A proxy with a port of its own that forwards everything to PostgreSQL."""

    def __init__(self, postgres_port: int) -> None:
        self._to = postgres_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._trap: Trap | None = None
        self._poison: tuple[re.Pattern[str], bytes, Callable[[], None]] | None = None
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, name="line", daemon=True).start()

    def set(self, trap: Trap | None) -> None:
        self._trap = trap

    def poison(self, statement: re.Pattern[str], content: bytes, act: Callable[[], None]) -> None:
        """Act, and end the connection, each time that this COPY sends this content."""
        self._poison = (statement, content, act)

    def end_poison(self) -> None:
        self._poison = None

    def is_poisoned(self, kind: bytes, body: bytes, seen: list[str]) -> bool:
        """Return True, having acted, if the message is the end of its connection."""
        if self._poison is None or kind != _COPY_DATA:
            return False
        statement, content, act = self._poison
        if content not in body or not seen or not statement.search(seen[-1]):
            return False
        act()
        return True

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Break every connection, like a network fault."""
        with self._lock:
            connections = list(self._open)
        for one in connections:
            _shut(one)

    def caught(self, sql: str, seen: list[str]) -> Trap | None:
        """Return the open trap that fires at this statement, and close it."""
        with self._lock:
            trap = self._trap
            if trap is None or not trap.is_for(sql, seen):
                return None
            trap.closed.set()
            return trap

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                client.close()
                continue
            for one in (client, server):
                # Messages are forwarded one by one; with Nagle's algorithm they would take 40 ms each.
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open |= {client, server}
            session = _Session(self, client, server)
            for pump in (session.forward, session.backward):
                threading.Thread(target=self._pump, args=(session, pump), daemon=True).start()

    def _pump(self, session: _Session, pump: Callable[[], None]) -> None:
        with contextlib.suppress(OSError, EOFError):
            pump()
        for one in (session.client, session.server):
            _shut(one)
        with self._lock:
            self._open -= {session.client, session.server}
        session.leave()


class _Session:
    """One connection; follows the statement being executed from the messages that pass."""

    def __init__(self, line: Line, client: socket.socket, server: socket.socket) -> None:
        self._line = line
        self.client = client
        self.server = server
        self._statements: dict[bytes, str] = {}
        self._portals: dict[bytes, bytes] = {}
        self._seen: list[str] = []
        # The trap that waits for the server's answer to a forwarded statement.
        self._awaited: Trap | None = None
        self._pumps = 2
        self._lock = threading.Lock()

    def leave(self) -> None:
        """Close the sockets once both pumps have ended: until then their file descriptors must not be reused."""
        with self._lock:
            self._pumps -= 1
            if self._pumps:
                return
        self.client.close()
        self.server.close()

    def forward(self) -> None:
        asked = self.client.makefile("rb", _CHUNK)
        self._pass_start(asked)
        while True:
            kind, body = _message(asked)
            if self._line.is_poisoned(kind, body, self._seen):
                return
            sql = self._executes(kind, body)
            if sql is not None:
                trap = self._line.caught(sql, self._seen)
                self._remember(sql)
                if trap is not None and trap.answered:
                    self._awaited = trap
                elif trap is not None:
                    trap.act()
                    if trap.cuts:
                        return
            self.server.sendall(kind + (len(body) + 4).to_bytes(4, "big") + body)

    def backward(self) -> None:
        answers = self.server.makefile("rb", _CHUNK)
        held = b""
        while True:
            kind, body = _message(answers)
            message = kind + (len(body) + 4).to_bytes(4, "big") + body
            trap = self._awaited
            if trap is None:
                self.client.sendall(message)
                continue
            held += message
            if kind == _READY:
                self._awaited = None
                trap.act()
                if trap.cuts:
                    return
                self.client.sendall(held)
                held = b""

    def _pass_start(self, asked: BufferedReader) -> None:
        """Forward the start-up message, which has no type; refuse a request for encryption."""
        while True:
            length = int.from_bytes(_exactly(asked, 4), "big")
            body = _exactly(asked, length - 4)
            if int.from_bytes(body[:4], "big") in (_SSL_REQUEST, _GSS_REQUEST):
                self.client.sendall(b"N")
                continue
            self.server.sendall(length.to_bytes(4, "big") + body)
            return

    def _executes(self, kind: bytes, body: bytes) -> str | None:
        """Return the statement that this message executes, if any."""
        if kind == b"Q":
            return body[:-1].decode(errors="replace")
        if kind == b"P":
            name, rest = body.split(b"\0", 1)
            self._statements[name] = rest.split(b"\0", 1)[0].decode(errors="replace")
        elif kind == b"B":
            portal, rest = body.split(b"\0", 1)
            self._portals[portal] = rest.split(b"\0", 1)[0]
        elif kind == b"E":
            return self._statements.get(self._portals.get(body.split(b"\0", 1)[0], b""), "")
        return None

    def _remember(self, sql: str) -> None:
        if sql.startswith("BEGIN"):
            self._seen.clear()
        self._seen.append(sql[:200])


def _message(of: BufferedReader) -> tuple[bytes, bytes]:
    kind = _exactly(of, 1)
    return kind, _exactly(of, int.from_bytes(_exactly(of, 4), "big") - 4)


def _exactly(of: BufferedReader, size: int) -> bytes:
    found = of.read(size)
    if len(found) < size:
        raise EOFError
    return found


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
