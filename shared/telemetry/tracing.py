"""Traces of OpenTelemetry, as an option: without OTEL_EXPORTER_OTLP_ENDPOINT nothing is made, and nothing imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from shared.events.marks import marks_of
from shared.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from sqlalchemy import Connection

    from shared.kafka.consumer import Handler, Record
    from shared.kafka.positions import Move
    from shared.settings import Settings

P = TypeVar("P")


class RequestSpan(Protocol):
    """A request that is being answered."""

    def end(self, status: int) -> None:
        """It was answered with this status."""


class Tracing(Protocol):
    """Makes spans and sends them on, from any thread; what cannot be sent is dropped."""

    def request(self, method: str, route: str, traceparent: str | None) -> RequestSpan:
        """Begin a span of a request, below the caller's if it named one."""

    def batch(
        self, group: str, records: int, offsets: Sequence[str], traceparents: Sequence[str]
    ) -> AbstractContextManager[None]:
        """A span of the work on a batch, with a link to the trace of each event that has one."""

    def stop(self) -> None:
        """Send what is left, if that can be done soon."""


def start_tracing(settings: Settings) -> Tracing | None:
    """None where no traces are wanted; SettingsError where what makes them is not installed.

    Threads and connections begin with the first span, so the process may fork before.
    """
    if settings.otlp_endpoint is None:
        return None
    try:
        from shared.telemetry.otlp import OtlpTracing  # noqa: PLC0415 - an extra, and memory counts
    except ModuleNotFoundError as error:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT: 缺少 / needs the extra `otel`: pip install 'jiangbu[server,otel]'"
        ) from error
    return OtlpTracing(settings.service)


class _Traced(NamedTuple, Generic[P]):
    prepared: P
    traceparent: str | None


class TracedHandler(Generic[P]):
    """An intake whose batches are spans: each attempt one, up to its commit."""

    def __init__(self, handler: Handler[P], tracing: Tracing, group: str) -> None:
        self._handler = handler
        self._tracing = tracing
        self._group = group

    def prepare(self, records: Sequence[Record]) -> list[_Traced[P]]:
        """Of the handler, and the trace of each record."""
        prepared = self._handler.prepare(records)
        traces = [marks_of(record.value, record.headers).traceparent for record in records]
        return [_Traced(*both) for both in zip(prepared, traces, strict=True)]

    def apply(self, connection: Connection, prepared: list[_Traced[P]], moves: Sequence[Move], now: datetime) -> None:
        """By the handler, within a span."""
        traceparents = list(dict.fromkeys(item.traceparent for item in prepared if item.traceparent is not None))
        offsets = [str(move) for move in moves]
        with self._tracing.batch(self._group, len(prepared), offsets, traceparents):
            self._handler.apply(connection, [item.prepared for item in prepared], moves, now)


def traced(handler: Handler[P], tracing: Tracing | None, group: str) -> Handler[Any]:
    """The handler itself where no traces are wanted."""
    return handler if tracing is None else TracedHandler(handler, tracing, group)
