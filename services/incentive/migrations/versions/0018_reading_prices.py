"""Effects of the alternative of each reading."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
