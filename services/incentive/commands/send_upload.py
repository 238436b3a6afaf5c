"""Send the events of an upload to the exchange's own topics, with the exchange's own Kafka user."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from services.incentive.store.uploads.stored import Upload, UploadRecord
from shared.events.records import SampleRecord
from shared.events.topics import prefix_of, topic_of
from shared.kafka.publish.publish_records import PublishError, publish
from shared.settings import ClientConfig, KafkaSettings, as_exchange_user

_GIVE_UP_S: Final = 15.0  # a person waits


class Sending(NamedTuple):
    """The result of sending: partition and offset of each event that Kafka acknowledged, and why others were not."""

    places: list[tuple[UploadRecord, int, int]]
    failure: PublishError | None


@dataclass(frozen=True)
class ExchangeUsers:
    """The Kafka users of the exchanges that send by browser: a folder with a password for each."""

    folder: Path | None
    kafka: KafkaSettings

    def client_config(self, exchange: str) -> ClientConfig | None:
        """Return the connection as the exchange's own user; None if the exchange does not send by browser.

        SettingsError if the password cannot be read.
        """
        if self.folder is None:
            return None
        user = prefix_of(exchange).removesuffix(".")
        own = as_exchange_user(self.kafka, self.folder, user)
        return None if own is None else own.client_config()


def send_records(upload: Upload, records: Sequence[UploadRecord], client_config: ClientConfig) -> Sending:
    """Publish the events that are not acknowledged yet to the topic of the upload's exchange and kind."""
    topic = topic_of(upload.kind, upload.exchange)
    waiting = [record for record in records if record.value is not None]
    events = (SampleRecord(upload.exchange, topic, one.number.encode(), one.value) for one in waiting)
    places: list[tuple[UploadRecord, int, int]] = []

    def acknowledged(index: int, partition: int, offset: int) -> None:
        places.append((waiting[index], partition, offset))

    try:
        published = publish(events, client_config, lambda _: None, acknowledged, _GIVE_UP_S)
    except PublishError as error:
        return Sending(places, error)
    return Sending(places, PublishError("; ".join(published.failures)) if published.failed else None)
