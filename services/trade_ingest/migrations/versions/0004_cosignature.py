"""Cosignatures of witnesses."""

from shared.log_tables import CREATE_COSIGNATURES
from shared.migrate import execute_all

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    execute_all(CREATE_COSIGNATURES)
