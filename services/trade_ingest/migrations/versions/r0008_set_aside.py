"""Batches of records in quarantine."""

from shared.postgres.migrate import COMMON, execute_files

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    execute_files(COMMON / "register_2.sql")
