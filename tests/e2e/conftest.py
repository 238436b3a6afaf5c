"""The whole set, empty and running, for tests that ask it over HTTP and Kafka."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.test_up import Up


@pytest.fixture(scope="session")
def running_set(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What `make up --json` says: addresses of Kafka and the three services, and keys by role.

    Shared by all tests that use it: each brings numbers, parties and days of its own.
    """
    up = Up(tmp_path_factory.mktemp("set") / "data")
    try:
        yield up.ready()
        os.killpg(up.process.pid, signal.SIGTERM)
        up.end()
    finally:
        if up.process.poll() is None:
            os.killpg(up.process.pid, signal.SIGKILL)
        for stream in (up.process.stdout, up.process.stderr):
            if stream is not None:
                stream.close()
        up.process.wait()
