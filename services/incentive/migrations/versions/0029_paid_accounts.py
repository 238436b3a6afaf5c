"""Accounts that payments went to."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
