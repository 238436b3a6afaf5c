"""Participants of exchanges: measure, what is missing, and the exchange's own part."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
