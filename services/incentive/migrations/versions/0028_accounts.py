"""Bank accounts of subjects."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
