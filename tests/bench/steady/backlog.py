"""Events a second with a backlog, until all results are in the ledger."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psutil
import psycopg

from devset.programs import SERVICES
from exchange_kit.api import ApiError
from shared.events.topics import kind_of
from shared.kafka.publish.publish_records import publish
from shared.settings import KafkaSettings
from tests.bench.bed import rate_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from devset.client import Client
    from shared.events.records import SampleRecord


def backlog_rate(
    records: Sequence[SampleRecord],
    kafka: str,
    client: Client,
    register_url: str,
    consumers: Sequence[psutil.Process],
    begun: Callable[[], None] = lambda: None,
    check: Callable[[], None] = lambda: None,
) -> float:
    """Measure events a second, from the first that trade-ingest takes in until all results are in the ledger.

    Events are published while the consumers are suspended, so that the publisher takes no processor time from them;
    `begun` is called before they are resumed, `check` while it waits; what `check` raises ends the measurement.
    """

    def seen() -> int:
        check()
        return taken(connection) - before

    trades = sum(kind_of(record.topic) == "trade" for record in records)
    with suspended(consumers), psycopg.connect(register_url, autocommit=True) as connection:
        before = taken(connection)
        publish(records, KafkaSettings((kafka,)).client_config(), lambda _published: check())
        begun()
        resume(consumers)
        return rate_of(seen, lambda: is_quiet(client), trades) * len(records) / trades


def taken(connection: psycopg.Connection[tuple[int]]) -> int:
    """Return how many records of exchanges the register has taken in."""
    statement = "SELECT coalesce(sum(next_offset), 0)::bigint FROM position WHERE topic LIKE 'exchange.%'"
    row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def is_quiet(client: Client) -> bool:
    """Return True if nothing waits; False also while a service is too busy to answer."""
    try:
        told = [client.get(service, "/v1/progress") for service in SERVICES]
    except ApiError:
        return False
    return not any(int(one["lag"]) + int(one["outbox"]) for one in told)


@contextmanager
def suspended(consumers: Sequence[psutil.Process]) -> Iterator[None]:
    """Suspend all consumers until they are resumed."""
    for process in consumers:
        with suppress(psutil.NoSuchProcess):  # a short-lived child
            process.suspend()
    try:
        yield
    finally:
        resume(consumers)


def resume(consumers: Sequence[psutil.Process]) -> None:
    for process in consumers:
        with suppress(psutil.NoSuchProcess):
            process.resume()
