"""`jiangbu ha recover`: continue with all services after a failover that lost something, or a restored backup."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, get_args

from sqlalchemy import make_url

from deploy.broker.streams import REGISTERS, streams_of
from deploy.databases import database_of
from deploy.recovery.new_generation import new_generation
from deploy.recovery.stopped_service import StoppedService, opened
from services.incentive.commands.publish_awards.topic import newest_versions, versions_behind
from shared.kafka.offset_witness import offsets_behind, witnessed_offsets
from shared.kafka.positions import load_positions
from shared.operator_errors import OperatorError
from shared.postgres.database import make_engine, snapshot
from shared.postgres.recovery import recovering
from shared.register.head import read_head
from shared.register.publish.restored_backup import facts_behind, newest_published_version
from shared.service_log.published import find_loss, read_published
from shared.service_log.store import verifier_keys
from shared.settings import KafkaSettings, Service
from shared.translog.note import VerifierKey

_STOPPED_WITHIN_S: Final = 60.0
_RETRY_S: Final = 1.0


class Assessed(NamedTuple):
    """A service, and what its database lacks of what others have seen of it: lines of `中文 / English`."""

    service: StoppedService
    losses: list[str]


@contextlib.contextmanager
def assessed_set(admin_url: str, kafka: KafkaSettings, exchanges: Sequence[str]) -> Iterator[list[Assessed]]:
    """Open all services of the server and compare each database with Kafka, as the admin of both.

    The services may run. Raises errors of both engines.
    """
    with contextlib.ExitStack() as stack:
        yield [
            Assessed(found, list(_losses(found)))
            for service in get_args(Service)
            for found in [stack.enter_context(opened_as_admin(service, admin_url, kafka, exchanges))]
        ]


@contextlib.contextmanager
def opened_as_admin(
    service: Service, admin_url: str, kafka: KafkaSettings, exchanges: Sequence[str]
) -> Iterator[StoppedService]:
    """Open a service's database and consumer group as the admin of both engines, whether it runs or not."""
    url = make_url(admin_url).set(database=database_of(service)).render_as_string(hide_password=False)
    register = _register_of(service, url)
    with opened(kafka, service, register, streams_of(service, register, exchanges), url) as found:
        yield found


def _register_of(service: Service, url: str) -> str:
    """Return the register that the database belongs to; the ledger belongs to none."""
    if service not in REGISTERS:
        return ""
    engine = make_engine(url, pool_size=1)
    try:
        with snapshot(engine) as connection:
            return read_head(connection).register
    finally:
        engine.dispose()


def _losses(service: StoppedService) -> Iterator[str]:
    """Yield what the database lacks. Kafka is read first, so that a sound database is never behind it."""
    with snapshot(service.engine) as connection:
        keys = [VerifierKey.parse(key) for key in verifier_keys(connection)]
    own = [key for key in keys if key.name == keys[0].name]
    checkpoints = read_published(service.client_config, own) if own else []
    kind = REGISTERS.get(service.service)
    facts = None if kind is None else newest_published_version(service.client_config, kind.facts, service.register)
    awards = newest_versions(service.client_config) if kind is None else {}
    shown = witnessed_offsets(service.admin, service.group)
    with snapshot(service.engine) as connection:
        loss = find_loss(connection, checkpoints)
        if loss is not None:
            yield loss.text
        if kind is not None and (behind := facts_behind(read_head(connection), facts)) is not None:
            yield f"已发布的事实新于数据库 / published facts are newer than the database: {behind}"
        if kind is None and (versions := versions_behind(connection, awards)):
            yield f"数据库没有的奖补版本 / versions of awards that the database does not have: {', '.join(versions)}"
        if places := offsets_behind(shown, load_positions(connection)):
            yield f"将重读 / will be read again: {', '.join(places)}"


def recover_set(assessed: Sequence[Assessed]) -> Iterator[str]:
    """Begin a new generation of each service that lost something; yield what was done, a line each.

    Consumers that a supervisor starts meanwhile wait for the end. OperatorError if those that run do not stop by
    themselves, as they do once they meet the server; services recovered before stay so.
    """
    lost = [one.service for one in assessed if one.losses]
    with contextlib.ExitStack() as stack:
        for service in lost:
            stack.enter_context(recovering(service.engine))
        for service in lost:
            for line in _recovered(service):
                yield f"{service.service}: {line}"


def _recovered(service: StoppedService) -> list[str]:
    deadline_s = time.monotonic() + _STOPPED_WITHIN_S
    while True:
        try:
            service.check_stopped()
            return new_generation(service)
        except OperatorError:  # nothing was changed
            if time.monotonic() > deadline_s:
                raise
            time.sleep(_RETRY_S)
