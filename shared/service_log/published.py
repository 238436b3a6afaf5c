"""The log compared with what was published of it: a server that lost entries must not go on as if it had not.

A failover to a standby that was behind, or a restored backup, leaves a log that is shorter than it was, and nothing
inside it shows that. The newest checkpoint in Kafka does.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import psycopg
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from sqlalchemy import Connection, Engine, event

from shared.kafka.errors import ANSWER_TIMEOUT_MS
from shared.kafka.handler import Record
from shared.kafka.offset_witness import DatabaseBehindError
from shared.kafka.publish.producer_options import partition_of
from shared.kafka.replay import newest_records
from shared.language import join
from shared.postgres.query import driver_connection, fetch_optional
from shared.service_log.store import newest_checkpoint, stored_hashes, verifier_keys
from shared.settings import ClientConfig, Service
from shared.telemetry.masking import reason_of
from shared.translog.checkpoint import TOPIC, Checkpoint, open_checkpoint
from shared.translog.merkle import range_hash, split_hashes
from shared.translog.note import NoteError, VerifierKey
from shared.translog.tiles import node_of

_READ_WITHIN_S: Final = 10.0
_RETRY_AFTER_S: Final = 1.0
# Another server, a restart of it, or another database of the same name. None on a standby, where nothing is written.
_SERVER: Final = """
    SELECT oid::text || ' ' || pg_postmaster_start_time()::text FROM pg_database
    WHERE datname = current_database() AND NOT pg_is_in_recovery()
"""
_COMPARED: Final = "compared with published"  # in a connection's info, which is cleared when it is replaced


class NotComparedError(psycopg.OperationalError):
    """The broker does not answer, so it is unknown whether the database lost something. Transient."""


class Loss(NamedTuple):
    """The difference between a log and its newest published checkpoint; `fits`: entries known to be as published."""

    origin: str
    published: int
    size: int
    fits: int

    @property
    def text(self) -> str:
        """A line of `中文 / English` for a person."""
        return (
            f"{self.origin}：已发布 {self.published} 条，数据库有 {self.size} 条，"
            f"其中至少前 {self.fits} 条与已发布的一致，第 {self.fits} 至 {self.published - 1} 条丢失或可能不同"
            f" / {self.origin}: {self.published} entries were published, the database has {self.size}, of which at"
            f" least the first {self.fits} are as published: entries {self.fits} .. {self.published - 1} are lost or"
            " may differ"
        )


def read_published(client_config: ClientConfig, keys: Sequence[VerifierKey]) -> list[Checkpoint]:
    """Return the newest checkpoints published of a log, in order of publication; none if there are none.

    `keys` are those of one origin; notes that none of them signed are another's. Reads the end of one partition.
    Raises KafkaError.
    """
    origin = keys[0].name.encode()
    found: list[Checkpoint] = []

    def is_ours(record: Record) -> bool:
        if record.key != origin or record.value is None:
            return False
        try:
            found.append(open_checkpoint(record.value, keys))
        except NoteError:
            return False
        return True

    limits = {"bootstrap_timeout_ms": ANSWER_TIMEOUT_MS, "request_timeout_ms": ANSWER_TIMEOUT_MS}
    options = {**client_config, **limits, "enable_auto_commit": False, "metrics_enabled": False}
    with closing(KafkaConsumer(**options)) as consumer:
        partitions = consumer.partitions_for_topic(TOPIC)
        if partitions:
            newest_records(
                consumer, TopicPartition(TOPIC, partition_of(origin, len(partitions))), is_ours, _READ_WITHIN_S
            )
    return found


def find_loss(connection: Connection, published: Sequence[Checkpoint]) -> Loss | None:
    """Compare the log in this database with published checkpoints, which were read before; None if it has them all."""
    if not published:
        return None
    newest, last = newest_checkpoint(connection), published[-1]
    size = 0 if newest is None else newest.size

    def read(level: int, first: int, count: int) -> list[bytes]:
        return split_hashes(stored_hashes(connection, level, first, count))

    def fits(checkpoint: Checkpoint) -> bool:
        return checkpoint.size <= size and range_hash(0, checkpoint.size, node_of(read)) == checkpoint.root

    if fits(last):
        return None
    return Loss(last.origin, last.size, size, max((one.size for one in published if fits(one)), default=0))


class _Failed(NamedTuple):
    """A comparison that failed; until then its error is raised again, so that requests do not queue for the broker."""

    server: str
    until_s: float
    error: Exception


@dataclass
class PublishedComparison:
    """Compares the log with what was published of it once for each server that the program meets.

    `own_key`: the key with which this program signs the log; by default that of the newest checkpoint.
    """

    client_config: ClientConfig
    service: Service
    own_key: Callable[[Connection], VerifierKey] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _compared: str | None = None
    _failed: _Failed | None = None

    def guard(self, engine: Engine) -> None:
        """Compare before anybody uses a session of this engine on a server that is not compared yet."""

        def check(connection: Connection) -> None:
            try:
                self.check(connection)
            except BaseException:
                connection.close()
                raise

        event.listen(engine, "engine_connect", check)

    def check(self, connection: Connection) -> None:
        """Raise DatabaseBehindError if the connection's server lost entries, NotComparedError if Kafka is silent.

        The connection must have no transaction open. On a standby nothing is compared.
        """
        info = connection.connection.info
        if info.get(_COMPARED) is self:
            return
        server = fetch_optional(connection, _SERVER, str)
        driver_connection(connection).rollback()
        if server is None:
            return
        with self._lock:
            if server != self._compared:
                self._compare(connection, server)
                self._compared = server
        info[_COMPARED] = self

    def _compare(self, connection: Connection, server: str) -> None:
        failed = self._failed
        if failed is not None and failed.server == server and time.monotonic() < failed.until_s:
            raise type(failed.error)(*failed.error.args)
        try:
            self._find(connection)
        except (DatabaseBehindError, NotComparedError) as error:
            self._failed = _Failed(server, time.monotonic() + _RETRY_AFTER_S, error)
            raise
        self._failed = None

    def _find(self, connection: Connection) -> None:
        keys = self._keys(connection)
        driver_connection(connection).rollback()
        if not keys:
            return
        try:
            # Before the log, so that a sound log is never behind it.
            published = read_published(self.client_config, keys)
        except KafkaError as error:
            raise NotComparedError(
                "消息系统无应答，日志尚未与已发布的检查点比对 / the broker does not respond, so the log is not compared"
                f" with the published checkpoint yet: {reason_of(error)}"
            ) from error
        loss = find_loss(connection, published)
        driver_connection(connection).rollback()
        if loss is not None:
            raise DatabaseBehindError(_behind(loss, self.service))

    def _keys(self, connection: Connection) -> list[VerifierKey]:
        known = [VerifierKey.parse(key) for key in verifier_keys(connection)]
        own = [self.own_key(connection)] if self.own_key is not None else known[:1]
        return [*own, *(key for key in known if key.name == own[0].name and key not in own)] if own else []


def _behind(loss: Loss, service: str) -> str:
    commands = f"`jiangbu ha recover` (`jiangbu new-generation --service {service}`)"
    return join(
        "数据库落后于已发布的日志（恢复了旧备份，或主备切换丢失了提交）"
        " / the database is behind what was published of its log: an older backup was restored, or a failover lost"
        " commits",
        loss.text,
        f"请恢复更新的备份，或用 {commands} 由此继续 / restore a newer backup, or continue from here with {commands}",
    )
