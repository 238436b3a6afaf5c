"""The sender of a register's facts, run in a thread."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from services.trade_ingest.register import TRADES
from shared.register.publish.sender import OutboxSender

if TYPE_CHECKING:
    from collections.abc import Iterator


def sender_of(bench, kafka, register) -> OutboxSender:
    return OutboxSender(
        bench.engine,
        {"bootstrap_servers": kafka},
        "trades",
        register,
        TRADES.lanes,
        TRADES.render,
        threading.Event(),
    )


@contextmanager
def working(sender: OutboxSender) -> Iterator[OutboxSender]:
    """Run the sender in a thread until the end of the block, then raise its errors."""
    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(sender.run)
        try:
            yield sender
        finally:
            sender.stop.set()
            ending.result(timeout=60)
