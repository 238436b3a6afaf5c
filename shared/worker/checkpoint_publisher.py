"""Publish the newest log checkpoint to Kafka, where witnesses and exchanges read it."""

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from kafka import KafkaProducer
from sqlalchemy import Connection, Engine

from shared.kafka.client_patches import force_close_producer
from shared.kafka.errors import is_transient_kafka_error
from shared.postgres.errors import is_transient
from shared.postgres.leader_lock import leader_lock
from shared.postgres.query import execute
from shared.postgres.replication import require_replication
from shared.process.background import background_thread
from shared.process.backoff import Backoff
from shared.service_log.cosigning import Cosigners
from shared.service_log.store import SignedSize, confirm_checkpoint, is_unconfirmed, newest_checkpoint
from shared.settings import ClientConfig, WitnessAddress
from shared.telemetry.masking import reason_of
from shared.translog.checkpoint import TOPIC, Checkpoint
from shared.translog.note import parse_note
from shared.worker.consumer_program import ConsumerProgram

_SEND_TIMEOUT_S = 15.0


def publishing_checkpoints(program: ConsumerProgram) -> AbstractContextManager[None]:
    """Publish checkpoints in the background; a bug there stops the program and is re-raised on exit."""
    settings = program.settings
    publisher = CheckpointPublisher(
        program.engine,
        settings.kafka.client_config(),
        settings.checkpoint_interval_s,
        program.stop,
        settings.witnesses,
    )
    return background_thread(publisher.run, "checkpoints", program.stop, join_timeout_s=1.0)


@dataclass
class CheckpointPublisher:
    """Publishes the log's newest checkpoint, at most one every `interval_s`; one leader among all workers does.

    Where commits wait for a standby, it confirms the checkpoint first. It asks the witnesses to cosign, and publishes
    again when an unavailable witness cosigns later. Delivery is at least once: after a restart the newest is sent
    again, and readers keep the greatest size of an origin.
    """

    engine: Engine
    client_config: ClientConfig
    interval_s: float
    stop: threading.Event
    witnesses: Sequence[WitnessAddress] = ()

    def __post_init__(self) -> None:
        self._backoff = Backoff(self.stop)
        self._cosigners = Cosigners(self.engine, self.witnesses)

    def run(self) -> None:
        """Publish until `stop` is set; raise bugs."""
        self._backoff.retry(self._publish_while_leading, _why_retry, "checkpoint not sent, retrying")

    def _publish_while_leading(self) -> None:
        with leader_lock(self.engine, "checkpoints") as leader:
            while not leader.try_acquire():
                if self.stop.wait(self.interval_s):
                    return
            producer = KafkaProducer(
                **self.client_config,
                acks="all",
                delivery_timeout_ms=int(_SEND_TIMEOUT_S * 1000),
                request_timeout_ms=int(_SEND_TIMEOUT_S * 1000 / 2),
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
            try:
                self._publish_until_stopped(leader.session, producer)
            finally:
                force_close_producer(producer)

    def _publish_until_stopped(self, session: Connection, producer: KafkaProducer) -> None:
        published: str | None = None
        while True:
            execute(session, "SELECT 1")  # fails once the session, and so the lock, is lost
            newest = self._confirmed()
            note = None if newest is None else self._cosigners.ask(newest)
            if note is not None and note != published:
                send_checkpoint(producer, note)
                published = note
            self._backoff.reset()
            if self.stop.wait(self.interval_s):
                return

    def _confirmed(self) -> SignedSize | None:
        """Return the newest checkpoint, once the synchronous standby, if there is one, has it and a record of that."""
        with self.engine.connect() as connection:
            with connection.begin():
                newest = newest_checkpoint(connection)
                is_new = newest is not None and is_unconfirmed(connection, newest.id)
                if is_new:
                    require_replication(connection)
            # The standby has acknowledged a commit of this session that came after the checkpoint.
            if newest is not None and is_new:
                with connection.begin():
                    confirm_checkpoint(connection, newest.id)
        return newest


def send_checkpoint(producer: KafkaProducer, note: str) -> None:
    """Send a checkpoint under the log's origin as its key, and wait for the broker. KafkaError."""
    origin = Checkpoint.parse(parse_note(note).text).origin
    producer.send(TOPIC, note.encode(), origin.encode()).get(timeout=_SEND_TIMEOUT_S)


def _why_retry(error: Exception) -> str | None:
    return reason_of(error) if is_transient(error) or is_transient_kafka_error(error) else None
