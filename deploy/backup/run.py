"""One run of the backup: everything that is new since the previous run, and a manifest of the whole."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, get_args

import psycopg
from sqlalchemy import make_url

from deploy.backup.exchange_topics import copy_topics
from deploy.backup.manifest import BackupManifest, LogCheckpoint, SettingsFile, Vault, next_run, object_name
from deploy.backup.partition_reader import partition_reader
from deploy.backup.server_copy import CopyOptions, copy_server, release_log
from deploy.broker.admin import admin_config, connect_admin
from deploy.databases import database_of
from shared.events.topics import is_exchanges
from shared.operator_errors import OperatorError
from shared.postgres.database import make_engine, snapshot
from shared.service_log.store import newest_checkpoint
from shared.settings import KafkaSettings, Service
from shared.values.times import format_time, now

_LOCK: Final = "SELECT pg_try_advisory_lock(hashtext('jiangbu backup'))"


class Sources(NamedTuple):
    """The sources of a backup: both engines, as their admin, and files of settings."""

    kafka: KafkaSettings
    admin_url: str
    settings: Sequence[Path]


def back_up(sources: Sources, vault: Vault, options: CopyOptions) -> BackupManifest:
    """Make a backup that continues the newest one of the vault.

    The databases come first, so that their positions never lie beyond the copies of the topics. OperatorError, errors
    of both engines; the previous backup then stays as it was.
    """
    with _only_run(sources.admin_url):
        began, previous = format_time(now()), vault.newest()
        run = next_run(previous)
        known = () if previous is None else previous.checkpoints
        checkpoints = (*known, *_newest_checkpoints(sources.admin_url))
        server = copy_server(sources.admin_url, vault, run, None if previous is None else previous.server, options)
        client_config = admin_config(sources.kafka)
        with connect_admin(sources.kafka) as admin, partition_reader(client_config) as reader:
            names = sorted(filter(is_exchanges, admin.list_topics()))
            topics = tuple(copy_topics(admin, reader, vault, names, previous))
        settings = tuple(_copy_settings(vault, run, sources.settings))
        kept = tuple(one for one in checkpoints if one.at >= server.bases[0].began)
        manifest = BackupManifest(run, began, format_time(now()), server, topics, kept, settings)
        vault.publish(manifest)
        release_log(sources.admin_url, server)
    return manifest


@contextmanager
def _only_run(admin_url: str) -> Iterator[None]:
    """Hold a lock in the server, so that two runs never write the same objects. OperatorError."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        if connection.execute(_LOCK).fetchone() != (True,):
            raise OperatorError("另一次备份正在进行 / another backup is running")
        yield


def database_url(admin_url: str, service: Service) -> str:
    """Return the admin's URL of a service's database."""
    return make_url(admin_url).set(database=database_of(service)).render_as_string(hide_password=False)


def present_services(admin_url: str) -> list[Service]:
    """Return the services that have a database in the server."""
    with psycopg.connect(admin_url) as connection:
        found = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
    return [service for service in get_args(Service) if database_of(service) in found]


def _newest_checkpoints(admin_url: str) -> Iterator[LogCheckpoint]:
    """Yield the newest checkpoint of each service's log."""
    for service in present_services(admin_url):
        engine = make_engine(database_url(admin_url, service), pool_size=1)
        try:
            with snapshot(engine) as connection:
                newest = newest_checkpoint(connection)
        finally:
            engine.dispose()
        if newest is not None:
            yield LogCheckpoint(service, format_time(now()), newest.size, newest.note)


def _copy_settings(vault: Vault, run: int, files: Sequence[Path]) -> Iterator[SettingsFile]:
    for number, path in enumerate(files):
        yield SettingsFile(path.name, vault.put(object_name(run, "settings", number), path.read_bytes()))
