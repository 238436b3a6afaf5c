"""Cosignatures of witnesses."""

from shared.log_tables import CREATE_COSIGNATURES
from shared.migrate import execute_all

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_all(CREATE_COSIGNATURES)
