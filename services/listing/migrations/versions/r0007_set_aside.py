"""Batches of records in quarantine."""

from shared.postgres.migrate import COMMON, execute_files

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    execute_files(COMMON / "register_2.sql")
