"""The routes that every service has beside its own: is it alive, ready, how far, how much, and how it is used."""

from typing import Any, Final

import structlog
from flask import Response, current_app
from marshmallow import Schema, fields

from shared.telemetry.masking import reason_of
from shared.web.keys import current_key, require
from shared.web.operations.broker import BrokerUnavailableError
from shared.web.operations.metrics import exposition
from shared.web.operations.progress import ServiceProgress, lag_for, read_progress, topics_seen
from shared.web.operations.readiness import Readiness
from shared.web.operations.sampler import Sampler
from shared.web.problems import Problem
from shared.web.query import Blueprint, NoQuery

_log = structlog.get_logger(__name__)

# Routes that need no key.
OPEN: Final[dict[str, Any]] = {"security": []}

blueprint = Blueprint("operations", __name__, description="State of the service")


class PartitionSchema(Schema):
    """One partition of a topic that the service reads."""

    topic = fields.String(required=True)
    partition = fields.Integer(required=True)
    next_offset = fields.Integer(required=True)
    end_offset = fields.Integer(required=True)
    stable_offset = fields.Integer(required=True)


class ProgressSchema(Schema):
    """How far the service is."""

    lag = fields.Integer(required=True)
    outbox = fields.Integer(required=True)
    quarantined = fields.Integer(required=True)
    partitions = fields.List(fields.Nested(PartitionSchema), required=True)


class StateSchema(Schema):
    """A word for probes."""

    status = fields.String(required=True)


def current_sampler() -> Sampler:
    """The sampler of the application that answers."""
    sampler: Sampler = current_app.extensions["jiangbu.sampler"]
    return sampler


def current_readiness() -> Readiness:
    """What knows whether the application that answers is ready."""
    readiness: Readiness = current_app.extensions["jiangbu.readiness"]
    return readiness


@blueprint.route("/healthz")
@blueprint.doc(**OPEN)
@blueprint.response(200, StateSchema)
def healthz() -> dict[str, str]:
    """Alive: the process answers."""
    return {"status": "alive"}


@blueprint.route("/readyz")
@blueprint.doc(**OPEN)
@blueprint.response(200, StateSchema)
def readyz() -> dict[str, str]:
    """Ready: database and broker answer, and records do not wait in vain. Told within some seconds."""
    faults = current_readiness().faults()
    if faults:
        _log.warning("not ready", reasons=[fault.field for fault in faults])
        raise Problem(503, "; ".join(fault.message for fault in faults), faults)
    return {"status": "ready"}


@blueprint.route("/metrics")
@require("service", "auditor")
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
def metrics() -> Response:
    """Figures for Prometheus."""
    return exposition(current_app.extensions["jiangbu.metrics"])


@blueprint.route("/v1/progress")
@blueprint.arguments(NoQuery, location="query")
@blueprint.response(200, ProgressSchema)
def progress(arguments: dict[str, Any]) -> dict[str, Any]:
    """How far the service is.

    Ends are read before offsets and outbox: lag 0 and outbox 0 say that all that was published before is in the
    answers. An exchange's key sees its own topics; its lag counts the facts between the services too, without
    which its answers are not complete, and outbox is of all.
    """
    del arguments
    sampler = current_sampler()
    try:
        found = read_progress(sampler.service, sampler.broker)
    except BrokerUnavailableError as error:
        _log.warning("broker not available", error=reason_of(error))
        raise Problem(503, "消息系统无应答 / the broker does not answer", headers={"Retry-After": "5"}) from error
    sampler.movement.observe(found, sampler.monotonic())
    return render_progress(found, current_key().exchange)


def render_progress(found: ServiceProgress, exchange: str | None) -> dict[str, Any]:
    """The answer for a key that sees one exchange, or all (None)."""
    seen = set(topics_seen({partition.topic for partition in found.partitions}, exchange))
    return {
        "lag": lag_for(found, exchange),
        "outbox": found.stored.outbox,
        "quarantined": sum(n for (of, _), n in found.stored.quarantined.items() if exchange in (None, of)),
        "partitions": [partition for partition in found.partitions if partition.topic in seen],
    }
