"""Bank accounts of subjects."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
