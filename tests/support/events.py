"""One valid event of each kind."""

from typing import Any

from shared.events.decode import TYPES
from shared.values.parties import complete_uscc

ONE = complete_uscc("91530100MA6KAAAA1")
TWO = complete_uscc("91530100MA6KAAAA2")
TRADE: dict[str, Any] = {
    "trade_no": "T-1",
    "revision": 1,
    "status": "completed",
    "mode": "listed",
    "listing_no": "L-1",
    "product": {"no": "D-1", "name": "虚构数据集", "kind": "dataset"},
    "provider": {"id_scheme": "uscc", "id": ONE, "name": "虚构公司甲"},
    "buyer": {"id": TWO, "name": "虚构公司乙"},
    "amount": "5000000.00",
    "refunded": "0",
    "currency": "CNY",
    "completed_at": "2026-03-01T10:00:05+08:00",
    "origin_exchange": None,
    "certificate_no": None,
}
LISTING: dict[str, Any] = {
    "listing_no": "L-1",
    "revision": 1,
    "status": "listed",
    "product": {"no": "D-1", "name": "虚构数据集", "kind": "dataset"},
    "provider": {"id": ONE, "name": "虚构公司甲"},
    "listed_at": "2026-02-01T10:00:05+08:00",
}
EVENTS: dict[Any, dict[str, Any]] = {
    "trade": {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/exchanges/kmdex",
        "type": TYPES["trade"],
        "time": "2026-03-01T10:00:06+08:00",
        "data": TRADE,
    },
}
EVENTS["listing"] = EVENTS["trade"] | {"type": TYPES["listing"], "data": LISTING}
