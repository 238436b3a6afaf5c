"""Checks of acts and decisions by statement, because batches have thousands of them."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
