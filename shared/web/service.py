"""The service data that common routes need, and its database as the key of the request may see it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from flask import current_app, g, request
from sqlalchemy import Connection, Engine

from shared.kafka.offset_witness import DatabaseBehindError
from shared.postgres.clock import WrongClockError, check_clock
from shared.postgres.database import snapshot
from shared.postgres.replication import require_replication
from shared.postgres.standbys import StandbyReads
from shared.service_log.published import NotComparedError, PublishedComparison
from shared.service_log.store import Stored
from shared.settings import DEFAULT_CHECKPOINT_INTERVAL_S, ClientConfig, Network, Service
from shared.telemetry.tracing import Tracing
from shared.values.times import Clock
from shared.web.keys import ApiKeys, current_key
from shared.web.problems import Problem


class Backlog(NamedTuple):
    """Work that waits for a background program: how many items, and since when the oldest does, if that is known."""

    items: int
    since: datetime | None


@dataclass(frozen=True)
class ServiceInfo:
    """A service: its name, topics, database and API keys.

    `kafka`: connection settings of kafka-python (`bootstrap_servers`, `security_protocol`, ...).
    `takes_documents`: its database has the tables `outbox` and `quarantine`.
    `trusted_proxies`: networks of proxies whose `X-Forwarded-For` names the client.
    `standbys`: servers that answer reads; None if the primary does.
    `next_seq`: returns the number of entries in its log, which `log_entries` reads. `last_instant`: the instant of the
    newest, after which later ones lie. `wait_until_settled`: waits until no entry up to an instant can follow.
    `in_force`: returns True if the database content was computed with the settings of this program.
    `checkpoint_interval_s`: maximum age of a served checkpoint. `backlogs`: returns work of its background programs, by
    the name that metrics have.
    """

    name: Service
    title: str
    engine: Engine
    topics: tuple[str, ...]
    kafka: ClientConfig
    keys: ApiKeys
    clock: Clock
    takes_documents: bool
    trusted_proxies: tuple[Network, ...] = ()
    standbys: StandbyReads | None = None
    next_seq: Callable[[Connection], int] | None = None
    last_instant: Callable[[Connection], datetime | None] | None = None
    wait_until_settled: Callable[[Connection, datetime], None] | None = None
    log_entries: Stored | None = None
    in_force: Callable[[Connection], bool] | None = None
    tracing: Tracing | None = None
    checkpoint_interval_s: float = DEFAULT_CHECKPOINT_INTERVAL_S
    backlogs: Callable[[Connection], Mapping[str, Backlog]] | None = None


def current_service() -> ServiceInfo:
    service: ServiceInfo = current_app.extensions["jiangbu"]
    return service


class Needs(NamedTuple):
    """Requirements of a read snapshot, in addition to all that was committed before the request.

    `as_of`: everything that can ever be recorded up to that instant. `size`: so many entries of the log, more if the
    request asks for more (`min_size`). `has`: returns False for a snapshot of a standby that will not do.
    """

    as_of: datetime | None = None
    size: int = 0
    has: Callable[[Connection], bool] | None = None


_NOTHING: Final = Needs()
_SAFE: Final = ("GET", "HEAD")


@contextmanager
def viewer_snapshot(needs: Needs = _NOTHING, as_exchange: str | None = None) -> Iterator[Connection]:
    """Open a read-only snapshot that shows the key of an exchange or subject only its own rows, by row security.

    `as_exchange` limits a key that sees everything to the rows of that exchange. Problem 503 as `read_snapshot`.
    """
    with read_snapshot(needs, current_key().viewer or as_exchange) as connection:
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
def log_snapshot(needs: Needs = _NOTHING) -> Iterator[Connection]:
    """Open a `viewer_snapshot` of a log that lacks nothing of what was published of it; else Problem 503.

    The primary is compared: a standby has the same entries. While it is silent, standbys answer with what one of them
    was known to have.
    """
    service = current_service()
    if service.standbys is not None and not service.standbys.is_unconfirmed():
        with service.engine.connect() as connection:
            check_published(connection)
    with read_snapshot(needs, current_key().viewer, check_published) as connection:
        yield connection


@contextmanager
def read_snapshot(
    needs: Needs = _NOTHING, viewer: str | None = None, check_primary: Callable[[Connection], object] | None = None
) -> Iterator[Connection]:
    """Open a read-only snapshot of a standby, or of the primary if no standby contains what is needed.

    `check_primary` is called with the session of the primary, if that is read. Problem 503 if its log is too short.
    """
    service = current_service()
    needs = needs._replace(size=max(needs.size, g.get("min_size", 0)))
    with ExitStack() as opened:
        connection = None
        if service.standbys is not None and not g.get("leaves_standbys"):
            connection = service.standbys.open(opened, viewer, partial(_suffices, needs))
            standby = "unconfirmed" if service.standbys.is_unconfirmed() else "standby"
            g.read_from = "primary" if connection is None else standby
        if connection is None:
            if needs.as_of is not None and service.wait_until_settled is not None:
                with service.engine.begin() as waiting:
                    service.wait_until_settled(waiting, needs.as_of)
            check = None if service.standbys is None and not needs.size else partial(_require_size, needs.size)
            connection = opened.enter_context(snapshot(service.engine, viewer, check, check_primary))
        yield connection


def leave_standbys() -> bool:
    """Have the primary answer the rest of a request that only reads; False if no standby answered before.

    A standby that answers without the primary is not left: the primary is silent.
    """
    if request.method not in _SAFE or g.get("read_from") != "standby":
        return False
    g.leaves_standbys, g.read_from = True, "primary"
    return True


def _suffices(needs: Needs, connection: Connection) -> bool:
    """Return True for a snapshot of a standby that has what is needed.

    With an entry of the instant `as_of` or a later one it has all that are not later: each entry has a greater instant
    than all before it, and a standby has every commit before the last one that it has.
    """
    if needs.as_of is not None:
        last_instant = current_service().last_instant
        last = None if last_instant is None else last_instant(connection)
        if last is None or last < needs.as_of:
            return False
    if _note_size(connection) < max(needs.size, g.get("expected_size", 0)):
        return False
    return needs.has is None or needs.has(connection)


def expect_size(size: int) -> None:
    """Let a standby answer this request only if its log has so many entries; the primary answers in any case."""
    g.expected_size = size


def noted_size() -> int | None:
    """Return the number of entries of the log that the answer rests on, None if nothing asked for it."""
    size: int | None = g.get("ledger_size")
    return size


def _note_size(connection: Connection) -> int:
    """Return the number of entries of the log; the answer's header `X-Ledger-Size` says it."""
    next_seq = current_service().next_seq
    size = 0 if next_seq is None else next_seq(connection)
    g.ledger_size = size
    return size


def _require_size(least: int, connection: Connection) -> None:
    if _note_size(connection) < least:
        said = f"台账或登记簿尚无 {least} 条 / the log does not have {least} entries yet"
        raise Problem(503, said, headers={"Retry-After": "1"})


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
                if current_service().standbys is not None:
                    _note_size(connection)
                require_replication(connection)
    except WrongClockError as error:
        raise Problem(503, str(error), headers={"Retry-After": "5"}) from error
