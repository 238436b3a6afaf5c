"""The engine of a child process of a consumer program, which compares the log before it uses a server."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from shared.postgres.database import make_engine
from shared.service_log.published import PublishedComparison
from shared.service_log.store import ServiceLog
from shared.settings import Settings


@contextmanager
def guarded_engine(settings: Settings, log: ServiceLog) -> Iterator[Engine]:
    """Provide an engine whose sessions raise DatabaseBehindError on a server that lacks published entries."""
    engine = make_engine(settings.database_url)
    PublishedComparison(settings.kafka.client_config(), settings.service, log.key).guard(engine)
    try:
        yield engine
    finally:
        engine.dispose()
