"""`jiangbu restore`: topics and databases from a backup, and the services that continue with both."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pkgutil import resolve_name
from typing import Final, NamedTuple

from deploy.backup.log_writer import log_writer
from deploy.backup.manifest import BackupManifest, LogCheckpoint, Vault
from deploy.backup.partition_reader import partition_reader
from deploy.backup.run import present_services
from deploy.backup.topic_restore import compare_topics, create_topics, cut_beginnings, restore_topics
from deploy.broker.admin import admin_config, connect_admin
from deploy.broker.topics import apply_topics
from deploy.recovery.adopt_topics import adopt_topics
from deploy.recovery.new_generation import new_generation
from deploy.recovery.recover_set import opened_as_admin
from deploy.recovery.stopped_service import StoppedService
from shared.operator_errors import OperatorError
from shared.postgres.database import snapshot
from shared.service_log.published import find_loss
from shared.service_log.store import verifier_keys
from shared.settings import KafkaSettings, Service, Settings
from shared.translog.checkpoint import open_checkpoint
from shared.translog.note import VerifierKey
from shared.values.times import parse_time
from shared.whitelist import Whitelist

_REBUILD: Final = {
    "listing": "services.listing.rebuild:rebuild",
    "trade-ingest": "services.trade_ingest.rebuild:rebuild",
    "incentive": "services.incentive.rebuild.command:run_rebuild",
}


class RestoredSet(NamedTuple):
    """The engines of a set that is being restored, as their admin, and its whitelist."""

    kafka: KafkaSettings
    admin_url: str
    exchanges: Whitelist

    def services(self) -> list[Service]:
        return present_services(self.admin_url)


def restore_broker(restored: RestoredSet, vault: Vault, manifest: BackupManifest) -> Iterator[str]:
    """Write the exchanges' topics into an empty broker and read them again; create all other topics, empty.

    Yields a line for each topic. OperatorError if a topic is not empty, or is not as in the backup afterwards.
    """
    client_config = admin_config(restored.kafka)
    with connect_admin(restored.kafka) as admin, partition_reader(client_config) as reader:
        create_topics(admin, manifest.topics, reader)
        with log_writer(client_config, admin) as writer:
            written = restore_topics(writer, vault, manifest.topics)
        cut_beginnings(admin, manifest.topics)
        differing = compare_topics(reader, manifest.topics, written)
        if differing:
            raise OperatorError("; ".join(differing))
        apply_topics(admin, restored.exchanges)
    for topic in manifest.topics:
        records = sum(found.records for partition, found in written.items() if partition.topic == topic.name)
        yield f"{topic.name}: {records} 条记录，位点与原来相同 / {records} records at their old offsets"


def continue_services(restored: RestoredSet, manifest: BackupManifest, *, adopts_topics: bool) -> Iterator[str]:
    """Let all services continue: positions in restored topics, then a new generation. Yields a line each.

    The new generation publishes every fact again: those published before are not in the broker, or are newer than the
    database.
    """
    copied_ids = {topic.name: topic.topic_id for topic in manifest.topics}
    for service in restored.services():
        with opened_as_admin(service, restored.admin_url, restored.kafka, restored.exchanges.ids) as found:
            found.check_stopped()
            if adopts_topics:
                yield from adopt_topics(found, copied_ids)
            for line in new_generation(found):
                yield f"{service}: {line}"


def compare_logs(restored: RestoredSet, manifest: BackupManifest, until: datetime | None) -> Iterator[str]:
    """Yield a line for each log whose checkpoint in the backup does not fit the restored database."""
    newest: dict[str, LogCheckpoint] = {}
    for one in manifest.checkpoints:
        if until is None or parse_time(one.at) <= until:
            newest[one.service] = one
    for service in restored.services():
        with opened_as_admin(service, restored.admin_url, restored.kafka, restored.exchanges.ids) as found:
            if service in newest:
                yield from _log_difference(found, newest[service])


def _log_difference(service: StoppedService, checkpoint: LogCheckpoint) -> Iterator[str]:
    with snapshot(service.engine) as connection:
        keys = [VerifierKey.parse(key) for key in verifier_keys(connection)]
        origin = checkpoint.note.partition("\n")[0]
        published = open_checkpoint(checkpoint.note.encode(), [key for key in keys if key.name == origin])
        loss = find_loss(connection, [published])
    if loss is not None:
        yield loss.text


def verify_services(restored: RestoredSet, from_kafka: Sequence[Service]) -> Iterator[str]:
    """Run `rebuild --verify` of all services, which print what differs; yield the names of those that differ.

    `from_kafka`: those whose records are compared with their topics too.
    """
    for service in restored.services():
        with opened_as_admin(service, restored.admin_url, restored.kafka, restored.exchanges.ids) as found:
            url = found.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
            settings = Settings(
                service, kafka=restored.kafka, database_url=url, database_read_url=None, database_owner_url=None
            )
            if found.register:
                settings = replace(settings, register=found.register)
        differs = True
        with suppress(SystemExit):
            resolve_name(_REBUILD[service])(settings, verify=True, from_kafka=service in from_kafka)
            differs = False
        if differs:
            yield service
