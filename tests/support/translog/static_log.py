"""A log as static files on a web server, as C2SP tlog-tiles permits."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from shared.translog.checkpoint import Checkpoint
from shared.translog.merkle import Edge, leaf_hash
from shared.translog.note import SignerKey, sign
from shared.translog.tiles import TILE_HEIGHT, TILE_WIDTH, hashes_at, tile_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class StaticLog:
    """A log below `folder`; `keys` are its published keys."""

    def __init__(self, folder: Path, origin: str, private: Ed25519PrivateKey) -> None:
        self.folder = folder / "v1" / "log"
        self.key = SignerKey(origin, private)
        self.keys = [self.key.verifier]
        self.url = ""

    def rotate(self, private: Ed25519PrivateKey) -> None:
        self.key = SignerKey(self.key.name, private)
        self.keys.insert(0, self.key.verifier)

    def checkpoint(self, entries: Sequence[bytes]) -> bytes:
        """Return the signed checkpoint of these entries."""
        edge, _ = Edge().grown([leaf_hash(entry) for entry in entries], TILE_HEIGHT)
        return str(sign(Checkpoint(self.key.name, edge.size, edge.root()).text(), self.key)).encode()

    def serve(self, entries: Sequence[bytes]) -> bytes:
        """Serve these entries instead of all earlier ones and return the checkpoint."""
        shutil.rmtree(self.folder, ignore_errors=True)
        _, complete = Edge().grown([leaf_hash(entry) for entry in entries], TILE_HEIGHT)
        for level, hashes in enumerate(complete):
            for index in range(-(-hashes_at(level, len(entries)) // TILE_WIDTH)):
                tile = tile_of(level, index, len(entries))
                self._write(f"tile/{tile.path}", b"".join(hashes[tile.first : tile.first + tile.width]))
        self._write("keys", "".join(f"{key}\n" for key in self.keys).encode())
        self._write("checkpoint", self.checkpoint(entries))
        return self.checkpoint(entries)

    def _write(self, path: str, content: bytes) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(content)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the files below a folder and yield the URL."""
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
