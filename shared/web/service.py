"""What the common routes must know of a service."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import Engine, Select

from shared.settings import DEFAULT_CHECKPOINT_INTERVAL_S, Service
from shared.telemetry.tracing import Tracing
from shared.translog.store import Stored
from shared.values.times import Clock
from shared.web.keys import ApiKeys


@dataclass(frozen=True)
class ServiceInfo:
    """One service: its name, what it reads, where it keeps it, and who may ask.

    `kafka` are kafka-python's connection settings (`bootstrap_servers`, `security_protocol`, ...). `takes_documents`:
    its database has the tables `outbox` and `quarantine`. `next_seq` selects how many entries its numbered log has,
    `log_entries` makes them; a checkpoint that is served may be older by `checkpoint_interval_s`;
    `in_force` whether what the database has was made by the settings of this program.
    """

    name: Service
    title: str
    engine: Engine
    topics: tuple[str, ...]
    kafka: Mapping[str, Any]
    keys: ApiKeys
    clock: Clock
    takes_documents: bool
    next_seq: Select[int] | None = None
    log_entries: Stored | None = None
    in_force: Select[bool] | None = None
    tracing: Tracing | None = None
    checkpoint_interval_s: float = DEFAULT_CHECKPOINT_INTERVAL_S


def current_service() -> ServiceInfo:
    """The service whose request is being answered."""
    service: ServiceInfo = current_app.extensions["jiangbu"]
    return service
