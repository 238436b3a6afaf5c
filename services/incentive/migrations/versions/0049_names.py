"""Recording facts writes nothing about names that are known, and entries of search are made by fewer calls."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
