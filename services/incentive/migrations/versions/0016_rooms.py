"""A function that returns standing amounts and payables by subject and year."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
