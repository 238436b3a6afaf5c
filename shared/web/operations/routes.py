"""Operational routes of every service: liveness, readiness, metrics and progress."""

import structlog
from flask import Response, current_app
from marshmallow import Schema
from prometheus_client import generate_latest

from shared.telemetry.masking import reason_of
from shared.values.json_types import Json
from shared.web.answers import answer, integers, lists, texts
from shared.web.keys import current_key
from shared.web.operations.broker import OffsetsUnavailableError
from shared.web.operations.progress import Sampler, lag_for, read_progress
from shared.web.operations.readiness import Readiness
from shared.web.problems import Problem
from shared.web.query import TEXT, Blueprint, NoQuery
from shared.web.service import current_service

_log = structlog.get_logger(__name__)

blueprint = Blueprint("operations", __name__, description="运行状态 / operational state of the service")


PartitionSchema = answer(
    "Partition", texts("topic"), integers("partition", "next_offset", "end_offset", "stable_offset"), base=Schema
)
ProgressSchema = answer(
    "Progress", integers("lag", "outbox", "quarantined"), lists(partitions=PartitionSchema), base=Schema
)
StateSchema = answer("State", texts("status"))


def current_sampler() -> Sampler:
    sampler: Sampler = current_app.extensions["jiangbu.sampler"]
    return sampler


def current_readiness() -> Readiness:
    readiness: Readiness = current_app.extensions["jiangbu.readiness"]
    return readiness


@blueprint.operation(
    "GET /healthz",
    StateSchema,
    security=[],
    operation_id="getHealth",
)
def healthz() -> dict[str, str]:
    """Liveness: the process responds."""
    return {"status": "alive"}


@blueprint.operation(
    "GET /readyz",
    StateSchema,
    security=[],
    operation_id="getReadiness",
)
def readyz() -> dict[str, str]:
    """Readiness: database and broker respond and no records are stalled. Answers within seconds.

    `not replicated` with 200: reads go on, but nothing can be recorded until a synchronous standby is back.
    """
    faults, is_replicated = current_readiness().state()
    if faults:
        _log.warning("not ready", reasons=[fault.field for fault in faults])
        raise Problem(503, "; ".join(fault.message for fault in faults), faults)
    if not is_replicated:
        _log.warning("not replicated: commits wait for a standby")
        return {"status": "not replicated"}
    return {"status": "ready"}


@blueprint.operation(
    "GET /metrics",
    TEXT,
    roles=("service", "auditor"),
    content_type="text/plain",
    operation_id="getMetrics",
)
def metrics() -> Response:
    """Metrics for Prometheus."""
    exposition = generate_latest(current_app.extensions["jiangbu.metrics"])
    return Response(exposition, content_type="text/plain; version=0.0.4; charset=utf-8")


@blueprint.operation(
    "GET /v1/progress",
    ProgressSchema,
    query=NoQuery,
    reads=False,
    operation_id="getProgress",
)
def progress() -> Json:
    """Progress: consumed offsets, lag, outbox and quarantine.

    Ends are read before offsets and outbox: with lag 0 and outbox 0, everything published before the request is in the
    answers. An exchange's key sees the topics of its exchange; its lag includes the facts between services, without
    which its answers are incomplete. `outbox` counts all changes.
    """
    sampler = current_sampler()
    try:
        found = read_progress(current_service(), sampler.broker)
    except OffsetsUnavailableError as error:
        _log.warning("broker unavailable", error=reason_of(error))
        raise Problem(503, "消息系统无应答 / the broker does not respond", headers={"Retry-After": "5"}) from error
    sampler.movement.observe(found, sampler.monotonic())
    exchange = current_key().exchange
    return {
        "lag": lag_for(found, exchange),
        "outbox": found.stored.outbox,
        "quarantined": sum(n for (of, _), n in found.stored.quarantined.items() if exchange in (None, of)),
        "partitions": [partition for partition in found.partitions if partition.is_seen_by(exchange)],
    }
