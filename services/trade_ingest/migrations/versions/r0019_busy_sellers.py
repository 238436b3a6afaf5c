"""Measures for red flags of sellers with many trades."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
