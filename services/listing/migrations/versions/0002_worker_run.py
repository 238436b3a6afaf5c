"""Runs of the consumer program on record."""

from shared.postgres.migrate import execute_all
from shared.process.run_record import CREATE_WORKER_RUN, GRANT_WORKER_RUN

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    execute_all((CREATE_WORKER_RUN, GRANT_WORKER_RUN))
