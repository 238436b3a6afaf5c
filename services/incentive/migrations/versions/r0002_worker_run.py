"""Runs of the consumer program on record."""

from shared.migrate import execute_all
from shared.worker_run import CREATE_WORKER_RUN, GRANT_WORKER_RUN

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_all((CREATE_WORKER_RUN, GRANT_WORKER_RUN))
