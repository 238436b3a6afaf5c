from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.web.served import starting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.web.served import Start


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start(port, ...)`: run `listing serve`."""
    with starting(tmp_path) as start:
        yield start
