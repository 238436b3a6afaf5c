"""Export spans by OTLP over HTTP. OpenTelemetry's own settings (`OTEL_*`) configure the exporter.

The span of a request has its method and route, the span of a batch its number of records and offsets, and exceptions
are masked (`shared/telemetry/masking.py`). No data of events, no path and no address is exported.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from shared.postgres.errors import driver_error
from shared.telemetry.masking import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from opentelemetry.trace import Span, Tracer
    from opentelemetry.util.types import AttributeValue

# A program has ten seconds to stop.
_STOP_TIMEOUT_S: Final = 1.5
# OpenTelemetry's own limit.
_MAX_LINKS: Final = 128
_SERVER_ERROR: Final = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class OtlpTracing:
    """The tracer of one process, created with its first span so that the process may fork before."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._provider: TracerProvider | None = None
        self._ids = _Ids()

    @cached_property
    def _tracer(self) -> Tracer:
        with self._lock:
            if self._provider is None:
                resource = Resource.create({SERVICE_NAME: f"jiangbu-{self._service}"})
                self._provider = TracerProvider(resource=resource, shutdown_on_exit=False, id_generator=self._ids)
                self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
            return self._provider.get_tracer("jiangbu")

    def request(self, method: str, route: str, traceparent: str | None) -> Callable[[int], None]:
        caller = None if traceparent is None else _span_context(traceparent)
        span = self._tracer.start_span(
            f"{method} {route}",
            context=None if caller is None else set_span_in_context(NonRecordingSpan(caller)),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method, "http.route": route},
        )

        def end(status: int) -> None:
            span.set_attribute("http.response.status_code", status)
            if status >= _SERVER_ERROR:
                span.set_attribute("error.type", str(status))
                span.set_status(Status(StatusCode.ERROR))
            span.end()

        return end

    @contextmanager
    def batch(
        self, group: str, at: datetime, offsets: Sequence[str], traceparents: Sequence[str | None]
    ) -> Iterator[None]:
        of_records = [_span_context(one) for one in dict.fromkeys(traceparents) if one is not None][:_MAX_LINKS]
        attributes: dict[str, AttributeValue] = {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.consumer.group.name": group,
            "messaging.batch.message_count": len(traceparents),
            "jiangbu.offsets": list(offsets),
        }
        began_ns = time.time_ns()
        with self._ids.given(_batch_context(group, at)):
            span = self._tracer.start_span(
                f"process {group}",
                context=Context(),
                kind=SpanKind.CONSUMER,
                links=[Link(one) for one in of_records],
                attributes=attributes,
                start_time=began_ns,
            )
        try:
            yield
        except BaseException as error:
            span.set_attribute("error.type", type(driver_error(error)).__name__)
            span.set_status(Status(StatusCode.ERROR, reason_of(error)))
            raise
        finally:
            span.end()
            self._show_in_traces(span, f"take in {group}", of_records, began_ns)

    def _show_in_traces(self, span: Span, name: str, traces: Sequence[SpanContext], began_ns: int) -> None:
        """Add a span to the trace of each record, which leads to that of the batch."""
        link = [Link(span.get_span_context())]
        for one in traces:
            context = set_span_in_context(NonRecordingSpan(one))
            shown = self._tracer.start_span(
                name, context=context, kind=SpanKind.CONSUMER, links=link, start_time=began_ns
            )
            shown.end()

    @contextmanager
    def send(self, group: str, batches: Sequence[datetime]) -> Iterator[str]:
        newest, *others = [_batch_context(group, at) for at in sorted(batches, reverse=True)]
        span = self._tracer.start_span(
            f"send {group}",
            context=set_span_in_context(NonRecordingSpan(newest)),
            kind=SpanKind.PRODUCER,
            links=[Link(one) for one in others[:_MAX_LINKS]],
            attributes={"messaging.system": "kafka", "messaging.operation.type": "send"},
        )
        try:
            yield _traceparent(span.get_span_context())
        finally:
            span.end()

    def stop(self) -> None:
        if self._provider is None:
            return
        # The exporter would retry for as long as the receiver is unavailable.
        shutdown = threading.Thread(target=self._provider.shutdown, daemon=True)
        shutdown.start()
        shutdown.join(_STOP_TIMEOUT_S)


class _Ids(RandomIdGenerator):
    """Random ids, but for a root span whose ids are given."""

    def __init__(self) -> None:
        self._given: ContextVar[SpanContext | None] = ContextVar("given", default=None)

    @contextmanager
    def given(self, context: SpanContext) -> Iterator[None]:
        """Let the root span that this thread starts in the block have these ids."""
        token = self._given.set(context)
        try:
            yield
        finally:
            self._given.reset(token)

    def generate_span_id(self) -> int:
        given = self._given.get()
        return super().generate_span_id() if given is None else given.span_id

    def generate_trace_id(self) -> int:
        given = self._given.get()
        return super().generate_trace_id() if given is None else given.trace_id


def _batch_context(group: str, at: datetime) -> SpanContext:
    """Return the span of a batch, whose ids follow from its instant: who sends what it changed knows that alone."""
    digest = sha256(f"{group} {(at - _EPOCH) // timedelta(microseconds=1)}".encode()).digest()
    ids = int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])
    return SpanContext(*ids, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _traceparent(context: SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _span_context(traceparent: str) -> SpanContext:
    """Parse a valid `traceparent`."""
    _, trace_id, span_id, flags = traceparent.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
