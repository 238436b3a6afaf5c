"""Checkpoints that a synchronous standby is known to have."""

from shared.postgres.migrate import COMMON, execute_files

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    execute_files(COMMON / "base_2.sql")
