"""A register of trades whose rows can be damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from services.trade_ingest.rebuild import TRADES_REBUILD
from services.trade_ingest.register import TRADES
from tests.support.registers.damageable import Damageable

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def trades(postgres: Any, whitelist: Any) -> Iterator[Damageable]:
    bench = Damageable("services.trade_ingest", TRADES, postgres("trade-ingest"), whitelist, TRADES_REBUILD)
    yield bench
    bench.engine.dispose()
    bench.owner.dispose()
