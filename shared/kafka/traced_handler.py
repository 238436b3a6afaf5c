"""Trace the batches of a handler."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Connection

from shared.events.marks import marks_of
from shared.kafka.handler import BatchHandler, Record
from shared.kafka.positions import Move
from shared.telemetry.tracing import Tracing

P = TypeVar("P")


class _Traced(NamedTuple, Generic[P]):
    prepared: P
    traceparent: str | None


class TracedHandler(Generic[P]):
    """A handler whose batches are spans, one for each attempt up to its commit."""

    def __init__(self, handler: BatchHandler[P], tracing: Tracing, group: str) -> None:
        self._handler = handler
        self._tracing = tracing
        self._group = group

    def prepare(self, records: Sequence[Record]) -> list[_Traced[P]]:
        """Prepare the records and note the trace of each."""
        prepared = self._handler.prepare(records)
        traces = [marks_of(record.value, record.headers).traceparent for record in records]
        return [_Traced(*both) for both in zip(prepared, traces, strict=True)]

    def apply(self, connection: Connection, prepared: list[_Traced[P]], moves: Sequence[Move], now: datetime) -> None:
        """Apply the batch within a span."""
        traceparents = [item.traceparent for item in prepared]
        with self._tracing.batch(self._group, now, [str(move) for move in moves], traceparents):
            self._handler.apply(connection, [item.prepared for item in prepared], moves, now)


def traced(handler: BatchHandler[P], tracing: Tracing | None, group: str) -> BatchHandler[Any]:
    """Wrap the handler in spans, or return it as it is if tracing is off."""
    return handler if tracing is None else TracedHandler(handler, tracing, group)
