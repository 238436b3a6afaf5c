"""Export spans by OTLP over HTTP. OpenTelemetry's own settings (`OTEL_*`) configure the exporter.

The span of a request has its method and route, the span of a batch its number of records and offsets, and exceptions
are masked (`shared/telemetry/masking.py`). No data of events, no path and no address is exported.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
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

    from opentelemetry.trace import Tracer

# A program has ten seconds to stop.
_STOP_TIMEOUT_S: Final = 1.5
# OpenTelemetry's own limit.
_MAX_LINKS: Final = 128
_SERVER_ERROR: Final = 500


class OtlpTracing:
    """The tracer of one process, created with its first span so that the process may fork before."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._provider: TracerProvider | None = None

    @cached_property
    def _tracer(self) -> Tracer:
        with self._lock:
            if self._provider is None:
                resource = Resource.create({SERVICE_NAME: f"jiangbu-{self._service}"})
                self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
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
    def batch(self, group: str, records: int, offsets: Sequence[str], traceparents: Sequence[str]) -> Iterator[None]:
        span = self._tracer.start_span(
            f"process {group}",
            kind=SpanKind.CONSUMER,
            links=[Link(_span_context(traceparent)) for traceparent in traceparents[:_MAX_LINKS]],
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.type": "process",
                "messaging.consumer.group.name": group,
                "messaging.batch.message_count": records,
                "jiangbu.offsets": list(offsets),
            },
        )
        try:
            yield
        except BaseException as error:
            span.set_attribute("error.type", type(driver_error(error)).__name__)
            span.set_status(Status(StatusCode.ERROR, reason_of(error)))
            raise
        finally:
            span.end()

    def stop(self) -> None:
        if self._provider is None:
            return
        # The exporter would retry for as long as the receiver is unavailable.
        shutdown = threading.Thread(target=self._provider.shutdown, daemon=True)
        shutdown.start()
        shutdown.join(_STOP_TIMEOUT_S)


def _span_context(traceparent: str) -> SpanContext:
    """Parse a valid `traceparent`."""
    _, trace_id, span_id, flags = traceparent.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
