"""S3-compatible storage: a Versity S3 gateway, which checks signatures and keeps objects as files of one folder."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from devset.processes import ChildProgram, base_environment, free_ports, spawn
from shared.settings import BucketSettings
from tests.support.engines.programs import VERSITYGW
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUCKET = "jiangbu"
_REGION = "cn-southwest-2"


class ObjectStorage:
    """A server with one bucket, whose objects are the files in `bucket`."""

    def __init__(self, folder: Path) -> None:
        (port,) = free_ports(1)
        self.address = ("127.0.0.1", port)
        self._folder = folder
        self.bucket = folder / "objects" / BUCKET
        self.bucket.mkdir(parents=True)
        self.settings = BucketSettings(f"http://127.0.0.1:{port}", _REGION, "an-access-key", "a secret/+key")

    @property
    def environment(self) -> dict[str, str]:
        """The settings of programs that use it."""
        return {
            "BUCKET_ENDPOINT": self.settings.endpoint,
            "BUCKET_REGION": self.settings.region,
            "BUCKET_ACCESS_KEY": self.settings.access_key,
            "BUCKET_SECRET_KEY": self.settings.secret_key,
        }

    def launch(self) -> ChildProgram:
        """Start the server without waiting for it."""
        login = {"ROOT_ACCESS_KEY": self.settings.access_key, "ROOT_SECRET_KEY": self.settings.secret_key}
        # So that the file system needs no extended attributes.
        attributes = self._folder / "attributes"
        attributes.mkdir(exist_ok=True)
        address = ":".join(map(str, self.address))
        run = [VERSITYGW.found(), "--port", address, "--region", _REGION, "posix", "--sidecar", attributes]
        return spawn(
            "S3 gateway",
            [*run, self.bucket.parent],
            log_file=self._folder / "gateway.log",
            environment=base_environment() | login | {"PATH": os.defpath},
        )

    def answers(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(self.address) == 0


@contextmanager
def object_storage(folder: Path) -> Iterator[ObjectStorage]:
    """Run a server in a new folder."""
    storage = ObjectStorage(folder)
    program = storage.launch()
    try:
        until(storage.answers, 60, program.last_output)
        yield storage
    finally:
        program.process.kill()
        program.process.wait()
