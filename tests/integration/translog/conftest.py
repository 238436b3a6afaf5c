"""A register of listings with a broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.broker.topics import make_topics
from tests.support.registers.web_register import register_set
from tests.support.translog.service_log import REGISTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.registers.web_register import RegisterSet


@pytest.fixture
def listing(postgres, kafka, tmp_path) -> Iterator[RegisterSet]:
    with register_set("listing", postgres("listing"), tmp_path, register_id=REGISTER) as made:
        make_topics(kafka, made.register.exchanges)
        yield made
