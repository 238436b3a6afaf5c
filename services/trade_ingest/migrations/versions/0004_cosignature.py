"""Cosignatures of witnesses."""

from shared.postgres.migrate import execute_all
from shared.translog.tables import CREATE_COSIGNATURES

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    execute_all(CREATE_COSIGNATURES)
