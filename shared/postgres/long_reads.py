"""Long reads of one snapshot, such as a comparison of everything: on a standby where there is one."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Final, TypeVar

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from shared.postgres.errors import is_transient
from shared.postgres.standbys import StandbyReads
from shared.telemetry.masking import reason_of

_REPLAYED_WITHIN_S: Final = 30.0  # little beside the read itself

Outcome = TypeVar("Outcome")
Say = Callable[[str], None]

log = structlog.get_logger(__name__)


def patient_standbys(url: str | None, primary: Engine) -> StandbyReads | None:
    """Return the standbys of DATABASE_READ_URL, for reads that wait until one has everything; None if it is not set."""
    return None if url is None else StandbyReads(url, primary, replayed_within_s=_REPLAYED_WITHIN_S)


def compare_in_snapshot(
    primary: Engine, read_url: str | None, compare: Callable[[Connection, Say], Outcome], say: Say
) -> Outcome:
    """Compare in one snapshot of a standby that has everything committed before, else of the primary.

    The primary also takes over what a standby ends: PostgreSQL cancels a read that delays replay for too long, and a
    standby has no temporary tables, in which differences may be worked on. Lines of such an attempt are not said.
    """
    standbys = patient_standbys(read_url, primary)
    if standbys is not None:
        lines: list[str] = []
        try:
            with ExitStack() as opened:
                connection = standbys.open(opened, None, lambda _: True, is_current=True)
                if connection is not None:
                    log.info("comparing on a standby")
                    outcome = compare(connection, lines.append)
                    for line in lines:
                        say(line)
                    return outcome
        except DBAPIError as error:
            if not is_transient(error):
                raise
            log.warning("comparing again on the primary, the standby did not finish", reason=reason_of(error))
    with (
        primary.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
        connection.begin() as transaction,
    ):
        outcome = compare(connection, say)
        transaction.rollback()
    return outcome
