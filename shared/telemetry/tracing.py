"""OpenTelemetry traces, optional: without OTEL_EXPORTER_OTLP_ENDPOINT nothing is traced and nothing imported."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from shared.settings import Settings, SettingsError


class Tracing(Protocol):
    """Creates spans and exports them, from any thread; spans that cannot be exported are dropped."""

    def request(self, method: str, route: str, traceparent: str | None) -> Callable[[int], None]:
        """Start the span of a request, as a child of the caller's span if it named one.

        Return the function that ends it with the status of the answer.
        """

    def batch(
        self, group: str, at: datetime, offsets: Sequence[str], traceparents: Sequence[str | None]
    ) -> AbstractContextManager[None]:
        """Trace the work of a group on a batch at an instant: a span with a link to the trace of each record with one.

        Each of these traces gets a span of the same time, with a link to that of the batch. `traceparents` has one
        element for each record.
        """

    def send(self, group: str, batches: Sequence[datetime]) -> AbstractContextManager[str]:
        """Trace the sending of what these batches of the group changed; yields the `traceparent` of its span.

        The span is a child of that of the newest batch, and linked to those of the others.
        """

    def stop(self) -> None:
        """Export what is left, if that is possible soon."""


def start_tracing(settings: Settings) -> Tracing | None:
    """Return None if tracing is not configured; SettingsError if the exporter is not installed.

    Threads and connections start with the first span, so the process may fork before.
    """
    if settings.otlp_endpoint is None:
        return None
    try:
        from shared.telemetry.otlp import OtlpTracing  # noqa: PLC0415 - an extra, and memory counts
    except ModuleNotFoundError as error:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT: 缺少可选依赖 / needs the extra `otel`: pip install 'jiangbu[otel]'"
        ) from error
    return OtlpTracing(settings.service)
