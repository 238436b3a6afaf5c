"""HTTP clients in a separate process that send requests to one API without pause; measures throughput and latency.

The clients share processors with the service, so they do as little as possible: they run in one thread, build the
request once, and read only the status line and length of a response. With one thread per client, contention for the
interpreter would be part of the measurement.
"""

from __future__ import annotations

import json
import selectors
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

SECONDS: Final = 5.0
WARM_UP_S: Final = 1.0
_AT_MOST_S: Final = 30.0  # without any response
_PIECE_BYTES: Final = 1 << 18
_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH: Final = b"\r\ncontent-length:"


def ask(url: str, key: str, path: str, clients: int) -> dict[str, float]:
    """Measure one path in a separate process; return `{"per_s", "p50_ms", "p99_ms"}`."""
    command = [sys.executable, "-m", "tests.bench.clients", url, path, str(clients)]
    done = subprocess.run(command, input=key, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


@dataclass
class Client:
    """One connection that repeats the same request as soon as it is answered."""

    connection: socket.socket
    request: bytes
    asked_s: float = 0.0
    _answer: bytearray = field(default_factory=bytearray)

    def ask(self) -> None:
        self._answer.clear()
        self.asked_s = time.monotonic()
        self.connection.sendall(self.request)

    def is_answered(self) -> bool:
        """Read the received bytes; return True if the response is complete."""
        piece = self.connection.recv(_PIECE_BYTES)
        if not piece:
            raise SystemExit("the connection was closed")
        self._answer += piece
        end = self._answer.find(_END_OF_HEAD)
        if end < 0:
            return False
        head = bytes(self._answer[:end]).lower()
        if not head.startswith(b"http/1.1 200 "):
            raise SystemExit(f"answered with {bytes(self._answer[:200])!r}")
        length = int(head.partition(_LENGTH)[2].partition(b"\r\n")[0])
        return len(self._answer) >= end + len(_END_OF_HEAD) + length


def main(url: str, path: str, clients: str) -> None:
    host, port = urlsplit(url).hostname, urlsplit(url).port
    head = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {sys.stdin.read()}\r\n\r\n"
    asking = [Client(socket.create_connection((host, port)), head.encode()) for _ in range(int(clients))]
    took_ms = run(asking)
    cuts = statistics.quantiles(took_ms, n=100, method="inclusive")
    told = {"per_s": len(took_ms) / SECONDS, "p50_ms": cuts[49], "p99_ms": cuts[98]}
    sys.stdout.write(json.dumps({name: round(value, 1) for name, value in told.items()}))


def run(asking: list[Client]) -> list[float]:
    """Repeat requests for `SECONDS` after the warm-up; return the response times in ms of those sent in that time."""
    took_ms: list[float] = []
    begin_s = time.monotonic() + WARM_UP_S
    with selectors.DefaultSelector() as selector:
        for client in asking:
            selector.register(client.connection, selectors.EVENT_READ, client)
            client.ask()
        while selector.get_map():
            ready = selector.select(_AT_MOST_S)
            if not ready:
                raise SystemExit(f"no answer within {_AT_MOST_S:.0f} s")
            for key, _ in ready:
                client = key.data
                if not client.is_answered():
                    continue
                now_s = time.monotonic()
                if client.asked_s >= begin_s:
                    took_ms.append((now_s - client.asked_s) * 1000)
                if now_s < begin_s + SECONDS:
                    client.ask()
                else:
                    selector.unregister(client.connection)
                    client.connection.close()
    return took_ms


if __name__ == "__main__":
    main(*sys.argv[1:])
