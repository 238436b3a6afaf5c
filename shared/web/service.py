"""The service data that common routes need, and its database as the key of the request may see it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import Connection, Engine

from shared.kafka.offset_witness import DatabaseBehindError
from shared.postgres.clock import WrongClockError, check_clock
from shared.postgres.database import snapshot
from shared.postgres.replication import require_replication
from shared.service_log.published import NotComparedError, PublishedComparison
from shared.service_log.store import Stored
from shared.settings import DEFAULT_CHECKPOINT_INTERVAL_S, ClientConfig, Service
from shared.telemetry.tracing import Tracing
from shared.values.times import Clock
from shared.web.keys import ApiKeys, current_key
from shared.web.problems import Problem


@dataclass(frozen=True)
class ServiceInfo:
    """A service: its name, topics, database and API keys.

    `kafka`: connection settings of kafka-python (`bootstrap_servers`, `security_protocol`, ...).
    `takes_documents`: its database has the tables `outbox` and `quarantine`.
    `next_seq`: returns the number of entries in its log, which `log_entries` reads. `last_instant`: the instant of the
    newest, after which later ones lie.
    `in_force`: returns True if the database content was computed with the settings of this program.
    `checkpoint_interval_s`: maximum age of a served checkpoint.
    """

    name: Service
    title: str
    engine: Engine
    topics: tuple[str, ...]
    kafka: ClientConfig
    keys: ApiKeys
    clock: Clock
    takes_documents: bool
    next_seq: Callable[[Connection], int] | None = None
    last_instant: Callable[[Connection], datetime | None] | None = None
    log_entries: Stored | None = None
    in_force: Callable[[Connection], bool] | None = None
    tracing: Tracing | None = None
    checkpoint_interval_s: float = DEFAULT_CHECKPOINT_INTERVAL_S


def current_service() -> ServiceInfo:
    service: ServiceInfo = current_app.extensions["jiangbu"]
    return service


@contextmanager
def viewer_snapshot(as_exchange: str | None = None) -> Iterator[Connection]:
    """Open a read-only snapshot that shows the key of an exchange or subject only its own rows, by row security.

    `as_exchange` limits a key that sees everything to the rows of that exchange.
    """
    with snapshot(current_service().engine, current_key().viewer or as_exchange) as connection:
        yield connection


def check_published(connection: Connection) -> None:
    """Raise Problem 503 if the connection's server lacks entries that were published, or if that is unknown yet.

    The connection must have no transaction open.
    """
    published: PublishedComparison | None = current_app.extensions["jiangbu.sampler"].published
    if published is None:
        return
    try:
        published.check(connection)
    except (DatabaseBehindError, NotComparedError) as error:
        raise Problem(503, str(error), headers={"Retry-After": "5"}) from error


@contextmanager
def log_snapshot() -> Iterator[Connection]:
    """Open a `viewer_snapshot` of a log that lacks nothing of what was published of it; else Problem 503."""
    with current_service().engine.connect() as connection:
        check_published(connection)
    with viewer_snapshot() as connection:
        yield connection


@contextmanager
def write_transaction() -> Iterator[Connection]:
    """Open a transaction of a request that records something; Problem 503 if this process's clock is wrong.

    Also if the database lacks what was published of its log. The clock is compared again at the end, because it may
    have been set after the first time. The answer to a repeated request rests on what it read, which a synchronous
    standby must have too.
    """
    try:
        with current_service().engine.connect() as connection:
            check_published(connection)
            with connection.begin():
                check_clock(connection)
                yield connection
                check_clock(connection)
                require_replication(connection)
    except WrongClockError as error:
        raise Problem(503, str(error), headers={"Retry-After": "5"}) from error
