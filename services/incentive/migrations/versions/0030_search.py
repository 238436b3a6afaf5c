"""Names of subjects, and the entries by which a part of a name is found."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
