"""Files that documents of acts name, and indexes of the list of acts."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
