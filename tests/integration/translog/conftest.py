"""A register of listings with a broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kafka.admin import KafkaAdminClient

from deploy.broker.topics import apply_topics
from tests.support.registers.web_register import register_set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.registers.web_register import RegisterSet


@pytest.fixture
def listing(postgres, kafka, tmp_path) -> Iterator[RegisterSet]:
    with register_set("listing", postgres("listing"), tmp_path) as made:
        with KafkaAdminClient(bootstrap_servers=kafka) as admin:
            apply_topics(admin, made.register.exchanges)
        yield made
