"""Verification of a register as `rebuild --verify` makes it, on the primary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.postgres.long_reads import compare_in_snapshot
from shared.register.rebuild.command import RebuildSpec, compare_register

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from shared.register.context import RegisterContext
    from shared.register.rebuild.report import RebuildReport
    from shared.settings import ClientConfig


def verify_register(
    engine: Engine, spec: RebuildSpec, register: RegisterContext, report: RebuildReport, topics: ClientConfig | None
) -> bool:
    """Return True if nothing differs. `topics`: Kafka settings, to also read the topics again."""

    def compare(connection: Connection, _say: object) -> bool:
        return compare_register(connection, spec, register, report, topics)

    return compare_in_snapshot(engine, None, compare, print)
