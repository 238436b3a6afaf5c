"""The receipt of a table that an exchange sent: what Kafka acknowledged, and what became of each event."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from services.incentive.commands.send_upload import send_records
from services.incentive.http.register_reads import refused_places, registered_revisions
from services.incentive.pages.blueprint import show
from services.incentive.pages.language import say
from services.incentive.store.uploads import stored
from services.incentive.store.uploads.stored import Upload, UploadRecord
from shared.settings import ClientConfig
from shared.table_events.revisions import KnownRevision
from shared.values.times import format_time
from shared.web.service import current_service, write_transaction

ROWS_SHOWN: Final = 200


def send(upload: Upload, user: ClientConfig) -> ResponseReturnValue:
    """Send the events that Kafka has not acknowledged, and show the receipt; 503 if some could not be sent."""
    with current_service().engine.begin() as connection:
        records = stored.records_of(connection, upload)
    sending = send_records(upload, records, user)
    with write_transaction() as connection:
        stored.acknowledge_records(connection, upload, sending.places)
    if sending.failure is not None:
        return show_receipt(upload, 503, say(sending.failure.zh, sending.failure.en))
    return redirect(url_for("pages.upload", id=upload.id), 303)


def show_receipt(upload: Upload, status: int = 200, said: str | None = None) -> ResponseReturnValue:
    """Show what was sent and what became of each event, or why something was not sent."""
    with current_service().engine.begin() as connection:
        records = stored.records_of(connection, upload)
    numbers = list(dict.fromkeys(record.number for record in records))
    registered = registered_revisions(upload.kind, upload.exchange, numbers)
    sent = [(one.kafka_partition, one.kafka_offset) for one in records]
    places = [(partition, offset) for partition, offset in sent if partition is not None and offset is not None]
    refused = refused_places(upload.kind, upload.exchange, places)
    offsets: dict[int, list[int]] = {}
    for partition, offset in places:
        offsets.setdefault(partition, []).append(offset)
    states = [_state(record, registered or {}, refused or ()) for record in records]
    return show(
        "forms/upload_receipt",
        status,
        upload=upload,
        confirmed_at=format_time(upload.confirmed_at or upload.uploaded_at),
        records=list(zip(records, states, strict=True)),
        states=Counter(states),
        amount_fen=sum(record.amount_fen for record in records),
        places={partition: (min(found), max(found)) for partition, found in sorted(offsets.items())},
        is_complete=registered is not None and refused is not None,
        said=said,
        shown=ROWS_SHOWN,
    )


def _state(
    record: UploadRecord,
    registered: Mapping[str, list[KnownRevision]],
    refused: Collection[tuple[int, int]],
) -> str:
    """Return what became of an event, a key of words.UPLOAD_STATES."""
    if record.kafka_partition is None or record.kafka_offset is None:
        return "unsent"
    if (record.kafka_partition, record.kafka_offset) in refused:
        return "refused"
    this = record.revision, record.content_hash
    known = registered.get(record.number, ())
    is_known = any((one.revision, one.content) == this or one.revision > record.revision for one in known)
    return "accepted" if is_known else "waiting"
