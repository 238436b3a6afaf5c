"""Lists under public notice as they were posted, and objections that are received without a key."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
