"""Faults of kafka-python 3.0.12, mended where they are; whoever makes one of its clients imports this first.

Each says what is seen without it. There is no public way around any of them.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError, KafkaError, KafkaTimeoutError, SaslAuthenticationFailedError
from kafka.net.manager import KafkaConnectionManager
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport
from kafka.record.default_records import DefaultRecordBatch

if TYPE_CHECKING:
    from kafka import KafkaProducer, TopicPartition

_DROP_WITHIN_S: Final = 2.0
_REASON: Final = "_why_it_could_not_start"


class CorruptBatchError(CorruptRecordError):  # type: ignore[misc]  # kafka-python has no types
    """A stored batch fails its check sum: `partition` cannot be read on from `offset`."""

    def __init__(self, partition: TopicPartition, offset: int) -> None:
        super().__init__(f"{partition.topic}[{partition.partition}] from offset {offset}")
        self.partition = partition
        self.offset = offset


def force_close_producer(producer: KafkaProducer) -> None:
    """End a producer that failed, without sending what it still has.

    `close` flushes first, and when that fails it leaves the sending thread behind, which goes on trying.
    """
    producer._sender.force_close()  # noqa: SLF001 - see above
    with contextlib.suppress(KafkaError):
        producer.close(timeout=_DROP_WITHIN_S)


class _LenientBuffer(bytearray):
    """Record bytes whose slices decode what is not UTF-8 with backslashes."""

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return _LenientSlice(found) if isinstance(index, slice) else found


class _LenientSlice(bytes):
    def decode(self, encoding: str = "utf-8", _errors: str = "strict") -> str:
        return super().decode(encoding, "backslashreplace")


def _read_any_header_name() -> None:
    """Keep a header name that is not UTF-8 from stopping the stream.

    `poll` raises UnicodeDecodeError for such a record, again and again; C clients can send one.
    """
    strict = DefaultRecordBatch._read_msg  # noqa: SLF001 - see above

    def lenient(batch: Any) -> Any:
        start = batch._pos  # noqa: SLF001 - see above
        try:
            return strict(batch)
        except UnicodeDecodeError:
            batch._buffer, batch._pos = _LenientBuffer(batch._buffer), start  # noqa: SLF001 - see above
            return strict(batch)

    DefaultRecordBatch._read_msg = lenient  # noqa: SLF001 - see above


def _read_a_failed_batch_anew() -> None:
    """Make a batch that could not be read be fetched anew, and say of which partition it is.

    Polled again after a batch that fails its check sum, the consumer never returns: it asks the iterator that has
    failed for more, for ever.
    """
    take = Fetcher.PartitionRecords.take

    def take_or_drop(records: Any, most: int | None = None) -> Any:
        try:
            return take(records, most)
        except Exception as error:
            records.drain()  # its position stays: the next fetch begins there
            if isinstance(error, CorruptRecordError):
                raise CorruptBatchError(records.topic_partition, records.next_fetch_offset) from error
            raise

    Fetcher.PartitionRecords.take = take_or_drop


def _end_a_start_that_fails() -> None:
    """End the thread of a client that cannot start, and say why it cannot.

    Without it each attempt of a long outage would leave a thread, and whatever was in the way (a refused connection, a
    certificate that is not trusted) is told as "unable to bootstrap".
    """
    bootstrap = KafkaConnectionManager.bootstrap

    def bootstrap_or_end(manager: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return bootstrap(manager, *arguments, **options)
        except BaseException as error:
            manager._net.stop()  # noqa: SLF001 - see above
            manager.close()
            manager._net.close()  # noqa: SLF001 - see above
            if isinstance(error, KafkaTimeoutError):
                reason = getattr(manager, _REASON, None)
                raise KafkaTimeoutError(f"{error.args[0]}: {reason or 'no answer'}") from reason
            raise

    KafkaConnectionManager.bootstrap = bootstrap_or_end


def _hear_the_last_words() -> None:
    """Read what a broker says before it closes the connection, when both arrive together.

    It says so that a user or password is wrong; without it that is "socket disconnected" every other time.
    """
    for transport in (KafkaTCPTransport, KafkaSSLTransport):
        transport._sock_recv = _data_before_end(transport._sock_recv)  # noqa: SLF001 - see above


def _data_before_end(receive: Any) -> Any:
    def data_or_end(transport: Any) -> Any:
        data, end = receive(transport)
        return data, None if data else end  # which comes again when it is next asked for data

    return data_or_end


def _remember_why_a_start_fails() -> None:
    """Raise SaslAuthenticationFailedError from a client's start at once when the broker refuses user or password.

    Without it the client goes on trying until its time is over. Other reasons are kept for the end of that time.
    """
    connect = KafkaConnectionManager._connect  # noqa: SLF001 - see above

    async def connect_and_remember(manager: Any, node: Any, connection: Any, **options: Any) -> None:
        await connect(manager, node, connection, **options)
        reason = connection.init_future.exception
        # Of a client that has started nothing is remembered: it may be let in again.
        if reason is not None and manager.cluster.is_bootstrap(node.node_id):
            setattr(manager, _REASON, reason)
            if isinstance(reason, SaslAuthenticationFailedError):
                manager._auth_failures[node.node_id] = reason  # noqa: SLF001 - see above

    KafkaConnectionManager._connect = connect_and_remember  # noqa: SLF001 - see above


_read_any_header_name()
_read_a_failed_batch_anew()
_end_a_start_that_fails()
_hear_the_last_words()
_remember_why_a_start_fails()
