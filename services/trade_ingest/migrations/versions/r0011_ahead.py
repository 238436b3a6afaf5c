"""The part of future-dated trades in totals."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
