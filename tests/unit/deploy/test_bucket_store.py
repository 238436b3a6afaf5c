"""Backups in S3-compatible storage, on a server of this test that checks signatures."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from deploy.backup.bucket_store import BucketStore, signed_headers
from deploy.backup.sealed import DamagedObjectError
from shared.operator_errors import OperatorError
from shared.settings import BucketSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE_KEY = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
PAGE = 2


@pytest.mark.parametrize(
    ("query", "signature"),
    [
        ("lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_signatures_are_those_of_the_specification(query: str, signature: str) -> None:
    """The examples of "Signature Calculations for the Authorization Header" in the Amazon S3 API Reference."""
    settings = BucketSettings("https://examplebucket.s3.amazonaws.com", "us-east-1", *EXAMPLE_KEY)
    headers = signed_headers(settings, "GET", "/", query, b"", datetime(2013, 5, 24, tzinfo=UTC))
    assert headers["authorization"].endswith(f"Signature={signature}")


class Storage(BaseHTTPRequestHandler):
    """One bucket in memory, `backups`. Lists have pages of two keys; the first request fails."""

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.is_signed(content):
            self.server.objects[self.key] = content
            self.answer(200)

    def do_GET(self) -> None:
        if not self.is_signed(b""):
            return
        if self.key:
            found = self.server.objects.get(self.key)
            self.answer(404 if found is None else 200, found or b"<Code>NoSuchKey</Code>")
            return
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        start = int(query.get("continuation-token", "0"))
        keys = sorted(key for key in self.server.objects if key.startswith(query["prefix"]))
        text = "".join(f"<Key>{key}</Key>" for key in keys[start : start + PAGE])
        if start + PAGE < len(keys):
            text += f"<NextContinuationToken>{start + PAGE}</NextContinuationToken>"
        self.answer(200, text.encode())

    def do_DELETE(self) -> None:
        if self.is_signed(b""):
            self.server.objects.pop(self.key, None)
            self.answer(204)

    @property
    def key(self) -> str:
        return unquote(urlsplit(self.path).path.removeprefix("/backups").removeprefix("/"))

    def is_signed(self, content: bytes) -> bool:
        at = datetime.strptime(self.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        parts = urlsplit(self.path)
        wanted = signed_headers(self.server.settings, self.command, parts.path, parts.query, content, at)
        self.server.requests += 1
        if self.server.requests == 1:
            self.answer(503, b"<Code>SlowDown</Code>")
            return False
        if self.headers["authorization"] != wanted["authorization"]:
            self.answer(403, b"<Code>SignatureDoesNotMatch</Code>")
            return False
        return True

    def answer(self, status: int, content: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def storage() -> Iterator[BucketSettings]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Storage)
    server.settings = BucketSettings(f"http://127.0.0.1:{server.server_port}", "us-east-1", *EXAMPLE_KEY)
    server.objects, server.requests = {}, 0
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.settings
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_objects_are_written_listed_read_and_deleted() -> None:
    with storage() as settings:
        store = BucketStore(settings, "backups", "set one/今")
        names = [f"runs/{number}/a b+c" for number in range(5)]
        for name in names:
            store.write(name, name.encode())
        BucketStore(settings, "backups", "other").write("runs/9", b"")
        assert store.names("runs/") == names
        assert store.read(names[3]) == names[3].encode()
        store.delete(names[3])
        with pytest.raises(DamagedObjectError, match=r"runs/3.* is missing"):
            store.read(names[3])
        assert len(store.names("runs/")) == 4


def test_a_wrong_secret_is_refused() -> None:
    with storage() as settings:
        store = BucketStore(BucketSettings(settings.endpoint, "us-east-1", "key", "wrong"), "backups", "")
        with pytest.raises(OperatorError, match="403 SignatureDoesNotMatch"):
            store.names("manifests/")
