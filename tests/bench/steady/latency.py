"""Milliseconds from publishing a trade until its results are in the ledger, while other events flow.

The result of a company's first purchase is its posting; each purchase also changes the seller's totals.
"""

from __future__ import annotations

import statistics
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
import psycopg
from kafka import KafkaProducer

from shared.events.fact_topics import ANNUAL_TOTAL
from shared.events.topics import topic_of
from shared.settings import KafkaSettings
from shared.values.parties import complete_uscc
from tests.bench.bed import YEAR
from tests.bench.replay import REGISTER

if TYPE_CHECKING:
    from collections.abc import Iterator

PROBES_PER_S: Final = 20
PROVIDER: Final = complete_uscc("91530000000000000")
WITHIN_S: Final = 60.0
_CLOSE_WITHIN_S: Final = 30.0
_WATCH_EVERY_S: Final = 0.02  # as each query costs the database something


@dataclass
class Probes:
    """Publishes first purchases in the context, and notes when their results are in the ledger of `ledger_url`.

    `numbers` never repeats within a set.
    """

    kafka: str
    ledger_url: str
    exchange: str
    numbers: Iterator[int]
    _sent: dict[str, float] = field(default_factory=dict)
    _posted: dict[str, float] = field(default_factory=dict)
    _totalled: dict[int, float] = field(default_factory=dict)
    _sending: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _before: int = 0

    def __enter__(self) -> Self:
        self._before = self._trades_in_totals()
        self._threads = [threading.Thread(target=one) for one in (self._watch_ledger, self._watch_totals, self._send)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._sending.set()
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def finish(self) -> dict[str, dict[str, float]]:
        """Publish no more, wait until all results are there, at most WITHIN_S, and return percentiles."""
        self._sending.set()
        self._threads[-1].join()
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline and not self._is_complete():
            time.sleep(0.1)
        self.__exit__()
        first = [(self._posted[who] - at) * 1000 for who, at in self._sent.items() if who in self._posted]
        return {
            "first purchase": percentiles(first, len(self._sent)),
            "seller's totals": percentiles(list(self._totals_ms()), len(self._sent)),
        }

    def _is_complete(self) -> bool:
        return self._sent.keys() <= self._posted.keys() and self._trades_in_totals() >= self._before + len(self._sent)

    def _totals_ms(self) -> Iterator[float]:
        for number, at in enumerate(self._sent.values(), self._before + 1):
            # Totals of n trades hold any n of the probes: partitions are read in parallel.
            if seen := [seen for trades, seen in self._totalled.items() if trades >= number]:
                yield (min(seen) - at) * 1000

    def _send(self) -> None:
        producer = KafkaProducer(**KafkaSettings((self.kafka,)).client_config(), linger_ms=0)
        while not self._sending.wait(1 / PROBES_PER_S):
            uscc, value = first_purchase(next(self.numbers), self.exchange)
            self._sent[f"uscc:{uscc}"] = time.monotonic()
            producer.send(topic_of("trade", self.exchange), value, uscc.encode())
        producer.close(_CLOSE_WITHIN_S)

    def _watch_totals(self) -> None:
        with psycopg.connect(self.ledger_url, autocommit=True) as connection:
            is_over = False
            while not is_over:
                is_over = self._stop.is_set()  # and once more, for the last change
                self._totalled.setdefault(trades_in_totals(connection), time.monotonic())
                time.sleep(_WATCH_EVERY_S)

    def _trades_in_totals(self) -> int:
        with psycopg.connect(self.ledger_url, autocommit=True) as connection:
            return trades_in_totals(connection)

    def _watch_ledger(self) -> None:
        with psycopg.connect(self.ledger_url, autocommit=True) as connection:
            row = connection.execute("SELECT coalesce(max(seq), -1) FROM ledger_transaction").fetchone()
            assert row is not None
            newest = row[0]
            while not self._stop.is_set():
                statement = "SELECT seq, subject FROM ledger_transaction WHERE seq > %s ORDER BY seq"
                for seq, subject in connection.execute(statement, (newest,)).fetchall():
                    newest = seq
                    self._posted.setdefault(subject, time.monotonic())
                time.sleep(_WATCH_EVERY_S)


def first_purchase(number: int, exchange: str) -> tuple[str, bytes]:
    """Make the first trade of a fictional company, as an event; return its USCC and the record's value."""
    uscc = complete_uscc(f"9155{number:013d}")
    data = {
        "trade_no": f"PROBE-{number}",
        "revision": 1,
        "status": "completed",
        "mode": "negotiated",
        "amount": "1000.00",
        "refunded": "0",
        "currency": "CNY",
        "completed_at": f"{YEAR}-03-01T10:00:00+08:00",
        "provider": {
            "id_scheme": "uscc",
            "id": PROVIDER,
            "name": "虚构供方",
        },
        "buyer": {"id_scheme": "uscc", "id": uscc, "name": f"虚构买方{number}"},
    }
    event = {
        "specversion": "1.0",
        "id": f"probe-{number}",
        "source": f"/exchanges/{exchange}",
        "type": "cn.kunming.data-exchange.trade.v1",
        "time": f"{YEAR}-03-01T10:00:00+08:00",
        "datacontenttype": "application/json",
        "data": data,
    }
    return uscc, msgspec.json.encode(event)


def trades_in_totals(connection: psycopg.Connection[Any]) -> int:
    """Return the number of trades, counted or not, in the ledger's totals of the probes' seller."""
    row = connection.execute(
        "SELECT value FROM fact WHERE topic = %s AND key = %s ORDER BY generation DESC, seq DESC LIMIT 1",
        (ANNUAL_TOTAL, f"{REGISTER}/provider/uscc:{PROVIDER}/{YEAR}"),
    ).fetchone()
    if row is None:
        return 0
    shares = msgspec.json.decode(row[0])["by_exchange"].values()
    return sum(part["trades"] for share in shares for parts in share.values() for part in parts)


def percentiles(values: list[float], sent: int) -> dict[str, float]:
    """Return percentiles of milliseconds, and of how many probes of those sent; without values only that."""
    if len(values) < 2:
        return {"of": len(values), "sent": sent}
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    found = {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1), "most": round(max(values), 1)}
    return found | {"of": len(values), "sent": sent}
