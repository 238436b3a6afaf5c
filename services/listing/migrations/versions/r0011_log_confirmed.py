"""Checkpoints that a synchronous standby is known to have."""

from shared.postgres.migrate import COMMON, execute_files

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    execute_files(COMMON / "base_2.sql")
