"""Files that documents of acts name, and indexes of the list of acts."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
