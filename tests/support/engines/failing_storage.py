"""A proxy in front of S3-compatible storage that fails chosen requests: throttles them, or cuts the connection."""

from __future__ import annotations

import re
import socket
import struct
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.settings import BucketSettings
    from tests.support.engines.object_storage import ObjectStorage

Harm = Literal["slow down", "request cut", "answer cut"]
HARMS: tuple[Harm, ...] = get_args(Harm)

_BLOCK_BYTES = 1 << 16
_CUT_AFTER_BYTES = 1 << 17
_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_REFUSAL = b"HTTP/1.1 503 Slow Down\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (
    len(_SLOW_DOWN),
    _SLOW_DOWN,
)
_RESET = struct.pack("ii", 1, 0)  # for SO_LINGER: close by a reset


@dataclass
class FailingStorage:
    """Forwards connections to the storage. `failing` are the requests that fail next: their first line, and how."""

    storage: ObjectStorage
    listener: socket.socket
    failing: list[tuple[re.Pattern[bytes], Harm]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The settings of programs that use it."""
        return self.storage.environment | {"BUCKET_ENDPOINT": self._endpoint}

    @property
    def settings(self) -> BucketSettings:
        return replace(self.storage.settings, endpoint=self._endpoint)

    @property
    def _endpoint(self) -> str:
        host, port = self.listener.getsockname()
        return f"http://{host}:{port}"

    def fail(self, request: bytes, harm: Harm, times: int = 1) -> None:
        """Let the next requests fail whose first line has this pattern; only answers of some size can be cut."""
        self.failing += [(re.compile(request), harm)] * times

    def serve(self) -> None:
        """Forward connections until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.storage.address)
                cut = threading.Event()
                for work in (self._pass_requests, self._pass_answers):
                    threading.Thread(target=work, args=(client, server, cut), daemon=True).start()

    def _pass_requests(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        """Pass on what the client sends: a request begins a block, as it is sent once the answer before it is read."""
        with suppress(OSError):
            while block := client.recv(_BLOCK_BYTES):
                harm = self._harm(block.partition(b"\r\n")[0])
                if harm == "slow down":
                    client.sendall(_REFUSAL)
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(_BLOCK_BYTES):
                        pass  # the client reads the answer once it has sent its body
                    break
                if harm == "request cut":
                    if len(block) == _BLOCK_BYTES:
                        client.recv(_CUT_AFTER_BYTES)
                    _reset(client)
                    break
                if harm == "answer cut":
                    cut.set()
                server.sendall(block)
        _shut(server)

    def _pass_answers(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        passed_bytes = 0
        with suppress(OSError):
            while block := server.recv(_BLOCK_BYTES):
                passed_bytes += len(block) if cut.is_set() else 0
                if passed_bytes > _CUT_AFTER_BYTES:
                    break
                client.sendall(block)
        _shut(client)

    def _harm(self, line: bytes) -> Harm | None:
        """Return how a request with this first line fails, and count it as failed."""
        for number, (pattern, harm) in enumerate(self.failing):
            if pattern.match(line):
                del self.failing[number]
                return harm
        return None


def _reset(one: socket.socket) -> None:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    one.close()


def _shut(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


@contextmanager
def failing_storage(storage: ObjectStorage) -> Iterator[FailingStorage]:
    """Listen on a port of its own; nothing fails until it is told to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = FailingStorage(storage, listener)
        thread = threading.Thread(target=proxy.serve, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            _shut(listener)
            thread.join()
