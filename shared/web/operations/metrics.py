"""Prometheus metrics: request counters, and gauges read from broker and database at each scrape."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import product
from operator import attrgetter

from flask import Flask, Response, g
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.exc import SQLAlchemyError

from shared.events.decode import REASONS
from shared.events.topics import exchange_of, is_exchanges
from shared.postgres.replication import UnreplicatedCommitError
from shared.postgres.replication_state import ReplicationState
from shared.process.run_record import ENDINGS
from shared.web.operations.broker import End, OffsetsUnavailableError
from shared.web.operations.progress import QuotaUse, Sampler, ServiceProgress, Stored, combine, stored_snapshot
from shared.web.operations.readiness import ANSWER_WITHIN_S, Readiness, SharedCall
from shared.web.request_labels import method_label, route_label
from shared.web.server.multiprocess_metrics import metrics_are_shared


class ProgressCollector(Collector):
    """Metrics of the service as a whole, not of one process, so they are read at each scrape."""

    def __init__(self, sampler: Sampler, readiness: Readiness) -> None:
        self._sampler = sampler
        self._readiness = readiness
        # The checks of readiness may pass while what is read here hangs.
        self._ends: SharedCall[dict[str, dict[int, End]]] = SharedCall(
            "metrics-broker", lambda: sampler.broker.ends(sampler.service.topics)
        )
        self._stored: SharedCall[Stored] = SharedCall("metrics-database", lambda: stored_snapshot(sampler.service))

    def describe(self) -> list[Metric]:
        """Describe nothing: registering must not query the broker."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield all gauges; those of an unavailable part are left out, and `jiangbu_up` reports it.

        A part that did not pass the readiness check in time is not queried again: a scrape must not hang.
        """
        sampler = self._sampler
        faults = {fault.field for fault in self._readiness.state().faults}
        yield GaugeMetricFamily("jiangbu_ready", "1 if readyz returns 200.", not faults)
        up = GaugeMetricFamily("jiangbu_up", "1 if the part (broker, database) responds.", labels=["part"])
        ends = stored = None
        with suppress(OffsetsUnavailableError, TimeoutError):
            ends = None if "broker" in faults else self._ends.start().result(ANSWER_WITHIN_S)
        with suppress(SQLAlchemyError, TimeoutError):
            stored = None if "database" in faults else self._stored.start().result(ANSWER_WITHIN_S)
        up.add_metric(["broker"], ends is not None)
        up.add_metric(["database"], stored is not None)
        yield up
        if stored is None:
            return
        yield from self._stored_gauges(stored)
        if ends is None:
            return
        try:
            progress = combine(ends, stored, sampler.broker)
        except OffsetsUnavailableError:
            return
        sampler.movement.observe(progress, sampler.monotonic())
        yield from self._progress_gauges(progress)
        lacking = sum(end.lacks_replicas for partitions in ends.values() for end in partitions.values())
        yield GaugeMetricFamily(
            "jiangbu_under_replicated_partitions", "Partitions of the service with a replica out of sync.", lacking
        )

    def _stored_gauges(self, stored: Stored) -> Iterator[Metric]:
        sampler = self._sampler
        if stored.next_seq is not None:
            yield GaugeMetricFamily("jiangbu_next_seq", "Entries in the transparency log.", stored.next_seq)
        if stored.moved_at is not None:
            moved_s = stored.moved_at.timestamp()
            yield GaugeMetricFamily(
                "jiangbu_moved_timestamp_seconds", "Time at which a record was last processed.", moved_s
            )
        yield GaugeMetricFamily(
            "jiangbu_clock_error_seconds",
            "Seconds that the clock of the API is ahead of its database's, negative if behind.",
            stored.clock_error_s,
        )
        if stored.ahead_s is not None:
            yield GaugeMetricFamily(
                "jiangbu_ledger_ahead_seconds",
                "Seconds that the ledger's newest instant is ahead of the database's clock.",
                stored.ahead_s,
            )
        yield from _run_figures(stored)
        yield from _backlog_gauges(stored, sampler.service.clock())
        if stored.replication is not None:
            yield from _replication_gauges(stored.replication)
        if not sampler.service.takes_documents:
            return
        yield GaugeMetricFamily("jiangbu_outbox_keys", "Changed facts waiting to be published.", stored.outbox)
        oldest_at = stored.outbox_oldest_at
        age_s = 0.0 if oldest_at is None else (sampler.service.clock() - oldest_at).total_seconds()
        yield GaugeMetricFamily("jiangbu_outbox_oldest_seconds", "Age of the oldest change in the outbox.", age_s)
        quarantined = GaugeMetricFamily(
            "jiangbu_quarantined_records", "Quarantined records by exchange and reason.", labels=["exchange", "reason"]
        )
        # Include zeros, so that the first quarantined record shows as an increase.
        exchanges = sorted({exchange_of(topic) for topic in filter(is_exchanges, sampler.service.topics)})
        none = dict.fromkeys(product(exchanges, REASONS), 0)
        for (exchange, reason), count in sorted((none | stored.quarantined).items()):
            quarantined.add_metric([exchange, reason], count)
        yield quarantined
        yield from _quota_figures(stored, exchanges)

    def _progress_gauges(self, progress: ServiceProgress) -> Iterator[Metric]:
        figures = (
            ("jiangbu_next_offset", "Next offset to process.", attrgetter("next_offset")),
            ("jiangbu_lag_records", "Lag behind the end of the partition.", attrgetter("lag")),
            ("jiangbu_held_records", "Offsets behind an open transaction.", attrgetter("held")),
        )
        for name, means, figure in figures:
            family = GaugeMetricFamily(name, means, labels=["topic", "partition"])
            for partition in progress.partitions:
                family.add_metric([partition.topic, str(partition.partition)], figure(partition))
            yield family
        waiting_s = self._sampler.movement.waiting_s(self._sampler.monotonic())
        yield GaugeMetricFamily(
            "jiangbu_waiting_seconds", "Seconds that records have been waiting with none processed.", waiting_s
        )
        if self._sampler.service.takes_documents:
            unsent_s = self._sampler.movement.outbox_waiting_s(self._sampler.monotonic())
            yield GaugeMetricFamily(
                "jiangbu_outbox_waiting_seconds", "Seconds that facts have been waiting with none published.", unsent_s
            )


def _replication_gauges(replication: ReplicationState) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "jiangbu_sync_standbys_wanted", "Standbys that each commit waits for; 0 if none.", replication.wanted
    )
    yield GaugeMetricFamily(
        "jiangbu_commit_waiting_seconds",
        "Seconds that the longest commit has been waiting for a standby.",
        replication.waiting_s,
    )
    if replication.standbys is None:
        return
    yield GaugeMetricFamily(
        "jiangbu_sync_standbys", "Attached standbys that commits can wait for.", replication.standbys.synchronous
    )
    yield GaugeMetricFamily(
        "jiangbu_standby_lag_bytes",
        "WAL that the slowest attached standby has not replayed, in bytes.",
        replication.standbys.lag_bytes,
    )


def _backlog_gauges(stored: Stored, now: datetime) -> Iterator[Metric]:
    """Yield how much work waits for each background program, and for how long the oldest has."""
    if not stored.backlogs:
        return
    items = GaugeMetricFamily("jiangbu_backlog_items", "Items that wait for a background program.", labels=["work"])
    oldest = GaugeMetricFamily(
        "jiangbu_backlog_oldest_seconds", "Age of the oldest item that waits for a background program.", labels=["work"]
    )
    for work, backlog in sorted(stored.backlogs.items()):
        items.add_metric([work], backlog.items)
        oldest.add_metric([work], 0.0 if backlog.since is None else (now - backlog.since).total_seconds())
    yield from (items, oldest)


def _quota_figures(stored: Stored, exchanges: list[str]) -> Iterator[Metric]:
    """Yield what each exchange took of its daily quota, and how many items are cut."""
    kept = GaugeMetricFamily(
        "jiangbu_quarantine_kept_bytes", "Bytes kept of today's quarantined records.", labels=["exchange"]
    )
    cut = CounterMetricFamily(
        "jiangbu_quarantine_cut_items", "Quarantined items cut beyond the quota.", labels=["exchange"]
    )
    for exchange in exchanges:
        use = stored.quotas.get(exchange, QuotaUse(0, 0))
        kept.add_metric([exchange], use.kept_bytes_today)
        cut.add_metric([exchange], use.cut_items)
    yield from (kept, cut)


def _run_figures(stored: Stored) -> Iterator[Metric]:
    """Count consumer runs. Starts without an ending are runs in progress or killed ones."""
    yield CounterMetricFamily("jiangbu_worker_starts", "Consumer runs started.", stored.starts)
    endings = CounterMetricFamily("jiangbu_worker_endings", "Consumer runs ended, by way of ending.", labels=["ending"])
    for ending in ENDINGS:
        endings.add_metric([ending], stored.endings.get(ending, 0))
    yield endings
    yield CounterMetricFamily(
        "jiangbu_worker_unreplicated_commits",
        "Commits of consumers that no standby has acknowledged.",
        stored.unknown_commits,
    )
    has_halted = stored.last_run is not None and stored.last_run.has_halted
    yield GaugeMetricFamily(
        "jiangbu_worker_halted", "1 if the latest consumer run ended by a fatal condition or a bug.", has_halted
    )


def count_unreplicated_commits(app: Flask, engine: Engine, registry: CollectorRegistry) -> None:
    """Count the commits of requests whose outcome is unknown, because the server stopped waiting for its standby."""
    own = None if metrics_are_shared() else registry
    total = Counter(
        "jiangbu_unreplicated_commits", "Commits that no standby has acknowledged.", ["program"], registry=own
    )

    def begin_at_zero() -> None:
        # In the worker, because each has a file of its own; before a failure, so that the first one is an increase.
        total.labels("api")

    def count(failure: ExceptionContext) -> None:
        if isinstance(failure.original_exception, UnreplicatedCommitError):
            total.labels("api").inc()

    app.before_request(begin_at_zero)
    event.listen(engine, "handle_error", count)


def count_requests(app: Flask, registry: CollectorRegistry) -> None:
    """Count and time requests by route; labels by path would be unbounded."""
    # With several workers the registry collects the files of all, not the metrics of this process.
    own = None if metrics_are_shared() else registry
    total = Counter("jiangbu_http_requests", "HTTP requests answered.", ["method", "route", "status"], registry=own)
    seconds = Histogram("jiangbu_http_request_seconds", "Response time of HTTP requests.", ["route"], registry=own)
    reads = Counter(
        "jiangbu_reads",
        "Reads answered by the primary, a standby, or a standby while the primary was silent (unconfirmed).",
        ["server"],
        registry=own,
    )
    if own is None:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]

    def begin() -> None:
        g.began_s = time.perf_counter()

    def count(response: Response) -> Response:
        route = route_label()
        total.labels(method_label(), route, str(response.status_code)).inc()
        seconds.labels(route).observe(time.perf_counter() - g.began_s)
        if "read_from" in g:
            reads.labels(g.read_from).inc()
        return response

    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request(count)
