"""Transactions that put policy, whitelist and registers in force."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
