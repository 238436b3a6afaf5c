"""The whole set, empty and running, for tests that ask it over HTTP and Kafka."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from devset.client import Client
from devset.programs import SERVICES, Addresses
from tests.e2e.test_up import Up, assert_gone


def up_while_used(up: Up) -> Iterator[dict[str, Any]]:
    """What `make up --json` says; Ctrl-C stops the set when the caller is done, and leaves nothing behind."""
    try:
        yield up.ready()
        programs = up.programs()
        os.killpg(up.process.pid, signal.SIGINT)
        up.end()
        assert_gone(programs)
    finally:
        if up.process.poll() is None:
            os.killpg(up.process.pid, signal.SIGKILL)
        for stream in (up.process.stdout, up.process.stderr):
            if stream is not None:
                stream.close()
        up.process.wait()


def client_of(running: dict[str, Any], role: str = "auditor") -> Client:
    apis = {service: running[service.replace("-", "_")].removeprefix("http://") for service in SERVICES}
    addresses = Addresses(running["kafka"], apis)
    return Client.with_key(addresses, running["keys"][role])


@pytest.fixture(scope="session")
def running_set(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What `make up --json` says: addresses of Kafka and the three services, and keys by role.

    Shared by all tests that use it: each brings numbers, parties and days of its own.
    """
    yield from up_while_used(Up(tmp_path_factory.mktemp("set") / "data"))
