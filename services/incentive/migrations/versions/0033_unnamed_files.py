"""Which documents acts name, and the removal of kept files that none names."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
