"""Publishes events at a steady rate, from a process of its own."""

from __future__ import annotations

import multiprocessing
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from shared.kafka.publish.publish_records import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.events.records import SampleRecord

_FLUSH_WITHIN_S: Final = 30.0


@contextmanager
def flowing(broker: str, records: list[SampleRecord], per_s: float) -> Iterator[int]:
    """Send events at a steady rate until the context ends; yield the id of the process that does."""
    stop = multiprocessing.Event()
    sender = multiprocessing.Process(target=send_steadily, args=(broker, records, per_s, stop), daemon=True)
    sender.start()
    assert sender.pid is not None
    try:
        yield sender.pid
    finally:
        stop.set()
        sender.join()


def send_steadily(broker: str, records: list[SampleRecord], per_s: float, stop: Any) -> None:
    """Send events at a steady rate until `stop` is set; Ctrl-C is for the process that sets it.

    It uses the exchange kit's client.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _, producer = connect({"bootstrap_servers": [broker]})
    began_s = time.monotonic()
    every = max(1, int(per_s // 100))
    for number, record in enumerate(records):
        if number % every == 0 and stop.wait(max(0.0, number / per_s - (time.monotonic() - began_s))):
            break
        producer.send(record.topic, record.value, record.key, list(record.headers))
    producer.flush(_FLUSH_WITHIN_S)
