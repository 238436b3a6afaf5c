"""Objects in S3-compatible storage, over HTTP on a real server, which checks signatures."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from deploy.backup.bucket_store import _RETRIES, BucketStore, signed_headers
from deploy.backup.sealed import DamagedObjectError
from shared.operator_errors import OperatorError
from shared.settings import BucketSettings
from tests.support.engines.failing_storage import HARMS, Harm, failing_storage
from tests.support.engines.object_storage import BUCKET, ObjectStorage, object_storage
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXAMPLE_KEY = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
# A list has at most a thousand keys a page.
MANY = 1_050


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


@pytest.fixture(scope="module")
def storage(extended: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStorage]:
    with object_storage(tmp_path_factory.mktemp("storage")) as running:
        yield running


def test_objects_are_written_listed_read_replaced_and_deleted(storage: ObjectStorage) -> None:
    store = BucketStore(storage.settings, BUCKET, "set one/今")
    names = [f"runs/{number}/a b+c&d" for number in range(5)]
    for name in names:
        store.write(name, name.encode())
    BucketStore(storage.settings, BUCKET, "other").write("runs/9", b"")
    assert store.names("runs/") == names
    assert store.names("manifests/") == []
    assert store.read(names[3]) == names[3].encode()
    store.write(names[3], b"\x00" * (17 << 20))
    assert store.read(names[3]) == b"\x00" * (17 << 20)
    store.delete(names[3])
    store.delete(names[3])
    with pytest.raises(DamagedObjectError, match=r"runs/3.* is missing"):
        store.read(names[3])
    assert len(store.names("runs/")) == 4


def test_a_list_of_several_pages_is_read_to_its_end(storage: ObjectStorage) -> None:
    folder = storage.bucket / "many" / "runs" / "1"
    folder.mkdir(parents=True)
    names = [f"runs/1/{number:04} & 今" for number in range(MANY)]
    for name in names:
        (storage.bucket / "many" / name).write_bytes(b"")
    assert BucketStore(storage.settings, BUCKET, "many").names("runs/") == names


def test_a_wrong_secret_and_a_bucket_that_does_not_exist_are_refused(storage: ObjectStorage) -> None:
    wrong = BucketStore(replace(storage.settings, secret_key="wrong"), BUCKET, "")  # noqa: S106
    with pytest.raises(OperatorError, match="403 SignatureDoesNotMatch"):
        wrong.names("manifests/")
    with pytest.raises(OperatorError, match="403 SignatureDoesNotMatch"):
        wrong.write("manifests/1", b"")
    with pytest.raises(OperatorError, match="404 NoSuchBucket"):
        BucketStore(storage.settings, "nothing", "").names("manifests/")


@pytest.mark.parametrize("harm", HARMS)
def test_a_request_that_fails_is_made_again(storage: ObjectStorage, harm: Harm) -> None:
    """It is refused for now, or the connection is cut while it is sent or answered."""
    content = random.Random(1).randbytes(3 << 20)
    with failing_storage(storage) as proxy:
        store = BucketStore(proxy.settings, BUCKET, harm)
        if harm != "answer cut":  # that of a PUT is empty
            proxy.fail(b"PUT ", harm, times=2)
        store.write("runs/1", content)
        proxy.fail(b"GET ", harm, times=2)
        assert store.read("runs/1") == content
        assert proxy.failing == []


def test_storage_that_goes_on_refusing_is_told(storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.backup.bucket_store._RETRIES", _RETRIES.new(total=1))
    with failing_storage(storage) as proxy:
        store = BucketStore(proxy.settings, BUCKET, "")
        for told, harm in (("503 SlowDown", "slow down"), ("cannot be reached", "request cut")):
            proxy.fail(b"PUT ", harm, times=2)
            with pytest.raises(OperatorError, match=told):
                store.write("runs/1", b"")


def test_a_server_that_is_away_for_a_moment_is_asked_again(extended: None, tmp_path: Path) -> None:
    storage = ObjectStorage(tmp_path)
    store = BucketStore(storage.settings, BUCKET, "")
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(store.write, "manifests/1", b"content")
        until(writing.running)
        program = storage.launch()
        try:
            writing.result()
            assert store.read("manifests/1") == b"content"
        finally:
            program.process.kill()
            program.process.wait()
