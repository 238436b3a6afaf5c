"""Checkpoints that a synchronous standby is known to have."""

from shared.postgres.migrate import COMMON, execute_files

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    execute_files(COMMON / "base_2.sql")
