"""Cosignatures of witnesses."""

from shared.postgres.migrate import execute_all
from shared.translog.tables import CREATE_COSIGNATURES

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_all(CREATE_COSIGNATURES)
