"""The whole set, empty and running, for tests that ask it over HTTP and Kafka."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.up import Up, up_while_used


@pytest.fixture(scope="session")
def running_set(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What `make up --json` says: addresses of Kafka and the three services, and keys by role.

    Shared by all tests that use it: each brings numbers, parties and days of its own.
    """
    yield from up_while_used(Up(tmp_path_factory.mktemp("set") / "data"))
